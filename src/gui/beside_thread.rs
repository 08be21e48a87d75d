//! One thread beside the window's for what a frame can't wait for: large figures made ready and drawn. One and not many: on a
//! workstation with few cores the window itself must find one free, and what waits longest is what is asked for first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

/// Its niceness: the window's thread comes first.
const BELOW_THE_WINDOW: i32 = 5;

type Errand = Box<dyn FnOnce() + Send>;

/// Takes errands and does them in their order. The thread ends with the last of its clones.
#[derive(Clone)]
pub struct Errands(Option<mpsc::Sender<Errand>>);

impl Default for Errands {
    fn default() -> Self {
        let (sender, errands) = mpsc::channel::<Errand>();
        let work = move || {
            // Where this is refused the thread is as important as the window's.
            let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), BELOW_THE_WINDOW);
            for errand in errands {
                // Whoever waits for it sees that its sender is gone; others go on.
                let _ = catch_unwind(AssertUnwindSafe(errand));
            }
        };
        let spawned = std::thread::Builder::new().name("dqmon-drawing".into()).spawn(work);
        Errands(spawned.is_ok().then_some(sender))
    }
}

impl Errands {
    /// Has something done; in place where there is no thread for it.
    pub fn send(&self, errand: impl FnOnce() + Send + 'static) {
        match &self.0 {
            Some(sender) => {
                if let Err(mpsc::SendError(errand)) = sender.send(Box::new(errand)) {
                    errand();
                }
            }
            None => errand(),
        }
    }
}

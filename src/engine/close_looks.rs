//! The thread behind close looks at the processing: flow, one file's story, the end of its log. It has a connection to the book of
//! its own, so that a week's flow delays nothing else, and sleeps while nobody looks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use jiff::Timestamp;

use super::pollers::{self, OpenStore, Outbox, Update};
use crate::bookkeeping::Store;
use crate::config::Workspace;
use crate::live::{flow_shown, look_closely};
use crate::snapshot::{CloseLook, CloseSubject, FlowShown};

/// Between two times that the flow is counted.
const FLOW_EVERY: Duration = Duration::from_secs(5);
/// Between two looks at a story and a log.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What the thread may be told.
pub(super) enum CloseErrand {
    /// Count the flow of the last so many seconds; none: of nothing.
    Flow(Option<u64>),
    /// Look at this; the empty subject is nothing.
    Closely(CloseSubject),
}

/// Looks closely at what it is told until stopped.
pub(super) fn spawn(open: OpenStore, workspace: Workspace, errands: Receiver<CloseErrand>, outbox: Outbox) {
    pollers::spawn("close-looks", move || {
        let mut desk = Desk { open, workspace, outbox, store: None, flow: None, closely: None, flow_due: Instant::now() };
        while !desk.outbox.is_stopped() {
            let errand = if desk.is_idle() {
                errands.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                errands.recv_timeout(LOOK_EVERY)
            };
            match errand {
                Ok(errand) => desk.take(errand),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Only the newest wish of several is worth the work.
            while let Ok(errand) = errands.try_recv() {
                desk.take(errand);
            }
            desk.look();
        }
    });
}

struct Desk {
    open: OpenStore,
    workspace: Workspace,
    outbox: Outbox,
    /// Opened with the first look.
    store: Option<Box<dyn Store>>,
    flow: Option<u64>,
    flow_due: Instant,
    /// What is looked at, and what was told of it last.
    closely: Option<(CloseSubject, Option<CloseLook>)>,
}

impl Desk {
    fn is_idle(&self) -> bool {
        self.flow.is_none() && self.closely.is_none()
    }

    fn take(&mut self, errand: CloseErrand) {
        match errand {
            CloseErrand::Flow(window_s) => {
                (self.flow, self.flow_due) = (window_s, Instant::now());
                if window_s.is_none() {
                    self.outbox.tell(Update::Flow(None));
                }
            }
            CloseErrand::Closely(subject) if subject == CloseSubject::default() => {
                self.closely = None;
                self.outbox.tell(Update::Closely(None));
            }
            CloseErrand::Closely(subject) => self.closely = Some((subject, None)),
        }
    }

    fn look(&mut self) {
        if self.is_idle() {
            self.store = None;
            return;
        }
        if self.store.is_none() {
            match (self.open)() {
                Ok(store) => self.store = Some(store),
                Err(error) => return self.say_fault(&error.to_string()),
            }
        }
        let Some(store) = &self.store else { return };
        if let Some(window_s) = self.flow.filter(|_| Instant::now() >= self.flow_due) {
            let flow = flow_shown(store.as_ref(), &self.workspace, window_s, Timestamp::now());
            self.outbox.tell(Update::Flow(Some(Arc::new(flow))));
            self.flow_due = Instant::now() + FLOW_EVERY;
        }
        if let Some((subject, told)) = &mut self.closely {
            let look = look_closely(store.as_ref(), &self.workspace, subject);
            if told.as_ref() != Some(&look) {
                *told = Some(look.clone());
                self.outbox.tell(Update::Closely(Some(Arc::new(look))));
            }
        }
    }

    fn say_fault(&self, why: &str) {
        if let Some(window_s) = self.flow {
            let fault = Some(format!("the flow is not known: {why}"));
            self.outbox.tell(Update::Flow(Some(Arc::new(FlowShown { window_s, fault, ..FlowShown::default() }))));
        }
        if let Some((subject, _)) = &self.closely {
            let fault = Some(format!("its story is not known: {why}"));
            let look = CloseLook { subject: subject.clone(), fault, ..CloseLook::default() };
            self.outbox.tell(Update::Closely(Some(Arc::new(look))));
        }
    }
}

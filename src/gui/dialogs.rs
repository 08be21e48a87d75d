//! The system's file dialogs, off the window's thread: some take seconds, some never come.

use std::path::PathBuf;
use std::sync::mpsc;

use super::state::Browse;

/// A dialog that is open, if any.
#[derive(Default)]
pub struct Dialogs {
    open: Option<(Browse, mpsc::Receiver<Option<PathBuf>>)>,
}

/// How a dialog ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A path was chosen.
    Chosen(Browse, PathBuf),
    /// Cancelled, or the machine has no dialog service: the two look the same.
    Nothing(Browse),
}

impl Dialogs {
    /// Opens a dialog unless one is open.
    pub fn start(&mut self, what: Browse, ctx: &egui::Context) {
        self.start_at(what, PathBuf::new(), ctx);
    }

    /// The same with a name that is proposed, for a file to be written.
    pub fn start_at(&mut self, what: Browse, proposed: PathBuf, ctx: &egui::Context) {
        if self.open.is_some() {
            return;
        }
        let (sender, receiver) = mpsc::channel();
        let ctx = ctx.clone();
        std::thread::spawn(move || {
            let dialog = rfd::FileDialog::new().set_title(title(what));
            let path = match what {
                Browse::LookAtFile => dialog.pick_file(),
                Browse::Export => {
                    let name = proposed.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    let folder = proposed.parent().map(PathBuf::from).unwrap_or_default();
                    dialog.set_file_name(name).set_directory(folder).save_file()
                }
                _ => dialog.pick_folder(),
            };
            let _ = sender.send(path);
            ctx.request_repaint();
        });
        self.open = Some((what, receiver));
    }

    /// The answer, once.
    pub fn answer(&mut self) -> Option<Answer> {
        let (what, receiver) = self.open.as_ref()?;
        let what = *what;
        let answer = match receiver.try_recv() {
            Ok(Some(path)) => Answer::Chosen(what, path),
            Ok(None) | Err(mpsc::TryRecvError::Disconnected) => Answer::Nothing(what),
            Err(mpsc::TryRecvError::Empty) => return None,
        };
        self.open = None;
        Some(answer)
    }
}

fn title(what: Browse) -> &'static str {
    match what {
        Browse::Open => "Open a workspace",
        Browse::Create => "Create a workspace in",
        Browse::Incoming => "Folder where the DAQ writes",
        Browse::Demo => "Put the demo in",
        Browse::LookAtFolder => "Look at a folder of results",
        Browse::LookAtFile => "Look at a result",
        Browse::Export => "Export to",
    }
}

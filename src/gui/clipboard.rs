//! The system's clipboard, by a thread of its own: what the window copies is for other programs too, and some desktops answer
//! slowly or never.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, Sender, channel};

use egui::{ColorImage, OutputCommand};

/// The window's end of it.
#[derive(Default)]
pub struct SystemClipboard {
    /// Where texts and pictures go, and what went wrong comes from; none before the first.
    thread: Option<(Sender<OutputCommand>, Receiver<String>)>,
}

impl SystemClipboard {
    /// Hands on what the frame that is just laid out has copied; answers what went wrong with something handed on before.
    pub fn follow(&mut self, ctx: &egui::Context) -> Option<String> {
        let is_copy = |command: &&OutputCommand| matches!(command, OutputCommand::CopyText(_) | OutputCommand::CopyImage(_));
        let copied: Vec<OutputCommand> = ctx.output(|output| output.commands.iter().filter(is_copy).cloned().collect());
        for command in copied {
            let (commands, _) = self.thread.get_or_insert_with(|| start(ctx.clone()));
            if commands.send(command).is_err() {
                self.thread = None;
                return Some("the thread of the clipboard has ended; copy again".into());
            }
        }
        self.thread.as_ref().and_then(|(_, faults)| faults.try_recv().ok())
    }
}

fn start(ctx: egui::Context) -> (Sender<OutputCommand>, Receiver<String>) {
    let (commands, to_do) = channel();
    let (tell, faults) = channel();
    std::thread::spawn(move || {
        // It has to stay: on X11 whoever copies is asked for it when somebody pastes.
        let mut clipboard: Option<arboard::Clipboard> = None;
        for command in to_do {
            if let Err(why) = put(&mut clipboard, command) {
                clipboard = None;
                if tell.send(why.to_string()).is_err() {
                    return;
                }
                ctx.request_repaint();
            }
        }
    });
    (commands, faults)
}

fn put(clipboard: &mut Option<arboard::Clipboard>, command: OutputCommand) -> Result<(), arboard::Error> {
    let clipboard = match clipboard {
        Some(clipboard) => clipboard,
        none => none.insert(arboard::Clipboard::new()?),
    };
    match command {
        OutputCommand::CopyText(text) => clipboard.set_text(text),
        OutputCommand::CopyImage(image) => clipboard.set_image(picture(&image)),
        _ => Ok(()),
    }
}

/// Pixels as the clipboard takes them.
fn picture(image: &ColorImage) -> arboard::ImageData<'static> {
    let bytes: Vec<u8> = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
    arboard::ImageData { width: image.size[0], height: image.size[1], bytes: Cow::Owned(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_pixels() {
        let pixels = [[1, 2, 3, 255], [250, 0, 9, 255]];
        let image = ColorImage::from_rgba_unmultiplied([2, 1], &pixels.concat());
        let given = picture(&image);
        assert_eq!((given.width, given.height, &given.bytes[..]), (2, 1, &pixels.concat()[..]));
    }
}

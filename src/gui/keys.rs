//! The one table of keys: it drives them, and the sheet of keys and the shifter's guide are made from it.

use egui::{Event, Key, Modifiers, PointerButton, Ui};
use egui_tiles::LinearDir;

use super::beside::BesideAction;
use super::layouts::LayoutAction;
use super::review::{Choice, ReviewAction};
use super::state::{Action, Page};
use super::transport::ReplayAction;
use crate::snapshot::ReplayMarkKind;

/// The digits of layouts.
const DIGITS: [Key; 9] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// When a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Always, also while somebody types.
    Always,
    /// While nobody types and no dialog is open.
    Free,
    /// As `Free`, in a review alone.
    Reviewing,
    /// As `Free`, in a replay alone, and not in a review of it.
    Replaying,
}

/// What is pressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Press {
    /// A key with others held.
    Key(Modifiers, Key),
    /// A sign, wherever the keyboard has it.
    Sign(&'static str),
    /// A button of the mouse.
    Mouse(PointerButton),
}

/// A line of the table: what is pressed, and what each does.
#[derive(Debug, Clone)]
pub struct Line {
    /// Keys with what they do, in the order of the words.
    pub presses: Vec<(Press, Action)>,
    /// When they count.
    pub when: When,
    /// What they do, for people.
    pub words: &'static str,
}

/// What the window's library does by itself with keys and mouse: told, not driven.
const GESTURES: [(&str, &str); 6] = [
    ("Ctrl+F", "Find items in the tree; Esc shows all again"),
    ("Up  Down  Shift  Ctrl+A", "On Runs: the next row, select rows, all that are found"),
    ("Tab  Enter", "Walk to a button, press it"),
    ("Mouse in a plot", "Drag to move, Ctrl+wheel to zoom, right drag for a box"),
    ("Double click in a plot", "Show all data again"),
    ("Ctrl or middle click in the tree", "Open in a new pane"),
];

impl Press {
    /// As keyboards name it: `Ctrl+Shift+Enter`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Press::Sign(sign) => sign.to_owned(),
            Press::Mouse(PointerButton::Extra1) => "Mouse back".into(),
            Press::Mouse(PointerButton::Extra2) => "Mouse forward".into(),
            Press::Mouse(button) => format!("{button:?}"),
            Press::Key(modifiers, key) => {
                let held = [(modifiers.command || modifiers.ctrl, "Ctrl+"), (modifiers.alt, "Alt+"), (modifiers.shift, "Shift+")];
                let held: String = held.iter().filter(|(is_held, _)| *is_held).map(|(_, name)| *name).collect();
                format!("{held}{}", key_name(key))
            }
        }
    }

    /// Whether it was pressed now; takes it out of what others see.
    fn is_pressed(self, ui: &Ui) -> bool {
        match self {
            Press::Key(modifiers, key) => ui.input_mut(|input| input.consume_key(modifiers, key)),
            Press::Sign(sign) => {
                ui.input(|input| input.events.iter().any(|event| matches!(event, Event::Text(text) if text == sign)))
            }
            Press::Mouse(wanted) => ui.input(|input| {
                let is_it =
                    |event: &Event| matches!(event, Event::PointerButton { button, pressed: true, .. } if *button == wanted);
                input.events.iter().any(is_it)
            }),
        }
    }
}

fn key_name(key: Key) -> &'static str {
    match key {
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::ArrowLeft => "Left",
        Key::ArrowRight => "Right",
        Key::Escape => "Esc",
        key => key.name(),
    }
}

impl Line {
    /// Its keys in words: `F1 to F5`, `[   ]`.
    #[must_use]
    pub fn keys(&self) -> String {
        let names: Vec<String> = self.presses.iter().map(|(press, _)| press.name()).collect();
        match names.as_slice() {
            [first, .., last] if names.len() > 4 => format!("{first} to {last}"),
            names => names.join("   "),
        }
    }
}

/// All lines. Of keys that are part of others the longer ones come first.
#[must_use]
pub fn table() -> Vec<Line> {
    use When::{Always, Free, Replaying, Reviewing};
    let key = |key| Press::Key(Modifiers::NONE, key);
    let ctrl = |key| Press::Key(Modifiers::COMMAND, key);
    let line = |when, words, presses| Line { presses, when, words };
    let review = Action::Review;
    let replay = Action::Replay;
    let jumps = |pressed, kind| {
        let before = Press::Key(Modifiers::SHIFT, pressed);
        vec![(before, replay(ReplayAction::Jump(kind, false))), (key(pressed), replay(ReplayAction::Jump(kind, true)))]
    };
    let pages = [Page::Monitor, Page::Runs, Page::Processing, Page::Problems, Page::Meeting];
    let page_keys = [Key::F1, Key::F2, Key::F3, Key::F4, Key::F5];
    vec![
        line(Always, "Find a command, an item or a run", vec![(ctrl(Key::K), Action::TogglePalette)]),
        line(Always, "Help for what is looked at, and the guide", vec![(ctrl(Key::H), Action::Beside(BesideAction::Help))]),
        line(Free, "This sheet", vec![(Press::Sign("?"), Action::ToggleShortcuts)]),
        line(
            Always,
            "Monitor, Runs, Processing, Problems, Meeting",
            page_keys.into_iter().zip(pages).map(|(pressed, page)| (key(pressed), Action::Turn(page))).collect(),
        ),
        line(Always, "Review: the first run that nobody has decided on", vec![(key(Key::F6), review(ReviewAction::Start(None)))]),
        line(Free, "The same", vec![(key(Key::R), review(ReviewAction::Start(None)))]),
        line(
            Free,
            "Run before, next run",
            vec![(key(Key::OpenBracket), Action::StepRun(-1)), (key(Key::CloseBracket), Action::StepRun(1))],
        ),
        line(
            Free,
            "Back, forward to where you were",
            vec![
                (Press::Key(Modifiers::ALT, Key::ArrowLeft), Action::Step(-1)),
                (Press::Key(Modifiers::ALT, Key::ArrowRight), Action::Step(1)),
                (Press::Mouse(PointerButton::Extra1), Action::Step(-1)),
                (Press::Mouse(PointerButton::Extra2), Action::Step(1)),
            ],
        ),
        line(Free, "Freeze the plots, or let them go on", vec![(key(Key::F), Action::ToggleFreeze)]),
        line(
            Always,
            "The first, second … layout of the menu",
            DIGITS
                .into_iter()
                .zip(0..)
                .map(|(digit, at)| (ctrl(digit), Action::Layout(LayoutAction::ChooseNumber(at))))
                .collect(),
        ),
        line(
            Always,
            "Save the panes as a layout",
            vec![(Press::Key(Modifiers::COMMAND | Modifiers::SHIFT, Key::S), Action::Layout(LayoutAction::AskSave))],
        ),
        line(Free, "Close what is open; then follow the newest run", vec![(key(Key::Escape), Action::Escape)]),
        line(Free, "Show all the data of the active pane", vec![(key(Key::Home), Action::ResetZoom)]),
        line(
            Free,
            "Split the active pane below",
            vec![(Press::Key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Enter), Action::SplitActive(LinearDir::Vertical))],
        ),
        line(Free, "Split the active pane to the right", vec![(ctrl(Key::Enter), Action::SplitActive(LinearDir::Horizontal))]),
        line(Free, "Close the active pane", vec![(ctrl(Key::W), Action::CloseActive)]),
        line(Always, "Dark or light", vec![(ctrl(Key::T), Action::ToggleTheme)]),
        line(
            Always,
            "Larger or smaller text",
            vec![(ctrl(Key::Plus), Action::TextSize(1)), (ctrl(Key::Minus), Action::TextSize(-1))],
        ),
        line(Always, "Larger text, where plus shares its key", vec![(ctrl(Key::Equals), Action::TextSize(1))]),
        line(Always, "Text as it was", vec![(ctrl(Key::Num0), Action::TextSize(0))]),
        line(
            Reviewing,
            "In a review: the plot was looked at, go on",
            vec![(key(Key::Space), review(ReviewAction::Tick)), (key(Key::Enter), review(ReviewAction::Tick))],
        ),
        line(
            Reviewing,
            "In a review: next plot, plot before",
            vec![(key(Key::N), review(ReviewAction::StepPlot(1))), (key(Key::P), review(ReviewAction::StepPlot(-1)))],
        ),
        line(
            Reviewing,
            "In a review: OK, MAYBE, BAD, leave unchecked",
            vec![
                (key(Key::O), review(ReviewAction::Decide(Choice::First))),
                (key(Key::M), review(ReviewAction::Decide(Choice::Second))),
                (key(Key::B), review(ReviewAction::Decide(Choice::Third))),
                (key(Key::U), review(ReviewAction::Leave)),
            ],
        ),
        line(Reviewing, "In a review: undo what was decided last", vec![(ctrl(Key::Z), review(ReviewAction::Undo))]),
        line(
            Always,
            "Replay this shift, or back to the live one",
            vec![(Press::Key(Modifiers::COMMAND | Modifiers::SHIFT, Key::R), replay(ReplayAction::Enter))],
        ),
        line(Replaying, "In a replay: play, or stand still", vec![(key(Key::K), replay(ReplayAction::TogglePlay))]),
        line(
            Replaying,
            "In a replay: moment before, next moment",
            vec![(key(Key::J), replay(ReplayAction::Step(false))), (key(Key::L), replay(ReplayAction::Step(true)))],
        ),
        line(
            Replaying,
            "In a replay: slower, faster",
            vec![(key(Key::Comma), replay(ReplayAction::Faster(false))), (key(Key::Period), replay(ReplayAction::Faster(true)))],
        ),
        line(Replaying, "In a replay: alarm before, next alarm", jumps(Key::A, ReplayMarkKind::Alarm)),
        line(Replaying, "In a replay: decision before, next decision", jumps(Key::D, ReplayMarkKind::Decision)),
        line(Replaying, "In a replay: gap before, next gap", jumps(Key::G, ReplayMarkKind::Gap)),
        line(
            Replaying,
            "In a replay: begin a range to repeat, end it, repeat no more",
            vec![(key(Key::I), replay(ReplayAction::Repeat))],
        ),
    ]
}

/// The sheet of keys: keys and what they do.
#[must_use]
pub fn sheet() -> Vec<(String, String)> {
    let driven = table().into_iter().map(|line| (line.keys(), line.words.to_owned()));
    let gestures = GESTURES.iter().map(|(keys, words)| ((*keys).to_owned(), (*words).to_owned()));
    driven.chain(gestures).collect()
}

/// The key of an action, for menus and the palette.
#[must_use]
pub fn key_of(action: &Action) -> Option<String> {
    table().into_iter().flat_map(|line| line.presses).find(|(_, does)| does == action).map(|(press, _)| press.name())
}

/// What the keys pressed now ask for. `is_free`: nobody types and no dialog is open; a review and a replay that are on
/// the screen have keys of their own.
pub fn asked(ui: &Ui, is_free: bool, (is_reviewing, is_replaying): (bool, bool)) -> Vec<Action> {
    let has_focus = ui.ctx().memory(|memory| memory.focused().is_some());
    let mut asked = Vec::new();
    for line in table() {
        let counts = match line.when {
            When::Always => true,
            When::Free => is_free,
            When::Reviewing => is_free && is_reviewing,
            When::Replaying => is_free && is_replaying && !is_reviewing,
        };
        for (press, action) in line.presses.into_iter().filter(|_| counts) {
            // A button that has the focus is pressed by these.
            let is_of_button = matches!(press, Press::Key(Modifiers::NONE, Key::Space | Key::Enter));
            if !(is_of_button && has_focus) && press.is_pressed(ui) {
                asked.push(action);
            }
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_in_the_table() {
        let presses: Vec<Press> = table().into_iter().flat_map(|line| line.presses).map(|(press, _)| press).collect();
        for (at, press) in presses.iter().enumerate() {
            assert!(!presses[..at].contains(press), "{} twice", press.name());
        }
    }

    #[test]
    fn keys_are_named_as_keyboards_name_them() {
        let sheet = sheet();
        let words = |keys: &str| sheet.iter().find(|(name, _)| name == keys).map(|(_, words)| words.as_str());
        assert_eq!(words("F1 to F5"), Some("Monitor, Runs, Processing, Problems, Meeting"));
        assert_eq!(words("Ctrl+Shift+Enter"), Some("Split the active pane below"));
        assert_eq!(words("[   ]"), Some("Run before, next run"));
    }
}

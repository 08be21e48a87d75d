//! Which runs and times the window is narrowed to: chosen once, it follows to all pages until it is cleared.

use egui::{RichText, TextEdit, Ui};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::Run;

use super::scene::Scene;
use super::state::Action;
use super::theme;
use crate::snapshot::{Only, Snapshot};

/// Times that move with the clock move in steps of so many seconds: plots are not drawn anew each second.
const STEP_S: i64 = 300;

/// Which runs and times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// All.
    #[default]
    All,
    /// What was taken in the last so many hours.
    LastHours(u32),
    /// The newest so many runs.
    LastRuns(u32),
    /// A range of runs or of times.
    Range(Only),
}

/// What menus offer.
pub const OFFERED: [Selection; 6] = [
    Selection::LastHours(8),
    Selection::LastHours(24),
    Selection::LastHours(7 * 24),
    Selection::LastRuns(10),
    Selection::LastRuns(50),
    Selection::LastRuns(200),
];

impl Selection {
    /// What it leaves of the shift now.
    #[must_use]
    pub fn only(self, snapshot: &Snapshot, now: Timestamp) -> Only {
        match self {
            Selection::All => Only::default(),
            Selection::Range(only) => only,
            Selection::LastHours(hours) => {
                let from = now.as_second() - i64::from(hours) * 3_600;
                Only { seconds: (Some(from.div_euclid(STEP_S) * STEP_S), None), ..Only::default() }
            }
            Selection::LastRuns(count) => {
                let back = snapshot.runs.len().saturating_sub(count as usize);
                Only { runs: (snapshot.runs.get(back).map(|row| row.run), None), ..Only::default() }
            }
        }
    }

    /// In words: `last 24 h`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Selection::All => "all runs".into(),
            Selection::LastHours(hours) if hours % 24 == 0 && hours > 24 => format!("last {} days", hours / 24),
            Selection::LastHours(hours) => format!("last {hours} h"),
            Selection::LastRuns(count) => format!("last {count} runs"),
            Selection::Range(only) => only.words(),
        }
    }

    /// From what people type: `24h`, `3d`, `50 runs`, `10-20`, `2026-11-20..2026-11-21`, `2026-11-20T06:00..`.
    ///
    /// # Errors
    /// What is expected instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected 24h, 3d, 50 runs, 10-20, 10.. or 2026-11-20..2026-11-21";
        let text = text.trim().to_lowercase();
        let text = text.strip_prefix("last ").unwrap_or(&text).trim();
        let number = |end: &str| text.strip_suffix(end).and_then(|number| number.trim().parse::<u32>().ok()).filter(|n| *n > 0);
        if let Some(hours) = number("h").or(number("d").and_then(|days| days.checked_mul(24))) {
            return Ok(Selection::LastHours(hours));
        }
        if let Some(count) = number("runs").or(number("run")) {
            return Ok(Selection::LastRuns(count));
        }
        let text = text.trim_start_matches("runs").trim_start_matches("run").trim();
        let is_time = text.matches('-').count() >= 2;
        let (from, to) = match text.split_once("..") {
            Some(ends) => ends,
            None if !is_time => text.split_once('-').unwrap_or((text, text)),
            None => (text, text),
        };
        let (from, to) = (from.trim(), to.trim());
        let wrong = || format!("{text:?} is no range, {EXPECTED}");
        if from.is_empty() && to.is_empty() {
            return Err(wrong());
        }
        let only = if is_time {
            let at = |text: &str, is_end| if text.is_empty() { Some(None) } else { second_of(text, is_end).map(Some) };
            let seconds = at(from, false).zip(at(to, true)).ok_or_else(wrong)?;
            Only { seconds, ..Only::default() }
        } else {
            let run = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<Run>().ok().map(Some) };
            let runs = run(from).zip(run(to)).ok_or_else(wrong)?;
            Only { runs, ..Only::default() }
        };
        let is_backward = |order: Option<bool>| order == Some(true);
        if is_backward(only.runs.0.zip(only.runs.1).map(|(from, to)| from > to))
            || is_backward(only.seconds.0.zip(only.seconds.1).map(|(from, to)| from > to))
        {
            return Err(format!("{text:?} ends before it begins"));
        }
        Ok(Selection::Range(only))
    }
}

/// A day, from its beginning or to its end, or an instant, in UTC.
fn second_of(text: &str, is_end: bool) -> Option<i64> {
    let text = text.to_uppercase();
    if let Ok(day) = text.parse::<Date>() {
        let begin = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let end = begin.checked_add(SignedDuration::from_hours(24)).ok()?.as_second() - 1;
        return Some(if is_end { end } else { begin.as_second() });
    }
    let stamp = text.parse::<Timestamp>().ok().or_else(|| {
        let time: DateTime = text.parse().ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    stamp.map(Timestamp::as_second)
}

/// Draws the menu, and what is chosen with a cross that clears it.
pub fn menu(ui: &mut Ui, scene: &mut Scene<'_>, chosen: Selection, typed: &mut String) {
    let is_narrowed = chosen != Selection::All;
    let text = format!("Show: {} ▾", chosen.words());
    let text = if is_narrowed { RichText::new(text).color(theme::warning(scene.look)) } else { RichText::new(text) };
    let menu = ui.menu_button(text, |ui| {
        for offered in std::iter::once(Selection::All).chain(OFFERED) {
            if ui.selectable_label(offered == chosen, offered.words()).clicked() {
                scene.ask(Action::Select(offered));
                ui.close();
            }
        }
        ui.separator();
        ui.label(RichText::new("Runs 10-20, or 2026-11-20..2026-11-21").small().weak());
        let field = ui.add(TextEdit::singleline(typed).hint_text("from-to").desired_width(180.0));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Runs or times to show"));
        let wanted = Selection::parse(typed);
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let button = ui.add_enabled(wanted.is_ok(), egui::Button::new("Show these"));
        if let (Ok(wanted), true) = (&wanted, button.clicked() || enter) {
            scene.ask(Action::Select(*wanted));
            ui.close();
        }
        if let Some(fault) = wanted.err().filter(|_| !typed.trim().is_empty()) {
            ui.add(egui::Label::new(RichText::new(fault).small().color(theme::warning(scene.look))).wrap());
        }
    });
    menu.response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Runs and times shown: {}", chosen.words())));
    if is_narrowed {
        let clear = ui.small_button("✕").on_hover_text("Show all runs again");
        clear.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Show all runs again"));
        if clear.clicked() {
            scene.ask(Action::Select(Selection::All));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::RunRow;

    #[test]
    fn selections_are_typed_as_people_say_them() {
        let runs = |from, to| Selection::Range(Only { runs: (from, to), ..Only::default() });
        for (text, expected) in [
            ("24h", Selection::LastHours(24)),
            ("last 3d", Selection::LastHours(72)),
            ("50 runs", Selection::LastRuns(50)),
            ("run 10-20", runs(Some(Run(10)), Some(Run(20)))),
            ("10..", runs(Some(Run(10)), None)),
            ("..run20", runs(None, Some(Run(20)))),
            ("7", runs(Some(Run(7)), Some(Run(7)))),
        ] {
            assert_eq!(Selection::parse(text), Ok(expected), "{text}");
        }
        let day = Selection::parse("2026-11-20").unwrap();
        let Selection::Range(Only { seconds: (Some(from), Some(to)), .. }) = day else { panic!("{day:?}") };
        assert_eq!((from.rem_euclid(86_400), to - from), (0, 86_399));
        for wrong in ["", "..", "soon", "20-10", "2026-11-21..2026-11-20", "0h", "-", "1-2-3", "99999999999d"] {
            assert!(Selection::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_runs_are_those_of_the_snapshot_and_hours_move_in_steps() {
        let mut snapshot = Snapshot::nothing(Timestamp::UNIX_EPOCH);
        snapshot.runs = [3, 7, 9].into_iter().map(|run| RunRow::empty(Run(run))).collect();
        assert_eq!(Selection::LastRuns(2).only(&snapshot, Timestamp::UNIX_EPOCH).runs, (Some(Run(7)), None));
        let at = |second| Selection::LastHours(1).only(&snapshot, Timestamp::from_second(second).unwrap());
        assert_eq!(at(36_000), at(36_299));
        assert_ne!(at(36_000), at(36_300));
    }
}

//! What the backend says of itself: a card above everything, and all of it in a part of its own.

use egui::{Align, Label, Layout, RichText, Ui, vec2};
use monitasks::quality::State;

use super::{marked, until};
use crate::engine::{Command, ProcessingCommand};
use crate::gui::scene::Scene;
use crate::gui::{theme, top_bar, words};
use crate::snapshot::{Backend, BackendHealth, CopyRow, PutOffRow};

/// What to do about a watcher that is late or has a fault.
const LATE_STEP: &str = "Look whether the folder is there and the DAQ's disk answers: it goes on by itself when they do; if it does \
                         not, stop the backend and start it again.";

/// The card: whether a backend runs, its watcher, its batch system, mail, and the buttons that start and stop it.
pub fn card(ui: &mut Ui, scene: &mut Scene<'_>) {
    let (state, _, hover) = top_bar::backend_words(&scene.snapshot.backend, scene.now);
    // This is the page that the bar's words lead to.
    let hover = hover.replace(" on the Processing page", "");
    let status = theme::state(state, scene.look);
    egui::Frame::group(ui.style()).inner_margin(egui::Margin::symmetric(6, 3)).show(ui, |ui| {
        // The buttons come first: words that are longer than what is left are cut, and stand whole under the pointer.
        ui.allocate_ui_with_layout(vec2(ui.available_width(), theme::ROW_HEIGHT), Layout::right_to_left(Align::Center), |ui| {
            start_and_stop(ui, scene);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                theme::status_mark(ui, status);
                ui.label(theme::bold("Backend"));
                ui.add(Label::new(hover).truncate());
            });
        });
        ui.horizontal_wrapped(|ui| in_short(ui, scene));
    });
}

fn start_and_stop(ui: &mut Ui, scene: &mut Scene<'_>) {
    if let Some(reason) = scene.read_only() {
        ui.label(RichText::new(reason).weak());
        return;
    }
    let runs = matches!(scene.snapshot.backend, Backend::Running { .. });
    let stop = ui.add_enabled(runs, egui::Button::new("Stop backend"));
    if stop.on_hover_text("It ends after the current step; jobs go on.").on_disabled_hover_text("None runs.").clicked() {
        scene.send(Command::Processing(ProcessingCommand::StopBackend));
    }
    let start = ui.add_enabled(!runs, egui::Button::new("Start backend"));
    if start.on_hover_text("It goes on when the window is closed.").on_disabled_hover_text("One runs already.").clicked() {
        scene.send(Command::Processing(ProcessingCommand::StartBackend));
    }
}

/// Whether what the backend said is of one that runs.
fn is_of_now(scene: &Scene<'_>, health: &BackendHealth) -> bool {
    matches!(scene.snapshot.backend, Backend::Running { .. }) && !health.is_of_an_earlier_one
}

fn in_short(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(health) = &scene.snapshot.processing.health else {
        let words =
            "It has not said anything of itself yet. Watcher, batch system, mail and copies stand here once a backend runs.";
        ui.label(RichText::new(words).small().weak());
        return;
    };
    if !is_of_now(scene, health) {
        let words =
            format!("What it said last was {}; nobody watches the incoming folder now.", words::age(health.at, scene.now));
        ui.label(RichText::new(words).small().weak());
        return;
    }
    let (state, words) = watcher_words(scene, health);
    marked(ui, scene, state, &words);
    let (state, words) = batch_words(health);
    marked(ui, scene, state, &words);
    ui.label(RichText::new(mail_words(health)).weak());
}

fn watcher_words(scene: &Scene<'_>, health: &BackendHealth) -> (State, String) {
    let watcher = &health.watcher;
    if let Some(alarm) = health.intake_alarm(scene.now) {
        return (State::Bad, format!("watcher LATE: {alarm} → {LATE_STEP}"));
    }
    let looked = watcher.last_sweep.map_or("has not looked yet".into(), |at| format!("looked {}", words::age(at, scene.now)));
    let next = watcher.next_sweep.map_or(String::new(), |at| format!(", again {}", until(at, scene.now)));
    let hint = watcher.last_hint.map_or(", no event yet".into(), |at| format!(", last event {}", words::age(at, scene.now)));
    (State::Ok, format!("watcher {looked}{next}{hint}"))
}

fn batch_words(health: &BackendHealth) -> (State, String) {
    match &health.batch_fault {
        Some(fault) => (State::Bad, format!("batch system {} does not answer: {fault}", health.batch)),
        None if health.batch.is_empty() => (State::NoData, "batch system not said".into()),
        None => (State::Ok, format!("batch system {} answers", health.batch)),
    }
}

fn mail_words(health: &BackendHealth) -> String {
    health.mail.as_ref().map_or_else(|| "no mail is sent".into(), |mail| format!("mail: {mail}"))
}

/// Draws the part.
pub fn show(ui: &mut Ui, scene: &Scene<'_>) {
    egui::ScrollArea::vertical().id_salt("services").auto_shrink([false, false]).show(ui, |ui| {
        ui.label(theme::section("Watcher and services"));
        match &scene.snapshot.processing.health {
            Some(health) => services(ui, scene, health),
            None => empty(ui, "Nothing yet. A backend that runs says here how its watcher, batch system and mail are."),
        }
        ui.add_space(theme::WIDE_GAP);
        let copies = scene.snapshot.processing.health.iter().flat_map(|health| &health.copies);
        let copies: Vec<&CopyRow> = copies.collect();
        ui.label(theme::section(&format!("Copies under way ({})", copies.len())));
        if copies.is_empty() {
            empty(ui, "None now. A raw file that is copied into the storage, or to the central storage, has a bar here.");
        }
        copies.into_iter().for_each(|copy| copy_line(ui, copy));
        ui.add_space(theme::WIDE_GAP);
        let put_off = &scene.snapshot.processing.put_off;
        ui.label(theme::section(&format!("Put off, and tried again ({})", put_off.len())));
        if put_off.is_empty() {
            empty(ui, "Nothing. What can't be done just now stands here with the reason and the next try.");
        }
        put_off.iter().for_each(|row| put_off_line(ui, scene, row));
    });
}

fn empty(ui: &mut Ui, words: &str) {
    ui.add(Label::new(RichText::new(words).weak()).wrap());
}

fn services(ui: &mut Ui, scene: &Scene<'_>, health: &BackendHealth) {
    let when = if is_of_now(scene, health) { "" } else { ", by a backend that does not run any more" };
    ui.label(RichText::new(format!("said {}{when}", words::age(health.at, scene.now))).small().weak());
    let (state, words) = watcher_words(scene, health);
    marked(ui, scene, if is_of_now(scene, health) { state } else { State::Stale }, &words);
    let watcher = &health.watcher;
    let facts = format!(
        "a look takes {}; {} still being written; events were lost {}",
        words::duration(watcher.sweep_took_s),
        words::count(usize::try_from(watcher.open_files).unwrap_or(usize::MAX), "file"),
        words::count(usize::try_from(watcher.lost_hints).unwrap_or(usize::MAX), "time")
    );
    ui.label(RichText::new(facts).weak());
    let (state, words) = batch_words(health);
    marked(ui, scene, if is_of_now(scene, health) { state } else { State::Stale }, &words);
    ui.label(mail_words(health));
}

fn copy_line(ui: &mut Ui, copy: &CopyRow) {
    let part = if copy.size_bytes > 0 { copy.done_bytes as f32 / copy.size_bytes as f32 } else { 0.0 };
    let speed = match copy.bytes_per_s {
        Some(speed) if speed > 0.0 => {
            let left = copy.size_bytes.saturating_sub(copy.done_bytes) as f64 / speed;
            format!("{}/s, {} left", words::bytes(speed as u64), words::duration(left))
        }
        Some(_) => "standing still".into(),
        None if copy.done_bytes == 0 => "waits".into(),
        None => String::new(),
    };
    ui.horizontal(|ui| {
        ui.label(theme::bold(&copy.subject));
        let text = format!("{} of {}", words::bytes(copy.done_bytes), words::bytes(copy.size_bytes));
        ui.add(egui::ProgressBar::new(part).desired_width(240.0).text(text));
        ui.label(speed);
        ui.add(Label::new(RichText::new(format!("to {}", copy.to)).weak()).truncate()).on_hover_text(&copy.to);
    });
}

fn put_off_line(ui: &mut Ui, scene: &Scene<'_>, row: &PutOffRow) {
    let state = if row.is_refused { State::Bad } else { State::Maybe };
    let again = match row.next_try {
        _ if row.is_refused => "not tried again: a person is needed".into(),
        Some(at) => format!("tried again {}", until(at, scene.now)),
        None => "tried again every few seconds".into(),
    };
    marked(ui, scene, state, &put_off_words(row));
    let tries = words::count(row.tries as usize, "try").replace("trys", "tries");
    // What has a time of its next try was put there by its last one; the others are told from the first on.
    let since = if row.next_try.is_some() || row.is_refused { "last tried" } else { "since" };
    let facts = format!("{since} {} ({} UTC), {tries}, {again}", words::age(row.since, scene.now), words::utc(row.since));
    for text in std::iter::once(facts).chain(put_off_step(row).map(|step| format!("→ {step}"))) {
        ui.horizontal(|ui| {
            ui.add_space(theme::WIDE_GAP);
            ui.add(Label::new(text).wrap());
        });
    }
}

/// What could not be done and why; a place that both name stands there once.
fn put_off_words(row: &PutOffRow) -> String {
    let place = central_place(row).map(|(_, place)| place);
    let why =
        place.and_then(|place| row.why.strip_suffix(place)).map_or(row.why.as_str(), |why| why.trim_end_matches([':', ' ']));
    format!("{}: {why}", row.subject)
}

/// The file of a second copy and the place that it goes to; none for anything else.
fn central_place(row: &PutOffRow) -> Option<(&str, &str)> {
    row.subject.strip_prefix("copy of ")?.split_once(" to ")
}

/// What to do, where it is known.
fn put_off_step(row: &PutOffRow) -> Option<String> {
    let (file, _) = central_place(row)?;
    let stands = "The raw file stands in the storage; nothing is lost.";
    Some(if row.is_refused {
        format!("{stands} Call the data manager; when the cause is mended, 'dqmon resubmit {file}' tries it again.")
    } else {
        format!("{stands} If that place stays away, call the data manager; nothing has to be done when it is back.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(subject: &str, why: &str, is_refused: bool) -> PutOffRow {
        let (subject, why) = (subject.into(), why.into());
        PutOffRow { subject, why, tries: 1, since: jiff::Timestamp::UNIX_EPOCH, next_try: None, is_refused }
    }

    #[test]
    fn a_second_copy_put_off_names_its_place_once_and_says_what_to_do() {
        let copy = row("copy of run1-seq0 to root://host//raw/a.dat", "no answer; is it there?: root://host//raw/a.dat", false);
        assert_eq!(put_off_words(&copy), "copy of run1-seq0 to root://host//raw/a.dat: no answer; is it there?");
        assert!(put_off_step(&copy).unwrap().contains("nothing has to be done when it is back"));
        let refused = PutOffRow { is_refused: true, ..copy };
        assert!(put_off_step(&refused).unwrap().contains("'dqmon resubmit run1-seq0'"));
    }

    #[test]
    fn what_is_no_copy_keeps_its_words() {
        let other = row("submission of reco_run1-seq0", "refused: /a/b", false);
        assert_eq!((put_off_words(&other).as_str(), put_off_step(&other)), ("submission of reco_run1-seq0: refused: /a/b", None));
    }
}

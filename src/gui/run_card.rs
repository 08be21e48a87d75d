//! The run card at the right: what the run is, how far its files are, what was decided and what is to be decided.

use egui::{RichText, Ui, vec2};
use monitasks::quality::State;
use monitasks::vocab::Run;

use super::scene::{Scene, shown_tasks};
use super::state::{Action, Draft, ItemRef, RunChoice, UiState};
use super::{decide_card, export, people, processing, said_card, theme, words};
use crate::snapshot::{FileRow, FileStage, JudgedShown, RunRow, in_short};

/// A card narrower than this, points, has less in a line.
const NARROW: f32 = 220.0;

/// Draws the card of the run looked at.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, state: &mut UiState, draft: &mut Draft, on_screen: &[ItemRef]) {
    let Some(row) = scene.choice.row(scene.snapshot) else {
        no_run(ui, scene);
        return;
    };
    let judged = scene.snapshot.judged.clone().filter(|judged| judged.run == row.run);
    let judged = judged.as_deref();
    draft.follow(row, said_card::amount(row, judged), scene.now, scene.choice);
    heading(ui, scene, row, judged);
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        facts(ui, scene, row);
        people::run_lines(ui, scene, row.run);
        ui.separator();
        said_card::flags(ui, scene, judged, draft);
        decide_card::show(ui, scene, (row, judged), state, draft, on_screen);
        ui.separator();
        said_card::statuses(ui, scene, judged, draft);
        said_card::listed(ui, judged);
        processings(ui, scene, row);
        files(ui, scene, row, judged, draft);
        groups(ui, scene, row);
        said_card::history(ui, scene, (row, judged), state);
    });
}

/// Draws the card of files looked at with no workspace: what they are and what was read of them.
pub fn show_files(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(facts) = &scene.snapshot.workspace else { return };
    let name = facts.root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.add(egui::Label::new(theme::bold(name).size(15.0)).wrap());
        ui.add(egui::Label::new(RichText::new(facts.root.display().to_string()).small().weak()).wrap());
        ui.label(RichText::new(format!("read as of {}", facts.detector.title)).small().weak());
        ui.separator();
        ui.label(theme::section("Read"));
        for task in shown_tasks(scene.snapshot) {
            ui.label(format!("{}: {}", task.title, words::count(task.results, "result")));
            if let Some(newest) = task.items.iter().filter_map(|item| item.newest).max() {
                let data = format!("newest data of {} UTC, {}", words::utc(newest), words::age(newest, scene.now));
                ui.label(RichText::new(data).small().weak());
            }
            for (file, reason) in &task.unread {
                let text = RichText::new(format!("{file}: {reason}")).small().color(theme::fault(scene.look));
                ui.add(egui::Label::new(text).wrap());
            }
        }
        notes(ui, scene);
        ui.separator();
        let words = scene.read_only().unwrap_or_default();
        ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
    });
}

/// What the plots on the screen say of the files, each line once.
fn notes(ui: &mut Ui, scene: &Scene<'_>) {
    let mut lines: Vec<&str> = Vec::new();
    for line in scene.snapshot.figures.values().flat_map(|figure| &figure.notes) {
        if !lines.contains(&line.as_str()) {
            lines.push(line);
        }
    }
    if !lines.is_empty() {
        ui.separator();
        ui.label(theme::section("Said by the plots"));
    }
    for line in lines {
        ui.add(egui::Label::new(RichText::new(line).small()).wrap());
    }
}

fn no_run(ui: &mut Ui, scene: &Scene<'_>) {
    ui.label(theme::section("Run"));
    ui.add_space(theme::GAP);
    let words = match scene.choice {
        RunChoice::Fixed(run) if is_being_read(scene, run) => format!("{run} is being read."),
        RunChoice::Fixed(run) => format!("{run} is not in the book."),
        RunChoice::Newest => "No run yet. It appears here when the DAQ has closed its first file.".into(),
    };
    ui.label(RichText::new(words).weak());
}

/// Whether a run may stand in the book although the snapshot does not have it: it is older than those, and was asked for just now.
fn is_being_read(scene: &Scene<'_>, run: Run) -> bool {
    let is_answered = scene.snapshot.judged.as_ref().is_some_and(|judged| judged.run == run);
    scene.snapshot.older_runs > 0 && !is_answered
}

fn heading(ui: &mut Ui, scene: &mut Scene<'_>, row: &RunRow, judged: Option<&JudgedShown>) {
    let status = theme::flag(row.flag, scene.look);
    let name = theme::bold(format!("Run {}", row.run.0)).size(17.0);
    // A card that is narrow, as with large letters, has the buttons below the number: none is pushed out of it.
    if ui.available_width() < NARROW {
        ui.add(egui::Label::new(name).truncate());
        ui.horizontal(|ui| heading_buttons(ui, scene, row, judged));
    } else {
        ui.horizontal(|ui| {
            ui.label(name);
            heading_buttons(ui, scene, row, judged);
        });
    }
    let decided = row.decisions.last().map_or(String::new(), |decision| format!("by {}", decision.who));
    ui.horizontal(|ui| {
        ui.label(theme::bold(format!("{} {}", status.glyph, row.flag.word())).size(15.0).color(status.colour));
        ui.add(egui::Label::new(RichText::new(decided).small().weak()).truncate());
    });
}

fn heading_buttons(ui: &mut Ui, scene: &mut Scene<'_>, row: &RunRow, judged: Option<&JudgedShown>) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        for (glyph, name, step) in [("▶", "Next run", 1), ("◀", "Run before", -1)] {
            let button = ui.small_button(glyph).on_hover_text(name);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
            if button.clicked() {
                scene.ask(Action::StepRun(step));
            }
        }
        let button = ui.small_button("Copy").on_hover_text("Put what this card says of the run on the clipboard");
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Copy the facts of the run"));
        if button.clicked() {
            let text = export::run_facts(row, judged, scene.snapshot);
            scene.ask(Action::Export(export::ExportAction::CopyText { what: format!("facts of {}", row.run), text }));
        }
    });
}

fn facts(ui: &mut Ui, scene: &Scene<'_>, row: &RunRow) {
    if scene.snapshot.listed.as_ref().is_some_and(|listed| listed.run == row.run) {
        let words = "No data of it here: what is known of it is what people said.";
        ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
        return;
    }
    let muted = theme::ground(scene.look).muted;
    let size: u64 = row.files.iter().map(|file| file.size_bytes).sum();
    let span = match (row.start, row.end) {
        (Some(start), Some(end)) => format!("{} to {} UTC", words::utc(start), words::utc_time(end)),
        (Some(start), None) => format!("since {} UTC", words::utc(start)),
        _ => "no data stamps yet".into(),
    };
    ui.label(RichText::new(span).small());
    let length = match (row.start, row.end) {
        (Some(start), Some(end)) => format!("{}, ", words::duration(words::seconds_between(start, end))),
        _ => String::new(),
    };
    let ended = if row.has_ended { "ended" } else { "not ended, files still expected" };
    let line = format!("{length}{}, {}, {ended}", words::count(row.files.len(), "file"), words::bytes(size));
    ui.add(egui::Label::new(RichText::new(line).small().color(muted)).wrap());
}

/// The state that a stage's colour and glyph are taken from.
#[must_use]
pub fn stage_state(stage: FileStage) -> State {
    match stage {
        FileStage::Arrived | FileStage::Copying | FileStage::Held | FileStage::Queued => State::NoData,
        FileStage::Running => State::WarmingUp,
        FileStage::Reconstructed => State::Unchecked,
        FileStage::Analysed => State::Ok,
        FileStage::Failed => State::Bad,
    }
}

/// As [`stage_state`], and a file that is through with part of its analysis failed is not well.
#[must_use]
pub fn file_state(file: &FileRow) -> State {
    match (file.stage, &file.reason) {
        (FileStage::Analysed, Some(_)) => State::Bad,
        (stage, _) => stage_state(stage),
    }
}

/// What the lanes' rules hold of the run or refuse, and what is missing of it: nothing of what goes well.
fn processings(ui: &mut Ui, scene: &Scene<'_>, row: &RunRow) {
    let mut has_any = false;
    for of in &row.processings {
        let name = format!("{}, processing {}", of.lane, of.processing);
        let held = processing::hold_line(of, scene.now).map(|held| {
            let word = if of.step == "refused" { "not for this lane" } else { "held" };
            format!("◷ {name}: {word} by {held}")
        });
        let missing = (!of.missing.is_empty()).then(|| format!("◆ {name}: not there: {}", in_short(&of.missing, 5)));
        let to_publish = of.to_publish.then(|| format!("{name}: to publish"));
        for (words, is_warning) in [(held, false), (missing, true), (to_publish, false)] {
            let Some(words) = words else { continue };
            if !has_any {
                ui.label(theme::section("Processing"));
                has_any = true;
            }
            let text = RichText::new(words).small();
            let text = if is_warning { text.color(theme::warning(scene.look)) } else { text };
            ui.add(egui::Label::new(text).wrap());
        }
    }
    if has_any {
        ui.separator();
    }
}

fn files(ui: &mut Ui, scene: &mut Scene<'_>, row: &RunRow, judged: Option<&JudgedShown>, draft: &mut Draft) {
    ui.label(theme::section("Files"));
    if row.files.is_empty() {
        ui.label(RichText::new("None yet.").small().weak());
    }
    for file in &row.files {
        file_line(ui, scene, file);
        said_card::file_flag(ui, scene, file.file, judged, draft);
    }
}

fn file_line(ui: &mut Ui, scene: &mut Scene<'_>, file: &FileRow) {
    let colour = theme::state(file_state(file), scene.look).colour;
    let muted = theme::ground(scene.look).muted;
    let line = ui.horizontal(|ui| {
        let is_narrow = ui.available_width() < NARROW;
        ui.label(file.file.sequence.to_string());
        // The stage in words says as much as the squares.
        if !is_narrow {
            progress(ui, scene, file.stage);
        }
        // What is wider than the card would push all of it out of the window's side.
        ui.add(egui::Label::new(RichText::new(file.stage.words()).color(colour)).truncate());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add(egui::Label::new(RichText::new(words::age(file.since, scene.now)).small().color(muted)).truncate());
        });
    });
    line.response.on_hover_text(format!(
        "{}, {}, {} since {} UTC",
        file.file,
        words::bytes(file.size_bytes),
        file.stage.words(),
        words::utc(file.since)
    ));
    if let Some(reason) = &file.reason {
        let colour = if file.stage == FileStage::Failed { colour } else { muted };
        ui.horizontal(|ui| {
            ui.add_space(theme::WIDE_GAP);
            ui.add(egui::Label::new(RichText::new(reason).small().color(colour)).wrap());
        });
    }
}

/// Five squares, one for each step to a result.
fn progress(ui: &mut Ui, scene: &Scene<'_>, stage: FileStage) {
    let done = match stage {
        FileStage::Arrived => 1,
        FileStage::Copying => 2,
        FileStage::Held | FileStage::Queued => 3,
        FileStage::Running => 4,
        FileStage::Reconstructed => 5,
        FileStage::Analysed => 6,
        FileStage::Failed => 0,
    };
    let (rect, _) = ui.allocate_exact_size(vec2(50.0, 10.0), egui::Sense::hover());
    let ground = theme::ground(scene.look);
    let colour = theme::state(stage_state(stage), scene.look).colour;
    for step in 0..6u8 {
        let cell = egui::Rect::from_min_size(rect.min + vec2(f32::from(step) * 8.5, 1.0), vec2(7.0, 8.0));
        ui.painter().rect_filled(cell, 1.5, if step < done { colour } else { ground.grid });
    }
}

fn groups(ui: &mut Ui, scene: &Scene<'_>, row: &RunRow) {
    if row.groups.is_empty() {
        return;
    }
    ui.add_space(theme::GAP);
    ui.label(theme::section("Results"));
    for group in &row.groups {
        let members: Vec<String> = group.members.iter().map(|file| file.sequence.to_string()).collect();
        ui.horizontal(|ui| {
            ui.label(&group.name);
            ui.add(egui::Label::new(RichText::new(members.join(", ")).small().weak()).truncate())
                .on_hover_text(members.join(", "));
        });
        for result in &group.results {
            ui.horizontal(|ui| {
                ui.add_space(theme::WIDE_GAP);
                ui.add(egui::Label::new(RichText::new(result).small().weak()).truncate()).on_hover_text(result);
            });
        }
        if let Some(fault) = &group.fault {
            ui.add(egui::Label::new(RichText::new(fault).small().color(theme::fault(scene.look))).wrap());
        }
    }
}

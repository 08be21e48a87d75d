//! The time line of runs along the bottom: blocks coloured by flag; a click looks at that run.

use egui::{Align2, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::scene::Scene;
use super::state::{Action, Page, RunChoice, UiState};
use super::transport::ReplayAction;
use super::{theme, words};
use crate::snapshot::{FileStage, RunRow};

/// Pixels for each second when blocks are as wide as their runs lasted, at most; less when the runs are long.
const WIDEST_PIXELS_PER_S: f64 = 1.0;
/// The longest run is drawn no wider than this.
const WIDEST_BLOCK: f32 = 140.0;
/// No run is drawn narrower than this: it must be hit with a mouse.
const NARROWEST_BLOCK: f32 = 26.0;

/// What the button does.
const REPLAY: &str = "See this shift as it was at any instant; decisions made then go to a training book (Ctrl+Shift+R)";

/// Draws the time line.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState) {
    ui.horizontal(|ui| {
        ui.label(theme::section("Runs"));
        let toggle = egui::Button::selectable(state.proportional, egui::RichText::new("Widths by length").small())
            .small()
            .frame_when_inactive(true);
        let hover = if state.proportional {
            "On: runs are as wide as they lasted. Press to draw all equally wide."
        } else {
            "Off: all runs are equally wide. Press to draw them as wide as they lasted."
        };
        if ui.add(toggle).on_hover_text(hover).clicked() {
            scene.ask(Action::ToggleProportional);
        }
        match scene.choice {
            RunChoice::Newest => {
                ui.label(egui::RichText::new("follows the newest run").small().weak());
            }
            RunChoice::Fixed(run) => {
                ui.label(egui::RichText::new(format!("stays on run {}", run.0)).small().color(theme::warning(scene.look)));
                if ui.small_button("Follow newest").on_hover_text("Look at the newest run again (Esc)").clicked() {
                    scene.ask(Action::SelectRun(RunChoice::Newest));
                }
            }
        }
        if scene.snapshot.replay.is_none() && ui.small_button("Replay").on_hover_text(REPLAY).clicked() {
            scene.ask(Action::Replay(ReplayAction::Enter));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| legend(ui, scene));
    });
    if scene.snapshot.runs.is_empty() {
        ui.label(egui::RichText::new("No run yet. A block appears for each run as its first file is taken in.").weak());
        return;
    }
    let snapshot = scene.snapshot;
    let takes = |row: &&RunRow| scene.only.takes(Some(row.run), row.start);
    let rows: Vec<&RunRow> = snapshot.runs.iter().filter(takes).collect();
    let widths = widths(&rows, state.proportional);
    let selected = scene.choice.row(snapshot).map(|row| row.run);
    egui::ScrollArea::horizontal().stick_to_right(true).auto_shrink([false, true]).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            older(ui, scene);
            if rows.is_empty() {
                ui.label(egui::RichText::new("No run is in what is shown of the shift.").weak());
            }
            for (row, width) in rows.into_iter().zip(widths) {
                block(ui, scene, row, width, selected == Some(row.run));
            }
        });
    });
}

/// How wide each run's block is.
#[must_use]
pub fn widths(runs: &[&RunRow], proportional: bool) -> Vec<f32> {
    if !proportional {
        return vec![theme::BLOCK_WIDTH; runs.len()];
    }
    let lengths: Vec<f64> = runs
        .iter()
        .map(|row| match (row.start, row.end) {
            (Some(start), Some(end)) => words::seconds_between(start, end).max(0.0),
            _ => 0.0,
        })
        .collect();
    let longest = lengths.iter().fold(1.0f64, |longest, length| longest.max(*length));
    let scale = WIDEST_PIXELS_PER_S.min(f64::from(WIDEST_BLOCK) / longest);
    lengths.into_iter().map(|length| ((length * scale) as f32).max(NARROWEST_BLOCK)).collect()
}

/// Where the runs are that have no block.
fn older(ui: &mut Ui, scene: &mut Scene<'_>) {
    let count = scene.snapshot.older_runs;
    if count > 0
        && ui.small_button(format!("{count} older…")).on_hover_text("All runs, to be searched, on the Runs page").clicked()
    {
        scene.ask(Action::Turn(Page::Runs));
    }
}

fn legend(ui: &mut Ui, scene: &Scene<'_>) {
    for flag in monitasks::quality::Flag::ALL.into_iter().rev() {
        let count = scene.snapshot.runs.iter().filter(|row| row.flag == flag).count();
        let status = theme::flag(flag, scene.look);
        ui.label(egui::RichText::new(format!("{} {} {count}", status.glyph, flag.word())).small().color(status.colour));
    }
}

fn block(ui: &mut Ui, scene: &mut Scene<'_>, row: &RunRow, width: f32, is_selected: bool) {
    let response = ui.allocate_response(vec2(width, theme::BLOCK_HEIGHT), Sense::click());
    let rect = response.rect;
    let status = theme::flag(row.flag, scene.look);
    let ground = theme::ground(scene.look);
    let fill = ground.card.lerp_to_gamma(status.colour, if response.hovered() { 0.55 } else { 0.38 });
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect.expand(3.0)));
    painter.rect_filled(rect, 3.0, fill);
    let base = egui::Rect::from_min_max(pos2(rect.left(), rect.bottom() - 4.0), rect.max);
    painter.rect_filled(base, egui::CornerRadius { nw: 0, ne: 0, sw: 3, se: 3 }, status.colour);
    let text = ground.text;
    let inside = painter.with_clip_rect(ui.clip_rect().intersect(rect));
    if width >= 44.0 {
        inside.text(pos2(rect.left() + 5.0, rect.top() + 8.5), Align2::LEFT_CENTER, row.run.0, theme::small_font(), text);
        let mark = format!("{} {}", status.glyph, status.letter);
        inside.text(pos2(rect.left() + 5.0, rect.top() + 21.5), Align2::LEFT_CENTER, mark, theme::bold_font(12.0), text);
    } else {
        inside.text(
            pos2(rect.center().x, rect.top() + 8.5),
            Align2::CENTER_CENTER,
            row.run.0,
            egui::FontId::proportional(9.5),
            text,
        );
        inside.text(pos2(rect.center().x, rect.top() + 21.5), Align2::CENTER_CENTER, status.letter, theme::bold_font(12.0), text);
    }
    if !row.has_ended && width >= 44.0 && row.run.0 < 100_000 {
        inside.text(pos2(rect.right() - 4.0, rect.top() + 8.5), Align2::RIGHT_CENTER, "…", theme::bold_font(12.0), text);
    }
    if row.files.iter().any(|file| file.stage == FileStage::Failed) && width >= 44.0 {
        let colour = theme::fault(scene.look);
        inside.text(pos2(rect.right() - 4.0, rect.top() + 21.5), Align2::RIGHT_CENTER, "⚠", theme::body_font(), colour);
    }
    if is_selected || response.has_focus() {
        painter.rect_stroke(rect.expand(1.0), 4.0, Stroke::new(2.0, ground.text), StrokeKind::Inside);
    }
    let spoken = format!("Run {}, {}", row.run.0, row.flag.word());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_selected, &spoken));
    if response.clicked() {
        scene.ask(Action::SelectRun(RunChoice::Fixed(row.run)));
    }
    response.on_hover_ui(|ui| tip(ui, scene, row));
}

fn tip(ui: &mut Ui, scene: &Scene<'_>, row: &RunRow) {
    let status = theme::flag(row.flag, scene.look);
    ui.label(theme::bold(format!("Run {}  {} {}", row.run.0, status.glyph, row.flag.word())));
    if let Some(start) = row.start {
        ui.label(format!("{} UTC, {}", words::utc(start), words::age(start, scene.now)));
    }
    let failed = row.files.iter().filter(|file| file.stage == FileStage::Failed).count();
    let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    ui.label(format!("{}{failures}", words::count(row.files.len(), "file")));
    if !row.has_ended {
        ui.label("… not ended: files are still expected");
    }
    if let Some(decision) = row.decisions.last() {
        ui.label(format!("{}, {}: {}", decision.who, decision.role, decision.comment));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use monitasks::vocab::Run;

    fn run(number: u32, seconds: Option<i64>) -> RunRow {
        RunRow {
            start: Some(Timestamp::from_second(1_000).unwrap()),
            end: seconds.map(|seconds| Timestamp::from_second(1_000 + seconds).unwrap()),
            ..RunRow::empty(Run(number))
        }
    }

    #[test]
    fn blocks_are_as_wide_as_their_runs_lasted_and_never_too_small_to_hit() {
        let runs = [run(1, Some(3_600)), run(2, Some(1_800)), run(3, Some(2)), run(4, None), run(5, Some(-7))];
        let runs: Vec<&RunRow> = runs.iter().collect();
        assert_eq!(widths(&runs, true), [WIDEST_BLOCK, WIDEST_BLOCK / 2.0, NARROWEST_BLOCK, NARROWEST_BLOCK, NARROWEST_BLOCK]);
        assert!(widths(&runs, false).iter().all(|width| *width == theme::BLOCK_WIDTH));
    }
}

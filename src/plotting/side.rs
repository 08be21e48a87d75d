//! The two sides of the Monitor page: the task tree at the left, the run's card at the right.

use monitasks::quality::State;

use super::canvas::{Area, Canvas, Hang, Words, fit, text_width, wrap};
use super::page::{Sheet, age, minute};
use super::palette::{self, StatusStyle};
use crate::snapshot::{FileRow, FileStage, ItemNode, RunRow, TaskNode};

/// Draws the task tree: glyph, letter, name and last value of each leaf.
pub fn task_tree(canvas: &mut Canvas, sheet: Sheet<'_>, area: Area) {
    canvas.rect(area, sheet.ground.card, 6.0);
    canvas.begin_clip(area);
    canvas.text((area.x + 12.0, area.y + 22.0), Words::new(12.0, sheet.ground.muted), "Monitor tasks");
    let mut y = area.y + 48.0;
    if sheet.snapshot.tasks.is_empty() {
        canvas.text((area.x + 12.0, y), Words::new(12.0, sheet.ground.muted), "No task is known.");
    }
    for task in &sheet.snapshot.tasks {
        y = branch(canvas, sheet, (area, y), task);
    }
    canvas.end_clip();
}

fn branch(canvas: &mut Canvas, sheet: Sheet<'_>, place: (Area, f64), task: &TaskNode) -> f64 {
    let (area, mut y) = place;
    let style = palette::state(task.state, sheet.look);
    mark(canvas, style, (area.x + 12.0, y));
    canvas.text((area.x + 46.0, y), Words::new(14.0, sheet.ground.text), &fit(&task.title, 14.0, area.w - 140.0));
    let count = format!("{} {}", task.results, if task.results == 1 { "result" } else { "results" });
    canvas.text((area.right() - 12.0, y), Words::new(11.0, sheet.ground.muted).hang(Hang::End), &count);
    y += 6.0;
    if let Some(fault) = &task.fault {
        for line in wrap(fault, 11.0, area.w - 60.0, 3) {
            y += 16.0;
            canvas.text((area.x + 46.0, y), Words::new(11.0, style.colour), &line);
        }
    }
    if let Some((name, reason)) = task.unread.first() {
        let more = if task.unread.len() > 1 { format!(" (and {} more)", task.unread.len() - 1) } else { String::new() };
        let colour = palette::state(State::CannotJudge, sheet.look).colour;
        for line in wrap(&format!("not read: {name}: {reason}{more}"), 11.0, area.w - 60.0, 3) {
            y += 16.0;
            canvas.text((area.x + 46.0, y), Words::new(11.0, colour), &line);
        }
    }
    for item in &task.items {
        y = leaf(canvas, sheet, (area, y + 19.0), item);
    }
    y + 32.0
}

fn leaf(canvas: &mut Canvas, sheet: Sheet<'_>, place: (Area, f64), item: &ItemNode) -> f64 {
    let (area, y) = place;
    let style = palette::state(item.glance.state, sheet.look);
    mark(canvas, style, (area.x + 28.0, y));
    let (left, right) = (area.x + 62.0, area.right() - 12.0);
    let value = fit(&item.glance.text, 12.0, right - left);
    let width = text_width(&value, 12.0);
    let name = fit(&item.title, 12.0, area.w - 74.0);
    // A name and a value that do not fit beside each other take two lines.
    let below = if text_width(&name, 12.0) + width + 12.0 > right - left { 16.0 } else { 0.0 };
    canvas.text((left, y), Words::new(12.0, sheet.ground.text), &name);
    canvas.text((right, y + below), Words::new(12.0, style.colour).hang(Hang::End), &value);
    y + below
}

fn mark(canvas: &mut Canvas, style: StatusStyle, at: (f64, f64)) {
    canvas.text(at, Words::new(13.0, style.colour), &style.glyph.to_string());
    canvas.text((at.0 + 17.0, at.1), Words::new(11.0, style.colour), &style.letter.to_string());
}

/// Draws the card of a run: flag, facts, decision, files, results.
pub fn run_card(canvas: &mut Canvas, sheet: Sheet<'_>, area: Area, run: Option<&RunRow>) {
    canvas.rect(area, sheet.ground.card, 6.0);
    let Some(run) = run else {
        let words = Words::new(12.0, sheet.ground.muted);
        return canvas.text((area.x + 12.0, area.y + 24.0), words, "No run is chosen.");
    };
    canvas.begin_clip(area);
    let mut card = Card { canvas, sheet, area, y: area.y + 12.0 };
    card.head(run);
    card.facts(run);
    card.decision(run);
    card.files(run);
    card.results(run);
    canvas.end_clip();
}

/// A card being written, line by line.
struct Card<'a, 'b> {
    canvas: &'a mut Canvas,
    sheet: Sheet<'b>,
    area: Area,
    y: f64,
}

impl Card<'_, '_> {
    fn head(&mut self, run: &RunRow) {
        let style = palette::flag(run.flag, self.sheet.look);
        self.y += 18.0;
        self.canvas.text((self.area.x + 12.0, self.y), Words::new(18.0, self.sheet.ground.text), &run.run.to_string());
        let flag = format!("{} {}", style.glyph, run.flag.word());
        self.canvas.text((self.area.right() - 12.0, self.y), Words::new(16.0, style.colour).hang(Hang::End), &flag);
        self.y += 6.0;
    }

    fn facts(&mut self, run: &RunRow) {
        let now = self.sheet.snapshot.taken_at;
        let stamp = |stamp: Option<jiff::Timestamp>| {
            stamp.map_or_else(|| "not known".to_owned(), |stamp| format!("{} UTC", minute(stamp)))
        };
        self.pair("begins", &stamp(run.start));
        let end = if run.has_ended { stamp(run.end) } else { "goes on".to_owned() };
        self.pair("ends", &end);
        if let Some(last) = run.end {
            self.pair("newest data", &age(last, now));
        }
    }

    fn decision(&mut self, run: &RunRow) {
        self.title("Decision");
        let Some(decision) = run.decisions.last() else {
            return self.words("Nobody has decided on this run yet.");
        };
        self.pair(decision.flag.word(), &format!("{} UTC", minute(decision.at)));
        self.pair("by", &format!("{}, {}", decision.who, decision.role));
        if !decision.comment.is_empty() {
            self.words(&decision.comment);
        }
        if run.decisions.len() > 1 {
            self.words(&format!("{} earlier decisions", run.decisions.len() - 1));
        }
    }

    fn files(&mut self, run: &RunRow) {
        self.title(&format!("Files ({})", run.files.len()));
        let room = ((self.area.bottom() - self.y - 160.0) / 18.0).max(4.0) as usize;
        for file in run.files.iter().take(room) {
            self.file(file);
        }
        if run.files.len() > room {
            self.words(&format!("and {} more", run.files.len() - room));
        }
    }

    fn file(&mut self, file: &FileRow) {
        let state = match file.stage {
            FileStage::Failed => State::Bad,
            FileStage::Analysed | FileStage::Reconstructed => State::Ok,
            FileStage::Arrived | FileStage::Copying | FileStage::Held | FileStage::Queued | FileStage::Running => {
                State::WarmingUp
            }
        };
        let style = palette::state(state, self.sheet.look);
        self.y += 18.0;
        self.canvas.text((self.area.x + 12.0, self.y), Words::new(12.0, style.colour), &style.glyph.to_string());
        let name = fit(&file.file.to_string(), 12.0, 130.0);
        self.canvas.text((self.area.x + 32.0, self.y), Words::new(12.0, self.sheet.ground.text), &name);
        let words = Words::new(12.0, style.colour).hang(Hang::End);
        self.canvas.text((self.area.right() - 12.0, self.y), words, file.stage.words());
        if let Some(reason) = &file.reason {
            self.words(reason);
        }
    }

    fn results(&mut self, run: &RunRow) {
        self.title("Results");
        if run.groups.is_empty() {
            self.words("None yet: they come with a group of reconstructed files, or when the run has ended.");
        }
        for group in &run.groups {
            self.pair(&group.name, &format!("{} files in, {} results", group.members.len(), group.results.len()));
            if let Some(fault) = &group.fault {
                self.words(fault);
            }
        }
    }

    fn title(&mut self, text: &str) {
        self.y += 16.0;
        let (left, right) = (self.area.x + 12.0, self.area.right() - 12.0);
        self.canvas.line((left, self.y), (right, self.y), self.sheet.ground.grid, 1.0, "");
        self.y += 18.0;
        self.canvas.text((left, self.y), Words::new(12.0, self.sheet.ground.muted), text);
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.y += 18.0;
        let room = self.area.w - 24.0;
        let name = fit(name, 12.0, room * 0.5);
        self.canvas.text((self.area.x + 12.0, self.y), Words::new(12.0, self.sheet.ground.muted), &name);
        let value = fit(value, 12.0, room - text_width(&name, 12.0) - 10.0);
        self.canvas.text((self.area.right() - 12.0, self.y), Words::new(12.0, self.sheet.ground.text).hang(Hang::End), &value);
    }

    fn words(&mut self, text: &str) {
        for line in wrap(text, 11.0, self.area.w - 24.0, 4) {
            self.y += 16.0;
            self.canvas.text((self.area.x + 12.0, self.y), Words::new(11.0, self.sheet.ground.muted), &line);
        }
    }
}

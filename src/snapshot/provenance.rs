//! Where an export comes from: what is written beside and into every exported picture and table, so that nobody has to ask later.
//!
//! The layout is documented in `docs/formats.md` and only ever grows.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

/// The layout's number.
pub const PROVENANCE_SCHEMA: u32 = 1;

/// All that is said of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The layout's number.
    pub schema: u32,
    /// What was exported.
    pub kind: ExportKind,
    /// Its title: `Electron lifetime`, `Monitor`.
    pub title: String,
    /// What a plot shows; one for a plot, each of a page, none for a table.
    pub plots: Vec<PlotFacts>,
    /// What a table holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableFacts>,
    /// How a picture was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureFacts>,
    /// The program, the workspace and the book behind it.
    pub source: SourceFacts,
    /// When and by whom it was exported.
    pub exported: ExportedFacts,
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// One plot.
    Plot,
    /// A page with several plots.
    Page,
    /// Rows.
    Table,
}

/// What a plot shows and what is thought of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlotFacts {
    /// The task's name.
    pub task: String,
    /// The item's name.
    pub item: String,
    /// The plot's title.
    pub title: String,
    /// What it is shown with: `bounds`, `bare`, `overlay`, `ratio`, `difference`.
    pub shown_with: String,
    /// The run that was chosen; null for the newest.
    pub chosen_run: Option<Run>,
    /// The lane that was chosen; null for all.
    pub lane: Option<String>,
    /// The newest run in it.
    pub run: Option<Run>,
    /// The first stamp of the data of its newest result.
    pub data_from: Option<Timestamp>,
    /// The last stamp of the data of its newest result.
    pub data_to: Option<Timestamp>,
    /// The results that the task was given, the newest first; a plot of the newest alone shows the first.
    pub results: Vec<ResultFacts>,
    /// How many there are; of a long history the newest are listed.
    pub results_in_all: usize,
    /// The event, of the event display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventFacts>,
    /// The references that it is shown with or judged by.
    pub references: Vec<ReferenceFacts>,
    /// Masks and known issues in force for it.
    pub masks: Vec<MaskFacts>,
    /// What checks think of it; empty where none judges it.
    pub checks: Vec<CheckFacts>,
    /// What its checks think of it together: `OK`, `BAD`; null where none judges it.
    pub state: Option<String>,
}

/// A result file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ResultFacts {
    /// Its name below `results/`.
    pub file: String,
    /// The run.
    pub run: Option<Run>,
    /// The processing's number.
    pub processing: Option<u32>,
    /// The group's number.
    pub group: Option<u32>,
    /// The lane.
    pub lane: Option<String>,
    /// When the first of the data was taken.
    pub data_start: Option<Timestamp>,
    /// When the last of the data was taken.
    pub data_end: Option<Timestamp>,
    /// When it was made.
    pub processed_at: Option<Timestamp>,
    /// What made it.
    pub software: String,
    /// The first of the raw files that went in: `run24-seq3`.
    pub members: Vec<String>,
    /// How many raw files went in.
    pub members_in_all: usize,
    /// What a reader of it should know.
    pub remarks: Vec<String>,
}

/// An event of a raw file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFacts {
    /// The raw file.
    pub file: String,
    /// The event's place in it, from 0.
    pub index: u32,
    /// The strip whose waveform is shown: `1:480`.
    pub strip: Option<String>,
}

/// A reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceFacts {
    /// Its label.
    pub label: String,
    /// The first run that it is for.
    pub from: Run,
    /// The last one; null for all that come.
    pub to: Option<Run>,
}

/// A mask or known issue in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskFacts {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who says so; null where that is not known here.
    pub author: Option<String>,
    /// When it ends; null for never.
    pub until: Option<Timestamp>,
    /// Points, bins or cells that it took out of checks; null where no check was asked.
    pub left_out: Option<usize>,
}

/// A check and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckFacts {
    /// Its name.
    pub name: String,
    /// Its kind: `range`.
    pub kind: String,
    /// Its verdict: `OK`, `MAYBE`, `BAD`, `cannot judge`.
    pub state: String,
    /// Why.
    pub reason: String,
    /// Where it draws its lines.
    pub thresholds: Vec<ThresholdFacts>,
    /// What it looked at, its statistics, what it left out: a line each.
    pub looked_at: Vec<String>,
}

/// Where a check draws a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThresholdFacts {
    /// The quantity: `x`, `y`, `colour`; `reference` for a band along the reference, `slope` for the line found.
    pub on: String,
    /// The series that it is for; null for all.
    pub series: Option<String>,
    /// The lower end, in the axis' unit; null for none.
    pub from: Option<f64>,
    /// The upper end.
    pub to: Option<f64>,
    /// What is thought of what lies between; null for a line.
    pub within: Option<String>,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFacts {
    /// What was searched; empty for all.
    pub query: String,
    /// Its rows.
    pub rows: usize,
    /// Rows that there are to be found.
    pub of: usize,
    /// What is not in it; empty when it is whole.
    pub lacks: Vec<String>,
}

/// How a picture was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureFacts {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Whether it is dark on light.
    pub is_light: bool,
}

/// The program, the workspace and the book behind an export.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Program and version: `dqmon 0.1.0`.
    pub software: String,
    /// The workspace's folder; null where a file or folder was looked at with none.
    pub workspace: Option<String>,
    /// What was looked at with no workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<String>,
    /// The detector's name.
    pub detector: String,
    /// The detector's title.
    pub detector_title: String,
    /// The name of its channel map.
    pub channel_map: String,
    /// The ends of the book's chains as it was written: of each book that it holds.
    pub book: Vec<BookHead>,
    /// What was wrong then: a book that was away, settings refused.
    pub warnings: Vec<String>,
}

/// The end of a book's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookHead {
    /// The book.
    pub book: String,
    /// The number of its last entry.
    pub number: i64,
    /// The hash of that entry, in hex.
    pub hash: String,
}

/// When and by whom something was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFacts {
    /// When.
    pub at: Timestamp,
    /// The account and the machine: `ada@daq-ws3`.
    pub account: String,
    /// The person, where one has said a name.
    pub name: Option<String>,
    /// In which role.
    pub role: Option<String>,
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Some names, and how many more there are.
fn named<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.collect();
    let more = names.len().saturating_sub(most);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

impl PlotFacts {
    /// The plot's name in commands: `purity/lifetime_trend`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.task, self.item)
    }

    /// Its parts of the footer: data, what it is shown with, masks, verdicts.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.data_words()];
        if let (Some(from), Some(to)) = (self.data_from.or(self.data_to), self.data_to.or(self.data_from)) {
            let to = if from == to { String::new() } else { format!(" to {}", minute(to)) };
            words.push(format!("data {}{to} UTC", minute(from)));
        } else if let Some(made) = self.results.first().and_then(|result| result.processed_at) {
            words.push(format!("data not dated, result of {} UTC", minute(made)));
        }
        if self.event.is_none() {
            words.push(self.lane.as_ref().map_or_else(|| "all lanes".into(), |lane| format!("lane {lane}")));
            let references = named(self.references.iter().map(|reference| reference.label.as_str()), 2);
            words.push(if references.is_empty() { "no reference".into() } else { format!("reference {references}") });
            let masks = named(self.masks.iter().map(|mask| mask.name.as_str()), 3);
            words.push(if masks.is_empty() { "no mask".into() } else { format!("masks: {masks}") });
            words.push(self.check_words());
        }
        words
    }

    fn data_words(&self) -> String {
        if let Some(event) = &self.event {
            let strip = event.strip.as_ref().map(|strip| format!(", strip {strip}")).unwrap_or_default();
            return format!("{} event {}{strip}", event.file, event.index);
        }
        match (self.results.first(), self.results_in_all) {
            (None, _) => "no result".into(),
            (Some(newest), 1) => newest.file.clone(),
            (Some(newest), all) => format!("{all} results up to {}", newest.file),
        }
    }

    fn check_words(&self) -> String {
        if self.checks.is_empty() {
            return "no check judges it".into();
        }
        let checks: Vec<String> = self.checks.iter().map(|check| format!("{} {}", check.name, check.state)).collect();
        format!("checks: {}", named(checks.iter().map(String::as_str), 4))
    }
}

impl Provenance {
    /// What an export is of, with nothing said of its contents yet.
    #[must_use]
    pub fn new(kind: ExportKind, title: impl Into<String>, source: SourceFacts, exported: ExportedFacts) -> Self {
        let title = title.into();
        Provenance { schema: PROVENANCE_SCHEMA, kind, title, plots: Vec::new(), table: None, picture: None, source, exported }
    }

    /// All of it in short, part by part: the footer of a picture.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = match (self.kind, self.plots.as_slice()) {
            (ExportKind::Plot, [plot]) => plot.words(),
            (ExportKind::Page, plots) => vec![format!("{} plots", plots.len())],
            _ => Vec::new(),
        };
        if let Some(table) = &self.table {
            let query = if table.query.is_empty() { String::new() } else { format!(", searched: {}", table.query) };
            words.push(format!("{} of {} rows{query}", table.rows, table.of));
        }
        words.extend(self.source.words());
        words.push(self.exported.words());
        words
    }
}

impl SourceFacts {
    /// Detector, workspace, version and book in short.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.detector.clone()];
        let name = |path: &String| path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path).to_owned();
        words.extend(self.workspace.as_ref().or(self.looked_at.as_ref()).map(name));
        words.push(self.software.clone());
        match self.book.as_slice() {
            [] => {}
            [one] => words.push(format!("book at {} {}", one.number, one.hash.chars().take(8).collect::<String>())),
            books => words.push(format!("{} books at {}", books.len(), books.iter().map(|book| book.number).sum::<i64>())),
        }
        words
    }
}

impl ExportedFacts {
    /// `exported 2026-11-21 23:00 UTC by Ada Marsh, ada@daq-ws3`.
    #[must_use]
    pub fn words(&self) -> String {
        let name = self.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
        format!("exported {} UTC by {name}{}", minute(self.at), self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_footer_names_data_checks_and_who_and_counts_what_is_too_much() {
        let mask = |name: &str| MaskFacts { name: name.into(), reason: String::new(), author: None, until: None, left_out: None };
        let result = ResultFacts { file: "crp/run24-p1-g0.txt".into(), ..ResultFacts::default() };
        let mut plot = PlotFacts { results: vec![result], results_in_all: 24, ..PlotFacts::default() };
        assert_eq!(
            plot.words(),
            ["24 results up to crp/run24-p1-g0.txt", "all lanes", "no reference", "no mask", "no check judges it"]
        );
        plot.masks = ["a", "b", "c", "d", "e"].map(mask).to_vec();
        plot.lane = Some("FULL".into());
        plot.results[0].processed_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(plot.words()[1], "data not dated, result of 1970-01-01 00:00 UTC");
        plot.data_from = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(plot.words()[1..3], ["data 1970-01-01 00:00 UTC", "lane FULL"]);
        assert_eq!(plot.words()[4], "masks: a, b, c and 2 more");
    }
}

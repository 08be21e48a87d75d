//! Plots with where they come from, for exports: results, reference, masks and verdicts as they are at that moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::checks::verdict::{Bound, BoundOn, Verdict, item_state};
use monitasks::figure::Figure;
use monitasks::summary::Summary;

use super::Live;
use super::event::EVENT_DISPLAY;
use super::figures::{self, Material};
use crate::snapshot::provenance::{
    CheckFacts, EventFacts, MaskFacts, PlotFacts, ReferenceFacts, ResultFacts, SourceFacts, ThresholdFacts,
};
use crate::snapshot::{FigureKey, IssueRow, Origin, PlotView};

/// Results that are listed of a long history, and raw files of a result.
const MOST_RESULTS: usize = 50;
const MOST_MEMBERS: usize = 200;
/// Warnings that are kept.
const MOST_WARNINGS: usize = 10;

/// A plot with what it shows.
#[derive(Debug, Clone)]
pub struct SignedPlot {
    /// The plot.
    pub figure: Arc<Figure>,
    /// What it shows and what is thought of it.
    pub facts: PlotFacts,
}

impl Live {
    /// A plot as it is now, whether or not it is watched, with what it shows; none when there is no such plot.
    pub fn signed(&mut self, key: &FigureKey, now: Timestamp) -> Option<SignedPlot> {
        let detector = self.workspace.detector.clone();
        let of = Material { registry: &self.registry, results: &self.results, event: &self.event, detector: &detector, now };
        let wanted: Vec<FigureKey> = self.watched.iter().filter(|known| *known != key).chain([key]).cloned().collect();
        let issues = &self.book.people.issues;
        let plots = self.plots.make(&wanted, issues, &of);
        let figure = plots.figures.get(key)?.clone();
        let verdicts = plots.verdicts.get(&key.with(PlotView::Bounds)).cloned().unwrap_or_default();
        let history = figures::history(of.results, key);
        let newest = history.last().copied();
        let is_event = key.task == EVENT_DISPLAY;
        let shown = self.event.shown.as_ref().filter(|_| is_event);
        let run = newest.and_then(|summary| summary.run).or(shown.map(|event| event.file.run));
        let mut references: Vec<ReferenceFacts> = verdicts.iter().filter_map(reference_of).collect();
        references.extend(self.plots.reference_shown(key, run));
        references.dedup();
        let event = shown.map(|event| EventFacts {
            file: event.file.to_string(),
            index: event.index,
            strip: event.strip.map(|strip| format!("{}:{}", strip.view.index(), strip.number)),
        });
        // Known issues are masks of the checks too, under the same names.
        let known = issues.iter().filter(|issue| is_about(issue, key, run, now)).map(of_issue);
        let masks = known.chain(self.plots.masks_in_force(key, &figure, &of)).collect();
        let facts = PlotFacts {
            task: key.task.clone(),
            item: key.item.clone(),
            title: figure.title.clone(),
            shown_with: format!("{:?}", key.view).to_lowercase(),
            chosen_run: key.run,
            lane: key.lane.clone(),
            run,
            data_from: newest.and_then(|summary| summary.data_start),
            data_to: newest.and_then(|summary| summary.data_end),
            results: history.iter().rev().take(MOST_RESULTS).map(|summary| result_facts(summary)).collect(),
            results_in_all: history.len(),
            event,
            references,
            masks: counted(masks, &verdicts),
            checks: verdicts.iter().map(check_facts).collect(),
            state: (!verdicts.is_empty()).then(|| item_state(&verdicts, newest.is_some()).words().to_owned()),
        };
        Some(SignedPlot { figure, facts })
    }

    /// The program and the workspace behind what is shown; the book's ends are for whoever can ask it.
    #[must_use]
    pub fn source(&self) -> SourceFacts {
        let (detector, root) = (&self.workspace.detector, self.workspace.root.display().to_string());
        let is_bare = self.origin == Origin::Bare;
        let of_banners = self.banners.values().flatten().filter(|banner| banner.is_fault).map(|banner| banner.text.clone());
        let warnings = of_banners.chain(self.book.fault.clone()).chain(self.results.faults.iter().cloned());
        SourceFacts {
            software: crate::SOFTWARE.to_owned(),
            workspace: (!is_bare).then(|| root.clone()),
            looked_at: is_bare.then_some(root),
            detector: detector.name.clone(),
            detector_title: detector.title.clone(),
            channel_map: detector.channel_map_name.clone(),
            book: Vec::new(),
            warnings: warnings.take(MOST_WARNINGS).collect(),
        }
    }
}

fn result_facts(summary: &Summary) -> ResultFacts {
    let provenance = &summary.provenance;
    ResultFacts {
        file: provenance.file.clone(),
        run: summary.run,
        processing: summary.processing.map(|processing| processing.0),
        group: summary.group.map(|group| group.0),
        lane: summary.lane.clone(),
        data_start: summary.data_start,
        data_end: summary.data_end,
        processed_at: summary.processed_at,
        software: provenance.software.clone(),
        members: provenance.members.iter().take(MOST_MEMBERS).map(ToString::to_string).collect(),
        members_in_all: provenance.members.len(),
        remarks: provenance.remarks.clone(),
    }
}

fn reference_of(verdict: &Verdict) -> Option<ReferenceFacts> {
    let used = verdict.reference.as_ref()?;
    Some(ReferenceFacts { label: used.label.clone(), from: used.runs.from, to: used.runs.to })
}

/// Whether a known issue of the book holds for a plot.
fn is_about(issue: &IssueRow, key: &FigureKey, run: Option<monitasks::vocab::Run>, now: Timestamp) -> bool {
    issue.is_about(&key.task, &key.item) && run.is_some_and(|run| issue.holds(run, now))
}

fn of_issue(issue: &IssueRow) -> MaskFacts {
    MaskFacts {
        name: format!("known issue {}", issue.id),
        reason: issue.reason.clone(),
        author: Some(issue.author.clone()),
        until: issue.expires,
        left_out: None,
    }
}

/// Masks, each once, with how much verdicts say that it took out.
fn counted(masks: Vec<MaskFacts>, verdicts: &[Verdict]) -> Vec<MaskFacts> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<MaskFacts> = masks.into_iter().filter(|mask| seen.insert(mask.name.clone())).collect();
    for applied in verdicts.iter().flat_map(|verdict| &verdict.masks) {
        match kept.iter_mut().find(|mask| mask.name == applied.name) {
            // Checks that look at the same places leave the same ones out.
            Some(mask) => mask.left_out = mask.left_out.max(Some(applied.left_out)),
            None => kept.push(MaskFacts {
                name: applied.name.clone(),
                reason: applied.reason.clone(),
                author: None,
                until: None,
                left_out: Some(applied.left_out),
            }),
        }
    }
    kept
}

fn check_facts(verdict: &Verdict) -> CheckFacts {
    CheckFacts {
        name: verdict.check.clone(),
        kind: verdict.kind.clone(),
        state: verdict.state().words().to_owned(),
        reason: verdict.reason(),
        thresholds: verdict.bounds.iter().map(threshold).collect(),
        looked_at: verdict.lines(),
    }
}

fn threshold(bound: &Bound) -> ThresholdFacts {
    match bound {
        Bound::Band { on, from, to, within } => {
            let on = match on {
                BoundOn::X => "x",
                BoundOn::Y => "y",
                BoundOn::Colour => "colour",
            };
            ThresholdFacts { on: on.into(), series: None, from: *from, to: *to, within: Some(within.words().into()) }
        }
        Bound::Envelope { series, edges, within } => {
            let finite = |place: usize| edges.iter().map(move |edge| edge[place]).filter(|value| value.is_finite());
            ThresholdFacts {
                on: "reference".into(),
                series: Some(series.clone()),
                from: finite(1).reduce(f64::min),
                to: finite(2).reduce(f64::max),
                within: Some(within.words().into()),
            }
        }
        Bound::Line { series, ends } => ThresholdFacts {
            on: "slope".into(),
            series: Some(series.clone()),
            from: Some(ends[0][1]),
            to: Some(ends[1][1]),
            within: None,
        },
    }
}

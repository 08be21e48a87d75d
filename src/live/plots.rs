//! The plots of a snapshot: as tasks draw them, judged, and with what they are to be shown with.

use std::collections::BTreeMap;
use std::sync::Arc;

use monitasks::checks::what_if::{WhatIf, what_if};
use monitasks::checks::{Checks, Subject};
use monitasks::figure::{Figure, Layer, Region};
use monitasks::references::{self, Reference, ReferenceSource, Runs};
use monitasks::vocab::Run;

use super::figures::{self, FigureMaker, Material};
use super::issue_masks::issue_masks;
use super::judging::{Judge, names};
use super::known_regions::regions_of;
use super::tree::Verdicts;
use crate::snapshot::{FigureKey, IssueRow, PlotView};

/// Makes them, and keeps those that have not changed.
#[derive(Default)]
pub(super) struct PlotMaker {
    figures: FigureMaker,
    judge: Judge,
    shown: BTreeMap<FigureKey, Shown>,
}

/// A plot as shown, and what it was made from.
struct Shown {
    bare: Arc<Figure>,
    layers: Arc<Vec<Layer>>,
    regions: Vec<Region>,
    /// The judge's rules.
    rules: u64,
    figure: Arc<Figure>,
}

/// The plots of a moment.
pub(super) struct Plots {
    pub figures: BTreeMap<FigureKey, Arc<Figure>>,
    pub verdicts: Verdicts,
}

impl PlotMaker {
    /// Takes other checks.
    pub(super) fn take_checks(&mut self, checks: Arc<Checks>) {
        self.judge.take(checks);
    }

    /// Forgets all that was drawn: tasks are other ones now. Rules stay.
    pub(super) fn redraw(&mut self) {
        let checks = self.judge.file();
        *self = PlotMaker::default();
        self.judge.take(checks);
    }

    /// What is wrong with the checks beside the file itself: for what is not there, references that can't be drawn.
    pub(super) fn faults(&self, of: &Material<'_>) -> Vec<String> {
        let strangers = self.judge.file().strangers(&names(of));
        strangers.into_iter().map(|text| format!("checks.toml: {text}")).chain(self.judge.refused().iter().cloned()).collect()
    }

    /// The plots that are watched, and what checks think of them and of every item's newest plot.
    pub(super) fn make(&mut self, watched: &[FigureKey], issues: &[IssueRow], of: &Material<'_>) -> Plots {
        self.judge.renew(issues, of);
        let newest = self.judge.keys(of);
        let made = self.figures.make(watched.iter().chain(&newest), of);
        self.judge.judge(made, of);
        let mut before = std::mem::take(&mut self.shown);
        for key in watched {
            let Some((_, bare)) = made.get(&key.with(PlotView::Bare)) else { continue };
            let judged = self.judge.judged().get(&key.with(PlotView::Bounds));
            let layers = judged.map_or_else(Arc::default, |judged| judged.layers.clone());
            let rules = self.judge.rules();
            let regions = regions_of(key, bare, &self.judge, issues, of);
            let is_same = |shown: &Shown| {
                Arc::ptr_eq(&shown.bare, bare)
                    && shown.regions == regions
                    && (shown.layers == layers || key.view != PlotView::Bounds)
                    && shown.rules == rules
            };
            let shown = before.remove(key).filter(is_same).unwrap_or_else(|| {
                let figure = hatched(shown(key, bare, &layers, &self.judge, of), &regions);
                Shown { bare: bare.clone(), layers, regions, rules, figure }
            });
            self.shown.insert(key.clone(), shown);
        }
        Plots {
            figures: self.shown.iter().map(|(key, shown)| (key.clone(), shown.figure.clone())).collect(),
            verdicts: self.judge.judged().iter().map(|(key, judged)| (key.clone(), judged.verdicts.clone())).collect(),
        }
    }

    /// What other checks would have said of every plot of the past, masks of the book in force.
    pub(super) fn what_if(&mut self, new: &Checks, issues: &[IssueRow], of: &Material<'_>) -> WhatIf {
        self.judge.renew(issues, of);
        let old = self.judge.checks();
        let mut new = new.clone();
        new.masks.extend(issue_masks(issues, of.detector, of.now));
        let mut past = Vec::new();
        for (task, items) in names(of) {
            let runs = runs_of(task, of);
            let wanted = |item: &&str| old.of(task, item).chain(new.of(task, item)).next().is_some();
            for item in items.into_iter().filter(wanted) {
                past.extend(runs.iter().map(|run| FigureKey { run: Some(*run), ..FigureKey::newest(task, item) }));
            }
        }
        past.sort_by_key(|key| key.run);
        let drawn: Vec<_> = past.iter().filter_map(|key| Some((key, figures::drawn_of(key, of)?))).collect();
        let subjects = drawn.iter().map(|(key, figure)| {
            let history = figures::history(of.results, key);
            // Each at the time its own result was the newest.
            let now = history.last().and_then(|summary| summary.stamp()).unwrap_or(of.now);
            Subject::of((&key.task, &key.item), figure, &history, now)
        });
        what_if(&subjects.collect::<Vec<_>>(), old, &new, self.judge.references())
    }
}

/// The runs that a task has results of, each once.
fn runs_of(task: &str, of: &Material<'_>) -> std::collections::BTreeSet<Run> {
    let history = of.results.tasks.get(task).map(|task| task.history.as_slice()).unwrap_or_default();
    history.iter().filter_map(|summary| summary.run).collect()
}

/// The source of a reference that is the plot of a key: its newest result, valid from its run on, by the name of that run.
///
/// # Errors
/// When there is no result, or one that does not say its run.
pub(super) fn reference_of(key: &FigureKey, of: &Material<'_>) -> Result<ReferenceSource, String> {
    let history = figures::history(of.results, key);
    let newest = history.last().ok_or_else(|| format!("no result of {}/{} to refer to", key.task, key.item))?;
    let file = newest.provenance.file.clone();
    let run = newest.run.ok_or_else(|| format!("the result does not say its run: results/{file}"))?;
    let (task, item) = (key.task.clone(), key.item.clone());
    Ok(ReferenceSource { label: newest.name(), task, item, result: file, runs: Runs { from: run, to: None } })
}

/// A plot with what is known of it. A plot with nothing on it stays as it is.
fn hatched(figure: Arc<Figure>, regions: &[Region]) -> Arc<Figure> {
    if regions.is_empty() || figure.empty.is_some() {
        return figure;
    }
    let mut with = Figure::clone(&figure);
    with.regions.extend(regions.iter().cloned());
    Arc::new(with)
}

/// A plot with what it is to be shown with. What can't be compared is shown alone and says why.
fn shown(key: &FigureKey, bare: &Arc<Figure>, layers: &[Layer], judge: &Judge, of: &Material<'_>) -> Arc<Figure> {
    let compare = match key.view {
        PlotView::Bare => return bare.clone(),
        PlotView::Bounds if layers.is_empty() || bare.empty.is_some() => return bare.clone(),
        PlotView::Bounds => {
            let mut figure = Figure::clone(bare);
            figure.layers.extend(layers.iter().cloned());
            return Arc::new(figure);
        }
        PlotView::Overlay => references::overlay,
        PlotView::Ratio => references::ratio,
        PlotView::Difference => references::difference,
    };
    if bare.empty.is_some() {
        return bare.clone();
    }
    let run = figures::history(of.results, key).last().and_then(|summary| summary.run);
    let found: Result<&Reference, String> =
        judge.references().find(&key.task, &key.item, run, None).map_err(|why| format!("not compared: {why}"));
    let compared = found.and_then(|reference| compare(bare, reference).map_err(|why| why.to_string()));
    Arc::new(compared.unwrap_or_else(|why| {
        let mut alone = Figure::clone(bare);
        alone.notes.insert(0, why);
        alone
    }))
}

//! The plots of a snapshot: as tasks draw them, judged, and with what they are to be shown with.

use std::collections::BTreeMap;
use std::sync::Arc;

use monitasks::checks::what_if::{WhatIf, what_if};
use monitasks::checks::{Checks, Subject};
use monitasks::figure::{Figure, Layer, Region};
use monitasks::references::{self, Reference, ReferenceSource, Runs};
use monitasks::views::ranking::Ranked;
use monitasks::views::{self, Against};
use monitasks::vocab::Run;

use super::figures::{self, FigureMaker, Material};
use super::issue_masks::issue_masks;
use super::judging::{Judge, names};
use super::known_regions::regions_of;
use super::tree::Verdicts;
use crate::snapshot::provenance::{MaskFacts, ReferenceFacts};
use crate::snapshot::{FigureKey, IssueRow, PlotView, Ranking};

/// Makes them, and keeps those that have not changed.
#[derive(Default)]
pub(super) struct PlotMaker {
    figures: FigureMaker,
    judge: Judge,
    shown: BTreeMap<FigureKey, Shown>,
    compared: Option<(Against, Against)>,
    /// What came of it, and the versions of the results that it was made from.
    ranking: Option<(Vec<u64>, Arc<Ranking>)>,
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
    pub ranking: Option<Arc<Ranking>>,
}

impl PlotMaker {
    /// Takes other checks.
    pub(super) fn take_checks(&mut self, checks: Arc<Checks>) {
        self.judge.take(checks);
    }

    /// Forgets all that was drawn: tasks are other ones now. Rules stay.
    pub(super) fn redraw(&mut self) {
        let checks = self.judge.file();
        *self = PlotMaker { compared: self.compared, ..PlotMaker::default() };
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
            let Some((_, bare)) = made.get(&key.plain()) else { continue };
            let judged = self.judge.judged().get(&key.plain().with(PlotView::Bounds));
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
        self.rank(of);
        Plots {
            ranking: self.ranking.as_ref().map(|(_, ranking)| ranking.clone()),
            figures: self.shown.iter().map(|(key, shown)| (key.clone(), shown.figure.clone())).collect(),
            verdicts: self.judge.judged().iter().map(|(key, judged)| (key.clone(), judged.verdicts.clone())).collect(),
        }
    }

    /// The reference that a plot is shown with; none for one that is shown alone.
    pub(super) fn reference_shown(&self, key: &FigureKey, run: Option<Run>) -> Option<ReferenceFacts> {
        let is_compared = matches!(key.view, PlotView::Overlay | PlotView::Ratio | PlotView::Difference);
        let found = self.judge.references().find(&key.task, &key.item, run, None).ok().filter(|_| is_compared)?;
        Some(ReferenceFacts { label: found.label.clone(), from: found.runs.from, to: found.runs.to })
    }

    /// The masks that are in force for a plot, of the file and of the book.
    pub(super) fn masks_in_force(&self, key: &FigureKey, figure: &Figure, of: &Material<'_>) -> Vec<MaskFacts> {
        let history = figures::history(of.results, key);
        let subject = Subject::of((&key.task, &key.item), figure, &history, of.now);
        let masks = self.judge.checks().masks.iter().filter(|mask| mask.is_in_force(&subject));
        let facts = masks.map(|mask| MaskFacts {
            name: mask.name.clone(),
            reason: mask.reason.clone(),
            author: Some(mask.author.clone()),
            until: mask.until,
            left_out: None,
        });
        facts.collect()
    }

    /// Compares two results from now on, or no more.
    pub(super) fn compare(&mut self, sides: Option<(Against, Against)>) {
        if self.compared != sides {
            (self.compared, self.ranking) = (sides, None);
        }
    }

    /// Ranks the items again when a result has come.
    fn rank(&mut self, of: &Material<'_>) {
        let Some((first, second)) = self.compared else { return self.ranking = None };
        let versions: Vec<u64> = of.results.tasks.values().map(|task| task.version).collect();
        if self.ranking.as_ref().is_none_or(|(made_from, _)| *made_from != versions) {
            let items = ranking(first, second, of);
            self.ranking = Some((versions, Arc::new(Ranking { first, second, items })));
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

/// A plot with what it is to be shown with and what is chosen of it.
fn shown(key: &FigureKey, bare: &Arc<Figure>, layers: &[Layer], judge: &Judge, of: &Material<'_>) -> Arc<Figure> {
    let has_choices = key.choices != views::PlotChoices::default();
    if !has_choices && (key.view == PlotView::Bare || key.view == PlotView::Bounds && layers.is_empty()) {
        return bare.clone();
    }
    let figure = match (key.view, key.choices.against) {
        (view, Some(against)) if view.compares() => compared_with(key, against, of),
        _ => with_view(key, bare, layers, judge, of),
    };
    Arc::new(views::finished(&key.choices, figure, &of.detector.lems))
}

/// A plot with its bounds or its reference.
fn with_view(key: &FigureKey, bare: &Arc<Figure>, layers: &[Layer], judge: &Judge, of: &Material<'_>) -> Figure {
    let mut figure = if key.choices.draws_anew() { figures::chosen(key, of) } else { Figure::clone(bare) };
    if figure.empty.is_some() || key.view == PlotView::Bare {
        return figure;
    }
    if key.view == PlotView::Bounds {
        // Bounds are those of the plot of all results; a place or a run of it is not what was judged.
        if key.choices.place.is_none() && key.choices.runs.is_empty() && figure.panels.is_none() {
            figure.layers.extend(views::moved_layers(layers, bare, &figure));
        }
        return figure;
    }
    let run = figures::history(of.results, key).last().and_then(|summary| summary.run);
    let found: Result<&Reference, String> =
        judge.references().find(&key.task, &key.item, run, None).map_err(|why| format!("not compared: {why}"));
    compared(key.view, figure, found)
}

/// The newest result of a run or processing with that of another one.
fn compared_with(key: &FigureKey, against: Against, of: &Material<'_>) -> Figure {
    let mut other = FigureKey { run: Some(against.run), view: PlotView::Bare, ..key.clone() };
    other.choices.processing = against.processing;
    let figure = figures::of_one(&other, of);
    let name = against.name();
    let runs = Runs { from: against.run, to: Some(against.run) };
    let reference = match &figure.empty {
        Some(why) => Err(format!("not compared: {name} has nothing: {why}")),
        None => Ok(Reference { label: name, task: key.task.clone(), item: key.item.clone(), runs, figure }),
    };
    compared(key.view, figures::of_one(key, of), reference.as_ref().map_err(Clone::clone))
}

/// A plot with what it is compared with. What can't be compared is shown alone and says why.
fn compared(view: PlotView, figure: Figure, reference: Result<&Reference, String>) -> Figure {
    if figure.empty.is_some() {
        return figure;
    }
    let compare = match view {
        PlotView::Bounds | PlotView::Bare => return figure,
        PlotView::Overlay => references::overlay,
        PlotView::Ratio => references::ratio,
        PlotView::Difference => references::difference,
        PlotView::Pull => views::pull,
        PlotView::SideBySide => views::side_by_side,
    };
    let compared = reference.and_then(|reference| compare(&figure, reference).map_err(|why| why.to_string()));
    compared.unwrap_or_else(|why| {
        let mut alone = figure;
        alone.notes.insert(0, why);
        alone
    })
}

/// Which items differ most between two runs or processings, the most different first.
pub(super) fn ranking(first: Against, second: Against, of: &Material<'_>) -> Vec<Ranked> {
    let mut items = Vec::new();
    for (task, names) in names(of) {
        for item in names {
            let plot = |side: Against| {
                let mut key = FigureKey { run: Some(side.run), ..FigureKey::newest(task, item) };
                key.choices.processing = side.processing;
                figures::of_one(&key, of)
            };
            let outcome = views::ranking::differs(&plot(second), &plot(first));
            items.push(Ranked { task: task.to_owned(), item: item.to_owned(), outcome });
        }
    }
    views::ranking::rank(&mut items);
    items
}

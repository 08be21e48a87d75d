//! Has plots judged by the workspace's checks: what changed anew, the age of data at every look.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use monitasks::checks::masks::Mask;
use monitasks::checks::verdict::{Verdict, layers_of};
use monitasks::checks::{Check, Checks, Subject};
use monitasks::figure::{Figure, Layer};
use monitasks::references::References;
use monitasks::task::{MonTask, TaskInfo};

use super::figures::{self, Material};
use super::issue_masks::issue_masks;
use super::results::panic_message;
use crate::snapshot::{FigureKey, IssueRow, PlotView};

/// Ages are looked at again after so long.
const AGE: SignedDuration = SignedDuration::from_secs(1);

/// Figures as tasks draw them, each with the version of what it was made from.
pub(super) type Made = BTreeMap<FigureKey, (u64, Arc<Figure>)>;

/// Judges plots, and keeps what it thinks of those that have not changed.
#[derive(Default)]
pub(super) struct Judge {
    /// As the file says.
    file: Arc<Checks>,
    /// With the masks of the book that are in force.
    checks: Checks,
    references: References,
    /// The results that the references were drawn from: a task and its version.
    drawn_from: Vec<(String, u64)>,
    refused: Vec<String>,
    /// Masks of the file that have not ended.
    in_force: usize,
    /// Counts up with each change of checks, masks and references.
    rules: u64,
    judged: BTreeMap<FigureKey, JudgedPlot>,
}

/// What is thought of a plot.
#[derive(Clone)]
pub(super) struct JudgedPlot {
    /// Version of the plot and of the rules that it was judged by.
    by: (u64, u64),
    at: Timestamp,
    pub(super) verdicts: Arc<Vec<Verdict>>,
    /// What is drawn over it.
    pub(super) layers: Arc<Vec<Layer>>,
}

impl Judge {
    /// Takes other checks.
    pub(super) fn take(&mut self, file: Arc<Checks>) {
        self.checks = Checks::clone(&file);
        self.file = file;
        // Those of the earlier file are none of this one.
        (self.references, self.refused, self.drawn_from) = (References::default(), Vec::new(), Vec::new());
        self.rules += 1;
    }

    /// The checks as the file has them.
    pub(super) fn file(&self) -> Arc<Checks> {
        self.file.clone()
    }

    /// The checks that judge now, masks of the book among them.
    pub(super) fn checks(&self) -> &Checks {
        &self.checks
    }

    pub(super) fn references(&self) -> &References {
        &self.references
    }

    /// Counts up with each change of what plots are judged by and compared with.
    pub(super) fn rules(&self) -> u64 {
        self.rules
    }

    /// Why references could not be drawn.
    pub(super) fn refused(&self) -> &[String] {
        &self.refused
    }

    /// What was thought last.
    pub(super) fn judged(&self) -> &BTreeMap<FigureKey, JudgedPlot> {
        &self.judged
    }

    /// The newest plots of items that a check is for.
    pub(super) fn keys(&self, of: &Material<'_>) -> Vec<FigureKey> {
        let infos = of.registry.iter().map(MonTask::info);
        let items = infos.flat_map(|info: &TaskInfo| info.items.iter().map(|item| (info.name.as_str(), item.name.as_str())));
        let has_checks = |(task, item): &(&str, &str)| self.checks.of(task, item).next().is_some();
        items.filter(has_checks).map(|(task, item)| FigureKey::newest(task, item)).collect()
    }

    /// Takes the masks of the book, ends those whose time is over, and draws references again from what has changed.
    pub(super) fn renew(&mut self, issues: &[IssueRow], of: &Material<'_>) {
        if self.file.checks.is_empty() && self.file.references.is_empty() {
            return;
        }
        let ended = |mask: &&Mask| mask.until.is_some_and(|until| until < of.now);
        let in_force = self.file.masks.iter().filter(|mask| !ended(mask)).count();
        let of_book = issue_masks(issues, of.detector, of.now);
        if in_force != self.in_force || self.checks.masks[self.file.masks.len()..] != of_book[..] {
            self.in_force = in_force;
            self.checks.masks.truncate(self.file.masks.len());
            self.checks.masks.extend(of_book);
            self.rules += 1;
        }
        self.draw_references(of);
    }

    fn draw_references(&mut self, of: &Material<'_>) {
        let sources: Vec<_> =
            self.file.references.iter().filter(|source| of.results.tasks.contains_key(&source.task)).cloned().collect();
        let version = |task: &str| of.results.tasks.get(task).map_or(0, |task| task.version);
        let drawn_from: Vec<_> = sources.iter().map(|source| (source.task.clone(), version(&source.task))).collect();
        if drawn_from == self.drawn_from {
            return;
        }
        let draw = |task: &str, item: &str, result: &str| {
            let task = of.registry.get(task).ok_or_else(|| format!("reference not drawn: no task {task}"))?;
            let history = of.results.tasks.get(&task.info().name).map(|task| task.history.as_slice()).unwrap_or_default();
            let found = history.iter().find(|summary| summary.provenance.file == result);
            let found = found.ok_or_else(|| format!("reference not drawn: no such result is read: results/{result}"))?;
            Ok(figures::drawn(task, item, &[found], (of.detector, of.now)))
        };
        (self.references, self.refused) = References::drawn(&sources, &names(of), draw);
        self.drawn_from = drawn_from;
        self.rules += 1;
    }

    /// Judges the plots that have checks, as far as they or the rules have changed; what is no longer asked for is forgotten.
    pub(super) fn judge(&mut self, made: &Made, of: &Material<'_>) {
        let mut before = std::mem::take(&mut self.judged);
        for (key, (version, figure)) in made {
            // The event display has no results that checks could be for.
            if of.registry.get(&key.task).is_none() || self.checks.of(&key.task, &key.item).next().is_none() {
                continue;
            }
            let key = key.with(PlotView::Bounds);
            let by = (*version, self.rules);
            let known = before.remove(&key).filter(|known| known.by == by);
            let judged = match known {
                Some(known) if of.now.duration_since(known.at) < AGE => known,
                known => self.judged_now(&key, figure, known, by, of),
            };
            self.judged.insert(key, judged);
        }
    }

    /// What checks think now: of a plot that has not changed, only the age of its data is judged again.
    fn judged_now(
        &self,
        key: &FigureKey,
        figure: &Figure,
        known: Option<JudgedPlot>,
        by: (u64, u64),
        of: &Material<'_>,
    ) -> JudgedPlot {
        let history = figures::history(of.results, key);
        let subject = Subject::of((&key.task, &key.item), figure, &history, of.now);
        let masks: Vec<&Mask> = self.checks.masks.iter().filter(|mask| mask.is_in_force(&subject)).collect();
        // How old the data of a run of the past are says nothing of them.
        let checks = self.checks.of(&key.task, &key.item).filter(|check| key.run.is_none() || !check.is_of_age());
        let judge = |(place, check): (usize, &Check)| match &known {
            Some(known) if !check.is_of_age() => known.verdicts[place].clone(),
            _ => judged_or_failed(check, &subject, &masks, &self.references),
        };
        let verdicts: Vec<Verdict> = checks.enumerate().map(judge).collect();
        let layers = known.map_or_else(|| Arc::new(layers_of(&verdicts)), |known| known.layers);
        JudgedPlot { by, at: of.now, verdicts: Arc::new(verdicts), layers }
    }
}

/// What a check thinks; a panic of its rule is its fault alone.
fn judged_or_failed(check: &Check, subject: &Subject<'_>, masks: &[&Mask], references: &References) -> Verdict {
    let judged = catch_unwind(AssertUnwindSafe(|| check.judge(subject, masks, references)));
    judged.unwrap_or_else(|panic| Verdict::failed(check, format!("the check failed: {}", panic_message(&*panic))))
}

/// Every task's name with those of its items.
pub(super) fn names<'a>(of: &Material<'a>) -> Vec<(&'a str, Vec<&'a str>)> {
    let items = |info: &'a TaskInfo| info.items.iter().map(|item| item.name.as_str()).collect();
    of.registry.iter().map(|task| (task.info().name.as_str(), items(task.info()))).collect()
}

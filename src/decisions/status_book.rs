//! The derived status over the book: derived of what is in force, kept at each change with all that led to it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use monitasks::vocab::{Processing, Run};
use serde::Serialize;

use super::heard::{Heard, product_of};
use super::quality::{DecisionError, Quality, StatusError};
use super::said_words::SaidWords;
use super::status::{Derived, Parent, ProcessingOf, RuleError, Rules, Why, why};
use crate::bookkeeping::{Entry, EntryKind, NewEntry, Store, StoreError};
use crate::config::RuleSettings;

/// Entries that are written in one go.
const AT_ONCE: usize = 5_000;
/// So often something is derived anew when others write statuses of the same processings meanwhile.
const MOST_TRIES: usize = 10;

/// What a cut found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Cut {
    /// How many products have a status.
    pub of: usize,
    /// Entries that were written: of every product whose status, or anything that led to it, is another than at the last cut.
    pub written: usize,
    /// Products whose status is another: what it was, none when it had none, and what it is.
    pub changed: Vec<(String, Option<u8>, u8)>,
    /// Derivations of the book that can't be true, as books that were joined may hold; they were left out.
    pub refused: Vec<String>,
}

/// A product that has another status under another rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductFlip {
    /// The product.
    pub product: String,
    /// Its status now.
    pub from: u8,
    /// Its status under the other rule.
    pub to: u8,
}

/// What another rule would do, over everything in the book.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct WhatIf {
    /// How many products were looked at.
    pub of: usize,
    /// Those whose status is another, by name.
    pub flips: Vec<ProductFlip>,
    /// How many go from one status to another: (from, to, how many).
    pub counts: Vec<(u8, u8, usize)>,
}

/// Writes what somebody said of a run together with every status that it changes: all or nothing.
///
/// # Errors
/// When something else is in force by now, or the book can't be written; nothing is recorded then.
pub(super) fn record(store: &mut dyn Store, quality: Quality<'_>, entry: &NewEntry) -> Result<Entry, DecisionError> {
    record_with(store, quality, entry, &[])
}

/// The same with other entries that it brings about.
///
/// # Errors
/// As [`record`].
pub(super) fn record_with(
    store: &mut dyn Store,
    quality: Quality<'_>,
    entry: &NewEntry,
    beside: &[NewEntry],
) -> Result<Entry, DecisionError> {
    let mut tries = 0;
    loop {
        let mut all = vec![entry.clone()];
        all.extend_from_slice(beside);
        match consequences(store, quality, entry) {
            Ok(statuses) => all.extend(statuses),
            // What is said waits for the server; what follows from it is derived when it is back.
            Err(StatusError::Store(StoreError::Away { .. })) => {}
            Err(StatusError::Store(error)) => return Err(error.into()),
            // A rule that can't be used must keep nobody from deciding; the cut and every question about a status say what is wrong.
            Err(error) => tracing::warn!("no status was derived of {}: {error}", entry.subject),
        }
        match store.append(&all) {
            Ok(written) => {
                return written.into_iter().next().ok_or_else(|| DecisionError::Odd("the book gave no entry back".into()));
            }
            // Somebody else's word on the same processing came between: the status is that of both.
            Err(StoreError::Superseded { in_force })
                if tries < MOST_TRIES && in_force.first().is_some_and(|other| other.kind == EntryKind::Status) =>
            {
                tries += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The statuses that something new changes, as entries to be written with it.
fn consequences(store: &dyn Store, quality: Quality<'_>, new: &NewEntry) -> Result<Vec<NewEntry>, StatusError> {
    let Some(run) = new.run else { return Ok(Vec::new()) };
    if new.wish.is_some() && store.history(new.kind, &new.subject)?.iter().any(|entry| entry.wish == new.wish) {
        // Delivered before: nothing will be written.
        return Ok(Vec::new());
    }
    let mut changed = changes(store, quality, new, run, false)?;
    // What was made from them is looked for only when a number changes: the graph of all products may be large.
    if changed.iter().any(|(_, was, is, _)| was.as_ref().map(|was| was.status) != Some(is.status)) {
        changed = changes(store, quality, new, run, true)?;
    }
    changed
        .into_iter()
        .map(|(product, _, found, of_run)| {
            let before = store.in_force_on(EntryKind::Status, &product)?;
            status_entry(product, of_run, &found, &before, new.at)
        })
        .collect()
}

/// A product, its status before and after, and its run.
type Change = (String, Option<Derived>, Derived, Option<Run>);

fn changes(
    store: &dyn Store,
    quality: Quality<'_>,
    new: &NewEntry,
    run: Run,
    with_children: bool,
) -> Result<Vec<Change>, StatusError> {
    let heard = Heard::around(store, quality, &[run], with_children)?;
    let mut before: HashMap<String, Derived> = heard.derive(quality.marks, new.at)?.all.into_iter().collect();
    let heard = heard.with(new)?;
    let after = heard.derive(quality.marks, new.at)?.all;
    let changed = after.into_iter().filter_map(|(product, is)| {
        let was = before.remove(&product);
        let of_run = heard.run_of(&product);
        (was.as_ref() != Some(&is)).then_some((product, was, is, of_run))
    });
    Ok(changed.collect())
}

fn status_entry(
    product: String,
    run: Option<Run>,
    found: &Derived,
    before: &[Entry],
    at: Timestamp,
) -> Result<NewEntry, StatusError> {
    let version = if found.version.is_empty() { "none" } else { found.version.as_str() };
    Ok(NewEntry {
        at,
        kind: EntryKind::Status,
        subject: product,
        run,
        who: format!("rule {version}"),
        role: "rule".into(),
        body: serde_json::to_value(found).map_err(|error| RuleError { what: error.to_string() })?,
        supersedes: before.iter().map(|entry| entry.id).collect(),
        wish: None,
        seen: None,
    })
}

/// Why the processings of a run have their statuses at a moment: of all, or of one.
///
/// # Errors
/// When there is no such processing, or the book can't be read.
pub fn why_run(
    store: &dyn Store,
    quality: Quality<'_>,
    run: Run,
    processing: Option<Processing>,
    at: Timestamp,
) -> Result<Vec<(ProcessingOf, Why)>, StatusError> {
    let heard = Heard::around(store, quality, &[run], false)?;
    let statuses = heard.derive(quality.marks, at)?;
    let of_run = heard.of_run(run);
    let is_wanted = |of: &ProcessingOf| processing.is_none_or(|processing| of.processing == processing);
    let wanted: Vec<ProcessingOf> = of_run.iter().copied().filter(is_wanted).collect();
    if wanted.is_empty() {
        let found = processing.map_or_else(|| run.to_string(), |processing| product_of(ProcessingOf { run, processing }));
        return Err(StatusError::NoProcessing {
            found,
            known: of_run.into_iter().map(product_of).collect::<Vec<_>>().join(", "),
        });
    }
    let answers = wanted.into_iter().filter_map(|of| {
        let parents = statuses.parents.get(&of).map_or(&[][..], Vec::as_slice);
        Some((of, why(&heard.rules, statuses.inputs.get(&of)?, parents, at)))
    });
    Ok(answers.collect())
}

/// The status of every product in the book now, by name.
///
/// # Errors
/// When the book can't be read.
pub fn statuses(store: &dyn Store, quality: Quality<'_>, at: Timestamp) -> Result<BTreeMap<String, u8>, StatusError> {
    let (heard, words) = SaidWords::read(store, quality)?;
    let row = |of, parents: &[Parent]| Some(words.row(&heard.rules, of, parents));
    Ok(heard.numbers(&heard.rules, at, row).into_iter().collect())
}

/// The status of every product of some runs now, of what those were made from, and of what was made from those; by name.
///
/// # Errors
/// When the book can't be read.
pub fn statuses_around(
    store: &dyn Store,
    quality: Quality<'_>,
    runs: &[Run],
    at: Timestamp,
) -> Result<BTreeMap<String, u8>, StatusError> {
    let heard = Heard::around(store, quality, runs, true)?;
    let inputs = heard.inputs(quality.marks)?;
    let row = |of, parents: &[Parent]| Some(inputs.get(&of)?.row(&heard.rules, parents));
    Ok(heard.numbers(&heard.rules, at, row).into_iter().collect())
}

/// The nightly cut: derives every status and writes those that changed, with all that led to them.
///
/// # Errors
/// When the book can't be read or written; entries that were written before stand.
pub fn cut(store: &mut dyn Store, quality: Quality<'_>, at: Timestamp) -> Result<Cut, StatusError> {
    let mut tries = 0;
    loop {
        match cut_once(store, quality, at) {
            // People decide also while a cut is made.
            Err(StatusError::Store(StoreError::Superseded { .. })) if tries < MOST_TRIES => tries += 1,
            other => return other,
        }
    }
}

fn cut_once(store: &mut dyn Store, quality: Quality<'_>, at: Timestamp) -> Result<Cut, StatusError> {
    let heard = Heard::all(store, quality)?;
    let statuses = heard.derive(quality.marks, at)?.all;
    let mut known: HashMap<String, Vec<Entry>> = HashMap::new();
    for entry in store.in_force(EntryKind::Status)? {
        known.entry(entry.subject.clone()).or_default().push(entry);
    }
    let mut cut = Cut { of: statuses.len(), refused: heard.refused.clone(), ..Cut::default() };
    let mut new = Vec::new();
    for (product, found) in statuses {
        let before = known.get(&product).map_or(&[][..], Vec::as_slice);
        let was: Option<Derived> = before.last().and_then(|entry| entry.read().ok());
        if before.len() < 2 && !is_news(was.as_ref(), &found, quality.status.unchecked) {
            continue;
        }
        let was = was.map(|was| was.status);
        if was != Some(found.status) {
            cut.changed.push((product.clone(), was, found.status));
        }
        let run = heard.run_of(&product);
        new.push(status_entry(product, run, &found, before, at)?);
    }
    cut.written = new.len();
    for entries in new.chunks(AT_ONCE) {
        store.append(entries)?;
    }
    Ok(cut)
}

/// Whether a status is worth an entry. That nobody has ever said anything is none.
fn is_news(was: Option<&Derived>, found: &Derived, unchecked: u8) -> bool {
    match was {
        Some(was) => was != found,
        None => {
            let is_said = found.inputs.iter().any(|input| !input.told.is_empty());
            is_said || found.status != unchecked || !found.inherited_from.is_empty()
        }
    }
}

/// What the book would say under another rule, as if it were in force at a moment: which products would have another status.
///
/// # Errors
/// When the rule can't be used, or the book can't be read.
pub fn what_if_rule(store: &dyn Store, quality: Quality<'_>, rule: &RuleSettings, at: Timestamp) -> Result<WhatIf, StatusError> {
    let (heard, words) = SaidWords::read(store, quality)?;
    let mut settings = heard.rules.settings().clone();
    settings.rule = vec![RuleSettings { from: Timestamp::MIN, ..rule.clone() }];
    let other = Rules::new(quality.marks, &settings)?;
    // Both have the same inputs: those go by the marks and the meanings of the settings.
    let row = |of, parents: &[Parent]| Some(words.row(&heard.rules, of, parents));
    let mut answer = WhatIf::default();
    let mut counts: BTreeMap<(u8, u8), usize> = BTreeMap::new();
    let first = heard.numbers(&heard.rules, at, row);
    let second: HashMap<String, u8> = heard.numbers(&other, at, row).into_iter().collect();
    answer.of = first.len();
    for (product, from) in first {
        let Some(to) = second.get(&product).copied().filter(|to| *to != from) else { continue };
        *counts.entry((from, to)).or_default() += 1;
        answer.flips.push(ProductFlip { product, from, to });
    }
    answer.flips.sort_by(|one, other| by_run(&one.product).cmp(&by_run(&other.product)));
    answer.counts = counts.into_iter().map(|((from, to), many)| (from, to, many)).collect();
    Ok(answer)
}

/// Processings by number, then all else by name.
fn by_run(product: &str) -> (bool, Option<(Run, Processing)>, &str) {
    let of = super::heard::processing_named(product).map(|of| (of.run, of.processing));
    (of.is_none(), of, product)
}

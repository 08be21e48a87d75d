//! Rules, overrides and derivations in the book, beside those of the settings.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::Serialize;

use super::heard::{processing_named, read};
use super::quality::{DecisionError, Quality, Speaker, StatusError, cleaned, signed};
use super::status::{Derivation, Graph, RuleError, Rules};
use crate::bookkeeping::{Entry, EntryId, EntryKind, NewEntry, Store};
use crate::config::{OverrideSettings, RuleSettings, StatusSettings};

/// The subject under which all versions of the rule stand.
const RULE_SUBJECT: &str = "status";

/// The rules of the settings and of the book. A version of the settings that the book has too is the book's.
///
/// # Errors
/// When the book can't be read, or its rules can't be used with the settings.
pub fn rules(store: &dyn Store, quality: Quality<'_>) -> Result<Rules, StatusError> {
    let mut status = quality.status.clone();
    for entry in store.history(EntryKind::Rule, RULE_SUBJECT)? {
        let rule: RuleSettings = read(&entry)?;
        status.rule.retain(|known| known.version != rule.version);
        status.rule.push(rule);
    }
    for entry in store.in_force(EntryKind::Override)? {
        let found: OverrideSettings = read(&entry)?;
        status.overrides.retain(|known| known.name != found.name);
        status.overrides.push(found);
    }
    Ok(Rules::new(quality.marks, &status)?)
}

/// What statuses are derived by at a moment: they are others when it is another.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleInForce {
    status: StatusSettings,
    version: Option<String>,
    overrides: Vec<String>,
}

/// The rule and the overrides in force at a moment.
///
/// # Errors
/// As [`rules`].
pub fn rule_in_force(store: &dyn Store, quality: Quality<'_>, at: Timestamp) -> Result<RuleInForce, StatusError> {
    let rules = rules(store, quality)?;
    let status = rules.settings().clone();
    let overrides = status.overrides.iter().filter(|found| found.from <= at && at < found.to).map(|found| found.name.clone());
    let version = rules.at(at).rule().map(|rule| rule.version.clone());
    Ok(RuleInForce { version, overrides: overrides.collect(), status })
}

/// Saves one more version of the rule; it is in force from its date.
///
/// # Errors
/// When it can't be used, its version or date is taken, or nobody says it.
pub fn save_rule(
    store: &mut dyn Store,
    quality: Quality<'_>,
    rule: &RuleSettings,
    by: Speaker<'_>,
) -> Result<Entry, DecisionError> {
    rules(store, quality)?.with_rule(rule.clone()).map_err(StatusError::from)?;
    let supersedes = store.in_force_on(EntryKind::Rule, RULE_SUBJECT)?.iter().map(|entry| entry.id).collect();
    write(store, EntryKind::Rule, RULE_SUBJECT, None, rule, by, supersedes)
}

/// Saves an override, in the place of one of the same name: so its end may be moved.
///
/// # Errors
/// When it can't be used, or nobody says it.
pub fn override_rule(
    store: &mut dyn Store,
    quality: Quality<'_>,
    found: &OverrideSettings,
    by: Speaker<'_>,
) -> Result<Entry, DecisionError> {
    if let Some(what) = quality.status.fault_of_override(found, quality.marks) {
        return Err(StatusError::from(RuleError { what }).into());
    }
    let supersedes = store.in_force_on(EntryKind::Override, &found.name)?.iter().map(|entry| entry.id).collect();
    write(store, EntryKind::Override, &found.name, None, found, by, supersedes)
}

/// Records what a product was made from. One that is called as a processing is that processing's.
///
/// # Errors
/// When it can't be true, or nobody says it.
pub fn record_derivation(store: &mut dyn Store, derivation: &Derivation, by: Speaker<'_>) -> Result<Entry, DecisionError> {
    let of = derivation.of.or_else(|| processing_named(&derivation.product));
    let derivation = Derivation { of, ..derivation.clone() };
    let mut graph = Graph::default();
    for entry in store.in_force(EntryKind::Derivation)? {
        // What can't be true of other books' is told by the cut.
        let _ = graph.add(&read(&entry)?);
    }
    graph.add(&derivation).map_err(StatusError::from)?;
    let supersedes = store.in_force_on(EntryKind::Derivation, &derivation.product)?.iter().map(|entry| entry.id).collect();
    write(store, EntryKind::Derivation, &derivation.product, of.map(|of| of.run), &derivation, by, supersedes)
}

/// Writes one entry that is of no processing's inputs.
pub(super) fn write(
    store: &mut dyn Store,
    kind: EntryKind,
    subject: &str,
    run: Option<Run>,
    body: &impl Serialize,
    by: Speaker<'_>,
    supersedes: Vec<EntryId>,
) -> Result<Entry, DecisionError> {
    let (who, role) = signed(by.who, by.role)?;
    let subject = cleaned("name", subject)?;
    let body = serde_json::to_value(body).map_err(DecisionError::from)?;
    let entry = NewEntry { at: by.at, kind, subject, run, who, role, body, supersedes, wish: None, seen: None };
    store.append(&[entry])?.pop().ok_or_else(|| DecisionError::Odd("the book gave no entry back".into()))
}

//! Checks, masks and sources of references as TOML: the keys of the file, what they may say, and the text that reads back as it was.
//!
//! `kinds` turns the keys of a check into what it asks, and back.

mod kinds;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::value::Datetime;

use super::bins::Errors;
use super::masks::Mask;
use super::range::Band;
use super::trend::Direction;
use super::{Advice, Check, Checks, Measure, Take};
use crate::references::{ReferenceSource, Runs};

/// A longer file is refused, in bytes.
pub const LARGEST_CHECKS_FILE_BYTES: usize = 1 << 20;

/// A file of checks that can't be used. The message says what, what there is instead, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("checks refused: {what}: {path}:{line}")]
pub struct ChecksError {
    /// What is wrong, with what there is instead.
    pub what: String,
    /// The file's name as given to [`Checks::parse`].
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// The keys of the file.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKeys {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    check: Vec<CheckKeys>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mask: Vec<MaskKeys>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reference: Vec<Spanned<ReferenceSource>>,
}

/// The keys of a check. Which of the later ones it may have hangs on its kind: [`Word::keys`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckKeys {
    name: Spanned<String>,
    task: Spanned<String>,
    item: Spanned<String>,
    kind: Spanned<Word>,
    meaning: Spanned<String>,
    action: Spanned<String>,
    contact: Spanned<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    series: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    leave_out: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_points: Option<Spanned<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_entries: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_up: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_missing: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    take: Option<Spanned<Take>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow: Option<Spanned<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Spanned<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<Spanned<Measure>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Spanned<Errors>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    normalise: Option<Spanned<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Spanned<Direction>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recent: Option<Spanned<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Spanned<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    least_sigma: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    least_slope: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maybe_above: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bad_above: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maybe_below: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bad_below: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_above_s: Option<Spanned<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<Spanned<Band>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maybe: Option<Spanned<Band>>,
}

/// The keys of a mask.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaskKeys {
    name: Spanned<String>,
    task: Spanned<String>,
    item: Spanned<String>,
    reason: Spanned<String>,
    author: Spanned<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    series: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    x: Vec<Spanned<[f64; 2]>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    y: Vec<Spanned<[f64; 2]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<Spanned<Runs>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Spanned<Datetime>>,
}

/// What a kind is called in the file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Range,
    Deviation,
    /// The newest against those before.
    Step,
    /// A straight line.
    Slope,
    Bins,
    Chi2,
    Ks,
    Staleness,
}

impl Word {
    /// The keys that it has beside those of all checks.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Word::Range => &["take", "ok", "maybe", "allow"],
            Word::Deviation => &["take", "expected", "reference", "measure", "maybe_above", "bad_above"],
            Word::Step => &["recent", "before", "least_sigma", "direction", "maybe_above", "bad_above"],
            Word::Slope => &["recent", "least_slope", "direction", "maybe_above", "bad_above"],
            Word::Bins => &["reference", "measure", "errors", "normalise", "allow", "maybe_above", "bad_above"],
            Word::Chi2 => &["reference", "errors", "maybe_below", "bad_below"],
            Word::Ks => &["reference", "maybe_below", "bad_below"],
            Word::Staleness => &["stale_above_s"],
        }
    }
}

/// What is wrong, and at which byte of the text.
struct Fault {
    at: usize,
    what: String,
}

impl Fault {
    fn at<T>(place: &Spanned<T>, what: impl Into<String>) -> Self {
        Fault { at: place.span().start, what: what.into() }
    }
}

/// See [`Checks::parse`].
pub(super) fn parse(text: &str, file_name: &str) -> Result<Checks, ChecksError> {
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let refused = |fault: Fault| ChecksError { what: fault.what, path: file_name.to_owned(), line: line(fault.at) };
    if text.len() > LARGEST_CHECKS_FILE_BYTES {
        let what = format!("{} bytes, expected at most {LARGEST_CHECKS_FILE_BYTES}", text.len());
        return Err(refused(Fault { at: 0, what }));
    }
    let keys: FileKeys = toml::from_str(text).map_err(|error| {
        let what = error.message().replace('`', "'").replace('\n', ", ");
        refused(Fault { at: error.span().map_or(0, |span| span.start), what })
    })?;
    keys.plan().map_err(refused)
}

/// See [`Checks::written`].
pub(super) fn write(checks: &Checks) -> Result<String, ChecksError> {
    let refused = |what: String| ChecksError { what, path: "not written".into(), line: 1 };
    let check = checks.checks.iter().map(CheckKeys::of).collect();
    let mask = checks.masks.iter().map(|mask| {
        MaskKeys::of(mask).ok_or_else(|| refused(format!("mask '{}' ends in a year that has no name in TOML", mask.name)))
    });
    let mask = mask.collect::<Result<_, _>>()?;
    let reference = checks.references.iter().cloned().map(placed).collect();
    toml::to_string(&FileKeys { check, mask, reference }).map_err(|error| refused(error.to_string().replace('\n', ", ")))
}

impl FileKeys {
    fn plan(self) -> Result<Checks, Fault> {
        let mut known: BTreeMap<&String, Vec<&CheckKeys>> = BTreeMap::new();
        for check in &self.check {
            let of_name = known.entry(check.name.get_ref()).or_default();
            if let Some(other) = of_name.iter().find(|other| other.meets(check)) {
                let (task, item, name) = (other.task.get_ref(), other.item.get_ref(), check.name.get_ref());
                let what = format!("two checks of {task}/{item} are named '{name}', expected names that differ");
                return Err(Fault::at(&check.name, what));
            }
            of_name.push(check);
        }
        let mut masks = BTreeSet::new();
        if let Some(twice) = self.mask.iter().find(|mask| !masks.insert(mask.name.get_ref())) {
            let what = format!("two masks are named '{}', expected names that differ", twice.name.get_ref());
            return Err(Fault::at(&twice.name, what));
        }
        let checks = self.check.into_iter().map(CheckKeys::plan).collect::<Result<_, _>>()?;
        let masks = self.mask.into_iter().map(MaskKeys::plan).collect::<Result<_, _>>()?;
        let references = self.reference.into_iter().map(source).collect::<Result<_, _>>()?;
        Ok(Checks { checks, masks, references })
    }
}

impl CheckKeys {
    fn plan(self) -> Result<Check, Fault> {
        check_name("name", &self.name)?;
        check_pattern("task", &self.task)?;
        check_pattern("item", &self.item)?;
        for (key, words) in [("meaning", &self.meaning), ("action", &self.action), ("contact", &self.contact)] {
            check_words(key, words)?;
        }
        self.refuse_strange_keys()?;
        let kind = self.kind()?;
        let needs = self.needs()?;
        let advice =
            Advice { meaning: self.meaning.into_inner(), action: self.action.into_inner(), contact: self.contact.into_inner() };
        Ok(Check {
            name: self.name.into_inner(),
            task: self.task.into_inner(),
            item: self.item.into_inner(),
            series: self.series,
            leave_out: self.leave_out,
            needs,
            kind,
            advice,
        })
    }

    /// Whether both may be for one item.
    fn meets(&self, other: &CheckKeys) -> bool {
        let meet = |one: &Spanned<String>, other: &Spanned<String>| {
            one.get_ref() == other.get_ref() || one.get_ref() == "*" || other.get_ref() == "*"
        };
        meet(&self.task, &other.task) && meet(&self.item, &other.item)
    }

    /// Keys that only checks of another kind have.
    fn refuse_strange_keys(&self) -> Result<(), Fault> {
        let start = |place: Option<std::ops::Range<usize>>| place.map(|span| span.start);
        fn span<T>(key: Option<&Spanned<T>>) -> Option<std::ops::Range<usize>> {
            key.map(Spanned::span)
        }
        let there = [
            ("take", span(self.take.as_ref())),
            ("ok", span(self.ok.as_ref())),
            ("maybe", span(self.maybe.as_ref())),
            ("allow", span(self.allow.as_ref())),
            ("expected", span(self.expected.as_ref())),
            ("reference", span(self.reference.as_ref())),
            ("measure", span(self.measure.as_ref())),
            ("errors", span(self.errors.as_ref())),
            ("normalise", span(self.normalise.as_ref())),
            ("direction", span(self.direction.as_ref())),
            ("recent", span(self.recent.as_ref())),
            ("before", span(self.before.as_ref())),
            ("least_sigma", span(self.least_sigma.as_ref())),
            ("least_slope", span(self.least_slope.as_ref())),
            ("maybe_above", span(self.maybe_above.as_ref())),
            ("bad_above", span(self.bad_above.as_ref())),
            ("maybe_below", span(self.maybe_below.as_ref())),
            ("bad_below", span(self.bad_below.as_ref())),
            ("stale_above_s", span(self.stale_above_s.as_ref())),
        ];
        let known = self.kind.get_ref().keys();
        for (key, place) in there {
            if let Some(at) = start(place).filter(|_| !known.contains(&key)) {
                let what =
                    format!("'{key}' in check '{}', expected only '{}' with this kind", self.name.get_ref(), known.join("', '"));
                return Err(Fault { at, what });
            }
        }
        Ok(())
    }
}

impl MaskKeys {
    fn plan(self) -> Result<Mask, Fault> {
        check_name("name", &self.name)?;
        check_pattern("task", &self.task)?;
        check_pattern("item", &self.item)?;
        check_words("reason", &self.reason)?;
        check_words("author", &self.author)?;
        for range in self.x.iter().chain(&self.y) {
            let [low, high] = range.get_ref();
            if low.is_nan() || high.is_nan() || low > high {
                return Err(Fault::at(range, format!("a range from {low} to {high}, expected the lower end first")));
            }
        }
        if let Some(runs) = self.runs.as_ref().filter(|runs| runs.get_ref().to.is_some_and(|to| to < runs.get_ref().from)) {
            return Err(Fault::at(runs, format!("'runs' is {}, expected the first run first", runs.get_ref().words())));
        }
        let until = self.until.as_ref().map(stamp).transpose()?;
        Ok(Mask {
            name: self.name.into_inner(),
            task: self.task.into_inner(),
            item: self.item.into_inner(),
            series: self.series,
            x: self.x.into_iter().map(Spanned::into_inner).collect(),
            y: self.y.into_iter().map(Spanned::into_inner).collect(),
            runs: self.runs.map(Spanned::into_inner),
            until,
            reason: self.reason.into_inner(),
            author: self.author.into_inner(),
        })
    }

    /// None for a mask that ends before the year 0, which TOML has no word for.
    fn of(mask: &Mask) -> Option<Self> {
        let until = mask.until.map(|until| until.to_string().parse().ok().map(placed));
        Some(MaskKeys {
            name: placed(mask.name.clone()),
            task: placed(mask.task.clone()),
            item: placed(mask.item.clone()),
            reason: placed(mask.reason.clone()),
            author: placed(mask.author.clone()),
            series: mask.series.clone(),
            x: mask.x.iter().copied().map(placed).collect(),
            y: mask.y.iter().copied().map(placed).collect(),
            runs: mask.runs.map(placed),
            until: until.map_or(Some(None), |until| until.map(Some))?,
        })
    }
}

/// What a reference is drawn from, if it can be.
fn source(keys: Spanned<ReferenceSource>) -> Result<ReferenceSource, Fault> {
    let ReferenceSource { label, task, item, result, runs } = keys.get_ref();
    for (key, words) in [("label", label), ("task", task), ("item", item), ("result", result)] {
        if words.trim().is_empty() || words.contains(char::is_control) {
            return Err(Fault::at(&keys, format!("'{key}' of a reference is {words:?}, expected words on one line")));
        }
    }
    let leaves = |part: &str| matches!(part, "" | "." | "..") || part.contains(['\\', ':']);
    if result.split('/').any(leaves) {
        let what = format!("'result' is {result:?}, expected a file below results/, such as \"crp/run1-p1-g0.txt\"");
        return Err(Fault::at(&keys, what));
    }
    if runs.to.is_some_and(|to| to < runs.from) {
        return Err(Fault::at(&keys, format!("'runs' is {}, expected the first run first", runs.words())));
    }
    Ok(keys.into_inner())
}

/// A TOML time as a stamp: it names its zone.
fn stamp(until: &Spanned<Datetime>) -> Result<Timestamp, Fault> {
    let expected =
        || Fault::at(until, format!("'until' is {}, expected a UTC time such as 2026-12-01T00:00:00Z", until.get_ref()));
    until.get_ref().to_string().parse().map_err(|_| expected())
}

/// A value with no place in a text, to be written.
fn placed<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

/// A name that is typed in commands.
fn check_name(key: &str, name: &Spanned<String>) -> Result<(), Fault> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.get_ref().is_empty() && name.get_ref().bytes().all(fits) {
        return Ok(());
    }
    Err(Fault::at(name, format!("'{key}' is {:?}, expected letters a to z, digits and '_'", name.get_ref())))
}

/// A task's or an item's name; those of a ROOT file's objects are what they are.
fn check_pattern(key: &str, name: &Spanned<String>) -> Result<(), Fault> {
    if name.get_ref().is_empty() || name.get_ref().contains(char::is_control) {
        return Err(Fault::at(name, format!("'{key}' is {:?}, expected its name, or '*' for all", name.get_ref())));
    }
    Ok(())
}

fn check_words(key: &str, words: &Spanned<String>) -> Result<(), Fault> {
    if words.get_ref().trim().is_empty() || words.get_ref().contains(char::is_control) {
        return Err(Fault::at(words, format!("'{key}' is {:?}, expected words on one line", words.get_ref())));
    }
    Ok(())
}

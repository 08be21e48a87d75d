//! Automatic checks on the items of monitor tasks: what is asked of a plot, and what is thought of the answer.
//!
//! A check looks at a [`Figure`], as people do, so that any item of any task can have one: compiled, declared, or an object of a
//! ROOT file. It gives a [`Verdict`] with all that it looked at, and proposes; people decide. What is not known is never OK: an
//! empty plot is NO DATA, too little is WARMING UP, an input that is missing is CANNOT JUDGE, each with its reason in words.
//!
//! `written` has the TOML form; a file per family has its rule: `range`, `deviation`, `trend`, `bins` (bin by bin, chi2),
//! `kolmogorov`, `staleness`. `series` says what of a figure is measured (`references` asks it too), `masks` what is left out,
//! `statistics` has the numbers, `verdict` the answer, `said` its words, `what_if` the same over history with other rules. May use `figure`, `quality`, `references`,
//! `summary` and `vocab`.

pub mod bins;
pub mod deviation;
pub mod kolmogorov;
pub mod masks;
pub mod range;
mod said;
pub mod series;
pub mod staleness;
pub mod statistics;
pub mod trend;
pub mod verdict;
pub mod what_if;
mod written;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::figure::Figure;
use crate::quality::State;
use crate::references::{Reference, ReferenceSource, References, value_axis};
use crate::summary::Summary;
use crate::vocab::Run;
use masks::{Mask, stands_for};
use series::{Series, Spot, is_over_time, measured_series};
use verdict::Verdict;

pub use written::{ChecksError, LARGEST_CHECKS_FILE_BYTES};

/// The word for the kind that judges no content.
const STALENESS: &str = "staleness";

/// The checks, masks and sources of references of a file, in its order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checks {
    /// The checks; no two that are for one item have the same name.
    pub checks: Vec<Check>,
    /// The masks.
    pub masks: Vec<Mask>,
    /// Where references come from: [`References::drawn`] draws them.
    pub references: Vec<ReferenceSource>,
}

/// One check.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name: letters a to z, digits, `_`.
    pub name: String,
    /// The task that it is for; `*` for all.
    pub task: String,
    /// The item that it is for; `*` for all of the task.
    pub item: String,
    /// The series that it judges, by their names on the plot; none for all that are measured.
    pub series: Vec<String>,
    /// Series of the plot whose places are left out: `known blind strips`.
    pub leave_out: Vec<String>,
    /// What must be there before it judges.
    pub needs: Needs,
    /// What is asked.
    pub kind: Kind,
    /// What it means, what to do, whom to call.
    pub advice: Advice,
}

/// What must be there before a check judges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Needs {
    /// Fewest points, bins or cells with a number in each series, after masks; at least 1.
    pub points: usize,
    /// Fewest entries: of the histogram where its contents are counted, else as the result tells them. 0 for any.
    pub entries: f64,
    /// Results that come before one is judged.
    pub warm_up: usize,
    /// Most places that hold no number, masked ones apart.
    pub missing: usize,
}

/// What a verdict is to people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Advice {
    /// What is wrong when the check fails.
    pub meaning: String,
    /// What the shifter does then.
    pub action: String,
    /// Whom to call.
    pub contact: String,
}

/// What is asked: the families of checks.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Numbers between bounds.
    Range(range::Range),
    /// A number against what is expected or the reference's.
    Deviation(deviation::Deviation),
    /// The newest against those before; a slope.
    Trend(trend::Trend),
    /// Every bin against the reference's.
    Bins(bins::Bins),
    /// All bins together against the reference's.
    Chi2(bins::Chi2),
    /// The cumulative distribution against the reference's.
    Kolmogorov(kolmogorov::Kolmogorov),
    /// The age of the newest data.
    Staleness(staleness::Staleness),
}

/// Which of a series' numbers is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// Every one for itself.
    Each,
    /// The one at the highest x: the newest over time.
    Last,
    /// Their mean, all weighing the same.
    Mean,
    /// Their median.
    Median,
}

/// What a difference from the reference is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The unit of what is measured.
    Units,
    /// Parts of the reference: 0.1 is 10 %.
    Relative,
    /// Standard deviations of both together.
    Sigmas,
}

/// Two thresholds of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Past this it is MAYBE; none to go from OK straight to BAD.
    pub maybe: Option<f64>,
    /// Past this it is BAD.
    pub bad: f64,
}

/// A plot to judge, and what it does not say itself. [`Subject::of`] takes that from the results it is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The task's name.
    pub task: &'a str,
    /// The item's name.
    pub item: &'a str,
    /// What the item draws.
    pub figure: &'a Figure,
    /// The run of the newest result; none where it does not say.
    pub run: Option<Run>,
    /// How many results the plot is of; for an item of the newest alone, how many of its run have come.
    pub results: usize,
    /// How many entries the newest result is made from: hits, tracks, events; none where it does not say.
    pub entries: Option<f64>,
    /// When the newest result's data were taken, as a trend draws it; none where it does not say.
    pub newest: Option<Timestamp>,
    /// The time of day.
    pub now: Timestamp,
}

impl Checks {
    /// Reads a file of checks; `file_name` is for messages.
    ///
    /// # Errors
    /// When it is too long, is no TOML, has a key that is unknown, missing or of another kind of check, or contradicts itself;
    /// with the line and what there is instead.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, ChecksError> {
        written::parse(text, file_name)
    }

    /// The text of a file that reads back as these.
    ///
    /// # Errors
    /// When they can't be written in TOML: what [`Checks::parse`] gives always can.
    pub fn written(&self) -> Result<String, ChecksError> {
        written::write(self)
    }

    /// The checks of an item, in their order.
    pub fn of<'a>(&'a self, task: &'a str, item: &'a str) -> impl Iterator<Item = &'a Check> {
        self.checks.iter().filter(move |check| stands_for(&check.task, task) && stands_for(&check.item, item))
    }

    /// Checks and masks of tasks and items that are not there: a message each. `tasks` holds every task's name with
    /// those of its items.
    #[must_use]
    pub fn strangers(&self, tasks: &[(&str, Vec<&str>)]) -> Vec<String> {
        let checks = self.checks.iter().map(|check| ("check", &check.name, &check.task, &check.item));
        let masks = self.masks.iter().map(|mask| ("mask", &mask.name, &mask.task, &mask.item));
        let stranger = |(what, name, task, item): (&str, &String, &String, &String)| {
            let known: Vec<_> = tasks.iter().filter(|(known, _)| stands_for(task, known)).collect();
            if known.is_empty() {
                let names: Vec<&str> = tasks.iter().map(|(name, _)| *name).collect();
                return Some(format!("{what} '{name}' is for a task '{task}', expected one of '{}'", names.join("', '")));
            }
            let items: Vec<&str> = known.iter().flat_map(|(_, items)| items.iter().copied()).collect();
            let is_there = items.iter().any(|known| stands_for(item, known));
            let words = || format!("{what} '{name}' is for an item '{item}' of {task}, expected one of '{}'", items.join("', '"));
            (!is_there).then(words)
        };
        checks.chain(masks).filter_map(stranger).collect()
    }

    /// What each check of the item thinks of it, in their order. [`verdict::item_state`] makes one state of them.
    #[must_use]
    pub fn judge(&self, subject: &Subject<'_>, references: &References) -> Vec<Verdict> {
        let masks: Vec<&Mask> = self.masks.iter().filter(|mask| mask.is_in_force(subject)).collect();
        self.of(subject.task, subject.item).map(|check| check.judge(subject, &masks, references)).collect()
    }
}

impl<'a> Subject<'a> {
    /// A plot that was drawn from these results, oldest first, of `task` and `item`.
    #[must_use]
    pub fn of((task, item): (&'a str, &'a str), figure: &'a Figure, history: &[&Summary], now: Timestamp) -> Self {
        let newest = history.last();
        let run = newest.and_then(|summary| summary.run);
        let of_run = || history.iter().filter(|summary| summary.run == run).count();
        Subject {
            task,
            item,
            figure,
            run,
            results: if is_over_time(figure) { history.len() } else { of_run() },
            entries: newest.and_then(|summary| summary.entries()),
            newest: newest.and_then(|summary| summary.stamp()),
            now,
        }
    }
}

impl Check {
    /// Whether it judges the age of data alone, so that it says otherwise with time.
    #[must_use]
    pub fn is_of_age(&self) -> bool {
        matches!(self.kind, Kind::Staleness(_))
    }

    /// What this check thinks, with these masks in force.
    #[must_use]
    pub fn judge(&self, subject: &Subject<'_>, masks: &[&Mask], references: &References) -> Verdict {
        let mut verdict = Verdict::of(self);
        if let Some(series) = self.judgeable(subject, masks, &mut verdict) {
            self.ask(subject, &series, references, &mut verdict);
        }
        verdict
    }

    /// The series as far as they may be judged; none when something already stands in the way, which the verdict then says.
    fn judgeable(&self, subject: &Subject<'_>, masks: &[&Mask], verdict: &mut Verdict) -> Option<Vec<Series>> {
        let figure = subject.figure;
        if let Some(empty) = &figure.empty {
            verdict.find(State::NoData, empty.clone());
            return None;
        }
        let mut series = match measured_series(figure, &self.series) {
            Ok(series) => series,
            Err(_) if figure.layers.is_empty() => Vec::new(),
            Err(why) => {
                verdict.find(State::CannotJudge, why);
                return None;
            }
        };
        verdict.masks = masks::apply(&mut series, masks, &self.leave_out, figure);
        let masked_away = |one: &Series| one.masked > 0 && one.spots.is_empty() && one.gap_at_end.is_none();
        if series.iter().any(masked_away) {
            let names: Vec<&str> = verdict.masks.iter().map(|mask| mask.name.as_str()).collect();
            verdict.find(State::Masked, format!("all is masked by {}", names.join(", ")));
            series.retain(|one| !masked_away(one));
            if series.is_empty() {
                return None;
            }
        }
        if series.iter().all(|one| one.count() == 0) {
            verdict.find(State::NoData, "the plot holds no number");
            return None;
        }
        let warm_up = self.needs.warm_up;
        if warm_up > 0 && subject.results <= warm_up {
            let reason = format!("{} results so far, the first {warm_up} are not judged", subject.results);
            verdict.find(State::WarmingUp, reason);
            return None;
        }
        self.with_enough(subject, series, verdict)
    }

    /// The series that have enough to be judged.
    fn with_enough(&self, subject: &Subject<'_>, mut series: Vec<Series>, verdict: &mut Verdict) -> Option<Vec<Series>> {
        // Where the contents of a histogram are counts, its own are counted by the statistics that needs them.
        if self.needs.entries > 0.0 && !self.kind.counts_entries() {
            match subject.entries {
                Some(entries) if entries >= self.needs.entries => {}
                Some(entries) if entries >= 0.0 => {
                    verdict.find(State::WarmingUp, entries_words(entries, self.needs.entries));
                    return None;
                }
                _ => {
                    verdict.find(State::CannotJudge, "how many entries it is made from is not known");
                    return None;
                }
            }
        }
        // The age of data does not hang on each series having some.
        let is_age = self.is_of_age();
        series.retain(|one| {
            let count = one.count();
            if is_age || count >= self.needs.points.max(1) {
                return true;
            }
            if count == 0 {
                verdict.find(State::NoData, format!("{}: no number", one.label));
            } else {
                let needed = self.needs.points;
                verdict.find(State::WarmingUp, format!("{}: {count} points with a number, {needed} needed", one.label));
            }
            false
        });
        Some(series)
    }

    fn ask(&self, subject: &Subject<'_>, series: &[Series], references: &References, verdict: &mut Verdict) {
        let reference = match self.kind.needs_reference() {
            None => None,
            Some(label) => match references.find(subject.task, subject.item, subject.run, label) {
                Ok(reference) => {
                    verdict.held_against(reference);
                    Some(reference)
                }
                Err(why) => {
                    verdict.find(State::CannotJudge, why.to_string());
                    return;
                }
            },
        };
        if let Kind::Staleness(staleness) = &self.kind {
            staleness.judge(subject, series, verdict);
            return;
        }
        for one in series {
            let question = Question { subject, needs: &self.needs, series: one, reference };
            match &self.kind {
                Kind::Range(range) => range.judge(&question, verdict),
                Kind::Deviation(deviation) => deviation.judge(&question, verdict),
                Kind::Trend(trend) => trend.judge(&question, verdict),
                Kind::Bins(bins) => bins.judge(&question, verdict),
                Kind::Chi2(chi2) => chi2.judge(&question, verdict),
                Kind::Kolmogorov(kolmogorov) => kolmogorov.judge(&question, verdict),
                Kind::Staleness(_) => {}
            }
        }
    }
}

impl Kind {
    /// The word for it in files.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Range(_) => "range",
            Kind::Deviation(_) => "deviation",
            Kind::Trend(trend) => match trend.of {
                trend::Movement::Step { .. } => "step",
                trend::Movement::Slope { .. } => "slope",
            },
            Kind::Bins(_) => "bins",
            Kind::Chi2(_) => "chi2",
            Kind::Kolmogorov(_) => "ks",
            Kind::Staleness(_) => STALENESS,
        }
    }

    fn counts_entries(&self) -> bool {
        match self {
            Kind::Kolmogorov(_) => true,
            Kind::Chi2(chi2) => chi2.errors == bins::Errors::Counts,
            Kind::Bins(bins) => bins.errors == bins::Errors::Counts,
            _ => false,
        }
    }

    /// Whether it needs a reference, and of which label, if of any.
    fn needs_reference(&self) -> Option<Option<&str>> {
        match self {
            Kind::Range(_) | Kind::Trend(_) | Kind::Staleness(_) => None,
            Kind::Deviation(deviation) => match &deviation.against {
                deviation::Against::Number(_) => None,
                deviation::Against::Reference(label) => Some(label.as_deref()),
            },
            Kind::Bins(bins) => Some(bins.reference.as_deref()),
            Kind::Chi2(chi2) => Some(chi2.reference.as_deref()),
            Kind::Kolmogorov(kolmogorov) => Some(kolmogorov.reference.as_deref()),
        }
    }
}

/// One series with what is asked of it: what every family is given.
struct Question<'a> {
    subject: &'a Subject<'a>,
    needs: &'a Needs,
    series: &'a Series,
    reference: Option<&'a Reference>,
}

impl Question<'_> {
    /// The unit of what is measured.
    fn unit(&self) -> &str {
        &value_axis(self.subject.figure).unit
    }

    /// `view 0: ` before a reason.
    fn says(&self, reason: impl std::fmt::Display) -> String {
        if self.series.label.is_empty() { reason.to_string() } else { format!("{}: {reason}", self.series.label) }
    }

    /// The newest spot with a number, unless the newest result has none: an older one is no answer then.
    fn newest(&self) -> Result<&Spot, (State, String)> {
        if self.series.is_end_masked {
            return Err((State::Masked, "the newest is masked".into()));
        }
        let last = self.series.measured().max_by(|one, other| one.x.total_cmp(&other.x));
        let Some(last) = last else { return Err((State::NoData, "no number".into())) };
        let lacks_newest = self.series.missing().any(|spot| spot.x > last.x) || self.series.gap_at_end.is_some();
        // Points with no guiding curve do not show a gap; the newest result's stamp does. Stamps are drawn to less than a second.
        let is_older = |newest: Timestamp| is_over_time(self.subject.figure) && last.x < newest.as_second() as f64 - 1.0;
        let has_lane = self.series.label.contains(", ");
        if lacks_newest || (!has_lane && self.subject.newest.is_some_and(is_older)) {
            return Err((State::CannotJudge, "the newest result has no number; those before it are no answer".into()));
        }
        Ok(last)
    }

    /// Says when more places hold no number than may.
    fn note_missing(&self, missing: usize, verdict: &mut Verdict) {
        if missing > self.needs.missing {
            let places = self.series.spots.len();
            let most = self.needs.missing;
            verdict.find(State::CannotJudge, self.says(format!("no number in {missing} of {places} places, at most {most} may")));
        }
    }
}

impl Limits {
    /// What a number is that must not be large. One that is no number can't be judged.
    #[must_use]
    pub fn of_large(self, value: f64) -> State {
        match self {
            _ if value.is_nan() => State::CannotJudge,
            Limits { bad, .. } if value > bad => State::Bad,
            Limits { maybe: Some(maybe), .. } if value > maybe => State::Maybe,
            _ => State::Ok,
        }
    }

    /// What a number is that must not be small, such as a probability.
    #[must_use]
    pub fn of_small(self, value: f64) -> State {
        Limits { maybe: self.maybe.map(|maybe| -maybe), bad: -self.bad }.of_large(-value)
    }
}

/// How many entries there are and should be; fractions where they are weighted.
fn entries_words(entries: f64, needed: f64) -> String {
    let rounded = |number: f64| (1e3 * number).round() / 1e3;
    format!("{} entries, {} needed", rounded(entries), rounded(needed))
}

/// The state of many places, of which so many may be out of bounds.
fn state_of_many(maybe: usize, bad: usize, allowed: usize) -> State {
    match (bad > allowed, maybe + bad > allowed) {
        (true, _) => State::Bad,
        (false, true) => State::Maybe,
        (false, false) => State::Ok,
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

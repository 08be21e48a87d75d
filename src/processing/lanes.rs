//! The rules of lanes as pure functions: may the files of a run be processed in a lane, and if not, which rule holds them, and
//! until when.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::bookkeeping::{Hold, Mark};
use crate::config::{GateRule, LaneSettings};

/// The word of the rule that a lane's runs go one after the other.
pub const IN_RUN_ORDER: &str = "in_run_order";

/// What a lane's rules go by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFacts {
    /// When the run's end was known.
    pub ended: Option<Timestamp>,
    /// The kind of its data, where somebody has said it.
    pub kind: Option<String>,
    /// The shifter's mark in force; none counts as unmarked.
    pub mark: Option<Mark>,
    /// The flag in force; none counts as UNCHECKED.
    pub flag: Option<Flag>,
    /// Whole events in its files in the storage, by trigger type.
    pub events_by_trigger: BTreeMap<u8, u64>,
    /// Files of it that are on their way into the storage.
    pub files_under_way: usize,
    /// Files of it in the storage of which nobody has counted the events.
    pub files_not_counted: usize,
    /// The first earlier run that a lane in run order has not done with.
    pub blocked_by: Option<Run>,
}

/// What the rules of a lane say of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Its files may be processed.
    Open,
    /// Not yet.
    Held(Hold),
    /// This run is not for this lane, unless people change what they said of it.
    Refused(Hold),
}

/// What one rule says.
enum Says {
    Yes,
    NotYet(String, Option<Timestamp>),
    No(String),
}

/// Asks the rules of a lane, in their order: the first that refuses, else the first that holds.
#[must_use]
pub fn gate(lane: &LaneSettings, facts: &RunFacts, now: Timestamp) -> Gate {
    let hold = |rule: &str, words, until| Hold { rule: rule.into(), words, since: now, until };
    let mut held = None;
    for rule in &lane.gates {
        match ask(rule, facts, now) {
            Says::Yes => {}
            Says::No(words) => return Gate::Refused(hold(rule.word(), words, None)),
            Says::NotYet(words, until) => held = held.or_else(|| Some(hold(rule.word(), words, until))),
        }
    }
    let order = facts.blocked_by.filter(|_| lane.in_run_order);
    let blocked = order.map(|run| hold(IN_RUN_ORDER, format!("blocked by {run}"), None));
    held.or(blocked).map_or(Gate::Open, Gate::Held)
}

/// What is said to a run whose lane is no longer in the settings. It is asked again when the lane comes back.
#[must_use]
pub fn no_such_lane(lane: &str, now: Timestamp) -> Gate {
    let words = format!("lane {lane} is no longer in the settings");
    Gate::Refused(Hold { rule: "lane".into(), words, since: now, until: None })
}

fn ask(rule: &GateRule, facts: &RunFacts, now: Timestamp) -> Says {
    match rule {
        GateRule::EndedFor { hours } => ended_for(*hours, facts.ended, now),
        GateRule::Kind { is } => match &facts.kind {
            None => Says::NotYet(format!("nobody has said of which kind the run is; wanted: {}", is.join(", ")), None),
            Some(kind) if is.contains(kind) => Says::Yes,
            Some(kind) => Says::No(format!("the run is of kind {kind}; wanted: {}", is.join(", "))),
        },
        GateRule::Mark { is } => {
            let mark = facts.mark.unwrap_or(Mark::Unmarked);
            said(is, mark.word(), mark == Mark::Unmarked, "the run is", "the run is not marked yet")
        }
        GateRule::Flag { is } => {
            let flag = facts.flag.unwrap_or(Flag::Unchecked);
            said(is, flag.word(), flag == Flag::Unchecked, "the run's flag is", "nobody has decided on the run yet")
        }
        GateRule::Events { at_least, trigger_types } => {
            let counts = |(trigger, _): &(&u8, &u64)| trigger_types.is_empty() || trigger_types.contains(trigger);
            let there: u64 = facts.events_by_trigger.iter().filter(counts).map(|(_, count)| count).sum();
            let words = format!("{there} of {at_least} events are there");
            match facts.ended {
                _ if there >= *at_least => Says::Yes,
                None => Says::NotYet(words, None),
                Some(_) if facts.files_under_way > 0 => {
                    Says::NotYet(format!("{words}, not yet: copies under way ({})", facts.files_under_way), None)
                }
                Some(_) if facts.files_not_counted > 0 => {
                    let unknown = format!("the events of {} of its files are not known", facts.files_not_counted);
                    Says::NotYet(format!("{words}, and {unknown}"), None)
                }
                Some(_) => Says::No(format!("{words}, and the run has ended")),
            }
        }
    }
}

/// What a rule says that goes by a word that people give; what is not said yet holds, what is said otherwise refuses.
fn said(wanted: &[String], word: &str, is_unsaid: bool, other: &str, unsaid: &str) -> Says {
    let wanted_words = wanted.join(" or ").replace('_', " ");
    if wanted.iter().any(|wanted| wanted == word) {
        Says::Yes
    } else if is_unsaid {
        Says::NotYet(format!("{unsaid}; wanted: {wanted_words}"), None)
    } else {
        Says::No(format!("{other} {}; wanted: {wanted_words}", word.replace('_', " ")))
    }
}

fn ended_for(hours: f64, ended: Option<Timestamp>, now: Timestamp) -> Says {
    let Some(ended) = ended else { return Says::NotYet("the run has not ended".into(), None) };
    let wait = SignedDuration::try_from_secs_f64(hours * 3600.0).unwrap_or(SignedDuration::MAX);
    // A wait beyond what a calendar holds is one without an end.
    match ended.checked_add(wait) {
        Ok(until) if now >= until => Says::Yes,
        Ok(until) => Says::NotYet(format!("the run must be over for {hours} h"), Some(until)),
        Err(_) => Says::NotYet(format!("the run must be over for {hours} h"), None),
    }
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;

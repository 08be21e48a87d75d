//! The lanes of `dqmon.toml`: queues with rules, each with a processing of its own of every run.

use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// A lane: which files it takes, and what must be so before it processes a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneSettings {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// Only so many files of a run, the first that came; 0 for all.
    #[serde(default)]
    pub first_files: u32,
    /// Only every so many-th event, in the place of `select_every` of `[reconstruction]`; 0 for what that says.
    #[serde(default)]
    pub select_every: usize,
    /// Runs are processed strictly by number: one that is held or under way blocks those after it.
    #[serde(default)]
    pub in_run_order: bool,
    /// What must be so of a run before its files are processed, all of it.
    #[serde(default)]
    pub gates: Vec<GateRule>,
}

/// Something that must be so of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum GateRule {
    /// It ended at least so many hours ago.
    EndedFor {
        /// Hours since the run's end was known.
        hours: f64,
    },
    /// Its data are of one of these kinds.
    Kind {
        /// Kinds, as `dqmon import runs` names them.
        is: Vec<String>,
    },
    /// The shifter's mark on it is one of these.
    Mark {
        /// Marks: `ok`, `flawed`, `unusable`, `detector_studies`, `unmarked`.
        is: Vec<String>,
    },
    /// The flag decided for it is one of these.
    Flag {
        /// Flags: `OK`, `UNCHECKED`, `BAD`, `MAYBE`.
        is: Vec<String>,
    },
    /// Its raw files hold so many events.
    Events {
        /// The fewest.
        at_least: u64,
        /// Only events of these trigger types count; empty for all.
        #[serde(default)]
        trigger_types: Vec<u8>,
    },
}

impl GateRule {
    /// Its word in `dqmon.toml`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            GateRule::EndedFor { .. } => "ended_for",
            GateRule::Kind { .. } => "kind",
            GateRule::Mark { .. } => "mark",
            GateRule::Flag { .. } => "flag",
            GateRule::Events { .. } => "events",
        }
    }
}

/// The marks that a rule may name.
const MARKS: [&str; 5] = ["ok", "flawed", "unusable", "detector_studies", "unmarked"];

/// The flags that a rule may name.
const FLAGS: [&str; 4] = ["OK", "UNCHECKED", "BAD", "MAYBE"];

/// The lanes of a workspace that says nothing about them: one, which takes everything at once.
#[must_use]
pub fn only_full() -> Vec<LaneSettings> {
    vec![LaneSettings { name: "FULL".into(), first_files: 0, select_every: 0, in_run_order: false, gates: Vec::new() }]
}

/// The first thing that is wrong with lanes.
pub(super) fn fault(lanes: &[LaneSettings]) -> Option<Fault> {
    if lanes.is_empty() {
        return Some(Fault::of_key("lanes", "'lanes' is empty, expected at least one [[lanes]] with a name".into()));
    }
    lanes.iter().enumerate().find_map(|(index, lane)| fault_of_lane(index, lane, &lanes[..index]))
}

fn fault_of_lane(index: usize, lane: &LaneSettings, before: &[LaneSettings]) -> Option<Fault> {
    let at = |way: &[&str]| {
        let lane = ["lanes".to_owned(), index.to_string()];
        lane.into_iter().chain(way.iter().map(|step| (*step).to_owned())).collect()
    };
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if lane.name.is_empty() || !is_plain(&lane.name) {
        let what = format!("lane name {:?} refused, expected letters, digits, '-' and '_'", lane.name);
        return Some(Fault { at: at(&["name"]), what });
    }
    if before.iter().any(|other| other.name == lane.name) {
        return Some(Fault { at: at(&["name"]), what: format!("there are two lanes of the name '{}'", lane.name) });
    }
    let (place, fault) =
        lane.gates.iter().enumerate().find_map(|(place, gate)| Some((place.to_string(), fault_of_rule(gate)?)))?;
    Some(Fault { at: at(&["gates", &place]), what: format!("lane '{}': {fault}", lane.name) })
}

fn fault_of_rule(rule: &GateRule) -> Option<String> {
    let unknown = |given: &[String], known: &[&str]| {
        if given.is_empty() {
            return Some(format!("rule '{}' names nothing, expected some of {}", rule.word(), known.join(", ")));
        }
        let word = given.iter().find(|word| !known.is_empty() && !known.contains(&word.as_str()))?;
        Some(format!("rule '{}' names {word:?}, there are {}", rule.word(), known.join(", ")))
    };
    match rule {
        GateRule::EndedFor { hours } if !(hours.is_finite() && *hours >= 0.0) => {
            Some(format!("'hours' is {hours}, expected hours from 0"))
        }
        GateRule::Mark { is } => unknown(is, &MARKS),
        GateRule::Flag { is } => unknown(is, &FLAGS),
        GateRule::Kind { is } if is.is_empty() => Some("rule 'kind' names no kind".into()),
        GateRule::EndedFor { .. } | GateRule::Kind { .. } | GateRule::Events { .. } => None,
    }
}

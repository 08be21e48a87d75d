//! What the experiment makes of marks: flags of shift marks, subsystems, what data may be usable for, and the rules of the
//! derived status, as they are written in `dqmon.toml`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::quality::Flag;
use serde::{Deserialize, Serialize};

/// The global decision on a processing, one of the two special subsystems.
pub const RQM: &str = "RQM";
/// What a run's data are for, the other: `physics` or `det_study`.
pub const CAL: &str = "CAL";
/// The inputs of a rule that are no subsystems.
pub const FLAG: &str = "flag";
/// The shifter's mark.
pub const MARK: &str = "mark";
/// The worst status of what a product was made from.
pub const PARENTS: &str = "parents";

/// More numbers than anybody could tell apart.
const MOST_MEANINGS: usize = 20;

/// Flags of shift marks, and the subsystems that give marks of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MarkSettings {
    /// The flag of a run marked ok that nobody has decided on.
    pub ok: Flag,
    /// The same, marked flawed.
    pub flawed: Flag,
    /// The same, marked unusable.
    pub unusable: Flag,
    /// The same, marked as taken for detector studies.
    pub detector_studies: Flag,
    /// Subsystems, besides RQM and CAL.
    pub subsystems: Vec<String>,
}

/// What may be said in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionSettings {
    /// What data may be said to be usable for.
    pub usable_for: Vec<String>,
    /// Roles that may unlock what was locked.
    pub may_unlock: Vec<String>,
}

/// The derived status of a processing: what its numbers mean, the rules that give it, and what is counted otherwise for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusSettings {
    /// The number that data of use have.
    pub good: u8,
    /// The number of what nobody has judged.
    pub unchecked: u8,
    /// What the numbers mean, from the best to the worst: a product has the worst of its own and its parents'.
    pub meanings: Vec<Meaning>,
    /// The rules there have been; the one in force is the last whose date has come.
    pub rule: Vec<RuleSettings>,
    /// What is counted as something else for a time.
    #[serde(rename = "override")]
    pub overrides: Vec<OverrideSettings>,
}

/// A number of the derived status in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// The number.
    pub number: u8,
    /// What people read.
    pub word: String,
}

/// A version of the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    /// What it is called; no two have the same.
    pub version: String,
    /// It is in force from then, until the next one is.
    pub from: Timestamp,
    /// The status where no case holds.
    pub default: u8,
    /// The first that holds gives the status.
    pub cases: Vec<CaseSettings>,
}

/// A case of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseSettings {
    /// The status it gives.
    pub status: u8,
    /// It holds when each of these inputs has one of its values.
    pub when: BTreeMap<String, Vec<String>>,
    /// What is so then, in words.
    #[serde(default)]
    pub because: String,
}

/// A value of an input that is counted as another one for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideSettings {
    /// What it is called; no two have the same.
    pub name: String,
    /// The input.
    pub input: String,
    /// Its values that are counted as another one.
    pub counts: Vec<String>,
    /// The value that they are counted as.
    #[serde(rename = "as")]
    pub counted_as: String,
    /// From when, by the time at which the status is derived.
    pub from: Timestamp,
    /// Until when; the status is derived without it from then on.
    pub to: Timestamp,
    /// Who decided it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// An input of rules with the values it may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDomain {
    /// Its name: a subsystem's, or `flag`, `mark`, `parents`.
    pub name: String,
    /// Its values, from the best to the worst.
    pub values: Vec<String>,
    /// The place in `values` of what it is while nobody has said anything.
    pub unsaid: usize,
}

impl Default for MarkSettings {
    fn default() -> Self {
        MarkSettings {
            ok: Flag::Ok,
            flawed: Flag::Maybe,
            unusable: Flag::Bad,
            // What data were taken for says nothing of how good they are.
            detector_studies: Flag::Unchecked,
            subsystems: words(&["CRP", "DAQ", "HV", "LIGHT"]),
        }
    }
}

impl Default for DecisionSettings {
    fn default() -> Self {
        DecisionSettings {
            usable_for: words(&["physics", "calibration", "efficiency"]),
            may_unlock: words(&["expert", "data manager"]),
        }
    }
}

impl Default for StatusSettings {
    fn default() -> Self {
        let meaning = |number, word: &str| Meaning { number, word: word.into() };
        StatusSettings {
            good: 1,
            unchecked: 0,
            meanings: vec![meaning(1, "good"), meaning(0, "unchecked"), meaning(2, "not good")],
            rule: vec![shipped_rule()],
            overrides: Vec::new(),
        }
    }
}

/// 0 if unchecked; 1 if RQM is good and CAL is physics; else 2.
fn shipped_rule() -> RuleSettings {
    let when = |conditions: &[(&str, &str)]| {
        conditions.iter().map(|(input, value)| ((*input).to_owned(), words(&[value]))).collect::<BTreeMap<_, _>>()
    };
    let case = |status, conditions: &[(&str, &str)], because: &str| CaseSettings {
        status,
        when: when(conditions),
        because: because.into(),
    };
    RuleSettings {
        version: "1".into(),
        from: Timestamp::UNIX_EPOCH,
        default: 2,
        cases: vec![
            case(0, &[(RQM, "unset")], "no global decision yet"),
            case(0, &[(RQM, "good"), (CAL, "unset")], "nobody has said yet what it is for"),
            case(1, &[(RQM, "good"), (CAL, "physics")], "good, and for physics"),
        ],
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// All inputs that a rule may ask for.
#[must_use]
pub fn inputs(marks: &MarkSettings, status: &StatusSettings) -> Vec<InputDomain> {
    let domain = |name: &str, values: &[&str], unsaid| InputDomain { name: name.to_owned(), values: words(values), unsaid };
    let of_subsystem = |name: &str| domain(name, &["good", "unset", "flawed", "bad"], 1);
    let mut all = vec![of_subsystem(RQM), domain(CAL, &["physics", "unset", "det_study"], 1)];
    all.extend(marks.subsystems.iter().map(|name| of_subsystem(name)));
    all.push(domain(FLAG, &["OK", "UNCHECKED", "MAYBE", "BAD"], 1));
    all.push(domain(MARK, &["ok", "unmarked", "detector_studies", "flawed", "unusable"], 1));
    let numbers = status.meanings.iter().map(|meaning| meaning.number.to_string());
    let values = std::iter::once("none".to_owned()).chain(numbers).collect();
    all.push(InputDomain { name: PARENTS.to_owned(), values, unsaid: 0 });
    all
}

/// A setting that makes no sense: its key and what is wrong.
type Fault = (&'static str, String);

impl MarkSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        for (place, name) in self.subsystems.iter().enumerate() {
            let what = if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter)) {
                "expected letters, digits, - and _"
            } else if [RQM, CAL, FLAG, MARK, PARENTS].contains(&name.as_str()) {
                "that name is taken: RQM and CAL are always there, flag, mark and parents are other inputs of rules"
            } else if self.subsystems[..place].contains(name) {
                "it stands there twice"
            } else {
                continue;
            };
            return Some(("subsystems", format!("'subsystems' has {name:?}: {what}")));
        }
        None
    }
}

impl DecisionSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        [("usable_for", &self.usable_for), ("may_unlock", &self.may_unlock)].into_iter().find_map(|(key, list)| {
            let wrong = |(place, word): &(usize, &String)| word.trim().is_empty() || list[..*place].contains(word);
            let (_, word) = list.iter().enumerate().find(wrong)?;
            Some((key, format!("'{key}' has {word:?}, expected words that stand there once")))
        })
    }
}

impl StatusSettings {
    /// A number in words: `good`; `status 7` for one that has none.
    #[must_use]
    pub fn word(&self, number: u8) -> String {
        let found = self.meanings.iter().find(|meaning| meaning.number == number);
        found.map_or_else(|| format!("status {number}"), |meaning| meaning.word.clone())
    }

    /// The first setting that makes no sense: its key and what is wrong.
    #[must_use]
    pub fn fault(&self, marks: &MarkSettings) -> Option<Fault> {
        self.fault_of_meanings().or_else(|| self.fault_of_rules(marks)).or_else(|| self.fault_of_overrides(marks))
    }

    fn fault_of_meanings(&self) -> Option<Fault> {
        let numbers: Vec<u8> = self.meanings.iter().map(|meaning| meaning.number).collect();
        if numbers.len() > MOST_MEANINGS {
            return Some(("meanings", format!("'meanings' has {}, expected at most {MOST_MEANINGS}", numbers.len())));
        }
        for (place, meaning) in self.meanings.iter().enumerate() {
            if meaning.word.trim().is_empty() || numbers[..place].contains(&meaning.number) {
                let found = meaning.number;
                return Some(("meanings", format!("'meanings' has {found} twice or without a word, expected each number once")));
            }
        }
        for (key, number) in [("good", self.good), ("unchecked", self.unchecked)] {
            if !numbers.contains(&number) {
                return Some((key, format!("'{key}' is {number}, expected one of 'meanings': {}", listed(&numbers))));
            }
        }
        if self.good == self.unchecked || numbers.first() != Some(&self.good) {
            let found = self.good;
            return Some((
                "meanings",
                format!("'meanings' begins with the best number, expected 'good' ({found}), not 'unchecked'"),
            ));
        }
        None
    }

    fn fault_of_rules(&self, marks: &MarkSettings) -> Option<Fault> {
        if self.rule.is_empty() {
            return Some(("rule", "'rule' of [status] is empty, expected at least one [[status.rule]]".into()));
        }
        for (place, rule) in self.rule.iter().enumerate() {
            if let Some(before) = self.rule[..place].iter().find(|other| other.version == rule.version || other.from == rule.from)
            {
                let what = format!("rules {:?} and {:?} have the same version or date", before.version, rule.version);
                return Some(("rule", format!("{what}, expected each once: a rule that was in force is kept as it was")));
            }
            if let Some(what) = self.fault_of_rule(rule, marks) {
                return Some(("cases", what));
            }
        }
        None
    }

    /// What is wrong with a rule; none when it can be used.
    #[must_use]
    pub fn fault_of_rule(&self, rule: &RuleSettings, marks: &MarkSettings) -> Option<String> {
        let numbers: Vec<u8> = self.meanings.iter().map(|meaning| meaning.number).collect();
        let version = &rule.version;
        if version.trim().is_empty() {
            return Some("a rule has no 'version', expected a word such as \"2\"".into());
        }
        let given = std::iter::once(rule.default).chain(rule.cases.iter().map(|case| case.status));
        if let Some(number) = given.into_iter().find(|number| !numbers.contains(number)) {
            return Some(format!("rule {version:?} gives status {number}, expected one of 'meanings': {}", listed(&numbers)));
        }
        let inputs = inputs(marks, self);
        for case in &rule.cases {
            if case.when.is_empty() {
                return Some(format!(
                    "rule {version:?} has a case without 'when', expected conditions; 'default' is for the rest"
                ));
            }
            for (input, values) in &case.when {
                if let Some(what) = fault_of_values(&inputs, input, values) {
                    return Some(format!("rule {version:?}: {what}"));
                }
            }
        }
        None
    }

    fn fault_of_overrides(&self, marks: &MarkSettings) -> Option<Fault> {
        for (place, found) in self.overrides.iter().enumerate() {
            if self.overrides[..place].iter().any(|other| other.name == found.name) {
                return Some(("override", format!("override {:?} stands there twice, expected names of their own", found.name)));
            }
            if let Some(what) = self.fault_of_override(found, marks) {
                return Some(("counts", what));
            }
        }
        None
    }

    /// What is wrong with an override; none when it can be used.
    #[must_use]
    pub fn fault_of_override(&self, found: &OverrideSettings, marks: &MarkSettings) -> Option<String> {
        let name = &found.name;
        if name.trim().is_empty() || found.who.trim().is_empty() || found.why.trim().is_empty() {
            return Some(format!("override {name:?} lacks a name, who decided it or why, expected all three"));
        }
        if found.from >= found.to {
            return Some(format!(
                "override {name:?} ends at {} and begins at {}, expected the end after it",
                found.to, found.from
            ));
        }
        let inputs = inputs(marks, self);
        let as_one = std::slice::from_ref(&found.counted_as);
        fault_of_values(&inputs, &found.input, &found.counts)
            .or_else(|| fault_of_values(&inputs, &found.input, as_one))
            .map(|what| format!("override {name:?}: {what}"))
    }
}

/// What is wrong with the values that an input is asked for.
fn fault_of_values(inputs: &[InputDomain], input: &str, values: &[String]) -> Option<String> {
    let Some(domain) = inputs.iter().find(|domain| domain.name == input) else {
        let known: Vec<&str> = inputs.iter().map(|domain| domain.name.as_str()).collect();
        return Some(format!("{input:?} is no input; there are: {}", known.join(", ")));
    };
    if values.is_empty() {
        return Some(format!("{input} has no value, expected some of: {}", domain.values.join(", ")));
    }
    let unknown = values.iter().find(|value| !domain.values.contains(value))?;
    Some(format!("{input} is never {unknown:?}; it is one of: {}", domain.values.join(", ")))
}

fn listed(numbers: &[u8]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        let settings: StatusSettings = toml::from_str(text).unwrap();
        settings.fault(&MarkSettings::default()).map_or_else(String::new, |(_, what)| what)
    }

    #[test]
    fn what_is_shipped_is_in_order() {
        assert_eq!(MarkSettings::default().fault(), None);
        assert_eq!(DecisionSettings::default().fault(), None);
        assert_eq!(StatusSettings::default().fault(&MarkSettings::default()), None);
    }

    #[test]
    fn a_rule_that_can_not_be_meant_is_refused_with_what_there_is() {
        let rule = |default: &str, case: &str| {
            format!("[[rule]]\nversion = \"7\"\nfrom = \"2016-11-01T00:00:00Z\"\ndefault = {default}\ncases = [{case}]\n")
        };
        for (text, said) in [
            (rule("2", "{ status = 1, when = { RQN = [\"good\"] } }"), "\"RQN\" is no input; there are: RQM, CAL, CRP"),
            (rule("2", "{ status = 1, when = { CAL = [\"good\"] } }"), "CAL is never \"good\"; it is one of: physics"),
            (rule("2", "{ status = 1, when = { RQM = [] } }"), "RQM has no value"),
            (rule("2", "{ status = 1, when = {} }"), "without 'when'"),
            (rule("5", ""), "gives status 5, expected one of 'meanings': 1, 0, 2"),
            (rule("2", "") + &rule("2", ""), "the same version or date"),
            ("rule = []".into(), "at least one"),
            ("good = 4".into(), "'good' is 4"),
            ("good = 2".into(), "begins with the best number"),
            ("meanings = [{ number = 1, word = \"a\" }, { number = 1, word = \"b\" }]".into(), "twice"),
        ] {
            let what = fault(&text);
            assert!(what.contains(said), "{text}: {what}");
        }
    }

    #[test]
    fn an_override_without_end_reason_or_sense_is_refused() {
        let text = |to: &str, why: &str, value: &str| {
            format!(
                "[[override]]\nname = \"x\"\ninput = \"CAL\"\ncounts = [\"{value}\"]\nas = \"physics\"\n\
                 from = \"2016-11-01T00:00:00Z\"\nto = \"{to}\"\nwho = \"Ada\"\nwhy = \"{why}\"\n"
            )
        };
        assert_eq!(fault(&text("2016-12-01T00:00:00Z", "few of them", "det_study")), "");
        for (to, why, value, said) in [
            ("2016-10-01T00:00:00Z", "few", "det_study", "the end after it"),
            ("2016-12-01T00:00:00Z", " ", "det_study", "why"),
            ("2016-12-01T00:00:00Z", "few", "studies", "is never"),
        ] {
            let what = fault(&text(to, why, value));
            assert!(what.contains(said), "{what}");
        }
        assert!(
            toml::from_str::<StatusSettings>("[[override]]\nname = \"x\"\n").unwrap_err().message().contains("missing field")
        );
    }

    #[test]
    fn a_subsystem_has_a_name_of_its_own() {
        for (name, said) in [("RQM", "taken"), ("", "letters"), ("a b", "letters"), ("CRP", "twice")] {
            let marks = MarkSettings { subsystems: words(&["CRP", name]), ..MarkSettings::default() };
            assert!(marks.fault().unwrap().1.contains(said), "{name:?}");
        }
    }
}

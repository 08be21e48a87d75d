//! What people said of all processings, in a word each: what statuses are derived from when nothing else of them is wanted. A book
//! of years has a million entries, and reading who said each of them and when takes ten times as long.

use std::collections::HashMap;

use monitasks::vocab::Run;

use super::heard::{Heard, processing_named};
use super::quality::{Quality, StatusError};
use super::rulebook::rules;
use super::status::{Parent, ProcessingOf, Rules, UnknownInput, with_parents};
use crate::bookkeeping::{DecisionSubject, EntryKind, InForceWord, Part, Stage, Store};
use crate::config::{FLAG, MARK};

/// The values of rules' inputs by processing.
pub(super) struct SaidWords {
    unsaid: Vec<u8>,
    rows: HashMap<ProcessingOf, Row>,
}

/// Values by column, and which of them somebody said, a bit for each.
struct Row {
    values: Vec<u8>,
    said: u64,
}

impl SaidWords {
    /// Reads the whole book; with all products and what they were made from.
    pub fn read(store: &dyn Store, quality: Quality<'_>) -> Result<(Heard, Self), StatusError> {
        let rules = rules(store, quality)?;
        let marks = store.words_in_force(EntryKind::SubsystemMark)?;
        let decisions = store.words_on_processings()?;
        let decided: Vec<(DecisionSubject, &InForceWord)> =
            decisions.iter().filter_map(|word| Some((word.subject.parse().ok()?, word))).collect();
        let marked: Vec<(ProcessingOf, &str, &InForceWord)> = marks.iter().filter_map(of_subsystem).collect();
        let spoken_of = decided.iter().filter_map(|(subject, _)| processing_of(*subject));
        let spoken_of = spoken_of.chain(marked.iter().map(|(of, _, _)| *of));
        let heard = Heard::outline(store, rules, spoken_of.collect())?;
        let mut words = SaidWords { unsaid: heard.rules.unsaid_row(), rows: HashMap::new() };
        for (of, subsystem, word) in marked {
            // What a subsystem said that the settings no longer know, no rule can ask for.
            if heard.rules.column(subsystem).is_some() {
                words.say(&heard.rules, of, subsystem, word)?;
            }
        }
        words.say_marks(store, &heard)?;
        words.say_flags(&heard, &decided)?;
        Ok((heard, words))
    }

    /// A shift mark is said of every processing of its run.
    fn say_marks(&mut self, store: &dyn Store, heard: &Heard) -> Result<(), StatusError> {
        let mut of_run: HashMap<Run, Vec<InForceWord>> = HashMap::new();
        for word in store.words_in_force(EntryKind::Mark)? {
            if let Some(run) = word.run {
                of_run.entry(run).or_default().push(word);
            }
        }
        for of in heard.processings() {
            for word in of_run.get(&of.run).map_or(&[][..], Vec::as_slice) {
                self.say(&heard.rules, of, MARK, word)?;
            }
        }
        Ok(())
    }

    /// A decision on the processing wins over one on what was reconstructed of its run, as [`super::flags::Flags`] has it.
    fn say_flags(&mut self, heard: &Heard, decided: &[(DecisionSubject, &InForceWord)]) -> Result<(), StatusError> {
        let mut own: HashMap<DecisionSubject, Vec<&InForceWord>> = HashMap::new();
        // One that was taken back says nothing.
        let said = decided.iter().filter(|(subject, word)| subject.stage == Stage::Reconstructed && word.says.is_some());
        said.for_each(|(subject, word)| own.entry(*subject).or_default().push(word));
        for of in heard.processings() {
            let on = |part| own.get(&DecisionSubject { run: of.run, part, stage: Stage::Reconstructed });
            for word in on(Part::Processing(of.processing)).or_else(|| on(Part::Whole)).into_iter().flatten() {
                self.say(&heard.rules, of, FLAG, word)?;
            }
        }
        Ok(())
    }

    /// Said twice of one input, books differ: the worse value counts.
    fn say(&mut self, rules: &Rules, of: ProcessingOf, input: &str, word: &InForceWord) -> Result<(), StatusError> {
        let says = word.says.as_deref().unwrap_or_default();
        let unknown = || UnknownInput { input: input.into(), value: says.into(), known: format!("those of {input}") };
        let column = rules.column(input).ok_or_else(unknown)?;
        let value = rules.columns()[column].values.iter().position(|known| known == says);
        let value = value.and_then(|place| u8::try_from(place).ok()).ok_or_else(unknown)?;
        let row = self.rows.entry(of).or_insert_with(|| Row { values: self.unsaid.clone(), said: 0 });
        let bit = 1u64.checked_shl(u32::try_from(column).unwrap_or(u32::MAX)).unwrap_or_default();
        row.values[column] = if row.said & bit == 0 { value } else { row.values[column].max(value) };
        row.said |= bit;
        Ok(())
    }

    /// The values of a processing by column, with the worst status of what it was made from.
    pub fn row(&self, rules: &Rules, of: ProcessingOf, parents: &[Parent]) -> Vec<u8> {
        let values = self.rows.get(&of).map_or(&self.unsaid, |row| &row.values);
        with_parents(rules, values, parents)
    }
}

/// Processing and subsystem of a mark's subject: `run840-p2/RQM`.
fn of_subsystem(word: &InForceWord) -> Option<(ProcessingOf, &str, &InForceWord)> {
    let (product, subsystem) = word.subject.split_once('/')?;
    Some((processing_named(product)?, subsystem, word))
}

fn processing_of(subject: DecisionSubject) -> Option<ProcessingOf> {
    match subject.part {
        Part::Processing(processing) => Some(ProcessingOf { run: subject.run, processing }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use monitasks::quality::Flag;
    use monitasks::vocab::{Processing, Sequence};
    use proptest::prelude::*;

    use super::*;
    use crate::bookkeeping::{Decision, Mark, MarkBody, NewDecision, NewEntry, SqliteStore};
    use crate::config::{CAL, RQM, Settings};
    use crate::decisions::status::{Derivation, ProductKind};
    use crate::decisions::{statuses, statuses_around};

    /// Something said, drawn by chance: of which run and processing, what kind of thing, which of its values, and whether in the
    /// place of what was said before.
    type Drawn = (u32, u32, u8, usize, bool);

    fn entry(kind: EntryKind, subject: String, run: u32, body: serde_json::Value) -> NewEntry {
        NewEntry {
            at: Timestamp::UNIX_EPOCH,
            kind,
            subject,
            run: Some(Run(run)),
            who: "Ada".into(),
            role: "shifter".into(),
            body,
            supersedes: Vec::new(),
            wish: None,
            seen: None,
        }
    }

    fn decision(run: u32, part: Part, stage: Stage, value: usize) -> NewEntry {
        let flag = Flag::ALL[value % Flag::ALL.len()];
        let decision = Decision { withdrawn: value.is_multiple_of(5), ..Decision::new(flag, "why") };
        let subject = DecisionSubject { run: Run(run), part, stage };
        let (who, role) = ("Ada".into(), "shifter".into());
        let at = Timestamp::UNIX_EPOCH;
        NewDecision { at, subject, decision, who, role, supersedes: Vec::new(), wish: None, seen: None }.entry().unwrap()
    }

    fn said((run, number, what, value, _): Drawn) -> NewEntry {
        let processing = Part::Processing(Processing(number));
        let mark = |subsystem: &str, words: &[&str]| {
            let body = serde_json::json!({"mark": words[value % words.len()], "comment": ""});
            entry(EntryKind::SubsystemMark, format!("run{run}-p{number}/{subsystem}"), run, body)
        };
        match what {
            0 => mark(RQM, &["good", "flawed", "bad", "unset"]),
            1 => mark(CAL, &["physics", "det_study", "unset"]),
            2 => mark("gone", &["good", "bad"]),
            3 => {
                let body = MarkBody { mark: Mark::ALL[value % Mark::ALL.len()], comment: String::new() };
                entry(EntryKind::Mark, format!("run{run}"), run, serde_json::to_value(body).unwrap())
            }
            4 => decision(run, processing, Stage::Reconstructed, value),
            5 => decision(run, processing, Stage::Raw, value),
            6 => decision(run, Part::Whole, Stage::Reconstructed, value),
            7 => decision(run, Part::Whole, Stage::Raw, value),
            8 => decision(run, Part::File(Sequence(number)), Stage::Reconstructed, value),
            _ => {
                let parents = vec![format!("run{}-p1", run + 1), format!("run{}-p2", run + 2)];
                let (product, of) = (format!("merged{run}"), None);
                let made = Derivation { product: product.clone(), kind: ProductKind::Merged, of, parents };
                entry(EntryKind::Derivation, product, run, serde_json::to_value(made).unwrap())
            }
        }
    }

    fn book(all: &[Drawn]) -> (tempfile::TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        for drawn in all {
            let mut new = said(*drawn);
            let before = store.in_force_on(new.kind, &new.subject).unwrap();
            if !before.is_empty() && !drawn.4 {
                continue;
            }
            new.supersedes = before.iter().map(|entry| entry.id).collect();
            store.append(&[new]).unwrap();
        }
        (folder, store)
    }

    /// A rule that asks for everything, so that a flag or a mark that is lost shows.
    fn settings() -> Settings {
        let text = r#"
            [[status.rule]]
            version = "all"
            from = "1970-01-01T00:00:00Z"
            default = 2
            cases = [
                { status = 0, when = { RQM = ["unset"], flag = ["UNCHECKED"] } },
                { status = 1, when = { RQM = ["good", "unset"], flag = ["OK", "MAYBE"], mark = ["ok", "unmarked"] } },
                { status = 1, when = { CAL = ["physics"], parents = ["none", "1"] } },
            ]
        "#;
        Settings::parse(text, std::path::Path::new("dqmon.toml")).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn statuses_from_words_alone_are_those_from_all_that_was_said(
            all in prop::collection::vec((1u32..4, 1u32..3, 0u8..10, 0usize..60, any::<bool>()), 0..40)
        ) {
            let (_folder, store) = book(&all);
            let settings = settings();
            let (quality, now) = (Quality::of(&settings), Timestamp::now());
            let derived = Heard::all(&store, quality).unwrap().derive(quality.marks, now).unwrap().all;
            let expected: BTreeMap<String, u8> = derived.into_iter().map(|(product, found)| (product, found.status)).collect();
            prop_assert_eq!(&statuses(&store, quality, now).unwrap(), &expected);
            let around = statuses_around(&store, quality, &[Run(1)], now).unwrap();
            for (product, status) in &around {
                prop_assert_eq!(expected.get(product), Some(status), "{}", product);
            }
            let of_run = |product: &&String| product.starts_with("run1-");
            prop_assert_eq!(around.keys().filter(of_run).count(), expected.keys().filter(of_run).count());
        }
    }
}

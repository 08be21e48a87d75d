//! Everything that statuses are derived from, as the book has it: of one run with what it was made from, or of all.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::de::DeserializeOwned;

use super::bodies::SubsystemMarkBody;
use super::flags::{Flags, Said};
use super::marks;
use super::quality::{Quality, StatusError};
use super::rulebook::rules;
use super::status::{Derivation, Derived, Graph, Inputs, Parent, ProcessingOf, ProductKind, Rules, Told, derive, inherited};
use crate::bookkeeping::{DecisionRecord, DecisionSubject, Entry, EntryId, EntryKind, MarkRecord, NewEntry, Part, Stage, Store};
use crate::config::{FLAG, MARK, MarkSettings};

/// What an entry is called in a status that is written together with it: the book puts its name there.
const WRITTEN_WITH_IT: &str = "@0";

/// Everything that statuses are derived from, at one moment.
pub(super) struct Heard {
    pub rules: Rules,
    /// Derivations that can't be true, as books that were joined may hold.
    pub refused: Vec<String>,
    graph: Graph,
    derivations: BTreeMap<String, Derivation>,
    entries: HashMap<Run, Vec<Entry>>,
    processings: BTreeSet<ProcessingOf>,
}

/// The status of every product, and what was known of each processing.
pub(super) struct Statuses {
    pub all: Vec<(String, Derived)>,
    pub inputs: HashMap<ProcessingOf, Inputs>,
    pub parents: HashMap<ProcessingOf, Vec<Parent>>,
}

/// What a processing is called among products: `run840-p2`.
#[must_use]
pub fn product_of(of: ProcessingOf) -> String {
    format!("{}-p{}", of.run, of.processing.0)
}

/// The processing that a name is of; none when it is another product's.
#[must_use]
pub fn processing_named(product: &str) -> Option<ProcessingOf> {
    let subject = (!product.contains('@')).then(|| product.parse::<DecisionSubject>().ok()).flatten()?;
    match subject.part {
        Part::Processing(processing) => Some(ProcessingOf { run: subject.run, processing }),
        _ => None,
    }
}

/// The processing of which an entry says something; none when it speaks of something else.
pub(super) fn processing_spoken_of(entry: &Entry) -> Option<ProcessingOf> {
    let subject = entry.subject.as_str();
    match entry.kind {
        EntryKind::SubsystemMark => subject.split_once('/').and_then(|(product, _)| processing_named(product)),
        EntryKind::Decision => processing_named(subject.split_once('@').map_or(subject, |(product, _)| product)),
        _ => None,
    }
}

impl Heard {
    /// Of the whole book.
    pub fn all(store: &dyn Store, quality: Quality<'_>) -> Result<Self, StatusError> {
        let mut heard = Heard::nothing(rules(store, quality)?);
        for record in store.processings()? {
            heard.processings.insert(ProcessingOf { run: record.run, processing: record.processing });
        }
        for kind in [EntryKind::SubsystemMark, EntryKind::Mark, EntryKind::Decision, EntryKind::Derivation] {
            for entry in store.in_force(kind)? {
                heard.take(entry)?;
            }
        }
        heard.link()?;
        Ok(heard)
    }

    /// All products of the book and what they were made from, with the processings that people spoke of and nothing of what they
    /// said.
    pub fn outline(store: &dyn Store, rules: Rules, spoken_of: BTreeSet<ProcessingOf>) -> Result<Self, StatusError> {
        let mut heard = Heard { processings: spoken_of, ..Heard::nothing(rules) };
        heard.processings.extend(store.processing_names()?.into_iter().map(|(run, processing)| ProcessingOf { run, processing }));
        for entry in store.in_force(EntryKind::Derivation)? {
            heard.take(entry)?;
        }
        heard.link()?;
        Ok(heard)
    }

    /// Of some runs and all that their processings were made from; and, if asked, of all that was made from those.
    pub fn around(store: &dyn Store, quality: Quality<'_>, runs: &[Run], with_children: bool) -> Result<Self, StatusError> {
        let mut heard = Heard::nothing(rules(store, quality)?);
        let mut waiting: Vec<Run> = runs.to_vec();
        let mut looked_for: HashSet<String> = HashSet::new();
        heard.read_runs(store, &mut waiting)?;
        if with_children {
            let seeds: Vec<String> = heard.processings.iter().copied().map(product_of).collect();
            for found in children_of(store, seeds)? {
                waiting.extend(found.of.map(|of| of.run));
                heard.add(found);
            }
        }
        loop {
            heard.read_runs(store, &mut waiting)?;
            let parents = heard.derivations.values().flat_map(|found| &found.parents);
            let unknown: Vec<String> = parents.filter(|parent| !looked_for.contains(*parent)).cloned().collect();
            if unknown.is_empty() {
                break;
            }
            for product in unknown {
                waiting.extend(processing_named(&product).map(|of| of.run));
                for entry in store.in_force_on(EntryKind::Derivation, &product)? {
                    let found: Derivation = read(&entry)?;
                    waiting.extend(found.of.map(|of| of.run));
                    heard.add(found);
                }
                looked_for.insert(product);
            }
        }
        heard.link()?;
        Ok(heard)
    }

    fn nothing(rules: Rules) -> Self {
        Heard {
            rules,
            refused: Vec::new(),
            graph: Graph::default(),
            derivations: BTreeMap::new(),
            entries: HashMap::new(),
            processings: BTreeSet::new(),
        }
    }

    /// Reads all that is in force on runs that were not read yet.
    fn read_runs(&mut self, store: &dyn Store, waiting: &mut Vec<Run>) -> Result<(), StatusError> {
        while let Some(run) = waiting.pop() {
            if self.entries.contains_key(&run) {
                continue;
            }
            self.entries.insert(run, Vec::new());
            for record in store.processings_of(run)? {
                self.processings.insert(ProcessingOf { run, processing: record.processing });
            }
            for entry in store.in_force_of_run(run)? {
                self.take(entry)?;
            }
        }
        Ok(())
    }

    /// Takes an entry in force; what it speaks of is known by it.
    fn take(&mut self, entry: Entry) -> Result<(), StatusError> {
        match entry.kind {
            EntryKind::Derivation => {
                self.add(read(&entry)?);
                return Ok(());
            }
            EntryKind::SubsystemMark | EntryKind::Decision => self.processings.extend(processing_spoken_of(&entry)),
            EntryKind::Mark => {}
            _ => return Ok(()),
        }
        if let Some(run) = entry.run {
            self.entries.entry(run).or_default().push(entry);
        }
        Ok(())
    }

    /// Where books differ on a product, all its parents count.
    fn add(&mut self, found: Derivation) {
        match self.derivations.get_mut(&found.product) {
            Some(known) => {
                known.of = known.of.or(found.of);
                for parent in found.parents {
                    if !known.parents.contains(&parent) {
                        known.parents.push(parent);
                    }
                }
            }
            None => drop(self.derivations.insert(found.product.clone(), found)),
        }
    }

    /// Puts all products into the graph: those that nobody recorded were made from nothing that is known.
    fn link(&mut self) -> Result<(), StatusError> {
        self.graph = Graph::default();
        self.refused.clear();
        self.processings.extend(self.derivations.values().filter_map(|found| found.of));
        for found in self.derivations.values() {
            if let Err(error) = self.graph.add(found) {
                self.refused.push(error.to_string());
            }
        }
        let derived: HashSet<ProcessingOf> = self.derivations.values().filter_map(|found| found.of).collect();
        for of in self.processings.iter().filter(|of| !derived.contains(of)) {
            let alone =
                Derivation { product: product_of(*of), kind: ProductKind::Reconstructed, of: Some(*of), parents: Vec::new() };
            if self.graph.parents(&alone.product).is_empty() {
                self.graph.add(&alone)?;
            }
        }
        Ok(())
    }

    /// The same with something new said of a run.
    pub fn with(mut self, new: &NewEntry) -> Result<Self, StatusError> {
        let Some(run) = new.run else { return Ok(self) };
        let entries = self.entries.entry(run).or_default();
        entries.retain(|entry| !new.supersedes.contains(&entry.id));
        self.take(not_yet_written(new))?;
        self.link()?;
        Ok(self)
    }

    /// All processings.
    pub fn processings(&self) -> impl Iterator<Item = ProcessingOf> + '_ {
        self.processings.iter().copied()
    }

    /// The processings of a run.
    pub fn of_run(&self, run: Run) -> Vec<ProcessingOf> {
        self.processings.iter().copied().filter(|of| of.run == run).collect()
    }

    /// The run that a product is of; none for what was put together from several.
    pub fn run_of(&self, product: &str) -> Option<Run> {
        let of = self.derivations.get(product).and_then(|found| found.of);
        of.or_else(|| processing_named(product)).map(|of| of.run)
    }

    /// What people said of each processing.
    pub fn inputs(&self, marks: &MarkSettings) -> Result<HashMap<ProcessingOf, Inputs>, StatusError> {
        let of = |of: &ProcessingOf| {
            let entries = self.entries.get(&of.run).map_or(&[][..], Vec::as_slice);
            Ok((*of, inputs_of(&self.rules, marks, *of, entries)?))
        };
        self.processings.iter().map(of).collect()
    }

    /// What was said of each processing, and its parents with their statuses; and the status of every product.
    pub fn derive(&self, marks: &MarkSettings, at: Timestamp) -> Result<Statuses, StatusError> {
        let inputs = self.inputs(marks)?;
        let mut derived: HashMap<String, Derived> = HashMap::new();
        let mut parents: HashMap<ProcessingOf, Vec<Parent>> = HashMap::new();
        let carried = self.graph.carry(&self.rules, |product, of, of_parents| {
            let of = of?;
            let found = derive(&self.rules, inputs.get(&of)?, of_parents, at);
            let own = found.own;
            parents.insert(of, of_parents.to_vec());
            derived.insert(product.to_owned(), found);
            Some(own)
        });
        let all = carried.into_iter().map(|carried| {
            let found = derived.remove(&carried.product).unwrap_or_else(|| inherited(&self.rules, &carried, at));
            (carried.product, found)
        });
        Ok(Statuses { all: all.collect(), inputs, parents })
    }

    /// The status of every product under some rules, and nothing else of it. `row` answers the values that people said of a
    /// processing, by column.
    pub fn numbers(
        &self,
        rules: &Rules,
        at: Timestamp,
        row: impl Fn(ProcessingOf, &[Parent]) -> Option<Vec<u8>>,
    ) -> Vec<(String, u8)> {
        let judge = rules.at(at);
        let own = |_: &str, of: Option<ProcessingOf>, parents: &[Parent]| Some(judge.own(&row(of?, parents)?).0);
        self.graph.carry(rules, own).into_iter().map(|carried| (carried.product, carried.status)).collect()
    }
}

/// The derivations of all that was made from some products, at first or second hand.
fn children_of(store: &dyn Store, seeds: Vec<String>) -> Result<Vec<Derivation>, StatusError> {
    let mut of_parent: HashMap<String, Vec<Derivation>> = HashMap::new();
    for entry in store.in_force(EntryKind::Derivation)? {
        let found: Derivation = read(&entry)?;
        for parent in &found.parents {
            of_parent.entry(parent.clone()).or_default().push(found.clone());
        }
    }
    let mut next = seeds;
    let mut found = Vec::new();
    while let Some(product) = next.pop() {
        for child in of_parent.remove(&product).unwrap_or_default() {
            next.push(child.product.clone());
            found.push(child);
        }
    }
    Ok(found)
}

/// An entry as it will stand in the book, but for its name.
fn not_yet_written(new: &NewEntry) -> Entry {
    Entry {
        id: EntryId { book: crate::bookkeeping::BookId(0), number: 0 },
        place: i64::MAX,
        at: new.at,
        kind: new.kind,
        subject: new.subject.clone(),
        run: new.run,
        who: new.who.clone(),
        role: new.role.clone(),
        host: String::new(),
        body: new.body.clone(),
        supersedes: new.supersedes.clone(),
        wish: new.wish.clone(),
        previous: String::new(),
        hash: String::new(),
    }
}

/// The name of an entry, also of one that is being written.
fn name_of(entry: &Entry) -> String {
    if entry.hash.is_empty() { WRITTEN_WITH_IT.to_owned() } else { entry.id.to_string() }
}

/// The flags in force, of some entries in force. A decision that was taken back says nothing.
///
/// # Errors
/// When an entry is not what it should be.
pub fn flags<'a>(entries: impl IntoIterator<Item = &'a Entry>, settings: &MarkSettings) -> Result<Flags, StatusError> {
    let (mut decisions, mut marked) = (Vec::new(), Vec::new());
    for entry in entries {
        let damaged = |why| StatusError::Damaged { entry: entry.id, why };
        let said = |subject, flag| {
            let (who, role) = (entry.who.clone(), entry.role.clone());
            Said { subject, flag, at: entry.at, who, role, entry: name_of(entry) }
        };
        match entry.kind {
            EntryKind::Decision => {
                let record = DecisionRecord::of(entry).map_err(damaged)?;
                if !record.decision.withdrawn {
                    decisions.push(said(record.subject, record.decision.flag));
                }
            }
            EntryKind::Mark => {
                let mark = MarkRecord::of(entry).map_err(damaged)?;
                marked.extend(marks::flag_of(settings, mark.mark).map(|flag| said(DecisionSubject::run(mark.run), flag)));
            }
            _ => {}
        }
    }
    Ok(Flags::new(decisions, marked))
}

/// What people said of a processing, of the entries in force on its run.
///
/// # Errors
/// When an entry is not what it should be.
pub fn inputs_of(rules: &Rules, settings: &MarkSettings, of: ProcessingOf, entries: &[Entry]) -> Result<Inputs, StatusError> {
    let mut inputs = Inputs::unsaid(rules);
    let prefix = format!("{}/", product_of(of));
    for entry in entries {
        match entry.kind {
            EntryKind::SubsystemMark => {
                // What a subsystem said that the settings no longer know, no rule can ask for.
                let subsystem = entry.subject.strip_prefix(&prefix).filter(|subsystem| rules.column(subsystem).is_some());
                if let Some(subsystem) = subsystem {
                    let body: SubsystemMarkBody = read(entry)?;
                    inputs.say(rules, subsystem, body.mark.word(), Some(told(entry)))?;
                }
            }
            EntryKind::Mark => {
                let mark = MarkRecord::of(entry).map_err(|why| StatusError::Damaged { entry: entry.id, why })?;
                inputs.say(rules, MARK, mark.mark.word(), Some(told(entry)))?;
            }
            _ => {}
        }
    }
    let subject = DecisionSubject { run: of.run, part: Part::Processing(of.processing), stage: Stage::Reconstructed };
    for said in flags(entries, settings)?.of(subject, None, &[]).by {
        let told = Told { who: said.who, role: said.role, at: said.at, entry: said.entry };
        inputs.say(rules, FLAG, said.flag.word(), Some(told))?;
    }
    Ok(inputs)
}

fn told(entry: &Entry) -> Told {
    Told { who: entry.who.clone(), role: entry.role.clone(), at: entry.at, entry: name_of(entry) }
}

/// The body of an entry.
pub(super) fn read<T: DeserializeOwned>(entry: &Entry) -> Result<T, StatusError> {
    entry.read().map_err(|error| StatusError::Damaged { entry: entry.id, why: error.to_string() })
}

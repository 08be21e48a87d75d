//! Why a status is what it is, and the smallest changes of what people said that would alter it.

use jiff::Timestamp;
use serde::Serialize;

use super::derive::{Derived, Inputs, Parent, derive, place_of};
use super::rule::{Judge, Rules};
use crate::config::PARENTS;

/// A rule that asks for very many inputs is not searched to the end: this many rows are tried.
const MOST_TRIED: usize = 300_000;

/// A value that would be another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The input; `parents` for the worst status of what the product was made from.
    pub input: String,
    /// Its value now.
    pub from: String,
    /// The value it would have.
    pub to: String,
    /// For `parents`, the products that would all have to become so, and none when one that gets worse is enough; empty for others.
    pub products: Vec<String>,
}

/// Changes that together would alter the status; none of them can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeSet {
    /// The status it would have.
    pub status: u8,
    /// The changes, each of another input.
    pub changes: Vec<Change>,
}

/// Why a status is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The status and all that led to it.
    pub derived: Derived,
    /// The smallest changes that would alter it: of no set a part would alter it too. Fewest changes first.
    pub alter: Vec<ChangeSet>,
    /// The smallest changes that would make it good, where it is not: of no set a part would make it good too.
    pub make_good: Vec<ChangeSet>,
    /// Whether all were tried; a rule with very many inputs is not searched to the end.
    pub is_complete: bool,
    /// The same in words, a line each.
    pub lines: Vec<String>,
}

/// Why a processing has its status at a moment, and what would alter it.
#[must_use]
pub fn why(rules: &Rules, inputs: &Inputs, parents: &[Parent], at: Timestamp) -> Why {
    let derived = derive(rules, inputs, parents, at);
    let judge = rules.at(at);
    let row = inputs.row(rules, parents);
    let good = rules.settings().good;
    let (alter, all_altering) = smallest(&judge, &row, parents, |status| status != derived.status);
    let (make_good, all_good) =
        if derived.status == good { (Vec::new(), true) } else { smallest(&judge, &row, parents, |status| status == good) };
    let mut why = Why { derived, alter, make_good, is_complete: all_altering && all_good, lines: Vec::new() };
    why.lines = lines(rules, &why, at);
    why
}

/// Values that a row would have, by column.
type Set = Vec<(usize, u8)>;

/// The smallest sets of changes that reach a goal, by growing size; and whether all were tried.
fn smallest(judge: &Judge<'_>, row: &[u8], parents: &[Parent], goal: impl Fn(u8) -> bool) -> (Vec<ChangeSet>, bool) {
    let rules = judge.rules();
    let columns = rules.columns();
    let of_parents = rules.parents_column();
    let mut asked = judge.asked();
    asked.retain(|column| *column != of_parents);
    // What was made from nothing stays so; parents may get another status.
    if !parents.is_empty() {
        asked.push(of_parents);
    }
    let mut search = Search { judge, goal, row: row.to_vec(), found: Vec::new(), tried: 0 };
    for size in 1..=asked.len() {
        let before = search.found.clone();
        search.grow(&asked, size, &mut Vec::new(), &before);
    }
    let is_complete = search.tried < MOST_TRIED;
    let value = |column: usize, place: u8| columns[column].values.get(usize::from(place)).cloned().unwrap_or_default();
    let sets = search.found.iter().map(|set| {
        let mut changed = row.to_vec();
        set.iter().for_each(|(column, place)| changed[*column] = *place);
        let change = |(column, place): &(usize, u8)| Change {
            input: columns[*column].name.clone(),
            from: value(*column, row[*column]),
            to: value(*column, *place),
            products: if *column == of_parents { worse_than(rules, parents, *place) } else { Vec::new() },
        };
        ChangeSet { status: judge.status(&changed), changes: set.iter().map(change).collect() }
    });
    (sets.collect(), is_complete)
}

/// The parents that are worse than the status at a place of the parents' column.
fn worse_than(rules: &Rules, parents: &[Parent], place: u8) -> Vec<String> {
    parents.iter().filter(|parent| place_of(rules, parent.status) > place).map(|parent| parent.product.clone()).collect()
}

/// A search through the values of some columns.
struct Search<'a, G> {
    judge: &'a Judge<'a>,
    goal: G,
    row: Vec<u8>,
    found: Vec<Set>,
    tried: usize,
}

impl<G: Fn(u8) -> bool> Search<'_, G> {
    /// Tries all sets of `size` more changes in `columns`, leaving out those that hold a set of `smaller`.
    fn grow(&mut self, columns: &[usize], size: usize, set: &mut Set, smaller: &[Set]) {
        if size == 0 {
            self.tried += 1;
            if (self.goal)(self.judge.status(&self.row)) {
                self.found.push(set.clone());
            }
            return;
        }
        for (place, column) in columns.iter().enumerate() {
            let (column, before) = (*column, self.row[*column]);
            let is_parents = column == self.judge.rules().parents_column();
            let values = self.judge.rules().columns()[column].values.len();
            for value in
                (usize::from(is_parents)..values).filter_map(|value| u8::try_from(value).ok()).filter(|value| *value != before)
            {
                if self.tried >= MOST_TRIED {
                    return;
                }
                set.push((column, value));
                let holds_smaller = smaller.iter().any(|known| known.iter().all(|change| set.contains(change)));
                if !holds_smaller {
                    self.row[column] = value;
                    self.grow(&columns[place + 1..], size - 1, set, smaller);
                    self.row[column] = before;
                }
                set.pop();
            }
        }
    }
}

fn lines(rules: &Rules, why: &Why, at: Timestamp) -> Vec<String> {
    let derived = &why.derived;
    let named = |status: u8| format!("{status} ({})", rules.settings().word(status));
    let mut lines = vec![match derived.version.as_str() {
        "" => format!("status {} at {at}: {}", named(derived.status), derived.because),
        version => format!("status {} at {at}, rule {version:?}: {}", named(derived.status), reason(derived, &named)),
    }];
    for input in &derived.inputs {
        let told = input.told.iter().map(|told| format!("{} ({}), {}", told.who, told.role, told.at)).collect::<Vec<_>>();
        let told = if told.is_empty() { "nobody has said it".to_owned() } else { format!("said by {}", told.join(" and by ")) };
        let differ = if input.conflict { "; the books differ, and the worse counts" } else { "" };
        lines.push(format!("  {} is {}: {told}{differ}", input.name, input.value));
    }
    for used in &derived.override_used {
        lines.push(format!(
            "  {} = {} counts as {} from {} to {} (override {:?} of {}: {})",
            used.input, used.said, used.counted_as, used.from, used.to, used.name, used.who, used.why
        ));
    }
    if derived.without_overrides != derived.status {
        lines.push(format!("  without overrides it would be {}", named(derived.without_overrides)));
    }
    for parent in &derived.inherited_from {
        lines.push(format!("  made from {}, which is {}", parent.product, named(parent.status)));
    }
    let good = rules.settings().good;
    if derived.status != good {
        lines.extend(in_words(&why.make_good, &named));
        if why.make_good.is_empty() {
            lines.push(format!("nothing that people could say would make it {}", named(good)));
        }
    }
    let other: Vec<ChangeSet> = why.alter.iter().filter(|set| set.status != good).cloned().collect();
    lines.extend(in_words(&other, &named));
    if !why.is_complete {
        lines.push("the rule asks for very many inputs: not all changes were tried".to_owned());
    }
    lines
}

fn reason(derived: &Derived, named: &impl Fn(u8) -> String) -> String {
    let case = derived.case.map_or_else(String::new, |case| format!("case {case}, "));
    let because = if derived.because.is_empty() { "it holds" } else { derived.because.as_str() };
    if derived.own == derived.status {
        format!("{case}{because}")
    } else {
        format!("by itself {}, {case}{because}; worse by what it was made from", named(derived.own))
    }
}

/// Sets of changes in words, those of the same inputs to the same status in one line; values of a lone input are listed together.
fn in_words(sets: &[ChangeSet], named: &impl Fn(u8) -> String) -> Vec<String> {
    let mut lines: Vec<(u8, Vec<String>, Vec<String>)> = Vec::new();
    for set in sets {
        let inputs: Vec<String> = set.changes.iter().map(|change| change.input.clone()).collect();
        let values = set.changes.iter().map(words_of).collect::<Vec<_>>().join(" and ");
        match lines.iter_mut().find(|(status, of, _)| *status == set.status && *of == inputs) {
            Some((_, _, all)) => all.push(values),
            None => lines.push((set.status, inputs, vec![values])),
        }
    }
    lines.into_iter().map(|(status, _, all)| format!("it would be {} with {}", named(status), all.join(", or "))).collect()
}

fn words_of(change: &Change) -> String {
    if change.input != PARENTS {
        return format!("{} {}", change.input, change.to);
    }
    match change.products.as_slice() {
        [] => format!("a parent at {}", change.to),
        [some @ .., _, _] if some.len() > 3 => {
            format!("{} and {} more at {}", change.products[..3].join(", "), change.products.len() - 3, change.to)
        }
        all => format!("{} at {}", all.join(", "), change.to),
    }
}

//! The status of one processing: the rule's answer to what people said, with all that led to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lineage::Carried;
use super::rule::Rules;

/// Who said something, when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// Its entry in the book.
    pub entry: String,
}

/// What people said of a processing: a value for each input of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    row: Vec<u8>,
    told: Vec<Vec<Told>>,
    differ: Vec<bool>,
}

/// Something was said that no rule could ask for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no input of rules is {input} = {value:?}; there are: {known}")]
pub struct UnknownInput {
    /// The input as given.
    pub input: String,
    /// The value as given.
    pub value: String,
    /// The inputs there are, or the input's values.
    pub known: String,
}

/// What a product was made from, with its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The product.
    pub product: String,
    /// Its status.
    pub status: u8,
}

/// An input as it was when a status was derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownInput {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Who said it; empty while nobody did, several when books differ.
    pub told: Vec<Told>,
    /// Books differ, and the worse value counts.
    pub conflict: bool,
}

/// An override that touched an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The override's name.
    pub name: String,
    /// The input.
    pub input: String,
    /// The value that people said.
    pub said: String,
    /// The value it was counted as.
    pub counted_as: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Who decided the override.
    pub who: String,
    /// Why.
    pub why: String,
}

/// A derived status with all that led to it; also the body of its entry in the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// The status: the worse of its own and its parents'.
    pub status: u8,
    /// The status in words.
    pub word: String,
    /// What the rule alone gives.
    pub own: u8,
    /// What it would be without overrides.
    pub without_overrides: u8,
    /// The rule's version; empty when no rule was in force.
    pub version: String,
    /// The case that held, from 1; none when none did.
    pub case: Option<usize>,
    /// The case in words.
    pub because: String,
    /// Overrides that touched an input.
    pub override_used: Vec<Touched>,
    /// The inputs that the rule asks for or that somebody said something of.
    pub inputs: Vec<ShownInput>,
    /// The parents whose status is worse than its own: the worst of them is what it has.
    pub inherited_from: Vec<Parent>,
}

impl Inputs {
    /// Nobody has said anything.
    #[must_use]
    pub fn unsaid(rules: &Rules) -> Self {
        let width = rules.columns().len();
        Inputs { row: rules.unsaid_row(), told: vec![Vec::new(); width], differ: vec![false; width] }
    }

    /// Somebody said something. Said twice of one input, books differ: the worse value counts.
    ///
    /// # Errors
    /// When there is no such input, or it never has that value.
    pub fn say(&mut self, rules: &Rules, input: &str, value: &str, told: Option<Told>) -> Result<(), UnknownInput> {
        let unknown = |known: Vec<&str>| UnknownInput { input: input.into(), value: value.into(), known: known.join(", ") };
        let columns = rules.columns();
        let column = rules.column(input);
        let column = column.ok_or_else(|| unknown(columns.iter().map(|column| column.name.as_str()).collect()))?;
        let values = &columns[column].values;
        let place = values.iter().position(|known| known == value).and_then(|place| u8::try_from(place).ok());
        let place = place.ok_or_else(|| unknown(values.iter().map(String::as_str).collect()))?;
        if self.told[column].is_empty() {
            self.row[column] = place;
        } else {
            self.differ[column] |= self.row[column] != place;
            self.row[column] = self.row[column].max(place);
        }
        self.told[column].extend(told);
        Ok(())
    }

    /// The values by column, with the worst status of the parents in its column.
    #[must_use]
    pub fn row(&self, rules: &Rules, parents: &[Parent]) -> Vec<u8> {
        with_parents(rules, &self.row, parents)
    }
}

/// Values by column with the worst status of the parents in its column.
#[must_use]
pub fn with_parents(rules: &Rules, values: &[u8], parents: &[Parent]) -> Vec<u8> {
    let mut row = values.to_vec();
    let worst = parents.iter().map(|parent| parent.status).reduce(|one, other| rules.worse(one, other));
    row[rules.parents_column()] = worst.map_or(0, |status| place_of(rules, status));
    row
}

/// The status of a product that people say nothing of, such as one merged from several: what it has from its parents.
#[must_use]
pub fn inherited(rules: &Rules, carried: &Carried, at: Timestamp) -> Derived {
    let because = if carried.inherited_from.is_empty() && carried.status == rules.settings().unchecked {
        "nothing is known of what it was made from"
    } else {
        "the worst of what it was made from"
    };
    Derived {
        status: carried.status,
        word: rules.settings().word(carried.status),
        own: carried.own.unwrap_or(carried.status),
        without_overrides: carried.status,
        version: rules.at(at).rule().map(|rule| rule.version.clone()).unwrap_or_default(),
        case: None,
        because: because.to_owned(),
        override_used: Vec::new(),
        inputs: Vec::new(),
        inherited_from: carried.inherited_from.clone(),
    }
}

/// The place of a status among the values of the parents' column; one that has no meaning counts as the worst.
pub(super) fn place_of(rules: &Rules, status: u8) -> u8 {
    let meanings = &rules.settings().meanings;
    let place = meanings.iter().position(|meaning| meaning.number == status).map_or(meanings.len(), |place| place + 1);
    u8::try_from(place).unwrap_or(u8::MAX)
}

/// The status of a processing at a moment: by the rule and the overrides of that moment, and its parents' where that is worse.
#[must_use]
pub fn derive(rules: &Rules, inputs: &Inputs, parents: &[Parent], at: Timestamp) -> Derived {
    let judge = rules.at(at);
    let row = inputs.row(rules, parents);
    let (own, case) = judge.own(&row);
    let status = judge.status(&row);
    let rule = judge.rule();
    let because = match (case.and_then(|place| Some(&rule?.cases[place])), rule) {
        (Some(case), _) => case.because.clone(),
        (None, Some(_)) => "no case of the rule holds".to_owned(),
        (None, None) => "no rule is in force yet".to_owned(),
    };
    let value = |column: usize| rules.columns()[column].values.get(usize::from(row[column])).cloned().unwrap_or_default();
    let touched = judge.overrides_on(&row).into_iter().map(|(column, found)| Touched {
        name: found.name.clone(),
        input: found.input.clone(),
        said: value(column),
        counted_as: found.counted_as.clone(),
        from: found.from,
        to: found.to,
        who: found.who.clone(),
        why: found.why.clone(),
    });
    let asked = judge.asked();
    let shown = (0..row.len()).filter(|column| asked.contains(column) || !inputs.told[*column].is_empty());
    let shown = shown.map(|column| ShownInput {
        name: rules.columns()[column].name.clone(),
        value: value(column),
        told: inputs.told[column].clone(),
        conflict: inputs.differ[column],
    });
    let is_worse = |parent: &&Parent| parent.status != own && rules.worse(own, parent.status) == parent.status;
    Derived {
        status,
        word: rules.settings().word(status),
        own,
        without_overrides: judge.plain().status(&row),
        version: rule.map(|rule| rule.version.clone()).unwrap_or_default(),
        case: case.map(|place| place + 1),
        because,
        override_used: touched.collect(),
        inputs: shown.collect(),
        inherited_from: parents.iter().filter(is_worse).cloned().collect(),
    }
}

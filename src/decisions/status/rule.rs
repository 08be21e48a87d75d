//! Rules and overrides of the settings as they are asked: inputs are columns, values are their places in the column's domain.

use jiff::Timestamp;

use crate::config::{InputDomain, MarkSettings, OverrideSettings, PARENTS, RuleSettings, StatusSettings, inputs};

/// Rules that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule not taken: {what}")]
pub struct RuleError {
    /// What is wrong, and what there is instead.
    pub what: String,
}

/// The rules there have been and are, with the overrides, ready to be asked.
#[derive(Debug, Clone)]
pub struct Rules {
    marks: MarkSettings,
    settings: StatusSettings,
    columns: Vec<InputDomain>,
    rules: Vec<Rule>,
    swaps: Vec<Swap>,
    /// How bad a status is, by its number; a number without a meaning is the worst.
    badness: [u8; 256],
}

/// A rule with its inputs as columns.
#[derive(Debug, Clone)]
struct Rule {
    default: u8,
    cases: Vec<Case>,
}

#[derive(Debug, Clone)]
struct Case {
    status: u8,
    /// Columns with the set of values that each must have one of, a bit for each value.
    conditions: Vec<(usize, u64)>,
}

/// An override as columns have it.
#[derive(Debug, Clone)]
struct Swap {
    column: usize,
    counts: u64,
    counted_as: u8,
}

/// What is in force at a moment: a rule, and the overrides of that time.
#[derive(Debug, Clone)]
pub struct Judge<'a> {
    rules: &'a Rules,
    place: Option<usize>,
    overrides: Vec<usize>,
}

impl Rules {
    /// The rules of the settings.
    ///
    /// # Errors
    /// When the settings contradict themselves; with what there is instead.
    pub fn new(marks: &MarkSettings, settings: &StatusSettings) -> Result<Self, RuleError> {
        if let Some((_, what)) = marks.fault().or_else(|| settings.fault(marks)) {
            return Err(RuleError { what });
        }
        let columns = inputs(marks, settings);
        // The settings have been looked through: every name and value has its place.
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        let value = |column: usize, value: &str| columns[column].values.iter().position(|known| known == value);
        let mask = |column: usize, values: &[String]| {
            values.iter().filter_map(|wanted| value(column, wanted)).fold(0u64, |mask, place| mask | 1 << place)
        };
        let rules = settings.rule.iter().map(|rule| Rule {
            default: rule.default,
            cases: rule
                .cases
                .iter()
                .map(|case| Case {
                    status: case.status,
                    conditions: case
                        .when
                        .iter()
                        .filter_map(|(input, values)| place(input).map(|column| (column, mask(column, values))))
                        .collect(),
                })
                .collect(),
        });
        let rules = rules.collect();
        let swaps = settings.overrides.iter().filter_map(|found| {
            let column = place(&found.input)?;
            let counted_as = u8::try_from(value(column, &found.counted_as)?).ok()?;
            Some(Swap { column, counts: mask(column, &found.counts), counted_as })
        });
        let swaps = swaps.collect();
        let mut badness = [u8::MAX; 256];
        for (place, meaning) in settings.meanings.iter().enumerate() {
            badness[usize::from(meaning.number)] = u8::try_from(place).unwrap_or(u8::MAX);
        }
        Ok(Rules { marks: marks.clone(), settings: settings.clone(), columns, rules, swaps, badness })
    }

    /// These rules and one more, as somebody thinks of saving it.
    ///
    /// # Errors
    /// When the rule can't be used.
    pub fn with_rule(&self, rule: RuleSettings) -> Result<Rules, RuleError> {
        let mut settings = self.settings.clone();
        settings.rule.push(rule);
        Rules::new(&self.marks, &settings)
    }

    /// These rules and one more override.
    ///
    /// # Errors
    /// When the override can't be used.
    pub fn with_override(&self, found: OverrideSettings) -> Result<Rules, RuleError> {
        let mut settings = self.settings.clone();
        settings.overrides.push(found);
        Rules::new(&self.marks, &settings)
    }

    /// The settings they were made from.
    #[must_use]
    pub fn settings(&self) -> &StatusSettings {
        &self.settings
    }

    /// The inputs that rules may ask for, in the order of columns.
    #[must_use]
    pub fn columns(&self) -> &[InputDomain] {
        &self.columns
    }

    /// The column of an input; none when there is no such input.
    #[must_use]
    pub fn column(&self, input: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == input)
    }

    /// The column of the parents' status: the last.
    pub(super) fn parents_column(&self) -> usize {
        self.column(PARENTS).unwrap_or_default()
    }

    /// A row in which nobody has said anything.
    #[must_use]
    pub fn unsaid_row(&self) -> Vec<u8> {
        self.columns.iter().map(|column| u8::try_from(column.unsaid).unwrap_or_default()).collect()
    }

    /// The worse of two statuses.
    #[must_use]
    pub fn worse(&self, one: u8, other: u8) -> u8 {
        if self.badness[usize::from(other)] > self.badness[usize::from(one)] { other } else { one }
    }

    /// What is in force at a moment: the last rule whose date has come, and the overrides whose time it is.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Judge<'_> {
        let come = self.settings.rule.iter().enumerate().filter(|(_, rule)| rule.from <= at);
        let place = come.max_by_key(|(_, rule)| rule.from).map(|(place, _)| place);
        let all = self.settings.overrides.iter().enumerate();
        let overrides = all.filter(|(_, found)| found.from <= at && at < found.to).map(|(place, _)| place).collect();
        Judge { rules: self, place, overrides }
    }

    /// One version of the rule, with the overrides of a moment, whatever the rule's date; none when there is no such version.
    #[must_use]
    pub fn version(&self, version: &str, at: Timestamp) -> Option<Judge<'_>> {
        let place = self.settings.rule.iter().position(|rule| rule.version == version)?;
        Some(Judge { place: Some(place), ..self.at(at) })
    }
}

impl<'a> Judge<'a> {
    /// The rule in force; none when the date of the first has not come.
    #[must_use]
    pub fn rule(&self) -> Option<&'a RuleSettings> {
        self.place.map(|place| &self.rules.settings.rule[place])
    }

    /// The rules it is of.
    #[must_use]
    pub fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// The status that the rule gives a row (values by column), and the place of the case that holds; without what it inherits.
    #[must_use]
    pub fn own(&self, row: &[u8]) -> (u8, Option<usize>) {
        let Some(rule) = self.place.map(|place| &self.rules.rules[place]) else {
            return (self.rules.settings.unchecked, None);
        };
        let holds = |case: &Case| case.conditions.iter().all(|(column, values)| has(*values, self.counted(row, *column)));
        match rule.cases.iter().position(holds) {
            Some(place) => (rule.cases[place].status, Some(place)),
            None => (rule.default, None),
        }
    }

    /// The status of a row: the worse of its own and its parents'.
    #[must_use]
    pub fn status(&self, row: &[u8]) -> u8 {
        let own = self.own(row).0;
        let parents = row[self.rules.parents_column()];
        let meaning = parents.checked_sub(1).and_then(|place| self.rules.settings.meanings.get(usize::from(place)));
        meaning.map_or(own, |meaning| self.rules.worse(own, meaning.number))
    }

    /// The value that a column counts as, after overrides.
    fn counted(&self, row: &[u8], column: usize) -> u8 {
        self.override_on(row, column).map_or(row[column], |place| self.rules.swaps[place].counted_as)
    }

    /// The place of the override that touches a row's column: the first of those in force, and only one.
    fn override_on(&self, row: &[u8], column: usize) -> Option<usize> {
        let touches = |place: &usize| {
            let swap = &self.rules.swaps[*place];
            swap.column == column && has(swap.counts, row[column])
        };
        self.overrides.iter().copied().find(touches)
    }

    /// The overrides that touch a row: each with its column.
    #[must_use]
    pub fn overrides_on(&self, row: &[u8]) -> Vec<(usize, &'a OverrideSettings)> {
        let touched = (0..row.len()).filter_map(|column| Some((column, self.override_on(row, column)?)));
        touched.map(|(column, place)| (column, &self.rules.settings.overrides[place])).collect()
    }

    /// The same rule with no overrides.
    #[must_use]
    pub fn plain(&self) -> Judge<'a> {
        Judge { overrides: Vec::new(), ..self.clone() }
    }

    /// The columns that the rule asks for, each once, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<usize> {
        let rule = self.place.map(|place| &self.rules.rules[place]);
        let cases = rule.map_or(&[][..], |rule| &rule.cases);
        let mut columns: Vec<usize> = cases.iter().flat_map(|case| case.conditions.iter().map(|(column, _)| *column)).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

/// Whether a set of values has the one at a place.
fn has(values: u64, place: u8) -> bool {
    values.checked_shr(u32::from(place)).is_some_and(|bits| bits & 1 == 1)
}

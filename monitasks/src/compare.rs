//! Two results of the same kind against each other: what differs, by how much, and how surprising that is.
//!
//! Made for two processings of one run: another version, other settings, another site. Numbers are matched by table, column and
//! row. A difference is weighed by the errors of both numbers where they have any, and else by how far the other rows of the
//! same column differ. Two processings of one run share their raw data, so their errors are not independent and a difference
//! means more than its significance says: it is a rank, not a probability.

use serde::{Deserialize, Serialize};

use crate::summary::{Measured, Summary, Table};

/// What became of two results of one kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// What differs, the most different first.
    pub differences: Vec<Difference>,
    /// Numbers measured in both.
    pub compared: usize,
    /// Those of them that are the same to the last bit.
    pub identical: usize,
    /// Numbers that were not there to measure in either.
    pub missing_in_both: usize,
    /// Tables and columns that only one of the two has: not compared.
    pub unmatched: Vec<String>,
}

/// One number of two results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where it stands: `lems/dqds_v0`.
    pub quantity: String,
    /// Its row: `LEM 3`, `view 0`, `strip 17`.
    pub row: String,
    /// The unit of both; empty for none.
    pub unit: String,
    /// In the first result.
    pub first: Measured,
    /// In the second result.
    pub second: Measured,
    /// Second less first, in the unit; none when only one has a number.
    pub difference: Option<f64>,
    /// How large that is.
    pub significance: Significance,
}

/// How large a difference is, from the smallest kind to the largest.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(tag = "against", content = "sigmas", rename_all = "snake_case")]
pub enum Significance {
    /// In standard deviations of both numbers' errors together.
    Errors(f64),
    /// The numbers have no errors: in robust standard deviations of the column's differences about their median.
    Column(f64),
    /// The numbers have no errors, and at least half of the column does not differ at all.
    Alone,
    /// Only one of the two has a number.
    OneMissing,
}

impl Significance {
    /// The size for ranking: infinite where no number tells it.
    #[must_use]
    pub fn sigmas(self) -> f64 {
        match self {
            Significance::Errors(sigmas) | Significance::Column(sigmas) => sigmas,
            Significance::Alone | Significance::OneMissing => f64::INFINITY,
        }
    }

    /// For people: `3.2 sigma`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Significance::Errors(sigmas) => format!("{sigmas:.1} sigma"),
            Significance::Column(sigmas) => format!("{sigmas:.1} sigma of the column"),
            Significance::Alone => "alone in its column".into(),
            Significance::OneMissing => "only in one".into(),
        }
    }
}

/// Compares two results of the same kind.
#[must_use]
pub fn compare(first: &Summary, second: &Summary) -> Comparison {
    let mut comparison = Comparison::default();
    for table in &first.tables {
        match second.table(&table.name) {
            Some(other) => compare_tables(table, other, &mut comparison),
            None => comparison.unmatched.push(format!("{} (only in the first)", table.name)),
        }
    }
    for table in second.tables.iter().filter(|table| first.table(&table.name).is_none()) {
        comparison.unmatched.push(format!("{} (only in the second)", table.name));
    }
    comparison.rank();
    comparison
}

impl Comparison {
    /// Adds what another pair of results showed.
    pub fn add(&mut self, other: Comparison) {
        self.differences.extend(other.differences);
        self.compared += other.compared;
        self.identical += other.identical;
        self.missing_in_both += other.missing_in_both;
        self.unmatched.extend(other.unmatched);
        self.rank();
    }

    /// Differences of at least so many standard deviations, and those that no number weighs.
    pub fn beyond(&self, sigmas: f64) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.significance.sigmas() >= sigmas)
    }

    fn rank(&mut self) {
        self.differences.sort_by(|one, other| other.significance.sigmas().total_cmp(&one.significance.sigmas()));
    }
}

fn compare_tables(first: &Table, second: &Table, comparison: &mut Comparison) {
    let rows = RowNames::of(first).pairs(&RowNames::of(second));
    for column in &first.columns {
        let quantity = format!("{}/{}", first.name, column.name);
        let Some(other) = second.column(&column.name) else {
            comparison.unmatched.push(format!("{quantity} (only in the first)"));
            continue;
        };
        if column.unit != other.unit {
            comparison.unmatched.push(format!("{quantity} (in {:?} and in {:?})", column.unit, other.unit));
            continue;
        }
        let get = |values: &[Measured], row: Option<usize>| row.and_then(|row| values.get(row).copied()).unwrap_or_default();
        let pairs: Vec<(&str, Measured, Measured)> = (rows.iter())
            .map(|(name, one, other_row)| (name.as_str(), get(&column.values, *one), get(&other.values, *other_row)))
            .collect();
        compare_column(&quantity, &column.unit, &pairs, comparison);
    }
    for column in second.columns.iter().filter(|column| first.column(&column.name).is_none()) {
        comparison.unmatched.push(format!("{}/{} (only in the second)", first.name, column.name));
    }
}

fn compare_column(quantity: &str, unit: &str, pairs: &[(&str, Measured, Measured)], comparison: &mut Comparison) {
    let scale = Spread::of(pairs.iter().filter_map(|(_, first, second)| Some(second.value()? - first.value()?)));
    for (row, first, second) in pairs {
        let significance = match (first.value_and_error(), second.value_and_error()) {
            (None, None) => {
                comparison.missing_in_both += 1;
                continue;
            }
            (Some((one, one_error)), Some((other, other_error))) => {
                comparison.compared += 1;
                if one.to_bits() == other.to_bits() && one_error.to_bits() == other_error.to_bits() {
                    comparison.identical += 1;
                    continue;
                }
                let error = one_error.hypot(other_error);
                if error > 0.0 { Significance::Errors((other - one).abs() / error) } else { scale.significance(other - one) }
            }
            _ => Significance::OneMissing,
        };
        comparison.differences.push(Difference {
            quantity: quantity.to_owned(),
            row: (*row).to_owned(),
            unit: unit.to_owned(),
            first: *first,
            second: *second,
            difference: first.value().zip(second.value()).map(|(first, second)| second - first),
            significance,
        });
    }
}

/// How the differences of a column lie.
#[derive(Debug, Clone, Copy)]
struct Spread {
    median: f64,
    /// Median absolute deviation, scaled to the standard deviation of a Gaussian distribution.
    sigma: f64,
}

impl Spread {
    fn of(differences: impl Iterator<Item = f64>) -> Self {
        const GAUSSIAN: f64 = 1.4826;
        let differences: Vec<f64> = differences.filter(|difference| difference.is_finite()).collect();
        let middle = median(differences.clone());
        let deviations = differences.iter().map(|difference| (difference - middle).abs()).collect();
        Spread { median: middle, sigma: GAUSSIAN * median(deviations) }
    }

    fn significance(self, difference: f64) -> Significance {
        if self.sigma > 0.0 { Significance::Column((difference - self.median).abs() / self.sigma) } else { Significance::Alone }
    }
}

/// The median; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The names of a table's rows, in order.
struct RowNames(Vec<String>);

impl RowNames {
    /// By LEM number where there is one, else by view or by place.
    fn of(table: &Table) -> Self {
        if let Some(lems) = table.column("lem") {
            let name = |lem: &Measured| lem.value().map_or_else(|| "LEM ?".into(), |lem| format!("LEM {lem}"));
            return RowNames(lems.values.iter().map(name).collect());
        }
        let noun = match table.name.as_str() {
            "lifetime" | "views" => "view",
            name if name.starts_with("strips") => "strip",
            _ => "row",
        };
        RowNames((0..table.rows()).map(|row| format!("{noun} {row}")).collect())
    }

    /// Every row of both with its place in each, in the order of the first.
    fn pairs(&self, other: &RowNames) -> Vec<(String, Option<usize>, Option<usize>)> {
        let place = |names: &RowNames, name: &String, at: usize| {
            let is_at = names.0.get(at) == Some(name);
            if is_at { Some(at) } else { names.0.iter().position(|known| known == name) }
        };
        let of_first = self.0.iter().enumerate().map(|(at, name)| (name.clone(), Some(at), place(other, name, at)));
        let of_second = other.0.iter().enumerate().filter(|(at, name)| place(self, name, *at).is_none());
        of_first.chain(of_second.map(|(at, name)| (name.clone(), None, Some(at)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Column;
    use proptest::prelude::*;

    fn summary(lems: &[u32], dqds: &[Measured]) -> Summary {
        let lem = lems.iter().map(|lem| Measured::number(f64::from(*lem), 0.0)).collect();
        let columns = vec![Column::new("lem", "", lem), Column::new("dqds_v0", "fC/cm", dqds.to_vec())];
        Summary { tables: vec![Table { name: "lems".into(), columns }], ..Summary::of_file("a.txt") }
    }

    #[test]
    fn the_most_surprising_difference_stands_first_and_what_only_one_has_before_it() {
        let number = Measured::number;
        let first = summary(&[1, 2, 3, 4], &[number(8.0, 0.1), number(9.0, 0.1), number(7.0, 0.1), Measured::NoData]);
        let second = summary(&[1, 2, 3, 4], &[number(8.1, 0.1), number(9.0, 0.1), number(8.0, 0.1), number(5.0, 0.1)]);
        let comparison = compare(&first, &second);
        let told: Vec<(&str, String)> =
            comparison.differences.iter().map(|told| (told.row.as_str(), told.significance.words())).collect();
        let expected =
            [("LEM 4", "only in one".to_owned()), ("LEM 3", "7.1 sigma".to_owned()), ("LEM 1", "0.7 sigma".to_owned())];
        assert_eq!(told, expected);
        assert_eq!((comparison.compared, comparison.identical), (7, 5), "the LEM numbers are compared too");
        assert_eq!(comparison.beyond(3.0).count(), 2);
    }

    #[test]
    fn rows_are_matched_by_lem_and_not_by_place() {
        let number = |value| Measured::number(value, 0.1);
        let first = summary(&[1, 2, 3], &[number(1.0), number(2.0), number(3.0)]);
        let second = summary(&[3, 1], &[number(3.0), number(1.0)]);
        let comparison = compare(&first, &second);
        let missing = |row: &str| (row.to_owned(), Significance::OneMissing);
        let told: Vec<_> = comparison.differences.iter().map(|told| (told.row.clone(), told.significance)).collect();
        assert_eq!(told, [missing("LEM 2"), missing("LEM 2")]);
    }

    #[test]
    fn numbers_with_no_errors_are_weighed_by_their_column() {
        let strips = |values: &[f64]| {
            let values = values.iter().map(|value| Measured::number(*value, 0.0)).collect();
            let columns = vec![Column::new("mean_adc", "ADC counts", values)];
            Summary { tables: vec![Table { name: "strips_v0".into(), columns }], ..Summary::of_file("a.ped") }
        };
        let comparison = compare(&strips(&[60.0, 61.0, 62.0, 63.0, 64.0]), &strips(&[60.1, 61.2, 62.0, 63.1, 69.0]));
        assert_eq!((comparison.differences[0].row.as_str(), comparison.differences.len()), ("strip 4", 4));
        assert!(matches!(comparison.differences[0].significance, Significance::Column(sigmas) if sigmas > 20.0));
        let comparison = compare(&strips(&[60.0, 61.0, 62.0]), &strips(&[60.0, 61.0, 62.5]));
        assert_eq!(comparison.differences[0].significance, Significance::Alone);
    }

    #[test]
    fn other_units_and_tables_are_told_and_not_compared() {
        let first = summary(&[1], &[Measured::number(8.0, 0.1)]);
        let mut second = first.clone();
        second.tables[0].columns[1].unit = "fC/mm".into();
        second.tables.push(Table { name: "lifetime".into(), columns: vec![] });
        let comparison = compare(&first, &second);
        assert_eq!(comparison.unmatched, [r#"lems/dqds_v0 (in "fC/cm" and in "fC/mm")"#, "lifetime (only in the second)"]);
        assert!(comparison.differences.is_empty());
    }

    proptest! {
        #[test]
        fn a_result_is_identical_to_itself_and_the_order_only_turns_signs(
            values in prop::collection::vec((-1e3..1e3f64, 0.0..2.0f64), 1..20), others in prop::collection::vec(-1e3..1e3f64, 20),
        ) {
            let lems: Vec<u32> = (1..=values.len() as u32).collect();
            let first: Vec<_> = values.iter().map(|(value, error)| Measured::number(*value, *error)).collect();
            let second: Vec<_> = values.iter().zip(&others).map(|((_, error), other)| Measured::number(*other, *error)).collect();
            let (first, second) = (summary(&lems, &first), summary(&lems, &second));
            let same = compare(&first, &first);
            prop_assert_eq!((same.differences.len(), same.identical), (0, 2 * values.len()));
            let (there, back) = (compare(&first, &second), compare(&second, &first));
            prop_assert_eq!(there.differences.len(), back.differences.len());
            for told in &there.differences {
                let turned = back.differences.iter().find(|other| other.row == told.row && other.quantity == told.quantity);
                prop_assert_eq!(turned.and_then(|turned| turned.difference), told.difference.map(|difference| -difference));
            }
            prop_assert!(there.differences.windows(2).all(|pair| pair[0].significance.sigmas() >= pair[1].significance.sigmas()));
        }
    }
}

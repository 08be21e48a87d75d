//! Which items differ most between two results: between runs, or between processings of one.

use serde::{Deserialize, Serialize};

use super::compared::{scale, weighed};
use crate::figure::Figure;
use crate::references::{Reference, Runs, pairs};
use crate::vocab::Run;

/// Beyond so many standard deviations a place is counted as different.
pub const FAR: f64 = 3.0;

/// How much an item differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The task.
    pub task: String,
    /// The item.
    pub item: String,
    /// What came of comparing it; why it can't be compared.
    pub outcome: Result<Differs, String>,
}

/// What came of comparing two plots of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Differs {
    /// The largest pull, in standard deviations; none where no place can be weighed.
    pub most: Option<f64>,
    /// Where that is: `view 0, strip 512`.
    pub place: String,
    /// Both values there, that of the second first.
    pub values: [f64; 2],
    /// Places with a number in both.
    pub compared: usize,
    /// Those beyond [`FAR`].
    pub far: usize,
    /// Places with a number in one alone.
    pub in_one: usize,
}

/// Compares the plots that two results make of an item.
///
/// # Errors
/// When one is empty, or axes, binning or series differ: in words.
pub fn differs(figure: &Figure, other: &Figure) -> Result<Differs, String> {
    for (which, figure) in [("the second", figure), ("the first", other)] {
        if let Some(why) = &figure.empty {
            return Err(format!("{which} has nothing: {why}"));
        }
    }
    let whole = Runs { from: Run(0), to: None };
    let label = "the first".to_owned();
    let reference = Reference { label, task: String::new(), item: String::new(), runs: whole, figure: other.clone() };
    let pairs = pairs(figure, &reference).map_err(|why| why.0)?;
    let scale = scale(&pairs);
    let mut found = Differs { most: None, place: String::new(), values: [f64::NAN; 2], compared: 0, far: 0, in_one: 0 };
    for (mine, known) in &pairs {
        for (one, two) in mine.spots.iter().zip(&known.spots) {
            match (one.value.is_finite(), two.value.is_finite()) {
                (true, true) => found.compared += 1,
                (false, false) => continue,
                _ => {
                    found.in_one += 1;
                    continue;
                }
            }
            let pull = weighed(one, two, scale).abs();
            found.far += usize::from(pull > FAR);
            if pull.is_finite() && found.most.is_none_or(|most| pull > most) {
                found.most = Some(pull);
                found.values = [one.value, two.value];
                let x = figure.x.label.split(" (").next().unwrap_or_default();
                let row = one.row.map_or_else(String::new, |row| format!(", {} {row:.4}", figure.y.label));
                found.place = format!("{}, {x} {:.4}{row}", mine.label, one.x).replace(".0000", "");
            }
        }
    }
    if found.compared == 0 {
        return Err("no place has a number in both".into());
    }
    Ok(found)
}

/// The most different first; what no number weighs next, and what can't be compared last.
pub fn rank(items: &mut [Ranked]) {
    let size = |ranked: &Ranked| match &ranked.outcome {
        Ok(differs) => differs.most.unwrap_or(-1.0),
        Err(_) => -2.0,
    };
    items.sort_by(|one, other| size(other).total_cmp(&size(one)));
}

//! The keys of an item, and which of them each kind of plot takes.

use serde::Deserialize;
use toml::Spanned;

use super::{Fault, Format, check_count, check_words, find};
use crate::declared::plan::{Against, Bins, ColumnPlan, Marks, PerFile, Plot, Shows};

/// Bins that a histogram may have.
const BINS: std::ops::RangeInclusive<usize> = 1..=10_000;

/// The keys of an item. Which of the later ones it may have hangs on its plot: [`PlotWord::keys`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemKeys {
    pub(super) name: Spanned<String>,
    pub(super) title: Spanned<String>,
    pub(super) about: Spanned<String>,
    plot: Spanned<PlotWord>,
    x: Option<Spanned<String>>,
    y: Option<Spanned<Vec<Spanned<String>>>>,
    z: Option<Spanned<String>>,
    error: Option<Spanned<String>>,
    value: Option<Spanned<PerFile>>,
    against: Option<Spanned<Against>>,
    bins: Option<Spanned<usize>>,
    range: Option<Spanned<[f64; 2]>>,
    object: Option<Spanned<String>>,
}

/// The kinds of plots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlotWord {
    Latest,
    Points,
    Line,
    Steps,
    Histogram,
    Map,
    Trend,
    Object,
    Figure,
}

impl PlotWord {
    fn word(self) -> &'static str {
        match self {
            PlotWord::Latest => "latest",
            PlotWord::Points => "points",
            PlotWord::Line => "line",
            PlotWord::Steps => "steps",
            PlotWord::Histogram => "histogram",
            PlotWord::Map => "map",
            PlotWord::Trend => "trend",
            PlotWord::Object => "object",
            PlotWord::Figure => "figure",
        }
    }

    /// The keys that it takes beside names and words: those that it needs, then those that it may have.
    fn keys(self) -> [&'static [&'static str]; 2] {
        match self {
            PlotWord::Latest | PlotWord::Points => [&["x", "y"], &["error"]],
            PlotWord::Line | PlotWord::Steps => [&["x", "y"], &[]],
            PlotWord::Histogram => [&["y", "bins"], &["range"]],
            PlotWord::Map => [&["x", "y", "z"], &[]],
            PlotWord::Trend => [&["y"], &["error", "value", "against"]],
            PlotWord::Object => [&["object"], &[]],
            PlotWord::Figure => [&[], &[]],
        }
    }
}

impl ItemKeys {
    pub(super) fn plot(&self, columns: &[ColumnPlan], stamp: Option<usize>, format: Format) -> Result<Plot, Fault> {
        self.check_keys(format)?;
        let column = |key: &str, name: &Option<Spanned<String>>| -> Result<usize, Fault> {
            name.as_ref().map_or(Ok(0), |name| find(columns, key, name))
        };
        let x = column("x", &self.x)?;
        let shows = match self.plot.get_ref() {
            PlotWord::Latest | PlotWord::Points => Shows::Rows(x, Marks::Points),
            PlotWord::Line => Shows::Rows(x, Marks::Line),
            PlotWord::Steps => Shows::Rows(x, Marks::Steps),
            PlotWord::Histogram => Shows::Histogram(self.bins()?),
            PlotWord::Map => Shows::Map([x, column("z", &self.z)?]),
            PlotWord::Trend => {
                let value = self.value.as_ref().map_or(PerFile::Last, |value| *value.get_ref());
                Shows::Trend(value, self.against.as_ref().map_or(Against::Time, |against| *against.get_ref()))
            }
            PlotWord::Object => Shows::Object(self.object.as_ref().map_or_else(String::new, |path| path.get_ref().clone())),
            PlotWord::Figure => Shows::Figure,
        };
        let y = self.y_columns(columns, stamp)?;
        if let Some(place) = self.y.as_ref().filter(|_| matches!(shows, Shows::Map(_)) && y.len() != 1) {
            return Err(Fault::at(place, format!("{} columns in 'y' of a map, expected one", y.len())));
        }
        let error = self.error.as_ref().map(|error| find(columns, "error", error)).transpose()?;
        if let Some((place, index)) = self.error.as_ref().zip(error) {
            if y.len() != 1 {
                return Err(Fault::at(place, format!("'error' with {} columns in 'y', expected one column in 'y'", y.len())));
            }
            if y.contains(&index) || stamp == Some(index) {
                let what = format!("'error' is '{}', expected a column that holds the errors of 'y'", place.get_ref());
                return Err(Fault::at(place, what));
            }
        }
        Ok(Plot { shows, y, error })
    }

    /// That the plot's keys are there, and no others.
    fn check_keys(&self, format: Format) -> Result<(), Fault> {
        let (name, word) = (self.name.get_ref(), *self.plot.get_ref());
        let expects = |of: &str| Fault::at(&self.plot, format!("plot = \"{}\" in item '{name}', expected {of}", word.word()));
        if word == PlotWord::Object && format != Format::Root {
            return Err(expects("it with format = \"root\" only"));
        }
        if word == PlotWord::Figure && format != Format::Program {
            return Err(expects("it of a program only"));
        }
        let [needed, allowed] = word.keys();
        for (key, place) in self.places() {
            match place {
                None if needed.contains(&key) => {
                    let what = format!("plot = \"{}\" in item '{name}' with no '{key}', expected one", word.word());
                    return Err(Fault::at(&self.plot, what));
                }
                Some(at) if !needed.contains(&key) && !allowed.contains(&key) => {
                    let with: Vec<String> = [needed, allowed].concat().iter().map(|key| format!("'{key}'")).collect();
                    let with = if with.is_empty() { "none".to_owned() } else { with.join(", ") };
                    let what = format!("'{key}' in item '{name}', expected only {with} with plot = \"{}\"", word.word());
                    return Err(Fault { at, what });
                }
                _ => {}
            }
        }
        match &self.object {
            Some(path) => check_words("object", path),
            None => Ok(()),
        }
    }

    /// The keys that not every plot takes, each with its place when it is there.
    fn places(&self) -> [(&'static str, Option<usize>); 9] {
        fn at<T>(key: &Option<Spanned<T>>) -> Option<usize> {
            key.as_ref().map(|key| key.span().start)
        }
        [
            ("x", at(&self.x)),
            ("y", at(&self.y)),
            ("z", at(&self.z)),
            ("error", at(&self.error)),
            ("value", at(&self.value)),
            ("against", at(&self.against)),
            ("bins", at(&self.bins)),
            ("range", at(&self.range)),
            ("object", at(&self.object)),
        ]
    }

    fn bins(&self) -> Result<Bins, Fault> {
        let count = self.bins.as_ref().map_or(1, |bins| *bins.get_ref());
        if let Some(place) = self.bins.as_ref().filter(|_| !BINS.contains(&count)) {
            let what = format!("'bins' is {count}, expected {} to {}", BINS.start(), BINS.end());
            return Err(Fault::at(place, what));
        }
        let range = self.range.as_ref().map(|range| *range.get_ref());
        let fits = |[low, high]: [f64; 2]| low < high && (high - low).is_finite();
        if let Some(place) = self.range.as_ref().filter(|range| !fits(*range.get_ref())) {
            return Err(Fault::at(
                place,
                format!("'range' is {:?}, expected the lower bound, then the upper one", place.get_ref()),
            ));
        }
        Ok(Bins { count, range })
    }

    fn y_columns(&self, columns: &[ColumnPlan], stamp: Option<usize>) -> Result<Vec<usize>, Fault> {
        let Some(place) = &self.y else { return Ok(Vec::new()) };
        let names = place.get_ref();
        check_count("columns in 'y'", names.len(), place)?;
        let mut y: Vec<usize> = Vec::with_capacity(names.len());
        for name in names {
            let index = find(columns, "y", name)?;
            if stamp == Some(index) {
                return Err(Fault::at(name, format!("'y' has the stamp column '{}', expected measured ones", name.get_ref())));
            }
            if y.contains(&index) {
                return Err(Fault::at(name, format!("'y' has '{}' twice, expected each column once", name.get_ref())));
            }
            let unit = |index: usize| columns.get(index).map_or("", |column| column.unit.as_str());
            if let Some(first) = y.first().filter(|first| unit(**first) != unit(index)) {
                let what = format!("'y' has columns in [{}] and [{}], expected one unit per item", unit(*first), unit(index));
                return Err(Fault::at(name, what));
            }
            y.push(index);
        }
        Ok(y)
    }
}

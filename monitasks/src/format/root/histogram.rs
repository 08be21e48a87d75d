//! Histograms (`TH1`, `TH2`, `TH3`) and profiles.

use serde::Serialize;

use super::error::RootError;
use super::object::{Object, Value};

/// An axis of a histogram.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistogramAxis {
    /// What it is of, by custom with the unit in brackets.
    pub title: String,
    /// Number of bins, those below and above the range not counted.
    pub bins: usize,
    /// Lower end of the first bin.
    pub low: f64,
    /// Upper end of the last bin.
    pub high: f64,
    /// The bins' edges when they differ in width, one more than there are bins; else empty.
    pub edges: Vec<f64>,
    /// Words for bins: the bin, counted from 1, and its label.
    pub labels: Vec<(usize, String)>,
}

/// A histogram or profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// Its class: `TH1D`, `TProfile`, ...
    pub class: String,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its axes: one to three. Those of a profile are its bins' axes, its values are on none of them.
    pub axes: Vec<HistogramAxis>,
    /// Title of the axis of the values; empty for none.
    pub value_title: String,
    /// Contents of all bins, x fastest, with the bins below (0) and above (`bins + 1`) each axis' range; of a profile, the sums of
    /// the weighted values.
    pub contents: Vec<f64>,
    /// Sums of squared weights of all bins, empty when they are not kept; of a profile, sums of the squared values.
    pub squares: Vec<f64>,
    /// Number of fills.
    pub entries: f64,
    /// Sums over all fills inside the range, as far as the class keeps them: w, w^2, w x, w x^2, and then w y, w y^2, w x y.
    pub sums: Vec<f64>,
    /// What only a profile has.
    pub profile: Option<ProfileParts>,
}

/// What a profile has beside a histogram.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProfileParts {
    /// Sums of weights of all bins.
    pub bin_entries: Vec<f64>,
    /// Sums of squared weights of all bins, empty when all weights are one.
    pub bin_squares: Vec<f64>,
    /// What its errors are: of the mean (the default), the spread, and others of ROOT's options.
    pub errors: ProfileErrors,
}

/// What the errors of a profile are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileErrors {
    /// Error of the mean.
    OfMean,
    /// Spread of the values.
    Spread,
    /// ROOT's options `i` and `g`, not computed here.
    Other,
}

impl HistogramAxis {
    /// Bins of equal width, without title or labels.
    #[must_use]
    pub fn new(bins: usize, low: f64, high: f64) -> Self {
        HistogramAxis { title: String::new(), bins, low, high, edges: Vec::new(), labels: Vec::new() }
    }

    /// The axis with a title, by custom with the unit in brackets.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The axis with a label for each bin, none for a bin whose label is empty.
    #[must_use]
    pub fn labels(mut self, labels: impl IntoIterator<Item = String>) -> Self {
        self.labels = (1..).zip(labels).take(self.bins).filter(|(_, label)| !label.is_empty()).collect();
        self
    }

    /// Bins with those below and above the range.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.bins + 2
    }

    /// All edges, `bins + 1`.
    #[must_use]
    pub fn all_edges(&self) -> Vec<f64> {
        if !self.edges.is_empty() {
            return self.edges.clone();
        }
        let width = (self.high - self.low) / self.bins as f64;
        (0..=self.bins).map(|edge| if edge == self.bins { self.high } else { self.low + width * edge as f64 }).collect()
    }

    /// The bin that a value lies in: 0 below the range, `bins + 1` at its upper end and above.
    #[must_use]
    pub fn bin_of(&self, value: f64) -> usize {
        if self.edges.is_empty() {
            let bin = ((value - self.low) / (self.high - self.low) * self.bins as f64).floor();
            // Rounding must not put what lies inside the range outside of it.
            let is_inside = value >= self.low && value < self.high;
            let bin = if is_inside { bin.clamp(0.0, self.bins as f64 - 1.0) } else { bin };
            return if bin < 0.0 { 0 } else { (bin as usize).min(self.bins) + 1 };
        }
        self.edges.partition_point(|edge| *edge <= value)
    }

    fn of(axis: &Object) -> Result<HistogramAxis, RootError> {
        let bins = axis.count("fNbins")?;
        let edges = axis.numbers("fXbins")?;
        let is_whole = edges.is_empty() || edges.len() == bins.saturating_add(1);
        if bins == 0 || !is_whole {
            return Err(RootError::Missing(format!("an axis of {bins} bins with {} edges", edges.len())));
        }
        let mut labels = Vec::new();
        if let Some(Value::Object(list)) = axis.get("fLabels") {
            for label in list.list("items")?.iter().filter_map(Value::object) {
                labels.push((label.count("fUniqueID")?, label.text("fString")?.to_owned()));
            }
            labels.sort();
        }
        let title = axis.text("fTitle")?.to_owned();
        Ok(HistogramAxis { title, bins, low: axis.number("fXmin")?, high: axis.number("fXmax")?, edges, labels })
    }
}

impl Histogram {
    /// An empty histogram in double precision of one or two axes; set the bins by [`Histogram::set`].
    #[must_use]
    pub fn new(name: impl Into<String>, title: impl Into<String>, axes: Vec<HistogramAxis>) -> Self {
        let class = if axes.len() == 1 { "TH1D" } else { "TH2D" };
        let mut histogram = Histogram {
            class: class.into(),
            name: name.into(),
            title: title.into(),
            axes,
            value_title: String::new(),
            contents: Vec::new(),
            squares: Vec::new(),
            entries: 0.0,
            sums: Vec::new(),
            profile: None,
        };
        histogram.contents = vec![0.0; histogram.cells().unwrap_or(0)];
        histogram.sums = vec![0.0; if histogram.axes.len() == 1 { 4 } else { 7 }];
        histogram
    }

    /// Bins with those around the ranges; none when there are too many to count.
    #[must_use]
    pub fn cells(&self) -> Option<usize> {
        self.axes.iter().try_fold(1usize, |cells, axis| cells.checked_mul(axis.bins.checked_add(2)?))
    }

    /// The place in `contents` of a bin, named by its number on each axis: 0 is below the range, 1 the first. None when there is
    /// no such bin.
    #[must_use]
    pub fn place(&self, bins: &[usize]) -> Option<usize> {
        if bins.len() != self.axes.len() {
            return None;
        }
        let pairs = bins.iter().zip(&self.axes).rev();
        pairs.into_iter().try_fold(0, |place, (bin, axis)| (*bin < axis.cells()).then(|| place * axis.cells() + bin))
    }

    /// Sets a bin's content and error, and counts it as one entry. A bin that there is not is left out. The sums over all fills
    /// are left alone: a program that finds them empty takes the bins.
    pub fn set(&mut self, bins: &[usize], value: f64, error: f64) {
        let Some(place) = self.place(bins) else { return };
        if self.squares.is_empty() {
            self.squares = vec![0.0; self.contents.len()];
        }
        self.contents[place] = value;
        self.squares[place] = error * error;
        self.entries += 1.0;
    }

    /// Counts one entry of weight 1 at a value for each axis. One that is no number is left out; what lies outside the range goes into
    /// the bins around it and not into the sums, as ROOT does it.
    pub fn fill(&mut self, values: &[f64]) {
        if values.len() != self.axes.len() || values.iter().any(|value| !value.is_finite()) {
            return;
        }
        let bins: Vec<usize> = values.iter().zip(&self.axes).map(|(value, axis)| axis.bin_of(*value)).collect();
        let Some(place) = self.place(&bins) else { return };
        self.contents[place] += 1.0;
        if let Some(square) = self.squares.get_mut(place) {
            *square += 1.0;
        }
        self.entries += 1.0;
        if bins.iter().zip(&self.axes).all(|(bin, axis)| (1..=axis.bins).contains(bin)) {
            let moments = match *values {
                [x] => vec![1.0, 1.0, x, x * x],
                [x, y] => vec![1.0, 1.0, x, x * x, y, y * y, x * y],
                _ => Vec::new(),
            };
            self.sums.iter_mut().zip(moments).for_each(|(sum, moment)| *sum += moment);
        }
    }

    pub(super) fn of(object: &Object) -> Result<Histogram, RootError> {
        if object.get("fNcells").is_none() || object.get("fXaxis").is_none() || object.get("fArray").is_none() {
            return Err(RootError::Unsupported("no histogram of bins".into()));
        }
        let dimensions = dimensions(&object.class);
        let names = ["fXaxis", "fYaxis", "fZaxis"];
        let axes =
            names[..dimensions].iter().map(|name| HistogramAxis::of(object.inside(name)?)).collect::<Result<Vec<_>, _>>()?;
        let contents = object.numbers("fArray")?;
        let cells = axes.iter().try_fold(1usize, |cells, axis: &HistogramAxis| cells.checked_mul(axis.bins.checked_add(2)?));
        let squares = object.numbers("fSumw2")?;
        let fits = |values: &[f64]| Some(values.len()) == cells;
        if !fits(&contents) || !(squares.is_empty() || fits(&squares)) {
            let cells = cells.map_or_else(|| "too many".to_owned(), |cells| cells.to_string());
            return Err(RootError::Missing(format!(
                "{} contents and {} squares for {cells} bins",
                contents.len(),
                squares.len()
            )));
        }
        let value_title = match names.get(dimensions) {
            Some(name) => object.inside(name)?.text("fTitle")?.to_owned(),
            None => String::new(),
        };
        let sums = ["fTsumw", "fTsumw2", "fTsumwx", "fTsumwx2", "fTsumwy", "fTsumwy2", "fTsumwxy"];
        let sums = sums.iter().map_while(|name| object.number(name).ok()).collect();
        let profile = match object.get("fBinEntries") {
            None => None,
            Some(_) => Some(ProfileParts::of(object, contents.len())?),
        };
        Ok(Histogram {
            class: object.class.to_string(),
            name: object.text("fName")?.to_owned(),
            title: object.text("fTitle")?.to_owned(),
            axes,
            value_title,
            contents,
            squares,
            entries: object.number("fEntries")?,
            sums,
            profile,
        })
    }

    /// The bins inside all ranges: their places in `contents`, x fastest.
    pub fn inside(&self) -> impl Iterator<Item = usize> + '_ {
        let cells: Vec<usize> = self.axes.iter().map(HistogramAxis::cells).collect();
        (0..self.contents.len()).filter(move |place| {
            let mut rest = *place;
            cells.iter().all(|cells| {
                let bin = rest % cells;
                rest /= cells;
                bin > 0 && bin + 1 < *cells
            })
        })
    }

    /// What a bin shows: its content; of a profile, the mean of its values, NaN with none.
    #[must_use]
    pub fn value(&self, place: usize) -> f64 {
        let content = self.contents.get(place).copied().unwrap_or(f64::NAN);
        match &self.profile {
            None => content,
            Some(parts) => match parts.bin_entries.get(place) {
                Some(weight) if *weight != 0.0 => content / weight,
                _ => f64::NAN,
            },
        }
    }

    /// The error of what a bin shows; NaN when it is not known.
    #[must_use]
    pub fn error(&self, place: usize) -> f64 {
        let content = self.contents.get(place).copied().unwrap_or(f64::NAN);
        let Some(parts) = &self.profile else {
            return self.squares.get(place).map_or_else(|| content.abs().sqrt(), |square| square.sqrt());
        };
        let (Some(weight), Some(square)) = (parts.bin_entries.get(place), self.squares.get(place)) else { return f64::NAN };
        if *weight == 0.0 || parts.errors == ProfileErrors::Other {
            return f64::NAN;
        }
        let mean = content / weight;
        let spread = (square / weight - mean * mean).abs().sqrt();
        let effective = match parts.bin_squares.get(place) {
            Some(squares) if *squares > 0.0 => weight * weight / squares,
            _ => *weight,
        };
        if parts.errors == ProfileErrors::Spread { spread } else { spread / effective.sqrt() }
    }

    /// Sum of the contents inside the range.
    #[must_use]
    pub fn integral(&self) -> f64 {
        self.inside().map(|place| self.contents[place]).sum()
    }

    /// Contents below and above the range of a histogram of one axis.
    #[must_use]
    pub fn outside(&self) -> Option<[f64; 2]> {
        let [axis] = self.axes.as_slice() else { return None };
        Some([*self.contents.first()?, *self.contents.get(axis.bins + 1)?])
    }

    /// Mean and spread along x of what was filled inside the range; none when it keeps no sums or they are empty.
    #[must_use]
    pub fn mean_and_spread(&self) -> Option<[f64; 2]> {
        let [weight, _, x, xx, ..] = self.sums[..] else { return None };
        if weight == 0.0 {
            return None;
        }
        let mean = x / weight;
        Some([mean, (xx / weight - mean * mean).abs().sqrt()])
    }
}

/// Number of axes of a class of histograms.
fn dimensions(class: &str) -> usize {
    if class.starts_with("TH3") || class.starts_with("TProfile3") {
        3
    } else if class.starts_with("TH2") || class.starts_with("TProfile2") {
        2
    } else {
        1
    }
}

impl ProfileParts {
    fn of(object: &Object, cells: usize) -> Result<ProfileParts, RootError> {
        let bin_entries = object.numbers("fBinEntries")?;
        let bin_squares = match object.get("fBinSumw2") {
            Some(_) => object.numbers("fBinSumw2")?,
            None => Vec::new(),
        };
        if bin_entries.len() != cells || !(bin_squares.is_empty() || bin_squares.len() == cells) {
            return Err(RootError::Missing(format!("{} weights for {cells} bins", bin_entries.len())));
        }
        let errors = match object.integer("fErrorMode")? {
            0 => ProfileErrors::OfMean,
            1 => ProfileErrors::Spread,
            _ => ProfileErrors::Other,
        };
        Ok(ProfileParts { bin_entries, bin_squares, errors })
    }
}

//! A result of histograms: a ROOT file of `TH1D` and `TH2D` that uproot and ROOT read, with single numbers in one of them.
//!
//! The numbers stand in the `TH1D` named `numbers`: a bin each, its label the number's name with its unit, its content the value, its
//! error the error. A number that could not be had is not listed: there is no word for it that a reader could take for 0.

use jiff::Timestamp;

use super::root::{self, Histogram, HistogramAxis, ObjectKind, Product, RootError, RootFile};
use super::{FormatError, WriteError};
use crate::summary::Measured;

/// The name of the histogram of numbers.
const NUMBERS: &str = "numbers";
/// Most histograms that are read of one file.
const MOST_HISTOGRAMS: usize = 200;
/// Most bins of all of them together: a damaged file must not take all memory.
const MOST_BINS: usize = 1 << 20;
/// Where ROOT's header says how long the file is: in 4 bytes, or in 8 for places of 64 bits.
const END_AT: usize = 12;

/// What stands in such a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histograms {
    /// The histograms, in the order of the file.
    pub list: Vec<Histogram>,
    /// The numbers: name with unit, value and error.
    pub numbers: Vec<(String, f64, f64)>,
}

impl Histograms {
    /// The file's bytes. `stem` is the result's name, `title` what the file says of itself, `stamp` when it is made.
    ///
    /// # Errors
    /// A number that is not finite or of a name that is there already; and what [`root::write`] refuses.
    pub fn to_root(&self, stem: &str, title: &str, stamp: Timestamp) -> Result<Vec<u8>, WriteError> {
        let mut products = Vec::new();
        if !self.numbers.is_empty() {
            products.push(Product::Histogram(self.numbers_histogram()?));
        }
        products.extend(self.list.iter().cloned().map(Product::Histogram));
        root::write(&format!("{stem}.root"), title, stamp, &products)
    }

    fn numbers_histogram(&self) -> Result<Histogram, WriteError> {
        let count = self.numbers.len();
        let labels = self.numbers.iter().map(|(name, ..)| name.clone());
        let axis = HistogramAxis::new(count, 0.0, count as f64).title("quantity and its unit").labels(labels);
        let mut histogram = Histogram::new(NUMBERS, "Numbers with their errors", vec![axis]);
        for (place, (name, value, error)) in self.numbers.iter().enumerate() {
            if !(value.is_finite() && error.is_finite()) || name.is_empty() {
                return Err(WriteError(format!("number {name:?} of {value} with error {error} can't be written")));
            }
            if self.numbers[..place].iter().any(|(other, ..)| other == name) {
                return Err(WriteError(format!("two numbers of the name {name:?}")));
            }
            histogram.set(&[place + 1], *value, *error);
        }
        Ok(histogram)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`FormatError::Incomplete`] for one that is shorter than it says of itself; [`FormatError::Unknown`] for one that is no ROOT
    /// file, is damaged, or holds too much.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        if let Some(missing) = missing_bytes(bytes) {
            return Err(FormatError::Incomplete(missing));
        }
        let refused = |error: RootError| FormatError::Unknown(error.to_string());
        let file = RootFile::open(bytes).map_err(refused)?;
        let is_histogram = |entry: &&root::Entry| !entry.outdated && ObjectKind::of(&entry.key.class) == ObjectKind::Histogram;
        let mut found = Histograms::default();
        let mut bins = 0usize;
        for entry in file.entries().iter().filter(is_histogram) {
            let histogram = file.histogram(entry).map_err(refused)?;
            bins = bins.saturating_add(histogram.contents.len());
            if found.list.len() >= MOST_HISTOGRAMS || bins > MOST_BINS {
                let what = format!("more than {MOST_HISTOGRAMS} histograms or {MOST_BINS} bins: no result of an analysis");
                return Err(FormatError::Unknown(what));
            }
            if histogram.name == NUMBERS {
                found.numbers = numbers_of(&histogram);
            } else {
                found.list.push(histogram);
            }
        }
        Ok(found)
    }

    /// The histogram of a name with so many axes.
    ///
    /// # Errors
    /// When there is none; with those that there are.
    pub fn get(&self, name: &str, axes: usize) -> Result<&Histogram, FormatError> {
        self.list.iter().find(|histogram| histogram.name == name && histogram.axes.len() == axes).ok_or_else(|| {
            let there: Vec<&str> = self.list.iter().map(|histogram| histogram.name.as_str()).collect();
            FormatError::Unknown(format!("no histogram '{name}' of {axes} axes in it, it has '{}'", there.join("', '")))
        })
    }

    /// A number; not measured where it is not listed.
    #[must_use]
    pub fn number(&self, name: &str) -> Measured {
        let found = self.numbers.iter().find(|(known, ..)| known == name);
        found.map_or(Measured::NotMeasured, |(_, value, error)| Measured::number(*value, *error))
    }
}

/// What is missing of a file that says how long it is; none for one that is whole, or no ROOT file.
fn missing_bytes(bytes: &[u8]) -> Option<String> {
    let magic = &root::MAGIC[..];
    let Some(head) = bytes.first_chunk::<{ END_AT + 8 }>() else {
        return bytes.iter().zip(magic).all(|(found, expected)| found == expected).then(|| "no header yet".into());
    };
    if !head.starts_with(magic) {
        return None;
    }
    let is_big = i32::from_be_bytes([head[4], head[5], head[6], head[7]]) >= 1_000_000;
    let width = if is_big { 8 } else { 4 };
    let end = head[END_AT..END_AT + width].iter().fold(0u64, |end, byte| end << 8 | u64::from(*byte));
    (end > bytes.len() as u64).then(|| format!("{} bytes of the {end} that the file says it has", bytes.len()))
}

/// The numbers of their histogram; those that are not finite are left out.
fn numbers_of(histogram: &Histogram) -> Vec<(String, f64, f64)> {
    let [axis] = histogram.axes.as_slice() else { return Vec::new() };
    let number = |(bin, label): &(usize, String)| (label.clone(), histogram.value(*bin), histogram.error(*bin));
    axis.labels.iter().map(number).filter(|(_, value, error)| value.is_finite() && error.is_finite()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Histograms {
        let mut charge = Histogram::new("hit_charge_view0", "Charge", vec![HistogramAxis::new(4, 0.0, 8.0).title("charge [fC]")]);
        for value in [1.0, 1.5, 7.0, 9.0, -1.0, f64::NAN] {
            charge.fill(&[value]);
        }
        let axes = vec![HistogramAxis::new(2, -1.0, 1.0).title("x [cm]"), HistogramAxis::new(3, 0.0, 3.0).title("y [cm]")];
        let mut entry = Histogram::new("entry", "Entry", axes);
        entry.fill(&[0.5, 2.5]);
        let numbers = vec![("rate_hz".into(), 3.02, 0.05), ("gaps".into(), 0.0, 0.0)];
        Histograms { list: vec![charge, entry], numbers }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = content().to_root("run1-p1-g0", "test", Timestamp::UNIX_EPOCH).unwrap();
        let read = Histograms::parse(&bytes).unwrap();
        assert_eq!(read.numbers, content().numbers);
        assert_eq!(read.list, content().list);
        assert_eq!(read.number("rate_hz"), Measured::number(3.02, 0.05));
        assert_eq!(read.number("dead_time_s"), Measured::NotMeasured);
        let charge = read.get("hit_charge_view0", 1).unwrap();
        assert_eq!((charge.contents.as_slice(), charge.entries), (&[1.0, 2.0, 0.0, 0.0, 1.0, 1.0][..], 5.0));
        assert!((charge.mean_and_spread().unwrap()[0] - 9.5 / 3.0).abs() < 1e-12);
        let refusal = read.get("entry", 1).unwrap_err().to_string();
        assert!(refusal.contains("'hit_charge_view0', 'entry'"), "{refusal}");
    }

    #[test]
    fn a_cut_file_is_incomplete_wherever_it_is_cut() {
        let bytes = content().to_root("run1-p1-g0", "test", Timestamp::UNIX_EPOCH).unwrap();
        for cut in 0..bytes.len() {
            let answer = Histograms::parse(&bytes[..cut]);
            assert!(matches!(answer, Err(FormatError::Incomplete(_))), "cut at {cut}: {answer:?}");
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        assert!(matches!(Histograms::parse(b"x"), Err(FormatError::Unknown(_))));
        assert!(matches!(Histograms::parse(&[b'-'; 400]), Err(FormatError::Unknown(_))));
        let mut bad = content();
        bad.numbers[0].1 = f64::NAN;
        assert!(bad.to_root("x", "x", Timestamp::UNIX_EPOCH).is_err());
        bad.numbers[0] = bad.numbers[1].clone();
        assert!(bad.to_root("x", "x", Timestamp::UNIX_EPOCH).is_err());
    }
}

//! The gains as a map over the readout plane: what a two-dimensional histogram of them holds.

use jiff::Timestamp;
use monitasks::detector::Detector;
use monitasks::format::WriteError;
use monitasks::format::root::{self, Histogram, HistogramAxis, Product};
use monitasks::format::sidecar::GainSection;
use monitasks::summary::Measured;

/// Effective gains over x and y.
#[derive(Debug, Clone, PartialEq)]
pub struct GainMap {
    /// Edges of the columns along x, cm: one more than there are columns.
    pub x_edges_cm: Vec<f64>,
    /// Edges of the rows along y, cm: one more than there are rows.
    pub y_edges_cm: Vec<f64>,
    /// Effective gain of each LEM, row by row from the lowest y, each row from the lowest x. A cell with no number is no gain of 0:
    /// whoever fills a histogram leaves it empty, with an error of 0, and says so in the title.
    pub gains: Vec<Measured>,
}

impl GainMap {
    /// The map of a gain result.
    #[must_use]
    pub fn of(gain: &GainSection, detector: &Detector) -> Self {
        let grid = &detector.lems;
        let edges = |low: f64, count: u16| (0..=count).map(|place| low + f64::from(place) * grid.size_cm).collect();
        let gain_of = |lem| {
            let number = grid.number(grid.numberings.first()?, lem)?;
            Some(gain.lems.iter().find(|row| row.lem == number)?.effective_gain)
        };
        GainMap {
            x_edges_cm: edges(detector.volume.x_cm[0], grid.columns),
            y_edges_cm: edges(detector.volume.y_cm[0], grid.rows),
            gains: grid.places().map(|lem| gain_of(lem).unwrap_or_default()).collect(),
        }
    }

    /// A ROOT file with the map as the `TH2D` named `effective_gain`: `stem` is the result's name, `stamp` when it is made.
    ///
    /// # Errors
    /// When the detector has more LEMs than a file can hold.
    pub fn to_root(&self, stem: &str, stamp: Timestamp) -> Result<Vec<u8>, WriteError> {
        let axis = |edges: &[f64], name: &str| {
            let (low, high) = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0));
            HistogramAxis::new(edges.len().saturating_sub(1), low, high).title(format!("{name} [cm]"))
        };
        let axes = vec![axis(&self.x_edges_cm, "x"), axis(&self.y_edges_cm, "y")];
        let title = format!("Effective gain of each LEM, {stem}; a bin with error 0 was not measured");
        let mut histogram = Histogram::new("effective_gain", title, axes);
        histogram.value_title = "effective gain".into();
        let columns = self.x_edges_cm.len().saturating_sub(1).max(1);
        for (place, gain) in self.gains.iter().enumerate() {
            if let Some((value, error)) = gain.value_and_error() {
                histogram.set(&[place % columns + 1, place / columns + 1], value, error);
            }
        }
        root::write(&format!("{stem}.root"), "dqmon effective gains", stamp, &[Product::Histogram(histogram)])
    }

    /// The gain at a column and a row.
    #[must_use]
    pub fn at(&self, column: usize, row: usize) -> Measured {
        let columns = self.x_edges_cm.len().saturating_sub(1);
        if column < columns { self.gains.get(row * columns + column).copied().unwrap_or_default() } else { Measured::NoData }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitasks::format::root::RootFile;
    use monitasks::format::sidecar::LemGainRow;
    use monitasks::vocab::Lem;

    #[test]
    fn a_gain_stands_in_the_map_where_its_lem_is() {
        let detector = crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap();
        let lems = (1..=11).map(|lem| LemGainRow {
            lem,
            entries: [100; 2],
            dqds: [Measured::NoData; 2],
            effective_gain: Measured::number(f64::from(lem), 0.1),
            charge_asymmetry: Measured::NoData,
            tracks: 10,
        });
        let gain = GainSection {
            dqds_unit: "fC/cm".into(),
            lifetime_us: None,
            attenuation_error_per_ms: None,
            mean_over_estimate: None,
            tracks: 0,
            lems: lems.collect(),
        };
        let map = GainMap::of(&gain, &detector);
        assert_eq!(map.x_edges_cm, [-50.0, 0.0, 50.0]);
        assert_eq!(map.y_edges_cm, [-150.0, -100.0, -50.0, 0.0, 50.0, 100.0, 150.0]);
        for (column, row) in [(0, 0), (1, 0), (0, 3), (1, 4)] {
            let number = detector.lems.number(&detector.lems.numberings[0], Lem { column, row }).unwrap();
            assert_eq!(map.at(column.into(), row.into()), Measured::number(f64::from(number), 0.1));
        }
        assert_eq!((map.at(1, 5), map.at(2, 0), map.at(0, 6)), (Measured::NoData, Measured::NoData, Measured::NoData));
        let bytes = map.to_root("run1-p1-g0", Timestamp::UNIX_EPOCH).unwrap();
        let file = RootFile::open(&bytes[..]).unwrap();
        let read = file.histogram(file.find("effective_gain").unwrap()).unwrap();
        let bin = |column: u16, row: u16| read.place(&[usize::from(column) + 1, usize::from(row) + 1]).unwrap();
        let number = detector.lems.number(&detector.lems.numberings[0], Lem { column: 1, row: 4 }).unwrap();
        assert_eq!((read.value(bin(1, 4)), read.error(bin(1, 4))), (f64::from(number), 0.1));
        assert_eq!((read.value(bin(1, 5)), read.error(bin(1, 5)), read.entries), (0.0, 0.0, 11.0));
    }
}

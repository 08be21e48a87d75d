//! Many cells of a map in one pixel: which of them is shown, so that no single hot, dead or missing one vanishes.
//!
//! The cell farthest from the map's usual value is shown. Where cells with no data are rare in the map, one of them is shown
//! rather than a plain value; where they are many, the values are what is rare.

/// Cells looked at to find what is usual.
const LOOKED_AT: usize = 4_001;
/// So many times the usual distance from the median is still plain.
const PLAIN: f32 = 6.0;

/// What a map's cells are usually like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// The median of the cells that have a value.
    pub median: f32,
    /// The median of the distances from it.
    pub distance: f32,
    /// Fewer than one cell in twenty has no data.
    pub gaps_are_rare: bool,
}

impl Usual {
    /// What is usual in a map, from some thousand cells all over it; cells that are not finite have no data.
    #[must_use]
    pub fn of(cells: usize, value: impl Fn(usize) -> f32) -> Usual {
        let stride = (cells / LOOKED_AT).max(1);
        let looked_at = cells.div_ceil(stride);
        let mut values: Vec<f32> = (0..cells).step_by(stride).map(value).filter(|value| value.is_finite()).collect();
        let gaps_are_rare = (looked_at - values.len()) * 20 < looked_at;
        let median = median(&mut values);
        values.iter_mut().for_each(|value| *value = (*value - median).abs());
        Usual { median, distance: self::median(&mut values), gaps_are_rare }
    }

    /// Whether a value is farther from what is usual than another.
    #[must_use]
    pub fn is_odder(&self, one: f32, other: f32) -> bool {
        (one - self.median).abs() > (other - self.median).abs()
    }

    /// Whether a missing cell is shown in the place of this value.
    #[must_use]
    pub fn shows_gap_before(&self, value: f32) -> bool {
        self.gaps_are_rare && (value - self.median).abs() <= PLAIN * self.distance
    }
}

/// The median; 0 of none.
fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_gap_comes_before_plain_values_and_after_odd_ones() {
        let value = |cell: usize| if cell.is_multiple_of(100) { f32::NAN } else { 50.0 + (cell % 7) as f32 };
        let usual = Usual::of(100_000, value);
        assert_eq!((usual.median, usual.gaps_are_rare), (53.0, true));
        assert!(usual.shows_gap_before(56.0) && !usual.shows_gap_before(0.0) && !usual.shows_gap_before(100.0));
        assert!(usual.is_odder(0.0, 56.0));
    }

    #[test]
    fn among_many_gaps_values_are_shown() {
        let usual = Usual::of(1_000, |cell| if cell % 10 < 9 { f32::NAN } else { 1.0 });
        assert!(!usual.gaps_are_rare && !usual.shows_gap_before(1.0));
        assert_eq!(Usual::of(0, |_| 1.0).median, 0.0);
    }
}

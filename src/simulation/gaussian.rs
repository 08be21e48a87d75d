//! Fast numbers of a normal distribution, the same on every machine.
//!
//! A white noise sample is needed two million times an event, so the generator is a quick one and the usual case is a look into
//! a table: the distribution is cut into [`BINS`] pieces of equal probability, of which one is drawn and then a place in it,
//! evenly. The two outermost pieces, from 3.3 standard deviations on, have no such end and are drawn exactly (Marsaglia 1964).
//! Elementary functions are those of the `libm` crate, whose bits do not depend on the machine's C library.

use std::sync::OnceLock;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// Pieces of equal probability; a power of two.
const BINS: usize = 1 << BIN_BITS;
const BIN_BITS: u32 = 11;
/// Bits of a draw that say where in a piece the value is.
const PLACE_BITS: u32 = 32 - BIN_BITS;

/// A row of independent numbers of the standard normal distribution.
#[derive(Debug, Clone)]
pub struct Gaussian {
    random: Xoshiro256PlusPlus,
    table: &'static Table,
}

/// Lower edge and width of each piece; those of the outermost two are not used.
#[derive(Debug)]
struct Table {
    pieces: Box<[[f32; 2]; BINS]>,
    /// Where the upper outermost piece begins.
    tail: f64,
}

impl Gaussian {
    /// The row of a seed.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        Gaussian { random: Xoshiro256PlusPlus::from_seed(seed), table: TABLE.get_or_init(Table::new) }
    }

    /// Fills `values` with the row's next numbers, times `width`.
    pub fn fill(&mut self, width: f32, values: &mut [f32]) {
        for pair in values.chunks_mut(2) {
            let bits = self.random.next_u64();
            for (value, half) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
                *value = width * self.value(half);
            }
        }
    }

    /// The row's next number.
    pub fn draw(&mut self) -> f32 {
        let bits = self.random.next_u64() as u32;
        self.value(bits)
    }

    #[inline]
    fn value(&mut self, bits: u32) -> f32 {
        let piece = (bits >> PLACE_BITS) as usize;
        if piece == 0 || piece == BINS - 1 {
            let beyond = self.tail();
            return if piece == 0 { -beyond } else { beyond };
        }
        let [edge, width] = self.table.pieces[piece];
        edge + width * ((bits & ((1 << PLACE_BITS) - 1)) as f32 + 0.5) * (1.0 / (1u32 << PLACE_BITS) as f32)
    }

    /// A value of the upper outermost piece.
    #[cold]
    fn tail(&mut self) -> f32 {
        let start = self.table.tail;
        // About nine in ten are taken at once.
        loop {
            let ahead = -libm::log(open_unit(self.random.next_u64())) / start;
            let limit = -libm::log(open_unit(self.random.next_u64()));
            if 2.0 * limit > ahead * ahead {
                return (start + ahead) as f32;
            }
        }
    }
}

/// A number evenly drawn from (0, 1].
fn open_unit(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 / (1u64 << 53) as f64
}

impl Table {
    fn new() -> Self {
        let mut pieces = Box::new([[0.0; 2]; BINS]);
        let mut edge = 0.0;
        for step in 1..BINS / 2 {
            let next = quantile(0.5 - step as f64 / BINS as f64, edge);
            let width = (next - edge) as f32;
            pieces[BINS / 2 + step - 1] = [edge as f32, width];
            pieces[BINS / 2 - step] = [-next as f32, width];
            edge = next;
        }
        Table { pieces, tail: edge }
    }
}

/// The value above which the part `above` of the distribution lies, by Newton's method from a value below it.
fn quantile(above: f64, from: f64) -> f64 {
    let mut value = from;
    for _ in 0..12 {
        let part = 0.5 * libm::erfc(value * std::f64::consts::FRAC_1_SQRT_2);
        let density = libm::exp(-0.5 * value * value) / (2.0 * std::f64::consts::PI).sqrt();
        value += (part - above) / density;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_tails_are_those_of_a_normal_distribution() {
        let count = 4_000_000usize;
        let mut values = vec![0.0; count];
        Gaussian::new([7; 32]).fill(1.0, &mut values);
        let n = count as f64;
        let moment = |power: i32| values.iter().map(|value| f64::from(*value).powi(power)).sum::<f64>() / n;
        for (power, expected, spread) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0), (6, 15.0, 10_170.0f64)] {
            let found = moment(power);
            assert!((found - expected).abs() < 4.0 * (spread / n).sqrt(), "moment {power}: {found}");
        }
        for limit in [0.001, 0.5, 1.0, 2.0, 3.0, 3.25, 3.35, 4.0, 4.5] {
            let expected = 0.5 * libm::erfc(limit / 2.0f64.sqrt()) * n;
            for sign in [1.0, -1.0] {
                let found = values.iter().filter(|value| sign * f64::from(**value) > limit).count() as f64;
                assert!((found - expected).abs() < 4.5 * expected.sqrt(), "{found} beyond {}, expected {expected}", sign * limit);
            }
        }
    }

    #[test]
    fn neighbours_are_independent() {
        let mut values = vec![0.0; 1_000_000];
        Gaussian::new([9; 32]).fill(1.0, &mut values);
        for lag in [1, 2, 3, 64] {
            let sum: f64 = values.iter().zip(&values[lag..]).map(|(a, b)| f64::from(a * b)).sum();
            assert!(sum.abs() < 4.5 * 1000.0, "lag {lag}: {sum}");
        }
    }

    #[test]
    fn the_first_numbers_of_a_seed_are_these_for_ever() {
        let mut values = [0.0; 6];
        Gaussian::new(std::array::from_fn(|place| place as u8)).fill(1.0, &mut values);
        assert_eq!(values.map(f32::to_bits), FIRST, "{values:?}");
    }

    /// Bits of the first values of the seed 0, 1, 2, ...
    const FIRST: [u32; 6] = [3_217_567_597, 3_215_686_802, 1_049_545_978, 1_051_617_158, 1_051_074_789, 1_066_745_581];
}

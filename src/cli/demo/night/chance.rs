//! Numbers by chance that are the same for a seed on every machine: elementary functions are those of `libm`.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A row of numbers.
#[derive(Debug, Clone)]
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// The row of a seed for one thing of one run; rows of different things don't depend on each other.
    pub(super) fn of(seed: u64, run: u32, what: &str) -> Self {
        let mut bytes = [0u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..12].copy_from_slice(&run.to_le_bytes());
        bytes[12..].iter_mut().zip(what.bytes()).for_each(|(byte, letter)| *byte = letter);
        Chance(ChaCha8Rng::from_seed(bytes))
    }

    /// From 0 to below 1, all alike.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// Between two numbers, all alike.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Of the normal distribution.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// Of an exponential distribution with mean 1.
    pub(super) fn wait(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// A whole number that is so on average: one of the two next to it.
    pub(super) fn count(&mut self, mean: f64) -> usize {
        (mean + self.unit()).floor().max(0.0) as usize
    }
}

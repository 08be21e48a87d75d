//! The soak test: seeded rounds in which files come in every way they can while whatever the shift stands on is killed, cut off
//! or filled up at random instants; at the end of each round what must never be otherwise is looked for.
//!
//! `make test` runs some rounds of each kind, `make soak` as many as one likes. A round is made again by its kind and seed; only
//! the machine's own timing differs.

pub mod book;
pub mod farm;
mod plan;
mod round;
mod truth;

use std::time::{Duration, Instant};

pub use farm::Services;
pub use round::Round;

/// What is disturbed, besides the backend itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The backend alone, and its jobs.
    Backend,
    /// The batch system's controller.
    Controller,
    /// The server of the second copies.
    Storage,
    /// The disk, which is full for a while.
    Disk,
}

impl Kind {
    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Backend => "backend",
            Kind::Controller => "controller",
            Kind::Storage => "storage",
            Kind::Disk => "disk",
        }
    }
}

/// What rounds came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rounds that were run.
    pub rounds: u64,
    /// Files delivered, of which how many failed with a reason.
    pub files: u64,
    pub failed_with_reason: u64,
    /// Times the backend was killed, and ended by itself.
    pub kills: u64,
    pub own_ends: u64,
    /// Job attempts that were started.
    pub attempts: u64,
    /// Times a person had to say what is to become of a job.
    pub answers: u64,
}

/// Runs rounds of a kind with seeds from one on; the first that breaks something is told with all that it broke.
///
/// # Errors
/// What was broken, with the words that make the round again.
pub fn rounds(kind: Kind, seed: u64, rounds: u64, services: &mut Services, is_loud: bool) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for seed in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let begun = Instant::now();
        services.renew()?;
        let round = Round::new(kind, seed, services).map_err(|why| format!("{} round {seed} not begun: {why}", kind.word()))?;
        let end = round.run(services);
        tally.rounds += 1;
        tally.files += end.files;
        tally.failed_with_reason += end.failed_with_reason;
        tally.kills += end.kills;
        tally.own_ends += end.own_ends;
        tally.attempts += end.attempts;
        tally.answers += end.answers;
        if is_loud {
            let took = begun.elapsed().as_secs_f64();
            println!("{} round {seed}: {} files, {} kills, {took:.1} s", kind.word(), end.files, end.kills);
        }
        if !end.broken.is_empty() {
            let again = format!("make soak SOAK=\"--kind {} --seed {seed} --rounds 1\"", kind.word());
            return Err(format!(
                "{} round with seed {seed}: {}\nagain: {again}\n{}",
                kind.word(),
                end.broken.join("\n"),
                end.told
            ));
        }
    }
    Ok(tally)
}

/// Longest that a round may need to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);

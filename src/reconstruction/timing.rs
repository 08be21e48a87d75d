//! Where the time goes: processor-side durations of the reconstruction's stages.

use std::time::{Duration, Instant};

/// A stage of the reconstruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading an event from the raw file and decoding it.
    Unpack,
    /// Pedestal and noise of the raw samples.
    Pedestals,
    /// The groups' shared noise.
    CoherentNoise,
    /// Pedestal and noise of what is left.
    Noise,
    /// Hits.
    Hits,
    /// 2D tracks.
    Tracks,
    /// Tracks of the two views matched, their points in space.
    Matching,
    /// The output file.
    Write,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Stage; 8] = [
        Stage::Unpack,
        Stage::Pedestals,
        Stage::CoherentNoise,
        Stage::Noise,
        Stage::Hits,
        Stage::Tracks,
        Stage::Matching,
        Stage::Write,
    ];

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::Unpack => "unpack",
            Stage::Pedestals => "pedestals",
            Stage::CoherentNoise => "coherent noise",
            Stage::Noise => "noise",
            Stage::Hits => "hits",
            Stage::Tracks => "tracks",
            Stage::Matching => "matching",
            Stage::Write => "write",
        }
    }
}

/// Time spent in each stage, over all threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTimes {
    spent: [Duration; Stage::ALL.len()],
}

impl StageTimes {
    /// Time spent in a stage.
    #[must_use]
    pub fn of(&self, stage: Stage) -> Duration {
        self.spent[stage as usize]
    }

    /// Counts the time since `from` for a stage; gives the time now.
    pub fn since(&mut self, from: Instant, stage: Stage) -> Instant {
        let now = Instant::now();
        self.spent[stage as usize] += now - from;
        now
    }

    /// Adds another thread's times.
    pub fn add(&mut self, other: &StageTimes) {
        for (sum, part) in self.spent.iter_mut().zip(other.spent) {
            *sum += part;
        }
    }

    /// Takes the times out, and starts anew.
    pub fn take(&mut self) -> StageTimes {
        std::mem::take(self)
    }
}

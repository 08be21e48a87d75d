//! What happens in a round, and when: from its seed alone.

use monitasks::vocab::FileId;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Kind;

/// Something that is done at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A file is written at once and closed.
    Write { path: String, file: FileId, content: usize },
    /// A file that was written elsewhere is moved in, over one of the same name if there is one.
    MoveIn { path: String, file: FileId, content: usize },
    /// A piece of a file is written, up to that many hundredths of it; the DAQ keeps it open or closes it after each piece.
    Grow { path: String, file: FileId, content: usize, to_percent: usize, keeps_open: bool },
    /// The backend is killed.
    KillBackend,
    /// The backend is started, if it does not run.
    StartBackend,
    /// A job is killed: all its processes or the first alone.
    KillJob { whole_group: bool },
    /// The service of this kind stops: the controller, the server; the disk fills.
    StopService,
    /// It is there again.
    StartService,
}

/// A round.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Deeds by their time since the round began, ms.
    pub deeds: Vec<(u64, Deed)>,
    /// Whether the whole workspace is on the small disk, or its storage alone.
    pub whole_on_disk: bool,
    /// Which of the dialects jobs are given with, where there is a farm.
    pub by_pbs: bool,
}

/// How long files come, ms.
const LENGTH_MS: u64 = 1500;

impl Plan {
    /// The plan of a seed.
    pub fn new(kind: Kind, seed: u64, contents: usize) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut deeds = Vec::new();
        let files = chance.random_range(3..=6);
        for place in 0..files {
            deliver(&mut chance, FileId::new(1 + place % 2, place / 2), contents, &mut deeds);
        }
        let kills = chance.random_range(if kind == Kind::Backend { 1..=4 } else { 0..=2 });
        for _ in 0..kills {
            let at = chance.random_range(0..LENGTH_MS + 1000);
            deeds.push((at, Deed::KillBackend));
            deeds.push((at + chance.random_range(1..400), Deed::StartBackend));
        }
        for _ in 0..chance.random_range(0..=2) {
            let deed = Deed::KillJob { whole_group: chance.random_bool(0.5) };
            deeds.push((chance.random_range(200..LENGTH_MS + 1500), deed));
        }
        if kind != Kind::Backend {
            let at = chance.random_range(100..LENGTH_MS);
            deeds.push((at, Deed::StopService));
            deeds.push((at + chance.random_range(200..1200), Deed::StartService));
        }
        deeds.sort_by_key(|(at, _)| *at);
        Plan { deeds, whole_on_disk: chance.random_bool(0.5), by_pbs: chance.random_bool(0.5) }
    }
}

/// One file, in one of the ways that files come, and perhaps another of the same name.
fn deliver(chance: &mut ChaCha8Rng, file: FileId, contents: usize, deeds: &mut Vec<(u64, Deed)>) {
    let at = chance.random_range(0..LENGTH_MS);
    let content = chance.random_range(0..contents);
    let path = format!("{file}.dat");
    let mut over = at;
    match chance.random_range(0..5) {
        0 => deeds.push((at, Deed::Write { path: path.clone(), file, content })),
        1 => deeds.push((at, Deed::MoveIn { path: path.clone(), file, content })),
        // Into a folder that is made that instant.
        2 => deeds.push((at, Deed::Write { path: format!("new{at}/{path}"), file, content })),
        3 => deeds.push((at, Deed::MoveIn { path: format!("new{at}/deep/{path}"), file, content })),
        _ => {
            let keeps_open = chance.random_bool(0.5);
            for to_percent in [chance.random_range(1..50), chance.random_range(50..99), 100] {
                deeds.push((over, Deed::Grow { path: path.clone(), file, content, to_percent, keeps_open }));
                over += chance.random_range(1..300);
            }
        }
    }
    if chance.random_bool(0.3) {
        let other = (content + chance.random_range(1..contents)) % contents;
        let path = if chance.random_bool(0.5) { path } else { format!("again/{path}") };
        deeds.push((over + chance.random_range(1..800), Deed::MoveIn { path, file, content: other }));
    }
}

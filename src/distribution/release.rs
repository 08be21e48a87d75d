//! Whether a raw copy may be released: a pure rule.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::FileId;

/// Copies that must stand elsewhere.
const COPIES_NEEDED: usize = 2;

/// A file of the workspace that holds raw data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The raw file.
    pub file: FileId,
    /// Where it stands: the copy in the storage, or the original in the intake folder.
    pub path: PathBuf,
}

/// A copy of a raw file in another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCopy {
    /// Where: a path, or a URL.
    pub place: String,
    /// Its name inside of it, when the place is a tar.
    pub member: Option<String>,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Adler-32 of its bytes.
    pub adler32: u32,
    /// When it was read back last; none when it never was.
    pub verified_at: Option<Timestamp>,
    /// The disk of this machine that it stands on; none when it stands on no such, or can't be looked at.
    pub disk: Option<u64>,
}

/// What is known of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The candidate.
    pub candidate: Candidate,
    /// Size of the raw file as taken in, bytes.
    pub size_bytes: u64,
    /// Adler-32 of its bytes; none when it was never copied.
    pub adler32: Option<u32>,
    /// Copies in other places.
    pub copies: Vec<KnownCopy>,
    /// The run's flag as a person decided it; none when nobody did.
    pub decision: Option<Flag>,
    /// Whether the run has ended.
    pub has_run_ended: bool,
    /// Whether nothing is to be made of the file any more.
    pub is_processed: bool,
    /// The workspace's folder: what stands in it is no copy elsewhere.
    pub workspace: PathBuf,
}

/// Whether a candidate may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may, as these copies stand elsewhere.
    Release(Vec<KnownCopy>),
    /// It stays, for all these reasons.
    Keep(Vec<Why>),
}

/// Why a candidate stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its checksum is not known.
    NoChecksum,
    /// The run goes on.
    RunGoesOn,
    /// It is being processed, waits or has failed.
    NotProcessed,
    /// Nobody has decided on the run.
    NoDecision,
    /// Not enough verified copies of the same content elsewhere; how many there are.
    TooFewCopies(usize),
    /// So many verified copies stand elsewhere, all on one disk: whatever takes that takes all of them.
    OneDisk(usize),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NoChecksum => write!(f, "its checksum is not known"),
            Why::RunGoesOn => write!(f, "its run has not ended"),
            Why::NotProcessed => write!(f, "it is not processed to its end"),
            Why::NoDecision => write!(f, "nobody has decided on its run"),
            Why::TooFewCopies(count) => write!(f, "{count} verified copies of it stand elsewhere, {COPIES_NEEDED} are needed"),
            Why::OneDisk(count) => {
                write!(
                    f,
                    "{count} verified copies of it stand elsewhere on one disk, which is one place; {COPIES_NEEDED} places are needed"
                )
            }
        }
    }
}

/// Whether a candidate may be released: its run has ended and was decided on by a person, it is processed to its end, and two
/// copies of its size and checksum that were read back stand in two other places. What stands on one disk is in one place.
#[must_use]
pub fn releasable(facts: &Facts) -> Verdict {
    let good = good_copies(facts);
    let copies = of_different_disks(&good);
    let is_on_one_disk = good.len() >= COPIES_NEEDED && copies.len() < COPIES_NEEDED;
    let whys = [
        (facts.adler32.is_none(), Why::NoChecksum),
        (!facts.has_run_ended, Why::RunGoesOn),
        (!facts.is_processed, Why::NotProcessed),
        (facts.decision.is_none_or(|flag| flag == Flag::Unchecked), Why::NoDecision),
        (good.len() < COPIES_NEEDED, Why::TooFewCopies(good.len())),
        (is_on_one_disk, Why::OneDisk(good.len())),
    ];
    let whys: Vec<Why> = whys.into_iter().filter_map(|(holds, why)| holds.then_some(why)).collect();
    if whys.is_empty() { Verdict::Release(copies) } else { Verdict::Keep(whys) }
}

/// Copies of the same content that were read back, elsewhere, one for each place.
fn good_copies(facts: &Facts) -> Vec<KnownCopy> {
    let mut good: Vec<KnownCopy> = Vec::new();
    for copy in &facts.copies {
        let is_same = Some(copy.adler32) == facts.adler32 && copy.size_bytes == facts.size_bytes;
        let is_elsewhere =
            !Path::new(&copy.place).starts_with(&facts.workspace) && Path::new(&copy.place) != facts.candidate.path;
        if is_same && is_elsewhere && copy.verified_at.is_some() && good.iter().all(|other| other.place != copy.place) {
            good.push(copy.clone());
        }
    }
    good
}

/// Of copies on one disk of this machine the first.
fn of_different_disks(good: &[KnownCopy]) -> Vec<KnownCopy> {
    let mut disks = std::collections::BTreeSet::new();
    good.iter().filter(|copy| copy.disk.is_none_or(|disk| disks.insert(disk))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts() -> Facts {
        let copy = |place: &str| KnownCopy {
            place: place.into(),
            member: None,
            size_bytes: 7,
            adler32: 1,
            verified_at: Some(Timestamp::UNIX_EPOCH),
            disk: None,
        };
        Facts {
            candidate: Candidate { file: FileId::new(1, 0), path: "/w/storage/input/run1/run1-seq0.dat".into() },
            size_bytes: 7,
            adler32: Some(1),
            copies: vec![copy("/eos/a.dat"), copy("root://eos//b.dat")],
            decision: Some(Flag::Bad),
            has_run_ended: true,
            is_processed: true,
            workspace: "/w".into(),
        }
    }

    #[test]
    fn each_reason_alone_keeps_a_file() {
        assert!(matches!(releasable(&facts()), Verdict::Release(copies) if copies.len() == 2));
        type Change = fn(&mut Facts);
        let cases: [(Change, Why); 11] = [
            (|facts| facts.copies.iter_mut().for_each(|copy| copy.disk = Some(8)), Why::OneDisk(2)),
            (|facts| facts.has_run_ended = false, Why::RunGoesOn),
            (|facts| facts.is_processed = false, Why::NotProcessed),
            (|facts| facts.decision = None, Why::NoDecision),
            (|facts| facts.decision = Some(Flag::Unchecked), Why::NoDecision),
            (|facts| facts.copies.truncate(1), Why::TooFewCopies(1)),
            (|facts| facts.copies[1].place = facts.copies[0].place.clone(), Why::TooFewCopies(1)),
            (|facts| facts.copies[1].place = "/w/copies/b.dat".into(), Why::TooFewCopies(1)),
            (|facts| facts.copies[0].verified_at = None, Why::TooFewCopies(1)),
            (|facts| facts.copies[0].adler32 = 2, Why::TooFewCopies(1)),
            (|facts| facts.copies[0].size_bytes = 8, Why::TooFewCopies(1)),
        ];
        for (change, why) in cases {
            let mut facts = facts();
            change(&mut facts);
            assert_eq!(releasable(&facts), Verdict::Keep(vec![why]));
        }
        let unknown = Facts { adler32: None, ..facts() };
        assert_eq!(releasable(&unknown), Verdict::Keep(vec![Why::NoChecksum, Why::TooFewCopies(0)]));
    }

    proptest! {
        #[test]
        fn nothing_goes_without_two_verified_places_and_a_decision(
            copies in proptest::collection::vec((0u8..3, any::<bool>(), 0u32..3, 6u64..9), 0..6),
            decision in proptest::option::of(proptest::sample::select(vec![Flag::Ok, Flag::Bad, Flag::Maybe, Flag::Unchecked])),
            has_run_ended: bool, is_processed: bool, adler32 in proptest::option::of(0u32..3),
        ) {
            let copies = copies.into_iter().map(|(place, is_verified, adler32, size_bytes)| KnownCopy {
                place: format!("/eos/{place}"), member: None, size_bytes, adler32,
                verified_at: is_verified.then_some(Timestamp::UNIX_EPOCH), disk: (place < 2).then_some(7),
            });
            let facts = Facts { copies: copies.collect(), decision, has_run_ended, is_processed, adler32, ..facts() };
            if let Verdict::Release(copies) = releasable(&facts) {
                let places: std::collections::BTreeSet<&str> = copies.iter().map(|copy| copy.place.as_str()).collect();
                prop_assert!(places.len() >= 2);
                prop_assert!(!places.is_subset(&["/eos/0", "/eos/1"].into()), "two places on one disk");
                prop_assert!(copies.iter().all(|copy| copy.verified_at.is_some() && Some(copy.adler32) == adler32 && copy.size_bytes == 7));
                prop_assert!(has_run_ended && is_processed && decision.is_some_and(|flag| flag != Flag::Unchecked));
            }
        }
    }
}

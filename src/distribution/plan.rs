//! Which raw files go into which tar: a pure rule.

use std::collections::BTreeMap;

use monitasks::vocab::{FileId, Run};
use serde::{Deserialize, Serialize};

use super::checksum::hexadecimal;

/// The kind of runs of which nobody said it; a kind of its own.
pub const UNKNOWN_KIND: &str = "unknown";

/// A raw file to be archived.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The file.
    pub file: FileId,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Adler-32 of its bytes.
    #[serde(with = "hexadecimal")]
    pub adler32: u32,
}

/// How large a tar should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The files of a tar together have at most this, bytes; a larger file has a tar of its own.
    pub target_bytes: u64,
    /// They should have at least this, bytes, which the last of a kind may miss.
    pub least_bytes: u64,
}

impl Default for Sizes {
    /// 5 GB, 1 GB.
    fn default() -> Self {
        Sizes { target_bytes: 5_000_000_000, least_bytes: 1_000_000_000 }
    }
}

/// A tar to be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTar {
    /// Its name: `PMT_run840-seq0_run842-seq5.tar`.
    pub name: String,
    /// The kind of all its runs.
    pub kind: String,
    /// Its files, by run and sequence.
    pub members: Vec<Member>,
    /// Whether its files have less than the size it should have at least.
    pub is_small: bool,
}

impl PlannedTar {
    /// Size of its files together, bytes; the tar has some hundred bytes a file more.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        size_of(&self.members)
    }
}

/// Tars to be built, by their first file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Number of this layout: 1.
    pub schema: u32,
    /// The tars.
    pub tars: Vec<PlannedTar>,
}

/// Puts each file into one tar: never two kinds of run in one, no file split, files of a kind by run and sequence, a tar closed
/// when the next file would make it larger than the target. When the last of a kind is small, files of the one before it move
/// over if then neither is. The same files make the same plan.
#[must_use]
pub fn plan(files: &[Member], kinds: &BTreeMap<Run, String>, sizes: Sizes) -> Plan {
    let mut files = files.to_vec();
    files.sort();
    files.dedup_by_key(|member| member.file);
    let mut by_kind: BTreeMap<&str, Vec<Member>> = BTreeMap::new();
    for member in files {
        let kind = kinds.get(&member.file.run).map_or(UNKNOWN_KIND, String::as_str);
        by_kind.entry(kind).or_default().push(member);
    }
    let mut tars: Vec<PlannedTar> = Vec::new();
    for (kind, members) in by_kind {
        let mut parts = filled(members, sizes.target_bytes);
        level_the_last(&mut parts, sizes);
        tars.extend(parts.into_iter().map(|members| PlannedTar {
            name: name_of(kind, &members),
            kind: kind.to_owned(),
            is_small: size_of(&members) < sizes.least_bytes,
            members,
        }));
    }
    tars.sort_by_key(|tar| tar.members.first().map(|member| member.file));
    Plan { schema: 1, tars }
}

/// Fills one tar after the other.
fn filled(members: Vec<Member>, target_bytes: u64) -> Vec<Vec<Member>> {
    let mut parts: Vec<Vec<Member>> = Vec::new();
    let mut size_bytes = 0u64;
    for member in members {
        match parts.last_mut().filter(|_| size_bytes.saturating_add(member.size_bytes) <= target_bytes) {
            Some(part) => {
                size_bytes += member.size_bytes;
                part.push(member);
            }
            None => {
                size_bytes = member.size_bytes;
                parts.push(vec![member]);
            }
        }
    }
    parts
}

/// Moves files from the last but one to the last where both are large enough then.
fn level_the_last(parts: &mut [Vec<Member>], sizes: Sizes) {
    let [.., before, last] = parts else { return };
    if size_of(last) >= sizes.least_bytes {
        return;
    }
    let all: Vec<Member> = before.iter().chain(last.iter()).cloned().collect();
    let fits = |at: &usize| {
        let (one, other) = (size_of(&all[..*at]), size_of(&all[*at..]));
        one >= sizes.least_bytes && (sizes.least_bytes..=sizes.target_bytes).contains(&other)
    };
    if let Some(at) = (1..before.len()).rev().find(fits) {
        *before = all[..at].to_vec();
        *last = all[at..].to_vec();
    }
}

fn size_of(members: &[Member]) -> u64 {
    members.iter().fold(0, |sum, member| sum.saturating_add(member.size_bytes))
}

/// `PMT_run840-seq0_run842-seq5.tar`: no other tar has that first file.
fn name_of(kind: &str, members: &[Member]) -> String {
    let kind: String = kind.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    match members {
        [one] => format!("{kind}_{}.tar", one.file),
        [first, .., last] => format!("{kind}_{}_{}.tar", first.file, last.file),
        [] => format!("{kind}.tar"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member(run: u32, sequence: u32, size_bytes: u64) -> Member {
        Member { file: FileId::new(run, sequence), size_bytes, adler32: run ^ sequence }
    }

    #[test]
    fn the_last_tar_of_a_kind_is_not_left_small_when_the_one_before_it_can_spare_files() {
        let files: Vec<Member> = (0..7).map(|sequence| member(1, sequence, 1_000)).collect();
        let sizes = Sizes { target_bytes: 6_000, least_bytes: 2_000 };
        let plan = plan(&files, &BTreeMap::new(), sizes);
        assert_eq!(plan.tars.iter().map(|tar| tar.members.len()).collect::<Vec<_>>(), [5, 2]);
        assert_eq!(plan.tars[0].name, "unknown_run1-seq0_run1-seq4.tar");
        assert!(plan.tars.iter().all(|tar| !tar.is_small));
        let few = super::plan(&files[..1], &BTreeMap::from([(Run(1), "a/b c".to_owned())]), sizes);
        assert_eq!((few.tars[0].name.as_str(), few.tars[0].is_small), ("a-b-c_run1-seq0.tar", true));
    }

    proptest! {
        #[test]
        fn every_file_is_in_one_tar_of_its_kind_within_the_size_and_in_order(
            files in proptest::collection::btree_map((0u32..9, 0u32..9), 0u64..8_000, 0..60),
            kinds in proptest::collection::btree_map((0u32..9).prop_map(Run), "PMT|CRT|PED", 0..9),
            target in 1u64..20_000, least in 0u64..5_000, turn in any::<prop::sample::Index>(),
        ) {
            let members: Vec<Member> = files.iter().map(|((run, sequence), size)| member(*run, *sequence, *size)).collect();
            let sizes = Sizes { target_bytes: target, least_bytes: least };
            let made = plan(&members, &kinds, sizes);
            let mut all: Vec<Member> = made.tars.iter().flat_map(|tar| tar.members.clone()).collect();
            all.sort();
            prop_assert_eq!(&all, &members, "every file exactly once");
            let mut ends: BTreeMap<&str, FileId> = BTreeMap::new();
            for tar in &made.tars {
                prop_assert!(tar.members.len() == 1 || tar.size_bytes() <= target);
                prop_assert_eq!(tar.is_small, tar.size_bytes() < least);
                for member in &tar.members {
                    let kind = kinds.get(&member.file.run).map_or(UNKNOWN_KIND, String::as_str);
                    prop_assert_eq!(kind, &tar.kind);
                    if let Some(before) = ends.insert(kind, member.file) {
                        prop_assert!(before < member.file, "by run and sequence");
                    }
                }
            }
            let names: std::collections::BTreeSet<&str> = made.tars.iter().map(|tar| tar.name.as_str()).collect();
            prop_assert_eq!(names.len(), made.tars.len());
            let mut turned = members.clone();
            if !turned.is_empty() {
                turned.rotate_left(turn.index(members.len()));
            }
            prop_assert_eq!(plan(&turned, &kinds, sizes), made, "the order in which they are given means nothing");
        }
    }
}

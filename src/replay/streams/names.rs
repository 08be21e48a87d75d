//! Names of streams, one of each in a replay; run and sequence as names of files have them.

use std::collections::BTreeSet;

use monitasks::vocab::{Processing, Run, Sequence};

use crate::replay::source::{ReplayError, Resume, StreamRead, StreamSource};

/// A source under another name than its own, which another source has.
struct Renamed {
    name: String,
    source: Box<dyn StreamSource>,
}

impl StreamSource for Renamed {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let mut read = self.source.read(from)?;
        read.facts.name.clone_from(&self.name);
        Ok(read)
    }
}

/// Gives each source a name of its own: of two of one name the second is `raw/run1-seq0#2`.
pub(super) fn set_apart(sources: Vec<Box<dyn StreamSource>>) -> Result<Vec<Box<dyn StreamSource>>, ReplayError> {
    if sources.len() > usize::from(u16::MAX) {
        return Err(ReplayError::TooManyStreams(sources.len()));
    }
    let mut taken = BTreeSet::new();
    let apart = |source: Box<dyn StreamSource>| {
        let own = source.name();
        if taken.insert(own.clone()) {
            return source;
        }
        let name = (2..).map(|number| format!("{own}#{number}")).find(|name| !taken.contains(name)).unwrap_or(own);
        taken.insert(name.clone());
        Box::new(Renamed { name, source }) as Box<dyn StreamSource>
    };
    Ok(sources.into_iter().map(apart).collect())
}

/// What a file's name says of its data: `run1-p2-g0.txt`, `recotask_run1-seq3.root`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Its run.
    pub run: Option<Run>,
    /// Its sequence.
    pub sequence: Option<Sequence>,
    /// Its processing.
    pub processing: Option<Processing>,
}

/// Reads the numbers of a name, with or without folders and ending.
pub(super) fn numbers(name: &str) -> Numbers {
    let stem = stem(name);
    let mut words = stem.split(['-', '_']);
    // A run comes first of what is known; a sequence or a processing stands behind it.
    let Some(run) = words.by_ref().find_map(|word| number(word, "run")) else { return Numbers::default() };
    let mut numbers = Numbers { run: Some(Run(run)), ..Numbers::default() };
    for word in words {
        numbers.sequence = numbers.sequence.or_else(|| number(word, "seq").map(Sequence));
        numbers.processing = numbers.processing.or_else(|| number(word, "p").map(Processing));
    }
    numbers
}

/// A name without folders and its last ending.
pub(super) fn stem(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

fn number(word: &str, prefix: &str) -> Option<u32> {
    let digits = word.strip_prefix(prefix)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_names_are_read_and_of_others_there_are_none() {
        let of = |name: &str| {
            let found = numbers(name);
            (found.run.map(|run| run.0), found.sequence.map(|sequence| sequence.0), found.processing.map(|number| number.0))
        };
        assert_eq!(of("crp/run840-p2-g0.txt"), (Some(840), None, Some(2)));
        assert_eq!(of("recotask_run840-seq3.root"), (Some(840), Some(3), None));
        assert_eq!(of("run7.csv"), (Some(7), None, None));
        for name in ["", "seq3.dat", "runs.txt", "run-seq1", "run+1-seq1", "p1-g0", "run99999999999-seq1"] {
            assert_eq!(of(name), (None, None, None), "{name:?}");
        }
    }
}

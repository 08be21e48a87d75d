//! Runs as several commands take them: `run1,run5..run9`.

use monitasks::vocab::Run;

/// Some runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs(Vec<(Run, Run)>);

impl Runs {
    /// Whether a run is one of them.
    #[must_use]
    pub fn has(&self, run: Run) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&run))
    }
}

impl std::str::FromStr for Runs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let run = |text: &str| text.trim().parse::<Run>().map_err(|error| error.to_string());
        let part = |part: &str| match part.split_once("..") {
            Some((first, last)) => match (run(first)?, run(last)?) {
                (first, last) if first <= last => Ok((first, last)),
                (first, last) => Err(format!("{first} comes after {last}; a range is run5..run9, both included")),
            },
            None => run(part).map(|run| (run, run)),
        };
        text.split(',').map(part).collect::<Result<_, _>>().map(Runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_read_alone_and_as_ranges() {
        let runs: Runs = "run1,5..run7, 12".parse().unwrap();
        let chosen: Vec<u32> = (0..20).filter(|run| runs.has(Run(*run))).collect();
        assert_eq!(chosen, [1, 5, 6, 7, 12]);
        for text in ["", "run1,", "run9..run5", "a..b", "run1-seq0"] {
            assert!(text.parse::<Runs>().is_err(), "{text:?}");
        }
    }
}

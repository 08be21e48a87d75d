//! A set of readout channels as people write it: `0-31,320`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Channels, as ranges in order that do not touch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Channels(Vec<(u32, u32)>);

/// A text that names no channels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} names no channels; they are written as 0-31,320")]
pub struct ChannelsError {
    /// The part that is wrong.
    pub found: String,
}

impl Channels {
    /// More ranges than anybody writes.
    const MOST_RANGES: usize = 10_000;

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a channel is one of them.
    #[must_use]
    pub fn has(&self, channel: u32) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&channel))
    }

    /// The ranges: first and last channel of each.
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }
}

impl FromStr for Channels {
    type Err = ChannelsError;

    fn from_str(text: &str) -> Result<Self, ChannelsError> {
        let wrong = |part: &str| ChannelsError { found: part.chars().take(40).collect() };
        let mut ranges = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong(part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last || ranges.len() == Self::MOST_RANGES {
                return Err(wrong(part));
            }
            ranges.push((first, last));
        }
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        Ok(Channels(joined))
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") });
        f.write_str(&words.collect::<Vec<_>>().join(","))
    }
}

impl From<Channels> for String {
    fn from(channels: Channels) -> String {
        channels.to_string()
    }
}

impl TryFrom<String> for Channels {
    type Error = ChannelsError;

    fn try_from(text: String) -> Result<Self, ChannelsError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What was written reads back, and holds the channels that were written and no others.
        #[test]
        fn channels_read_back(ranges in prop::collection::vec((0_u32..50, 0_u32..8), 0..8), asked in 0_u32..70) {
            let text = ranges.iter().map(|(first, length)| format!("{first}-{}", first + length)).collect::<Vec<_>>().join(" , ");
            let channels: Channels = text.parse().unwrap();
            prop_assert_eq!(channels.to_string().parse::<Channels>().unwrap(), channels.clone());
            prop_assert_eq!(channels.has(asked), ranges.iter().any(|(first, length)| (*first..=first + length).contains(&asked)));
        }
    }

    #[test]
    fn what_names_no_channels_says_so() {
        assert_eq!("320, 0-31,30-40,41".parse::<Channels>().unwrap().to_string(), "0-41,320");
        for wrong in ["a", "3-1", "1-2-3", "-4", "4294967296", "1;2"] {
            assert!(wrong.parse::<Channels>().is_err(), "{wrong}");
        }
        assert!("".parse::<Channels>().unwrap().is_empty());
    }
}

//! What of a raw file can't be read: stretches that were skipped, and how it ends.

use super::error::RawError;
use super::index::Index;

/// A stretch of a raw file that was skipped, for no event in it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where it begins, in bytes from the file's start.
    pub offset: u64,
    /// Its length, bytes.
    pub bytes: u64,
    /// Events lost in it, told by the numbers of the events around it or by the footer's count where these can be; else one.
    pub events: u64,
    /// What is wrong there.
    pub reason: RawError,
}

/// How a raw file ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With a footer that agrees with the events, those that were lost included.
    Footer,
    /// Before a footer came: it is still being written, or it was cut.
    Missing(RawError),
    /// With bytes that contradict the format or a footer that contradicts the events.
    Contradicting(RawError),
}

impl Ending {
    /// What is wrong; `None` when nothing is.
    #[must_use]
    pub fn fault(&self) -> Option<&RawError> {
        match self {
            Ending::Footer => None,
            Ending::Missing(fault) | Ending::Contradicting(fault) => Some(fault),
        }
    }
}

impl Loss {
    /// Whether that many events can have been in it.
    fn has_room(&self, events: u64, least_event_bytes: u64) -> bool {
        events <= self.bytes / least_event_bytes + 1
    }
}

impl Index {
    /// Notes a stretch as lost. `next` is the number of the event behind it.
    pub(super) fn lose(&mut self, from: u64, to: u64, next: Option<u32>, reason: RawError, least_event_bytes: u64) {
        let mut loss = Loss { offset: from, bytes: to - from, events: 1, reason };
        // Events are numbered from 0. A number that is damaged itself makes a gap that has no room in the stretch.
        let expected = self.headers.last().map_or(Some(0), |header| header.number.0.checked_add(1));
        let gap = next.zip(expected).and_then(|(next, expected)| next.checked_sub(expected)).map(u64::from);
        loss.events = gap.filter(|gap| loss.has_room(*gap, least_event_bytes)).unwrap_or(1);
        self.losses.push(loss);
    }

    /// Whether a file with these events and losses can have had that many events.
    pub(super) fn can_be_of(&self, count: u64, least_event_bytes: u64) -> bool {
        let room: u64 = self.losses.iter().map(|loss| loss.bytes / least_event_bytes + 1).sum();
        count.checked_sub(self.headers.len() as u64).is_some_and(|lost| lost <= room)
    }

    /// Takes over the footer's count, where that tells how many events a single stretch had.
    pub(super) fn spread(&mut self, count: u64, least_event_bytes: u64) {
        let lost = count.saturating_sub(self.headers.len() as u64);
        if let [loss] = self.losses.as_mut_slice()
            && loss.has_room(lost, least_event_bytes)
        {
            loss.events = lost;
        }
    }
}

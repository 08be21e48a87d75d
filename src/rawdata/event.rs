//! One event of a raw file.

use jiff::Timestamp;
use monitasks::vocab::EventNumber;

use super::layout;

/// What an event's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventHeader {
    /// The event's number, counted from 0 in the file by the DAQ.
    pub number: EventNumber,
    /// Trigger type; the codes are unpublished.
    pub trigger_type: u8,
    /// Trigger number, counted by the trigger.
    pub trigger_number: u32,
    /// When it was triggered.
    pub stamp: Timestamp,
    /// Flags as they stand in the 3x1x1's file: bit 6 compressed, bits 0 to 5 data quality (0: complete), bit 7 unknown. Of the
    /// 6x6x6, bits 0 to 5 count cards that are missing beyond those that were never there.
    pub flags: u8,
    /// Where the header starts in the file; not written, only read.
    pub offset: u64,
}

/// One event: its header and its samples, to be used again for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// What the header says.
    pub header: EventHeader,
    /// 12-bit ADC counts, channel-major in DAQ order: `samples[channel * readout.samples + tick]`.
    pub samples: Vec<u16>,
}

impl EventHeader {
    /// Whether the payload is compressed in the file.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.flags & layout::FLAG_COMPRESSED != 0
    }

    /// Whether the DAQ had all data of the event.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.flags & layout::FLAGS_QUALITY == 0
    }
}

impl Default for EventHeader {
    fn default() -> Self {
        EventHeader {
            number: EventNumber(0),
            trigger_type: 0,
            trigger_number: 0,
            stamp: Timestamp::UNIX_EPOCH,
            flags: 0,
            offset: 0,
        }
    }
}

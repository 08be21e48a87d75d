//! What a whole packet of codes means, looked up at once.

use std::sync::LazyLock;

use super::{MOST_ZEROS, PACKET_BITS, difference};

/// Packets by the 0 bits of an open code before them and by their bits; in a row behind those, a packet with a sample.
///
/// A packet has no more than six samples without repeat codes: six codes of two bits, or one bit that ends a code and five codes
/// of two.
pub(super) struct Table {
    steps: Vec<[u16; 8]>,
    facts: Vec<Facts>,
}

/// What follows from a packet besides its samples.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    /// Samples in the packet; 0 for one that has to be read code by code: with repeat codes or with what is no code.
    pub count: u8,
    /// The last sample less the one before the packet.
    pub sum: i8,
    /// The difference coded last.
    pub difference: i16,
}

/// Entries of the table: a row for each number of 0 bits that a packet can end with, and one more.
const PACKETS: usize = (PACKET_BITS as usize + 1) << PACKET_BITS;

/// Index of the packet that is a sample: a packet of codes ends with less 0 bits than it has bits.
pub(super) const SAMPLE: u32 = PACKET_BITS << PACKET_BITS;

/// The difference coded last, when there is none: behind a sample packet.
pub(super) const NO_DIFFERENCE: i16 = i16::MIN;

impl Table {
    /// The table, made when it is first asked for.
    pub(super) fn get() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(Table::new);
        &TABLE
    }

    fn new() -> Table {
        let mut table = Table { steps: vec![[0; 8]; PACKETS], facts: vec![Facts::default(); PACKETS] };
        for zeros in 0..=MOST_ZEROS {
            for bits in 0..1 << PACKET_BITS {
                if let Some((steps, facts)) = packet(zeros, bits) {
                    let index = (zeros << PACKET_BITS | bits) as usize;
                    (table.steps[index], table.facts[index]) = (steps, facts);
                }
            }
        }
        table.facts[SAMPLE as usize] = Facts { count: 1, sum: 0, difference: NO_DIFFERENCE };
        table
    }

    /// What follows from the packet at an index: its bits and, above them, the 0 bits of an open code before it; or [`SAMPLE`].
    #[inline]
    pub(super) fn facts(&self, index: u32) -> Facts {
        self.facts[index as usize]
    }

    /// The packet's samples less the sample before it; lanes behind them hold anything.
    #[inline]
    pub(super) fn steps(&self, index: u32) -> &[u16; 8] {
        &self.steps[index as usize]
    }
}

/// What a packet means; `None` when it has to be read code by code.
fn packet(mut zeros: u32, bits: u32) -> Option<([u16; 8], Facts)> {
    let (mut steps, mut facts) = ([0; 8], Facts::default());
    for place in (0..PACKET_BITS).rev() {
        if bits >> place & 1 == 0 {
            zeros += 1;
            continue;
        }
        facts.difference = difference(std::mem::take(&mut zeros))?;
        facts.sum += facts.difference as i8;
        steps[usize::from(facts.count)] = i16::from(facts.sum) as u16;
        facts.count += 1;
    }
    Some((steps, facts))
}

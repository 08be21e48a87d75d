//! Channels whose strips give no hits: those that read nothing and those known to be noisy.
//!
//! The list is the detector file's, or a file of its own: rows `seqch crm view view_ch` as in the field's channel mask files, the
//! channel in DAQ order, the charge readout module, the view and the strip in it; blank lines and what follows a `#` are ignored.

use monitasks::detector::{Detector, Strip};
use monitasks::vocab::{Channel, View};

/// Which channels are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    masked: Vec<bool>,
}

impl Mask {
    /// The strips that the detector file calls blind or noisy.
    #[must_use]
    pub fn of_detector(detector: &Detector) -> Self {
        let is_bad = |strip: Strip| detector.is_blind(strip) || detector.view(strip.view).noisy_strips.contains(&strip.number);
        let channels = 0..detector.readout.channels as u32;
        Mask { masked: channels.map(|channel| detector.strip(Channel(channel)).is_some_and(is_bad)).collect() }
    }

    /// The channels that a mask file lists.
    ///
    /// # Errors
    /// The line, from 1, and what is wrong with it.
    pub fn parse(text: &str, detector: &Detector) -> Result<Self, (usize, String)> {
        let mut masked = vec![false; detector.readout.channels];
        for (line, row) in (1..).zip(text.lines()) {
            let row = row.split('#').next().unwrap_or_default();
            if row.trim().is_empty() {
                continue;
            }
            let numbers: Option<Vec<u32>> = row.split_whitespace().map(|word| word.parse().ok()).collect();
            let Some([channel, _, view, number]) = numbers.as_deref() else {
                let found = row.trim();
                return Err((line, format!("found {found:?}, expected four whole numbers: channel, module, view, strip")));
            };
            let Some(place) = masked.get_mut(*channel as usize) else {
                return Err((line, format!("channel {channel}, expected 0 to {}", detector.readout.channels.saturating_sub(1))));
            };
            let expected = detector.strip(Channel(*channel));
            let found = View::ALL.into_iter().find(|known| known.index() as u32 == *view);
            if found.map(|view| Strip { view, number: *number }) != expected {
                let expected = expected.map_or("no strip".into(), |strip| format!("{} {}", strip.view.index(), strip.number));
                let map = &detector.channel_map_name;
                return Err((
                    line,
                    format!("view and strip {view} {number} for channel {channel}, expected {expected} by channel map '{map}'"),
                ));
            }
            if std::mem::replace(place, true) {
                return Err((line, format!("channel {channel} a second time")));
            }
        }
        Ok(Mask { masked })
    }

    /// Whether a channel is masked.
    #[must_use]
    pub fn is_masked(&self, channel: Channel) -> bool {
        self.masked.get(channel.0 as usize).copied().unwrap_or(false)
    }

    /// The masked channels, in DAQ order.
    pub fn channels(&self) -> impl Iterator<Item = Channel> + '_ {
        (0u32..).zip(&self.masked).filter(|(_, masked)| **masked).map(|(channel, _)| Channel(channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector() -> Detector {
        crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap()
    }

    #[test]
    fn the_detectors_own_list_has_its_blind_and_noisy_strips() {
        let (detector, mask) = (detector(), Mask::of_detector(&detector()));
        assert_eq!(mask.channels().count(), 17);
        let noisy = Strip { view: View::V0, number: 41 };
        assert!(mask.channels().any(|channel| detector.strip(channel) == Some(noisy)));
    }

    #[test]
    fn a_mask_file_is_read_and_a_wrong_one_refused_with_its_line() {
        let detector = detector();
        let row = |channel: u32| {
            let strip = detector.strip(Channel(channel)).unwrap();
            format!("{channel} 0 {} {}\n", strip.view.index(), strip.number)
        };
        let mask = Mask::parse(&format!("# bad\n{}\n  {} # spark\n", row(3), row(900).trim()), &detector).unwrap();
        assert_eq!(mask.channels().collect::<Vec<_>>(), [Channel(3), Channel(900)]);
        assert!(mask.is_masked(Channel(900)) && !mask.is_masked(Channel(4)) && !mask.is_masked(Channel(9999)));
        let twice = row(3) + &row(3);
        for (text, line, word) in [
            ("1 2 3", 1, "four whole numbers"),
            ("\n1 0 x 3", 2, "four whole numbers"),
            ("1280 0 0 0", 1, "0 to 1279"),
            ("0 0 1 0", 1, "expected 0 295 by channel map '2017'"),
            (&twice, 2, "second"),
        ] {
            let (found, what) = Mask::parse(text, &detector).unwrap_err();
            assert!(found == line && what.contains(word), "{text:?}: {found} {what}");
        }
    }
}

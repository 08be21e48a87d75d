//! A channel map as its file's few numbers, and the strip of every channel made from them.

use monitasks::detector::{Strip, ViewFacts};
use monitasks::vocab::View;
use serde::Deserialize;
use toml::Spanned;

use super::error::{Fault, Place};

/// How channels are counted, and the maps there are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channels {
    cards_per_crate: u32,
    channels_per_card: u32,
    channels_per_half: Spanned<u32>,
    default_map: Spanned<String>,
    maps: Vec<ChannelMap>,
}

/// One map.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelMap {
    name: String,
    reversed_block: Spanned<u32>,
    crates: Spanned<Vec<Crate>>,
}

/// The strips of one crate's channels: `first + card_step * card + half_step * half + k_step * k`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Crate {
    view: View,
    first: i64,
    card_step: i64,
    half_step: i64,
    k_step: i64,
    /// Whether its channels stand in the files but read nothing.
    #[serde(default)]
    absent: bool,
}

/// The map of a name (empty: the default): its name, and the strip of every channel in DAQ order.
pub(super) fn strips(
    channels: &Channels,
    wanted: &str,
    count: usize,
    views: &[ViewFacts; 2],
) -> Result<(String, Vec<Option<Strip>>), Fault> {
    let (name, place) = if wanted.is_empty() {
        (channels.default_map.get_ref().as_str(), Place::Byte(channels.default_map.span().start))
    } else {
        (wanted, Place::Nowhere)
    };
    let Some(map) = channels.maps.iter().find(|map| map.name == name) else {
        let names: Vec<&str> = channels.maps.iter().map(|map| map.name.as_str()).collect();
        return Err(Fault { what: format!("no channel map {name:?}: there are {}", names.join(", ")), place });
    };
    let half = *channels.channels_per_half.get_ref();
    if half == 0 {
        return Err(Fault::at(channels.channels_per_half.span().start, "'channels_per_half' is 0, expected at least 1"));
    }
    let block = *map.reversed_block.get_ref();
    if block == 0 || !half.is_multiple_of(block) {
        let what = format!("'reversed_block' is {block}, expected a divisor of 'channels_per_half' ({half})");
        return Err(Fault::at(map.reversed_block.span().start, what));
    }
    let crates = map.crates.get_ref();
    let made = crates.len() as u64 * u64::from(channels.cards_per_crate) * u64::from(channels.channels_per_card);
    if made != count as u64 {
        let what = format!("'crates' of channel map {name:?} make {made} channels, but 'channels' of [readout] is {count}");
        return Err(Fault::at(map.crates.span().start, what));
    }
    let mut numbers = Vec::with_capacity(count);
    for one in crates {
        for card in 0..channels.cards_per_crate {
            for channel in 0..channels.channels_per_card {
                numbers.push((!one.absent).then(|| strip(one, card, channel, half, block)));
            }
        }
    }
    let strips = checked(&numbers, views).map_err(|what| Fault::at(map.crates.span().start, what))?;
    Ok((name.to_owned(), strips))
}

/// View and number, not yet known to be one that exists, of a crate's channel.
fn strip(one: &Crate, card: u32, channel: u32, per_half: u32, block: u32) -> Option<(View, i64)> {
    let (half, s) = (channel / per_half, channel % per_half);
    let k = block * (s / block) + block - 1 - s % block;
    let steps = [(one.card_step, card), (one.half_step, half), (one.k_step, k)];
    let number = steps.iter().try_fold(one.first, |sum, (step, count)| sum.checked_add(step.checked_mul(i64::from(*count))?));
    number.map(|number| (one.view, number))
}

/// The strips, when each exists and no two channels read the same one; else what is wrong. The outer `None` is an absent channel.
fn checked(numbers: &[Option<Option<(View, i64)>>], views: &[ViewFacts; 2]) -> Result<Vec<Option<Strip>>, String> {
    let mut reader: [Vec<Option<usize>>; 2] = [vec![None; views[0].strips], vec![None; views[1].strips]];
    let mut checked = Vec::with_capacity(numbers.len());
    for (channel, strip) in numbers.iter().enumerate() {
        let Some(strip) = strip else {
            checked.push(None);
            continue;
        };
        let (view, number) = strip.ok_or_else(|| format!("channel {channel} reads a strip beyond all numbers"))?;
        let place = usize::try_from(number).ok().and_then(|number| reader[view.index()].get_mut(number));
        let Some(place) = place else {
            let last = views[view.index()].strips.saturating_sub(1);
            return Err(format!("channel {channel} reads strip {number} of {view}, which has strips 0 to {last}"));
        };
        if let Some(other) = place.replace(channel) {
            return Err(format!("channels {other} and {channel} both read strip {number} of {view}"));
        }
        checked.push(Some(Strip { view, number: number as u32 }));
    }
    Ok(checked)
}

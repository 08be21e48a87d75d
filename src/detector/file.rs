//! A detector file as typed, then checked and turned into a [`Detector`].

use monitasks::detector::{Detector, DriftFacts, Expected, LemGrid, RawLayout, Readout, ViewFacts, Volume};
use serde::Deserialize;
use toml::Spanned;

use super::channel_map::{self, Channels};
use super::error::Fault;
use super::numbering::{self, Numbering};

/// A detector file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetectorFile {
    name: String,
    title: String,
    raw_file_names: Spanned<Vec<String>>,
    volume: Spanned<Volume>,
    readout: Spanned<Readout>,
    views: Spanned<Vec<Spanned<ViewFacts>>>,
    channels: Channels,
    lems: Spanned<Lems>,
    drift: Spanned<DriftFacts>,
    expected: Expected,
}

/// The LEMs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lems {
    columns: u16,
    rows: u16,
    size_cm: f64,
    numberings: Vec<Spanned<Numbering>>,
}

/// Most samples an event may have: bounds what a detector file can make the program allocate (1 GiB of samples).
const MOST_SAMPLES: usize = 1 << 29;

/// Most fragments of an event.
const MOST_FRAGMENTS: usize = 64;

/// Reads a detector file's text and takes the channel map of that name (empty: the default).
pub(super) fn parse(text: &str, map: &str) -> Result<Detector, Fault> {
    let file: DetectorFile = toml::from_str(text).map_err(|error| {
        let what = error.message().replace('`', "'");
        Fault::at(error.span().map_or(0, |span| span.start), what)
    })?;
    let volume = checked(file.volume, text, volume_fault)?;
    let readout = checked(file.readout, text, readout_fault)?;
    let drift = checked(file.drift, text, drift_fault)?;
    let views = views(file.views, text)?;
    let raw_file_names = raw_file_names(file.raw_file_names)?;
    let (channel_map_name, channel_map) = channel_map::strips(&file.channels, map, readout.channels, &views)?;
    let lems = lems(file.lems, text)?;
    Ok(Detector {
        name: file.name,
        title: file.title,
        raw_file_names,
        volume,
        readout,
        views,
        channel_map,
        channel_map_name,
        lems,
        drift,
        expected: file.expected,
    })
}

/// A key and what is wrong with its value.
type KeyFault = (&'static str, String);

/// The value, when it has no fault; else the fault at its key's line inside the table.
fn checked<T>(value: Spanned<T>, text: &str, fault: fn(&T) -> Option<KeyFault>) -> Result<T, Fault> {
    match fault(value.get_ref()) {
        Some((key, what)) => Err(Fault::at(key_from(text, value.span().start, key), what)),
        None => Ok(value.into_inner()),
    }
}

/// Where a key stands in the text at or after a byte; that byte when it stands nowhere.
fn key_from(text: &str, from: usize, key: &str) -> usize {
    let mut at = text[..from].rfind('\n').map_or(0, |end| end + 1);
    for line in text[at..].split_inclusive('\n') {
        if line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return at;
        }
        at += line.len();
    }
    from
}

/// What is wrong with numbers that have to be above 0.
fn not_positive(values: &[(&'static str, f64)]) -> Option<KeyFault> {
    let wrong = values.iter().find(|(_, value)| !(*value > 0.0 && value.is_finite()));
    wrong.map(|(key, value)| (*key, format!("'{key}' is {value}, expected a number above 0")))
}

fn volume_fault(volume: &Volume) -> Option<KeyFault> {
    for (key, [low, high]) in [("x_cm", volume.x_cm), ("y_cm", volume.y_cm)] {
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Some((key, format!("'{key}' is [{low}, {high}], expected the lowest and the highest coordinate")));
        }
    }
    not_positive(&[("drift_cm", volume.drift_cm)])
}

fn readout_fault(readout: &Readout) -> Option<KeyFault> {
    let counts = [("channels", readout.channels), ("samples", readout.samples), ("coherent_group", readout.coherent_group)];
    for (key, count) in counts {
        if count == 0 {
            return Some((key, format!("'{key}' is 0, expected at least 1")));
        }
    }
    if readout.channels.checked_mul(readout.samples).is_none_or(|samples| samples > MOST_SAMPLES) {
        let what = format!("'samples' x 'channels' is {} x {}, above {MOST_SAMPLES}", readout.samples, readout.channels);
        return Some(("samples", what));
    }
    if readout.skipped_samples >= readout.samples {
        let what = format!("'skipped_samples' is {}, expected less than 'samples'", readout.skipped_samples);
        return Some(("skipped_samples", what));
    }
    if readout.adc_bits != 12 {
        return Some(("adc_bits", format!("'adc_bits' is {}, but only 12 can be read", readout.adc_bits)));
    }
    if let RawLayout::EventTable { fragments, missing_cards } = readout.raw_layout {
        if !(1..=MOST_FRAGMENTS).contains(&fragments) || !readout.channels.is_multiple_of(fragments) {
            let what =
                format!("'fragments' of 'raw_layout' is {fragments}, expected 1 to {MOST_FRAGMENTS} that divide 'channels'");
            return Some(("raw_layout", what));
        }
        if missing_cards > 63 {
            return Some(("raw_layout", format!("'missing_cards' of 'raw_layout' is {missing_cards}, expected 0 to 63")));
        }
    }
    if !readout.electronics_delay_us.is_finite() {
        return Some(("electronics_delay_us", "'electronics_delay_us' is no finite number".into()));
    }
    not_positive(&[("sampling_us", readout.sampling_us)])
}

fn drift_fault(drift: &DriftFacts) -> Option<KeyFault> {
    not_positive(&[
        ("field_kv_per_cm", drift.field_kv_per_cm),
        ("velocity_mm_per_us", drift.velocity_mm_per_us),
        ("mip_charge_fc_per_cm", drift.mip_charge_fc_per_cm),
    ])
}

fn view_fault(view: &ViewFacts) -> Option<KeyFault> {
    if view.strips == 0 || view.strips > MOST_SAMPLES {
        return Some(("strips", format!("'strips' is {}, expected 1 to {MOST_SAMPLES}", view.strips)));
    }
    for (key, strips) in [("blind_strips", &view.blind_strips), ("noisy_strips", &view.noisy_strips)] {
        if let Some(strip) = strips.iter().find(|strip| **strip as usize >= view.strips) {
            return Some((key, format!("'{key}' has {strip}, but the view has strips 0 to {}", view.strips - 1)));
        }
    }
    not_positive(&[("pitch_mm", view.pitch_mm), ("adc_ticks_per_fc", view.adc_ticks_per_fc)])
}

fn lems_fault(lems: &Lems) -> Option<KeyFault> {
    for (key, count) in [("columns", lems.columns), ("rows", lems.rows)] {
        if !(1..=1000).contains(&count) {
            return Some((key, format!("'{key}' is {count}, expected 1 to 1000")));
        }
    }
    not_positive(&[("size_cm", lems.size_cm)])
}

/// The two views.
fn views(views: Spanned<Vec<Spanned<ViewFacts>>>, text: &str) -> Result<[ViewFacts; 2], Fault> {
    let at = views.span().start;
    let views = views.into_inner().into_iter().map(|view| checked(view, text, view_fault)).collect::<Result<Vec<_>, _>>()?;
    let found = views.len();
    views.try_into().map_err(|_| Fault::at(at, format!("'views' holds {found}, expected 2")))
}

/// The raw files' names, each with both numbers in it.
fn raw_file_names(names: Spanned<Vec<String>>) -> Result<Vec<String>, Fault> {
    let at = names.span().start;
    let names = names.into_inner();
    let wrong = names.iter().find(|name| name.matches("{run}").count() != 1 || name.matches("{seq}").count() != 1);
    match wrong {
        Some(name) => Err(Fault::at(at, format!("'raw_file_names' has {name:?}, expected {{run}} and {{seq}} once each"))),
        None if names.is_empty() => Err(Fault::at(at, "'raw_file_names' is empty, expected at least one name")),
        None => Ok(names),
    }
}

/// The LEMs with all their numberings.
fn lems(lems: Spanned<Lems>, text: &str) -> Result<LemGrid, Fault> {
    let at = lems.span().start;
    let Lems { columns, rows, size_cm, numberings } = checked(lems, text, lems_fault)?;
    if numberings.is_empty() {
        return Err(Fault::at(at, "'numberings' is empty, expected at least the one of the result files"));
    }
    let numberings = numberings.into_iter().map(|one| numbering::numbering(one, columns, rows)).collect::<Result<Vec<_>, _>>()?;
    Ok(LemGrid { columns, rows, size_cm, numberings })
}

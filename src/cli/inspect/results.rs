//! Results: summary file, pedestal file, the .json beside them; and the truth of a simulation.

use std::path::Path;

use monitasks::detector::Detector;
use monitasks::format::FormatError;
use monitasks::format::crp_summary::CrpSummary;
use monitasks::format::pedestal::{self, Pedestal, PedestalRow};
use monitasks::format::sidecar::Sidecar;
use monitasks::summary::Measured;
use monitasks::vocab::View;
use serde_json::{Value, json};

use super::Report;

/// A summary file's report.
pub(super) fn summary(bytes: &[u8], path: &Path) -> Report {
    let title = "summary file";
    let summary = match CrpSummary::parse(bytes) {
        Ok(summary) => summary,
        Err(error) => return not_parsed(title, &error),
    };
    let mut text = format!("{title}, local time {}\n", summary.stamp);
    match &summary.lifetime_us {
        None => text += "no lifetimes yet\n",
        Some(views) => {
            for (view, lifetime) in views.iter().enumerate() {
                text += &format!("view {view}: lifetime {}\n", words(*lifetime, " us", 0));
            }
        }
    }
    text += &format!("{} LEMs\n", summary.lems.len());
    for row in &summary.lems {
        let [view0, view1] = row.dqds.map(|value| words(value, "", 3));
        text += &format!("    LEM {:>3}: dQ/ds of view 0 {view0}, of view 1 {view1}\n", row.lem);
    }
    let lems: Vec<Value> = summary.lems.iter().map(|row| json!({"lem": row.lem, "dqds": row.dqds})).collect();
    let facts = json!({
        "local_time": summary.stamp.to_string(), "lifetime_us": summary.lifetime_us, "lems": lems,
    });
    Report { facts, text, faults: missing_lems(&summary, path).into_iter().collect() }
}

/// That the .json beside a summary has LEMs with numbers that the summary has no rows of.
fn missing_lems(summary: &CrpSummary, path: &Path) -> Option<String> {
    let beside = std::fs::read(path.with_extension("json")).ok()?;
    let sidecar = Sidecar::parse(&beside).ok()?;
    let has_number = |dqds: &[Measured; 2]| dqds.iter().any(|value| value.value().is_some());
    let of_sidecar = sidecar.gain.iter().flat_map(|gain| &gain.lems).filter(|row| has_number(&row.dqds));
    let missing: Vec<String> =
        of_sidecar.filter(|row| summary.lems.iter().all(|own| own.lem != row.lem)).map(|row| row.lem.to_string()).collect();
    (!missing.is_empty()).then(|| format!("LEM {} has numbers in the .json beside it and no row here", missing.join(", ")))
}

/// A pedestal file's report.
pub(super) fn pedestals(bytes: &[u8], detector: &Detector) -> Report {
    let title = "pedestal file";
    let rows = match pedestal::parse(bytes) {
        Ok(rows) => rows,
        Err(error) => return not_parsed(title, &error),
    };
    let measured = rows.iter().filter(|row| row.pedestal.is_some()).count();
    let mut text = format!("{title}, {} channels, {measured} of them measured\n", rows.len());
    let mut views = Vec::new();
    for view in [View::V0, View::V1] {
        let Some(mean) = mean_of(&rows, view) else { continue };
        let (index, Pedestal { mean_adc, rms_adc }) = (view.index(), mean);
        text += &format!("view {index}: pedestal {mean_adc:.3} ADC counts, RMS {rms_adc:.3} ADC counts, means of its channels\n");
        views.push(json!({"view": index, "mean_adc": mean_adc, "rms_adc": rms_adc}));
    }
    let channels = detector.readout.channels;
    let mut faults = Vec::new();
    if rows.len() < channels {
        faults.push(format!("it has {} of the {channels} channels of {}", rows.len(), detector.name));
    }
    if let Some(row) = rows.iter().find(|row| row.channel.0 as usize >= channels) {
        faults.push(format!("channel {} is none of the {channels} of {}", row.channel.0, detector.name));
    }
    let facts = json!({"channels": rows.len(), "measured": measured, "views": views});
    Report { facts, text, faults }
}

/// Means over the measured channels of a view; none when there is none.
fn mean_of(rows: &[PedestalRow], view: View) -> Option<Pedestal> {
    let measured: Vec<Pedestal> = rows.iter().filter(|row| row.strip.view == view).filter_map(|row| row.pedestal).collect();
    let count = measured.len() as f64;
    let mean = |value: fn(&Pedestal) -> f64| measured.iter().map(value).sum::<f64>() / count;
    (!measured.is_empty()).then(|| Pedestal { mean_adc: mean(|one| one.mean_adc), rms_adc: mean(|one| one.rms_adc) })
}

/// The report of the .json beside a result.
pub(super) fn sidecar(bytes: &[u8]) -> Report {
    let title = "result's .json";
    let sidecar = match Sidecar::parse(bytes) {
        Ok(sidecar) => sidecar,
        Err(error) => return not_parsed(title, &error),
    };
    let members: Vec<String> = sidecar.members.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "{title}: {}, processing {}, group {}, by {}\nof {}, {}, channel map {}\n{} events, made {}\n",
        sidecar.run,
        sidecar.processing.0,
        sidecar.group.0,
        sidecar.software,
        members.join(", "),
        sidecar.detector,
        sidecar.channel_map,
        sidecar.events,
        sidecar.processed_at
    );
    if let (Some(start), Some(end)) = (sidecar.data_start, sidecar.data_end) {
        text += &format!("data from {start} to {end}\n");
    }
    for (view, purity) in sidecar.purity.iter().flatten().enumerate() {
        text += &format!("view {view}: lifetime {}, {} tracks\n", words(purity.lifetime_us, " us", 0), purity.tracks);
    }
    if let Some(gain) = &sidecar.gain {
        let measured = gain.lems.iter().filter(|row| row.effective_gain.value().is_some()).count();
        text += &format!("gain of {measured} of {} LEMs, {} tracks, dQ/ds in {}\n", gain.lems.len(), gain.tracks, gain.dqds_unit);
    }
    let mut faults = Vec::new();
    if sidecar.members.is_empty() {
        faults.push("it names no raw file that went in".to_owned());
    }
    Report { facts: json!({ "content": sidecar }), text, faults }
}

/// The report of a simulation's truth.
pub(super) fn truth(bytes: &[u8]) -> Report {
    let title = "simulation's truth";
    let truth: Value = match serde_json::from_slice(bytes) {
        Ok(truth) => truth,
        Err(error) => return Report { facts: json!({}), text: format!("{title}\n"), faults: vec![error.to_string()] },
    };
    let list = |key: &str| truth[key].as_array().map_or(0, Vec::len);
    let tracks: usize =
        truth["events"].as_array().into_iter().flatten().filter_map(|event| event["tracks"].as_array()).map(Vec::len).sum();
    let text = format!(
        "{title}: run {}, {} events, {tracks} tracks, by {}\n{}, lifetime {} us, noise {} ADC counts, seed {}\n",
        truth["run"],
        list("events"),
        truth["software"].as_str().unwrap_or("?"),
        truth["detector"].as_str().unwrap_or("?"),
        truth["lifetime_us"],
        truth["noise_adc"],
        truth["seed"]
    );
    let missing =
        ["detector", "run", "lifetime_us", "lems", "pedestals_adc", "events"].into_iter().filter(|key| truth[*key].is_null());
    let faults = missing.map(|key| format!("it has no {key:?}")).collect();
    let facts = json!({
        "run": truth["run"], "software": truth["software"], "detector": truth["detector"], "seed": truth["seed"],
        "lifetime_us": truth["lifetime_us"], "noise_adc": truth["noise_adc"], "events_count": list("events"),
        "tracks_count": tracks, "lems": truth["lems"],
    });
    Report { facts, text, faults }
}

/// The report of a file whose format's reader refuses it.
fn not_parsed(title: &str, error: &FormatError) -> Report {
    let fault = match error {
        FormatError::Incomplete(why) => format!("half written: {why}"),
        other => other.to_string(),
    };
    Report { facts: json!({}), text: format!("{title}\n"), faults: vec![fault] }
}

/// A number for people.
fn words(measured: Measured, unit: &str, digits: usize) -> String {
    match measured {
        Measured::Number { value, error } => format!("{value:.digits$} +- {error:.digits$}{unit}"),
        Measured::NoData => "no data".into(),
        Measured::NotMeasured => "not measured".into(),
    }
}

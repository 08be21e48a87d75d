//! The built-in monitor tasks, a folder each, and what several of them share.
//!
//! Each task reads a result into a [`crate::summary::Summary`] and draws from summaries alone. May use all of this crate but
//! `registry`.

pub mod charge_asymmetry;
mod crp_result;
pub mod event_rate;
mod event_result;
pub mod hits;
pub mod lem_gain;
pub mod lem_places;
pub(crate) mod lem_words;
pub mod noise_spectrum;
pub mod pedestals;
mod provenance;
pub mod purity;
pub mod root_objects;
pub(crate) mod shown;
pub mod tracks;
mod trend;

use crate::figure::Figure;
use crate::quality::State;
use crate::summary::{Measured, Summary};
use crate::task::{Glance, ItemInfo, TaskInfo};

/// An item's names and the sentence for the shifter.
fn item(name: &str, title: &str, about: &str) -> ItemInfo {
    ItemInfo { name: name.into(), title: title.into(), about: about.into() }
}

/// What is drawn when there is no result yet, or no such item.
fn nothing_to_draw(info: &TaskInfo, item: &str) -> Figure {
    match info.item(item) {
        Some(known) => Figure::empty(&known.title, nothing_yet(info)),
        None => Figure::empty(&info.title, unknown_item(info, item)),
    }
}

/// What the tree shows when there is no result yet, or no such item.
fn nothing_to_glance(info: &TaskInfo, item: &str) -> Glance {
    match info.item(item) {
        Some(_) => Glance::no_data(nothing_yet(info)),
        None => Glance::no_data(unknown_item(info, item)),
    }
}

fn nothing_yet(info: &TaskInfo) -> String {
    format!(
        "no results yet: the analysis of a group of files writes them to results/{}/*{}, and they are looked for every {} s",
        info.folder, info.suffix, info.poll_s
    )
}

fn unknown_item(info: &TaskInfo, item: &str) -> String {
    let known: Vec<&str> = info.items.iter().map(|item| item.name.as_str()).collect();
    format!("the task {} has no item {item:?}; its items are {}", info.name, known.join(", "))
}

/// A mean over LEMs as the tree shows it: where some are dark, how many are lit stands behind it.
fn of_lems(mean: Measured, lit: usize, of: usize) -> String {
    if lit == of || lit == 0 { mean.words("") } else { format!("{}, {lit}/{of} lit", mean.words("")) }
}

/// A leaf with a number that no check has judged.
fn unchecked(text: String, what: &str, summary: &Summary, reading: Measured) -> Glance {
    let mut reason = format!("{what} of {}; no check has judged it", summary.name());
    for remark in &summary.provenance.remarks {
        reason += &format!("; {remark}");
    }
    let state = match reading {
        Measured::NoData => State::NoData,
        Measured::Number { .. } | Measured::NotMeasured => State::Unchecked,
    };
    Glance { state, text, reason, reading }
}

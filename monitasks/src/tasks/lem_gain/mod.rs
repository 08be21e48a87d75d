//! LEM gain: how much each LEM multiplies the charge, from `results/crp/`.

mod by_lem;
mod map;
mod trends;

use jiff::tz::TimeZone;

use super::crp_result::CrpResult;
use super::shown::Shown;
use super::{item, nothing_to_draw, nothing_to_glance, of_lems, unchecked};
use crate::figure::Figure;
use crate::summary::{Measured, Summary};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

/// The LEM gain task.
pub struct LemGain {
    info: TaskInfo,
    zone: TimeZone,
}

impl LemGain {
    /// The task at a site whose text files hold local times of `zone`.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        let info = TaskInfo {
            name: "lem_gain".into(),
            title: "LEM gain".into(),
            about:
                "The effective gain of each LEM: what signals are made of. It falls when a LEM charges up or loses field, and \
                    a LEM that trips is dark."
                    .into(),
            folder: "crp".into(),
            suffix: ".txt".into(),
            poll_s: 30.0,
            items: vec![
                item(
                    "map",
                    "Gain map",
                    "Effective gain of every LEM, seen from above, latest result. Evenly coloured; a cell with NO DATA was \
                     crossed by too few tracks or is dark.",
                ),
                item(
                    "dqds_by_lem",
                    "dQ/ds by LEM",
                    "Charge per path length in each view, attenuation corrected, latest result. Both views have about the \
                     same.",
                ),
                item("gain_trend", "Gain trend", "Effective gain of every LEM against time. Steady, and alike in all LEMs."),
                item("view_trend", "View trend", "Mean dQ/ds over the LEMs of each view against time. The views move together."),
            ],
        };
        LemGain { info, zone }
    }
}

impl MonTask for LemGain {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Table `lems`, a row for every LEM, row by row from the lowest y: `lem`, `dqds_v0`, `dqds_v1`, with a sidecar `entries_v0`
    /// and `entries_v1`, and where lifetime and unit are known `effective_gain`.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let mut result = CrpResult::read(input, context, &self.zone)?;
        let table = result.take_lems(context.detector)?;
        result.summary.tables.push(table);
        Ok(result.summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        match (item, shown.latest()) {
            ("map", Some(latest)) => map::draw(latest, context.detector),
            ("dqds_by_lem", Some(latest)) => by_lem::draw(latest, context.detector),
            ("gain_trend", Some(latest)) => trends::draw_gain(&shown, latest, context.detector),
            ("view_trend", Some(latest)) => trends::draw_views(&shown, latest),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        match (item, Shown::of(history).latest()) {
            ("map" | "gain_trend", Some(latest)) => glance_gain(latest),
            ("dqds_by_lem" | "view_trend", Some(latest)) => glance_dqds(latest),
            _ => nothing_to_glance(&self.info, item),
        }
    }
}

/// Effective gains in the order of the places; none where an input of the gain is missing.
fn gains(summary: &Summary) -> Option<&[Measured]> {
    Some(&summary.table("lems")?.column("effective_gain")?.values)
}

/// A view's dQ/ds in the order of the places, and their unit.
fn dqds(summary: &Summary, view: usize) -> (&[Measured], &str) {
    let column = summary.table("lems").and_then(|table| table.column(["dqds_v0", "dqds_v1"][view.min(1)]));
    column.map_or((&[], ""), |column| (&column.values, &column.unit))
}

/// The unit of dQ/ds for an axis.
fn unit_words(unit: &str) -> &str {
    if unit.is_empty() { "unit not stated in the file" } else { unit }
}

/// Why there is no effective gain.
fn no_gain(summary: &Summary) -> String {
    let why = summary.provenance.remarks.join("; ");
    format!("no effective gain in {}: {why}", summary.name())
}

fn glance_gain(latest: &Summary) -> Glance {
    let Some(gains) = gains(latest) else { return Glance::cannot_judge(no_gain(latest)) };
    let mean = Measured::mean(gains.iter().copied());
    let lit = gains.iter().filter(|gain| gain.value().is_some()).count();
    let what = format!("mean effective gain of {lit} of {} LEMs", gains.len());
    unchecked(of_lems(mean, lit, gains.len()), &what, latest, mean)
}

fn glance_dqds(latest: &Summary) -> Glance {
    let [(view0, unit), (view1, _)] = [dqds(latest, 0), dqds(latest, 1)];
    if latest.provenance.remarks.iter().any(|remark| remark.contains("needs the lifetimes")) {
        return Glance::cannot_judge(no_gain(latest));
    }
    let mean = Measured::mean(view0.iter().chain(view1).copied());
    let text = if unit.is_empty() && mean.value().is_some() {
        format!("{} (unit not stated)", mean.words(""))
    } else {
        mean.words(unit)
    };
    unchecked(text, "mean dQ/ds of all LEMs and both views", latest, mean)
}

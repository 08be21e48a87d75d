//! Purity: the electron lifetime in the liquid argon, from `results/crp/`.

mod drift_profile;
mod lifetime;

use jiff::tz::TimeZone;

use super::crp_result::CrpResult;
use super::shown::Shown;
use super::{item, nothing_to_draw, nothing_to_glance};
use crate::figure::Figure;
use crate::format::sidecar::ViewPurity;
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

/// The purity task.
pub struct Purity {
    info: TaskInfo,
    zone: TimeZone,
}

impl Purity {
    /// The task at a site whose text files hold local times of `zone`.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        let info = TaskInfo {
            name: "purity".into(),
            title: "Purity".into(),
            about: "The electron lifetime: how much charge is lost on its way up to impurities of the argon. The gain needs it."
                .into(),
            folder: "crp".into(),
            suffix: ".txt".into(),
            poll_s: 30.0,
            items: vec![
                item(
                    "lifetime_trend",
                    "Lifetime trend",
                    "Electron lifetime of both views against time. The views agree within errors; purification makes it rise \
                     slowly, and a sudden fall is an air leak or a stopped pump.",
                ),
                item(
                    "drift_profile",
                    "Drift profile",
                    "Charge of track pieces against drift time, latest result, with its fit. It falls smoothly and the fit \
                     goes through the points.",
                ),
            ],
        };
        Purity { info, zone }
    }
}

impl MonTask for Purity {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Tables: `lifetime`, a row per view (`lifetime_us`, with a sidecar also `amplitude` and `tracks`), and with a sidecar
    /// `profile_v0` and `profile_v1`, a row per bin of drift time (`t_us`, `charge`, `entries`).
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let CrpResult { text, sidecar, mut summary } = CrpResult::read(input, context, &self.zone)?;
        let Some(lifetimes) = text.lifetime_us else {
            return Err(if text.lems.is_empty() {
                ReadError::Incomplete("no lifetimes yet".into())
            } else {
                ReadError::Malformed("LEM rows, and no lifetimes before them".into())
            });
        };
        let mut table = Table { name: "lifetime".into(), columns: vec![Column::new("lifetime_us", "us", lifetimes.to_vec())] };
        if let Some(views) = sidecar.as_ref().and_then(|sidecar| sidecar.purity.as_ref()) {
            let amplitude =
                |view: &ViewPurity| view.amplitude.map_or(Measured::NotMeasured, |value| Measured::number(value, 0.0));
            let tracks = |view: &ViewPurity| Measured::number(view.tracks as f64, 0.0);
            table.columns.push(Column::new("amplitude", "", views.iter().map(amplitude).collect()));
            table.columns.push(Column::new("tracks", "", views.iter().map(tracks).collect()));
            summary.tables.extend(views.iter().zip(["profile_v0", "profile_v1"]).map(|(view, name)| profile(name, view)));
            // The text has one word for all that is no number.
            let known = views.iter().zip(&mut table.columns[0].values);
            known
                .filter(|(view, shown)| shown.value().is_none() && view.lifetime_us.value().is_none())
                .for_each(|(view, shown)| *shown = view.lifetime_us);
        }
        summary.tables.insert(0, table);
        Ok(summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        match (item, shown.latest()) {
            ("lifetime_trend", Some(_)) => lifetime::draw(&shown, context.detector),
            ("drift_profile", Some(latest)) => drift_profile::draw(latest, context.detector),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        match (item, Shown::of(history).latest()) {
            ("lifetime_trend", Some(latest)) => lifetime::glance(latest),
            ("drift_profile", Some(latest)) => drift_profile::glance(latest),
            _ => nothing_to_glance(&self.info, item),
        }
    }
}

/// A drift profile as a table.
fn profile(name: &str, view: &ViewPurity) -> Table {
    let bins = &view.profile;
    let columns = vec![
        Column::new("t_us", "us", bins.iter().map(|bin| Measured::number(bin.t_us, 0.0)).collect()),
        Column::new("charge", "", bins.iter().map(|bin| Measured::number(bin.charge, bin.error.abs())).collect()),
        Column::new("entries", "", bins.iter().map(|bin| Measured::number(bin.entries as f64, 0.0)).collect()),
    ];
    Table { name: name.into(), columns }
}

/// A view's lifetime, ms.
fn lifetime_ms(summary: &Summary, view: usize) -> Measured {
    summary.table("lifetime").map_or(Measured::NoData, |table| table.get("lifetime_us", view)).scaled(1e-3)
}

/// A lifetime for people.
fn lifetime_words(lifetime_ms: Measured) -> String {
    match lifetime_ms {
        Measured::NotMeasured => "no attenuation measured".into(),
        other => other.words("ms"),
    }
}

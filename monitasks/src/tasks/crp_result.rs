//! Reading a charge readout plane's result, the text file with its sidecar, for the tasks that look at it.

use jiff::tz::TimeZone;

use super::provenance;
use crate::detector::Detector;
use crate::format::crp_summary::{CrpSummary, LemRow};
use crate::format::sidecar::{GainSection, Sidecar};
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{ReadError, ResultFile, TaskContext};

/// Two numbers that should be one number and differ by more than their rounding are remarked on.
const SAME_NUMBER: f64 = 1e-3;

/// A summary file's content, its sidecar's, and the summary to fill.
pub(super) struct CrpResult {
    /// The text file.
    pub(super) text: CrpSummary,
    /// The `.json` beside it.
    pub(super) sidecar: Option<Sidecar>,
    /// Run, stamps and provenance; no tables yet.
    pub(super) summary: Summary,
}

impl CrpResult {
    /// Reads both files.
    ///
    /// # Errors
    /// As the formats' readers.
    pub(super) fn read(input: &ResultFile<'_>, context: &TaskContext<'_>, zone: &TimeZone) -> Result<Self, ReadError> {
        let text = CrpSummary::parse(input.bytes)?;
        let (mut summary, sidecar) = provenance::open(input, context)?;
        if sidecar.is_none() {
            provenance::without_sidecar(&mut summary, text.stamp_utc(zone));
            let remarks = &mut summary.provenance.remarks;
            remarks.push(format!("its local time is taken as that of {}", zone.iana_name().unwrap_or("the site")));
            remarks.push("errors as the old program wrote them: those of view 1 come from the values of view 0".into());
        }
        Ok(CrpResult { text, sidecar, summary })
    }

    /// The LEM rows as a table in the order of [`crate::detector::LemGrid::places`], a row for every LEM of the detector:
    /// `lem`, `dqds_v0`, `dqds_v1`, with a sidecar `entries_v0`, `entries_v1`, and `effective_gain` where it is known.
    ///
    /// # Errors
    /// Rows that are not all there yet; a LEM that the detector does not have.
    pub(super) fn take_lems(&mut self, detector: &Detector) -> Result<Table, ReadError> {
        self.require_all_rows()?;
        let rows = self.rows_by_place(detector)?;
        let gain = self.sidecar.as_ref().and_then(|sidecar| sidecar.gain.as_ref());
        let unit = gain.map_or("", |gain| gain.dqds_unit.as_str());
        let numbers = lem_numbers(detector);
        let lems = numbers.iter().map(|lem| Measured::number(f64::from(*lem), 0.0)).collect();
        let dqds = |view: usize| rows.iter().map(|row| row.map_or(Measured::NoData, |row| row.dqds[view])).collect();
        let mut columns =
            vec![Column::new("lem", "", lems), Column::new("dqds_v0", unit, dqds(0)), Column::new("dqds_v1", unit, dqds(1))];
        if let Some(gain) = gain {
            columns.extend(sidecar_columns(gain, &numbers, self.text.lifetime_us.is_some()));
        }
        let disagree = gain.is_some_and(|gain| rows.iter().flatten().any(|row| disagrees(row, gain)));
        let remarks = &mut self.summary.provenance.remarks;
        if disagree {
            remarks.push("text file and .json disagree on dQ/ds by more than 0.1 %: the text file is shown".into());
        }
        match gain {
            _ if self.text.lifetime_us.is_none() => {
                remarks.push("the gain needs the lifetimes, and the file has none before its LEM rows".into());
            }
            Some(gain) if gain.lifetime_us.is_none() => {
                remarks.push("no attenuation correction: no lifetime was measured".into());
            }
            Some(_) => {}
            None => remarks.push("the unit of dQ/ds is not known without the .json, so there is no effective gain".into()),
        }
        Ok(Table { name: "lems".into(), columns })
    }

    /// The gain is appended after the lifetimes, and the sidecar is written on its own: both must have it.
    fn require_all_rows(&self) -> Result<(), ReadError> {
        let incomplete = |why: String| Err(ReadError::Incomplete(why));
        let rows = &self.text.lems;
        match (&self.sidecar, self.sidecar.as_ref().and_then(|sidecar| sidecar.gain.as_ref())) {
            (Some(_), None) if !rows.is_empty() => incomplete("LEM rows are there, and the .json has no gain yet".into()),
            (_, None) if rows.is_empty() => incomplete("no LEM rows yet: the gain comes after the lifetimes".into()),
            (_, Some(gain)) => {
                let has_number = |dqds: &[Measured; 2]| dqds.iter().any(|value| value.value().is_some());
                let missing = gain.lems.iter().find(|lem| has_number(&lem.dqds) && !rows.iter().any(|row| row.lem == lem.lem));
                missing.map_or(Ok(()), |lem| incomplete(format!("the row of LEM {} is not there yet", lem.lem)))
            }
            _ => Ok(()),
        }
    }

    fn rows_by_place(&self, detector: &Detector) -> Result<Vec<Option<LemRow>>, ReadError> {
        let grid = &detector.lems;
        let Some(numbering) = grid.numberings.first() else {
            return Err(ReadError::Malformed(format!("the detector {} has no numbering of its LEMs", detector.name)));
        };
        let mut rows = vec![None; grid.len()];
        for row in &self.text.lems {
            let place = grid.place(numbering, row.lem).and_then(|lem| rows.get_mut(grid.index(lem)));
            let Some(place) = place else {
                let (lem, name, count) = (row.lem, &detector.name, grid.len());
                return Err(ReadError::Malformed(format!("LEM {lem} is none of the {count} LEMs of the detector {name}")));
            };
            *place = Some(self.told_apart(*row));
        }
        Ok(rows)
    }

    /// The text has one word for "no data" and "not measured"; the sidecar tells them apart.
    fn told_apart(&self, mut row: LemRow) -> LemRow {
        let gain = self.sidecar.as_ref().and_then(|sidecar| sidecar.gain.as_ref());
        if let Some(known) = gain.and_then(|gain| gain.lems.iter().find(|lem| lem.lem == row.lem)) {
            for (shown, known) in row.dqds.iter_mut().zip(known.dqds) {
                if *shown == Measured::NoData && known == Measured::NotMeasured {
                    *shown = known;
                }
            }
        }
        row
    }
}

/// The number of each place in the numbering of the result files; 0 where it has none.
fn lem_numbers(detector: &Detector) -> Vec<u32> {
    let grid = &detector.lems;
    let number = |lem| grid.numberings.first().and_then(|numbering| grid.number(numbering, lem)).unwrap_or(0);
    grid.places().map(number).collect()
}

fn sidecar_columns(gain: &GainSection, numbers: &[u32], has_lifetime: bool) -> Vec<Column> {
    let rows: Vec<_> = numbers.iter().map(|number| gain.lems.iter().find(|lem| lem.lem == *number)).collect();
    let entries = |view: usize| {
        rows.iter().map(|row| row.map_or(Measured::NoData, |row| Measured::number(row.entries[view] as f64, 0.0))).collect()
    };
    let asymmetries = rows.iter().map(|row| row.map_or(Measured::NoData, |row| row.charge_asymmetry)).collect();
    let mut columns = vec![Column::new("entries_v0", "", entries(0)), Column::new("entries_v1", "", entries(1))];
    columns.push(Column::new("charge_asymmetry", "", asymmetries));
    if has_lifetime {
        let gains = rows.iter().map(|row| row.map_or(Measured::NoData, |row| row.effective_gain)).collect();
        columns.push(Column::new("effective_gain", "", gains));
    }
    columns
}

fn disagrees(row: &LemRow, gain: &GainSection) -> bool {
    let Some(known) = gain.lems.iter().find(|lem| lem.lem == row.lem) else { return true };
    row.dqds.iter().zip(known.dqds).any(|(shown, known)| match (shown.value(), known.value()) {
        (Some(shown), Some(known)) => (shown - known).abs() > SAME_NUMBER * known.abs(),
        (shown, known) => shown.is_some() != known.is_some(),
    })
}

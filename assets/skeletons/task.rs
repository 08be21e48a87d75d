//! @title@: what it watches and why, in one sentence. It reads `results/@name@/*.txt`, a line `seconds value`.

use jiff::Timestamp;

use crate::figure::{Axis, Figure, Ink, Layer, Point};
use crate::quality::State;
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{Glance, ItemInfo, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

/// The task.
pub struct @Type@ {
    info: TaskInfo,
}

impl @Type@ {
    /// The task.
    #[must_use]
    pub fn new() -> Self {
        let trend = ItemInfo {
            name: "trend".into(),
            title: "Trend".into(),
            about: "The value against time. Say here what it should look like.".into(),
        };
        let info = TaskInfo {
            name: "@name@".into(),
            title: "@title@".into(),
            about: "What it watches and why, in one sentence.".into(),
            folder: "@name@".into(),
            suffix: ".txt".into(),
            poll_s: 30.0,
            items: vec![trend],
        };
        @Type@ { info }
    }
}

impl Default for @Type@ {
    fn default() -> Self {
        @Type@::new()
    }
}

impl MonTask for @Type@ {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn read(&self, input: &ResultFile<'_>, _: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let text = std::str::from_utf8(input.bytes).map_err(|error| ReadError::Malformed(error.to_string()))?;
        let Some(line) = text.strip_suffix('\n') else {
            return Err(ReadError::Incomplete("the line is not ended yet".into()));
        };
        let malformed = || ReadError::Malformed(format!("{line:?} found, expected 'seconds value'"));
        let (seconds, value) = line.split_once(' ').ok_or_else(malformed)?;
        let seconds: i64 = seconds.parse().map_err(|_| malformed())?;
        let value: f64 = value.parse().map_err(|_| malformed())?;
        let value = if value.is_finite() { Measured::number(value, 0.0) } else { Measured::NotMeasured };
        let mut summary = Summary::of_file(input.name);
        summary.data_start = Some(Timestamp::from_second(seconds).map_err(|_| malformed())?);
        summary.tables.push(Table { name: "@name@".into(), columns: vec![Column::new("value", "", vec![value])] });
        Ok(summary)
    }

    fn draw(&self, _item: &str, history: &[&Summary], _: &TaskContext<'_>) -> Figure {
        if history.is_empty() {
            return Figure::empty("@title@", "no results yet: they stand in results/@name@/*.txt");
        }
        let point = |summary: &&Summary| {
            let y = value(summary).value()?;
            Some(Point { x: summary.stamp()?.as_second() as f64, y, y_error: f64::NAN })
        };
        let points = history.iter().filter_map(point).collect();
        let layer = Layer::Points { label: "value".into(), ink: Ink::Series(0), points };
        Figure::new("@title@", Axis::utc_time("time"), Axis::linear("value", "")).with(layer)
    }

    fn glance(&self, _item: &str, history: &[&Summary], _: &TaskContext<'_>) -> Glance {
        let Some(latest) = history.last() else { return Glance::no_data("no results yet") };
        let reading = value(latest);
        let reason = format!("value in {}; no check has judged it", latest.name());
        Glance { state: State::Unchecked, text: reading.words(""), reason, reading }
    }
}

fn value(summary: &Summary) -> Measured {
    summary.table("@name@").map_or(Measured::NoData, |table| table.get("value", 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_read_drawn_and_shown() {
        let detector = crate::declared::one_channel();
        let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
        let file = |bytes| ResultFile { name: "@name@/1.txt", bytes, sidecar: None };
        let task = @Type@::new();
        let summary = task.read(&file(b"1795000000 5.25\n"), &context).unwrap();
        assert_eq!(task.glance("trend", &[&summary], &context).text, "5.250");
        let figure = task.draw("trend", &[&summary], &context);
        println!("{}", serde_json::to_string_pretty(&figure).unwrap());
        assert_eq!(figure.layers.len(), 1);
        assert!(task.draw("trend", &[], &context).empty.is_some());
        assert!(matches!(task.read(&file(b"1795000000 5.2"), &context), Err(ReadError::Incomplete(_))));
        assert!(matches!(task.read(&file(b"high\n"), &context), Err(ReadError::Malformed(_))));
    }
}

//! The task that `docs/add-a-task.md` builds: the argon's level from `results/level/*.csv`, a line `seconds,level_mm`.

use jiff::Timestamp;
use monitasks::figure::{Axis, Figure, Ink, Layer, Point};
use monitasks::quality::State;
use monitasks::summary::{Column, Measured, Summary, Table};
use monitasks::task::{Glance, ItemInfo, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

pub struct Level {
    info: TaskInfo,
}

impl Level {
    pub fn new() -> Self {
        let trend = ItemInfo {
            name: "trend".into(),
            title: "Level trend".into(),
            about: "Height of the liquid above the extraction grid against time. Steady within half a millimetre.".into(),
        };
        let info = TaskInfo {
            name: "level".into(),
            title: "Liquid level".into(),
            about: "The liquid's surface must stand between the extraction grid and the LEMs.".into(),
            folder: "level".into(),
            suffix: ".csv".into(),
            poll_s: 30.0,
            items: vec![trend],
        };
        Level { info }
    }
}

impl MonTask for Level {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn read(&self, input: &ResultFile<'_>, _context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let text = std::str::from_utf8(input.bytes).map_err(|error| ReadError::Malformed(error.to_string()))?;
        let Some(line) = text.strip_suffix('\n') else {
            return Err(ReadError::Incomplete("the line is not ended yet".into()));
        };
        let malformed = || ReadError::Malformed(format!("{line:?} found, expected seconds,level_mm"));
        let (seconds, level) = line.split_once(',').ok_or_else(malformed)?;
        let seconds: i64 = seconds.trim().parse().map_err(|_| malformed())?;
        let level_mm: f64 = level.trim().parse().map_err(|_| malformed())?;
        let level = if level_mm.is_finite() { Measured::number(level_mm, 0.1) } else { Measured::NotMeasured };
        let mut summary = Summary::of_file(input.name);
        summary.data_start = Some(Timestamp::from_second(seconds).map_err(|_| malformed())?);
        summary.tables.push(Table { name: "level".into(), columns: vec![Column::new("level_mm", "mm", vec![level])] });
        Ok(summary)
    }

    fn draw(&self, _item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Figure {
        if history.is_empty() {
            return Figure::empty("Liquid level", "no results yet: the slow control writes them to results/level/*.csv");
        }
        let point = |summary: &&Summary| {
            let (y, y_error) = level(summary).value_and_error()?;
            Some(Point { x: summary.stamp()?.as_second() as f64, y, y_error })
        };
        let points = history.iter().filter_map(point).collect();
        Figure::new("Liquid level", Axis::utc_time("time"), Axis::linear("level above the grid", "mm")).with(Layer::Points {
            label: "level".into(),
            ink: Ink::Series(0),
            points,
        })
    }

    fn glance(&self, _item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        let Some(latest) = history.last() else { return Glance::no_data("no results yet") };
        let reading = level(latest);
        let reason = format!("level in {}; no check has judged it", latest.name());
        Glance { state: State::Unchecked, text: reading.words("mm"), reason, reading }
    }
}

fn level(summary: &Summary) -> Measured {
    summary.table("level").map_or(Measured::NoData, |table| table.get("level_mm", 0))
}

#[test]
fn a_level_is_read_drawn_and_shown() {
    let detector = crate::small_detector::small_detector();
    let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
    let file = |bytes| ResultFile { name: "level/1.csv", bytes, sidecar: None };
    let task = Level::new();
    let summary = task.read(&file(b"1795000000,5.25\n"), &context).unwrap();
    assert_eq!(task.glance("trend", &[&summary], &context).text, "5.25 ± 0.10 mm");
    assert_eq!(task.draw("trend", &[&summary], &context).y.title(), "level above the grid [mm]");
    assert!(task.draw("trend", &[], &context).empty.is_some());
    assert!(matches!(task.read(&file(b"1795000000,5.2"), &context), Err(ReadError::Incomplete(_))));
    assert!(matches!(task.read(&file(b"high\n"), &context), Err(ReadError::Malformed(_))));
}

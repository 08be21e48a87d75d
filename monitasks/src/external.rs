//! The words between dqmon and a program that is a monitor task: a line asks, a line of JSON answers.
//!
//! Requests and answers are parsed and written here side by side, so that both ends can be tested; who starts the program, waits for
//! it and ends it is not this crate's business. What a program says of its columns and items goes by the rules of task files
//! ([`declared`](crate::declared)), and is drawn by the same code. May use `declared`, `figure`, `summary`, `task` and `vocab`.

mod answer;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::answer::{AnswerKeys, StampKey, check_figure, json, words};
use crate::declared::plan::{Plan, TABLE};
use crate::declared::results::{Cells, table};
use crate::declared::{described, name_data, take_sidecar};
use crate::figure::Figure;
use crate::summary::{Measured, Summary};
use crate::task::{Glance, ReadError, ResultFile, TaskContext, TaskInfo};
use crate::vocab::{FileId, Group, Processing, Run};

/// The version of the protocol that is spoken here.
pub const PROTOCOL: u32 = 1;

/// Most remarks that are kept of an answer, and the most letters of each.
const MOST_REMARKS: usize = 8;
const LONGEST_REMARK: usize = 300;

/// A task that is a program, as its task file declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramTask {
    /// Names, folder and poll time; no items: those the program says.
    pub info: TaskInfo,
    /// The command line, at least one word.
    pub program: Vec<String>,
    /// Longest wait for an answer, seconds.
    pub answer_s: f64,
    /// Most memory it may take, MiB.
    pub memory_mb: u64,
    /// The task file's name as given to the parser.
    pub file_name: String,
    /// The line of the name in it, from 1.
    pub name_line: usize,
}

impl ProgramTask {
    /// Longest wait for an answer when the task file says none, seconds.
    pub const ANSWER_S: f64 = 10.0;
    /// Most memory when the task file says none, MiB.
    pub const MEMORY_MB: u64 = 2048;
}

/// What a program is asked, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// What it shows.
    Describe,
    /// What is in this file; its path.
    Read(String),
}

impl Request {
    /// The request as a line, without the line feed.
    ///
    /// # Errors
    /// For a path that can't stand in one line.
    pub fn line(&self) -> Result<String, String> {
        match self {
            Request::Describe => Ok("describe".into()),
            Request::Read(path) if path.contains(['\n', '\r']) || path.is_empty() => {
                Err(format!("the name {path:?} can't stand in a line"))
            }
            Request::Read(path) => Ok(format!("read {path}")),
        }
    }

    /// A line as a program reads it; none for what is no request.
    #[must_use]
    pub fn parse(line: &str) -> Option<Request> {
        match line.split_once(' ') {
            None if line == "describe" => Some(Request::Describe),
            Some(("read", path)) if !path.is_empty() => Some(Request::Read(path.to_owned())),
            _ => None,
        }
    }
}

/// An answer that is none of the protocol's. The message says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("answer refused: {0}")]
pub struct AnswerError(pub String);

/// What a program shows: its answer to `describe`, taken.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedTask {
    plan: Plan,
}

/// The answer to `describe` as it stands in the line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The version that the program speaks: 1.
    pub protocol: u32,
    /// The column that holds time stamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<String>,
    /// The columns of a result, with the keys of a task file: name, unit.
    #[serde(default)]
    pub columns: Vec<Value>,
    /// The leaves, with the keys of a task file: name, title, about, plot, x, y, ...
    pub items: Vec<Value>,
}

impl Description {
    /// The line, without the line feed.
    ///
    /// # Errors
    /// When it has no JSON.
    pub fn line(&self) -> Result<String, AnswerError> {
        serde_json::to_string(self).map_err(|error| AnswerError(error.to_string()))
    }

    /// A line as the program wrote it.
    ///
    /// # Errors
    /// When it is no JSON or lacks a key.
    pub fn parse(line: &str) -> Result<Description, AnswerError> {
        // A later version may have other keys: that it is one comes first.
        let value = json(line)?;
        match value.get("protocol").and_then(Value::as_u64) {
            Some(version) if version == u64::from(PROTOCOL) => {}
            Some(version) => return Err(AnswerError(format!("\"protocol\": {version}, expected {PROTOCOL}"))),
            None => {
                return Err(AnswerError(format!(
                    "no \"protocol\" in the answer to 'describe', expected \"protocol\": {PROTOCOL}"
                )));
            }
        }
        serde_json::from_value(value).map_err(|error| AnswerError(words(&error)))
    }
}

/// The answer to `read`.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadAnswer {
    /// What is in the file.
    Result(Box<ProgramResult>),
    /// The file looks half written: it is asked for again.
    Incomplete(String),
    /// It is no result: why.
    Refused(String),
}

/// What a program read in a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProgramResult {
    /// The run; else that of the file's name.
    pub run: Option<Run>,
    /// The file of the run.
    pub sequence: Option<u32>,
    /// The pass over the run.
    pub processing: Option<Processing>,
    /// The group of files.
    pub group: Option<Group>,
    /// When the first of the data was taken.
    pub stamp: Option<Timestamp>,
    /// When the last of the data was taken.
    pub end: Option<Timestamp>,
    /// The columns' numbers, with the unit where the program says it again.
    pub columns: BTreeMap<String, ResultColumn>,
    /// What it has drawn, by the item that shows it.
    pub figures: BTreeMap<String, Figure>,
    /// What a reader of the result should know.
    pub remarks: Vec<String>,
}

/// A column of an answer. An error of 0 is one that is not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResultColumn {
    /// The unit; must be that of the description.
    pub unit: Option<String>,
    /// The numbers, one a row, or one for all rows.
    pub values: Vec<Measured>,
}

impl ReadAnswer {
    /// The line, without the line feed.
    ///
    /// # Errors
    /// When it has no JSON.
    pub fn line(&self) -> Result<String, AnswerError> {
        let keys = match self {
            ReadAnswer::Incomplete(why) => AnswerKeys { incomplete: Some(why.clone()), ..AnswerKeys::default() },
            ReadAnswer::Refused(why) => AnswerKeys { error: Some(why.clone()), ..AnswerKeys::default() },
            ReadAnswer::Result(result) => AnswerKeys::of(result),
        };
        serde_json::to_string(&keys).map_err(|error| AnswerError(error.to_string()))
    }

    /// A line as the program wrote it.
    ///
    /// # Errors
    /// When it is no JSON, has a key that there is not, or a value that is none.
    pub fn parse(line: &str) -> Result<ReadAnswer, AnswerError> {
        let keys: AnswerKeys = serde_json::from_value(json(line)?).map_err(|error| AnswerError(words(&error)))?;
        match (keys.error, keys.incomplete) {
            (Some(why), _) => Ok(ReadAnswer::Refused(why)),
            (None, Some(why)) => Ok(ReadAnswer::Incomplete(why)),
            (None, None) => {
                let mut columns = BTreeMap::new();
                for (name, key) in keys.columns {
                    let column = key.column().map_err(|what| AnswerError(format!("column '{name}': {what}")))?;
                    columns.insert(name, column);
                }
                for (item, figure) in &keys.figures {
                    check_figure(figure).map_err(|what| AnswerError(format!("figure '{item}': {what}")))?;
                }
                let moment = |name: &str, key: Option<StampKey>| key.map(|key| key.stamp(name)).transpose();
                Ok(ReadAnswer::Result(Box::new(ProgramResult {
                    run: keys.run.map(Run),
                    sequence: keys.sequence,
                    processing: keys.processing.map(Processing),
                    group: keys.group.map(Group),
                    stamp: moment("stamp", keys.stamp)?,
                    end: moment("end", keys.end)?,
                    columns,
                    figures: keys.figures,
                    remarks: keys.remarks,
                })))
            }
        }
    }
}

impl DescribedTask {
    /// Takes the answer to `describe` of the task of these names.
    ///
    /// # Errors
    /// When its items or columns can't be used; what there is instead.
    pub fn parse(line: &str, task: &ProgramTask) -> Result<DescribedTask, AnswerError> {
        let description = Description::parse(line)?;
        let plan = described(&task.info, description.stamp, description.columns, description.items);
        plan.map(|plan| DescribedTask { plan }).map_err(AnswerError)
    }

    /// Names and items.
    #[must_use]
    pub fn info(&self) -> &TaskInfo {
        &self.plan.info
    }

    /// The summary of what the program read in a file.
    ///
    /// # Errors
    /// [`ReadError::Malformed`] when it lacks a column of the description or has one in another unit; what the program said of a file
    /// that is half written or no result.
    pub fn summary(&self, answer: ReadAnswer, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let result = match answer {
            ReadAnswer::Result(result) => *result,
            ReadAnswer::Incomplete(why) => return Err(ReadError::Incomplete(why)),
            ReadAnswer::Refused(why) => return Err(ReadError::Malformed(why)),
        };
        let malformed = |what: String| ReadError::Malformed(AnswerError(what).to_string());
        let mut summary = Summary::of_file(input.name);
        summary.provenance.detector.clone_from(&context.detector.name);
        name_data(&mut summary, input.name);
        let columns = self.columns(&result).map_err(malformed)?;
        summary.tables.push(table(&self.plan, columns).map_err(malformed)?);
        for item in result.figures.keys() {
            if self.plan.info.item(item).is_none() {
                return Err(malformed(format!("a figure of '{item}', which is no item of the description")));
            }
        }
        if let Some([first, last]) = self.plan.stamps(&summary) {
            (summary.data_start, summary.data_end) = (Some(first), Some(last));
        }
        summary.run = result.run.or(summary.run);
        summary.processing = result.processing.or(summary.processing);
        summary.group = result.group.or(summary.group);
        summary.data_start = result.stamp.or(summary.data_start);
        summary.data_end = result.end.or(summary.data_end);
        if let (Some(run), Some(sequence)) = (summary.run, result.sequence) {
            summary.provenance.members = vec![FileId::new(run.0, sequence)];
        }
        summary.figures = result.figures;
        take_sidecar(&mut summary, input)?;
        let short = |remark: String| remark.chars().take(LONGEST_REMARK).collect();
        summary.provenance.remarks.extend(result.remarks.into_iter().take(MOST_REMARKS).map(short));
        Ok(summary)
    }

    /// The columns of the description, in order.
    fn columns(&self, result: &ProgramResult) -> Result<Vec<Vec<Measured>>, String> {
        if let Some(stranger) = result.columns.keys().find(|name| self.plan.columns.iter().all(|column| column.name != **name)) {
            return Err(format!("a column '{stranger}', which the description does not have"));
        }
        let cells = Cells::of(&self.plan);
        let mut columns = Vec::with_capacity(self.plan.columns.len());
        for (index, plan) in self.plan.columns.iter().enumerate() {
            let Some(column) = result.columns.get(&plan.name) else {
                return Err(format!("no column '{}', which the description has", plan.name));
            };
            if let Some(unit) = column.unit.as_ref().filter(|unit| **unit != plan.unit) {
                return Err(format!("column '{}' in [{unit}], expected [{}] as in the description", plan.name, plan.unit));
            }
            for measured in &column.values {
                let Some(value) = measured.value() else { continue };
                let checked = cells.number(index, value);
                checked.map_err(|expected| format!("column '{}': {value}, expected {expected}", plan.name))?;
            }
            columns.push(column.values.clone());
        }
        Ok(columns)
    }

    /// See [`crate::task::MonTask::draw`].
    #[must_use]
    pub fn draw(&self, item: &str, history: &[&Summary]) -> Figure {
        self.plan.draw(item, history)
    }

    /// See [`crate::task::MonTask::glance`].
    #[must_use]
    pub fn glance(&self, item: &str, history: &[&Summary]) -> Glance {
        self.plan.glance(item, history)
    }

    /// The table's name in the summaries.
    #[must_use]
    pub fn table_name() -> &'static str {
        TABLE
    }
}

#[cfg(test)]
mod tests;

//! The keys of a task file, and what they may say.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::{ColumnPlan, DeclaredError, DeclaredTask, LARGEST_TASK_FILE_BYTES, Layout, PerFile, Plot, PlotKind, Separator};
use crate::task::{ItemInfo, TaskInfo};

/// Most columns of a result and most items of a task.
const MOST: usize = 64;

/// Seconds between two looks for results that a task may ask for.
const POLL_S: std::ops::RangeInclusive<f64> = 0.1..=86_400.0;

/// The keys of a task file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskKeys {
    name: Spanned<String>,
    title: Spanned<String>,
    about: Spanned<String>,
    folder: Spanned<String>,
    suffix: Spanned<String>,
    poll_s: Option<Spanned<f64>>,
    #[serde(default)]
    separator: Separator,
    comment: Option<String>,
    #[serde(default)]
    header: bool,
    stamp: Option<Spanned<String>>,
    columns: Spanned<Vec<ColumnKeys>>,
    item: Spanned<Vec<ItemKeys>>,
}

/// The keys of a column.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnKeys {
    name: Spanned<String>,
    #[serde(default)]
    unit: String,
}

/// The keys of an item.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemKeys {
    name: Spanned<String>,
    title: Spanned<String>,
    about: Spanned<String>,
    plot: Spanned<PlotWord>,
    x: Option<Spanned<String>>,
    y: Spanned<Vec<Spanned<String>>>,
    error: Option<Spanned<String>>,
    value: Option<Spanned<PerFile>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlotWord {
    Latest,
    Trend,
}

/// What is wrong, and at which byte of the text.
struct Fault {
    at: usize,
    what: String,
}

impl Fault {
    fn at<T>(place: &Spanned<T>, what: impl Into<String>) -> Self {
        Fault { at: place.span().start, what: what.into() }
    }
}

/// See [`DeclaredTask::parse`].
pub(super) fn parse(text: &str, file_name: &str) -> Result<DeclaredTask, DeclaredError> {
    let refused = |fault: Fault| DeclaredError { what: fault.what, path: file_name.to_owned(), line: line_of(text, fault.at) };
    if text.len() > LARGEST_TASK_FILE_BYTES {
        let what = format!("{} bytes, expected at most {LARGEST_TASK_FILE_BYTES}", text.len());
        return Err(refused(Fault { at: 0, what }));
    }
    let keys: TaskKeys = toml::from_str(text).map_err(|error| {
        let what = error.message().replace('`', "'").replace('\n', ", ");
        refused(Fault { at: error.span().map_or(0, |span| span.start), what })
    })?;
    let name_line = line_of(text, keys.name.span().start);
    let (info, layout, plots) = keys.plan().map_err(refused)?;
    Ok(DeclaredTask { info, layout, plots, file_name: file_name.to_owned(), name_line })
}

/// The line of a byte, both TOML's and this one's first line being 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

impl TaskKeys {
    fn plan(self) -> Result<(TaskInfo, Layout, Vec<Plot>), Fault> {
        check_name(&self.name)?;
        check_words("title", &self.title)?;
        check_words("about", &self.about)?;
        check_folder(&self.folder)?;
        check_suffix(&self.suffix)?;
        let poll_s = self.poll_s.as_ref().map_or(30.0, |poll_s| *poll_s.get_ref());
        if let Some(found) = self.poll_s.as_ref().filter(|_| !POLL_S.contains(&poll_s)) {
            let what = format!("'poll_s' is {poll_s}, expected {} to {} seconds", POLL_S.start(), POLL_S.end());
            return Err(Fault::at(found, what));
        }
        let columns = self.column_plans()?;
        let stamp = self.stamp.as_ref().map(|name| find(&columns, "stamp", name)).transpose()?;
        let (items, plots) = self.item_plans(&columns, stamp)?;
        let errors = plots.iter().filter_map(|plot| plot.error).collect();
        let comment = self.comment.unwrap_or_else(|| "#".into());
        let layout = Layout { columns, separator: self.separator, comment, header: self.header, stamp, errors };
        let info = TaskInfo {
            name: self.name.into_inner(),
            title: self.title.into_inner(),
            about: self.about.into_inner(),
            folder: self.folder.into_inner(),
            suffix: self.suffix.into_inner(),
            poll_s,
            items,
        };
        Ok((info, layout, plots))
    }

    fn column_plans(&self) -> Result<Vec<ColumnPlan>, Fault> {
        let columns = self.columns.get_ref();
        check_count("columns", columns.len(), &self.columns)?;
        let mut names = BTreeSet::new();
        for column in columns {
            let name = column.name.get_ref();
            check_words("name", &column.name)?;
            let splits = match self.separator {
                Separator::Comma => name.contains(','),
                Separator::Blank => name.contains(char::is_whitespace),
            };
            if splits || name.trim() != name {
                let what = format!("the column's name {name:?} holds what separates columns, expected a name in one piece");
                return Err(Fault::at(&column.name, what));
            }
            if !names.insert(name) {
                return Err(Fault::at(&column.name, format!("two columns are named '{name}', expected names that differ")));
            }
        }
        Ok(columns.iter().map(|keys| ColumnPlan { name: keys.name.get_ref().clone(), unit: keys.unit.clone() }).collect())
    }

    fn item_plans(&self, columns: &[ColumnPlan], stamp: Option<usize>) -> Result<(Vec<ItemInfo>, Vec<Plot>), Fault> {
        let items = self.item.get_ref();
        check_count("items", items.len(), &self.item)?;
        let mut names = BTreeSet::new();
        let mut plots = Vec::with_capacity(items.len());
        for item in items {
            check_name(&item.name)?;
            check_words("title", &item.title)?;
            check_words("about", &item.about)?;
            if !names.insert(item.name.get_ref()) {
                let what = format!("two items are named '{}', expected names that differ", item.name.get_ref());
                return Err(Fault::at(&item.name, what));
            }
            plots.push(item.plot(columns, stamp)?);
        }
        let info = |item: &ItemKeys| ItemInfo {
            name: item.name.get_ref().clone(),
            title: item.title.get_ref().clone(),
            about: item.about.get_ref().clone(),
        };
        Ok((items.iter().map(info).collect(), plots))
    }
}

impl ItemKeys {
    fn plot(&self, columns: &[ColumnPlan], stamp: Option<usize>) -> Result<Plot, Fault> {
        let name = self.name.get_ref();
        let kind = match (self.plot.get_ref(), &self.x, &self.value) {
            (PlotWord::Latest, _, Some(value)) => {
                return Err(Fault::at(value, format!("'value' in item '{name}', expected it with plot = \"trend\" only")));
            }
            (PlotWord::Latest, None, None) => {
                let what = format!("item '{name}' has no 'x', expected the column to plot against");
                return Err(Fault::at(&self.plot, what));
            }
            (PlotWord::Latest, Some(x), None) => PlotKind::Latest(find(columns, "x", x)?),
            (PlotWord::Trend, Some(x), _) => {
                let what = format!("'x' in item '{name}', expected none: a trend is plotted against time");
                return Err(Fault::at(x, what));
            }
            (PlotWord::Trend, None, value) => PlotKind::Trend(value.as_ref().map_or(PerFile::Last, |value| *value.get_ref())),
        };
        let y = self.y_columns(columns, stamp)?;
        let error = self.error.as_ref().map(|error| find(columns, "error", error)).transpose()?;
        if let Some((place, index)) = self.error.as_ref().zip(error) {
            if y.len() != 1 {
                return Err(Fault::at(place, format!("'error' with {} columns in 'y', expected one column in 'y'", y.len())));
            }
            if y.contains(&index) || stamp == Some(index) {
                let what = format!("'error' is '{}', expected a column that holds the errors of 'y'", place.get_ref());
                return Err(Fault::at(place, what));
            }
        }
        Ok(Plot { kind, y, error })
    }

    fn y_columns(&self, columns: &[ColumnPlan], stamp: Option<usize>) -> Result<Vec<usize>, Fault> {
        let names = self.y.get_ref();
        check_count("columns in 'y'", names.len(), &self.y)?;
        let mut y: Vec<usize> = Vec::with_capacity(names.len());
        for name in names {
            let index = find(columns, "y", name)?;
            if stamp == Some(index) {
                return Err(Fault::at(name, format!("'y' has the stamp column '{}', expected measured ones", name.get_ref())));
            }
            if y.contains(&index) {
                return Err(Fault::at(name, format!("'y' has '{}' twice, expected each column once", name.get_ref())));
            }
            let unit = |index: usize| columns.get(index).map_or("", |column| column.unit.as_str());
            if let Some(first) = y.first().filter(|first| unit(**first) != unit(index)) {
                let what = format!("'y' has columns in [{}] and [{}], expected one unit per item", unit(*first), unit(index));
                return Err(Fault::at(name, what));
            }
            y.push(index);
        }
        Ok(y)
    }
}

/// The column of that name.
fn find(columns: &[ColumnPlan], key: &str, name: &Spanned<String>) -> Result<usize, Fault> {
    columns.iter().position(|column| column.name == *name.get_ref()).ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let what = format!("'{key}' names a column {:?}, expected one of '{}'", name.get_ref(), names.join("', '"));
        Fault::at(name, what)
    })
}

/// A name that is typed in commands and settings.
fn check_name(name: &Spanned<String>) -> Result<(), Fault> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.get_ref().is_empty() && name.get_ref().bytes().all(fits) {
        return Ok(());
    }
    Err(Fault::at(name, format!("'name' is {:?}, expected letters a to z, digits and '_'", name.get_ref())))
}

fn check_words(key: &str, words: &Spanned<String>) -> Result<(), Fault> {
    if words.get_ref().trim().is_empty() || words.get_ref().contains(char::is_control) {
        return Err(Fault::at(words, format!("'{key}' is {:?}, expected words on one line", words.get_ref())));
    }
    Ok(())
}

fn check_folder(folder: &Spanned<String>) -> Result<(), Fault> {
    let stays_below = |part: &str| {
        let is_name = !matches!(part, "" | "." | "..");
        is_name && !part.contains(|letter: char| letter == '\\' || letter == ':' || letter.is_control())
    };
    if folder.get_ref().split('/').all(stays_below) {
        return Ok(());
    }
    Err(Fault::at(folder, format!("'folder' is {:?}, expected a folder below results/, such as \"slow\"", folder.get_ref())))
}

fn check_suffix(suffix: &Spanned<String>) -> Result<(), Fault> {
    let word = suffix.get_ref();
    let is_ending =
        word.len() > 1 && word.starts_with('.') && !word.contains(|letter: char| letter == '/' || letter.is_control());
    if is_ending && !word.ends_with(".json") {
        return Ok(());
    }
    let what = format!("'suffix' is {word:?}, expected an ending such as \".csv\"; .json stands beside results");
    Err(Fault::at(suffix, what))
}

fn check_count<T>(what: &str, count: usize, place: &Spanned<T>) -> Result<(), Fault> {
    if (1..=MOST).contains(&count) {
        return Ok(());
    }
    Err(Fault::at(place, format!("{count} {what}, expected 1 to {MOST}")))
}

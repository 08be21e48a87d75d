//! The keys of a task file, and what they may say. `items` has those of an item, `programs` those of a task that is a program.

mod items;
mod programs;

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use self::items::ItemKeys;
use super::plan::{ColumnPlan, NumberOf, Plan, Plot};
use super::results::{Layout, Separator, TextLayout};
use super::{DeclaredError, DeclaredTask, LARGEST_TASK_FILE_BYTES, TaskFile};
use crate::task::{ItemInfo, TaskInfo};

pub(crate) use self::programs::described;

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
    format: Option<Spanned<Format>>,
    separator: Option<Spanned<Separator>>,
    comment: Option<Spanned<String>>,
    header: Option<Spanned<bool>>,
    stamp: Option<Spanned<String>>,
    columns: Option<Spanned<Vec<ColumnKeys>>>,
    item: Option<Spanned<Vec<ItemKeys>>>,
    program: Option<Spanned<Vec<Spanned<String>>>>,
    answer_s: Option<Spanned<f64>>,
    memory_mb: Option<Spanned<u64>>,
}

/// What results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Text,
    Csv,
    Json,
    Root,
    /// Read by a program, which says so itself and not in a file.
    #[serde(skip)]
    Program,
}

/// The keys of a column.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnKeys {
    name: Spanned<String>,
    #[serde(default)]
    unit: String,
    path: Option<Spanned<String>>,
    of: Option<Spanned<NumberOf>>,
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

    fn in_file(self, text: &str, file_name: &str) -> DeclaredError {
        DeclaredError { what: self.what, path: file_name.to_owned(), line: line_of(text, self.at) }
    }
}

/// See [`TaskFile::parse`].
pub(super) fn parse(text: &str, file_name: &str) -> Result<TaskFile, DeclaredError> {
    let keys = keys_of(text).map_err(|fault| fault.in_file(text, file_name))?;
    let name_line = line_of(text, keys.name.span().start);
    let of_file = (file_name.to_owned(), name_line);
    let parsed = if keys.program.is_some() {
        keys.program_task(of_file).map(TaskFile::Program)
    } else {
        let format = keys.format.as_ref().map_or(Format::Text, |format| *format.get_ref());
        let layout = keys.layout(format);
        let of_layout = |layout| keys.plan(format).map(|plan| (plan, layout));
        let (file_name, name_line) = of_file;
        layout.and_then(of_layout).map(|(plan, layout)| TaskFile::Declared(DeclaredTask { plan, layout, file_name, name_line }))
    };
    parsed.map_err(|fault| fault.in_file(text, file_name))
}

fn keys_of(text: &str) -> Result<TaskKeys, Fault> {
    if text.len() > LARGEST_TASK_FILE_BYTES {
        let what = format!("{} bytes, expected at most {LARGEST_TASK_FILE_BYTES}", text.len());
        return Err(Fault { at: 0, what });
    }
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let what = error.message().replace('`', "'").replace('\n', ", ");
        Fault { at: error.span().map_or(0, |span| span.start), what }
    })
}

/// The line of a byte, both TOML's and this one's first line being 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

impl TaskKeys {
    /// Names, folder and poll time; no items yet.
    fn info(&self) -> Result<TaskInfo, Fault> {
        check_name(&self.name)?;
        check_words("title", &self.title)?;
        check_words("about", &self.about)?;
        check_folder(&self.folder)?;
        let may_be_json = self.program.is_some() || self.format.as_ref().is_some_and(|format| *format.get_ref() == Format::Json);
        check_suffix(&self.suffix, may_be_json)?;
        let poll_s = self.poll_s.as_ref().map_or(30.0, |poll_s| *poll_s.get_ref());
        if let Some(found) = self.poll_s.as_ref().filter(|_| !POLL_S.contains(&poll_s)) {
            let what = format!("'poll_s' is {poll_s}, expected {} to {} seconds", POLL_S.start(), POLL_S.end());
            return Err(Fault::at(found, what));
        }
        Ok(TaskInfo {
            name: self.name.get_ref().clone(),
            title: self.title.get_ref().clone(),
            about: self.about.get_ref().clone(),
            folder: self.folder.get_ref().clone(),
            suffix: self.suffix.get_ref().clone(),
            poll_s,
            items: Vec::new(),
        })
    }

    /// How results are laid out; keys that a format has no use for are refused.
    fn layout(&self, format: Format) -> Result<Layout, Fault> {
        let only = |what: &str, of: &str, at: Option<usize>| match at {
            Some(at) => Err(Fault { at, what: format!("'{what}', expected it with {of} only") }),
            None => Ok(()),
        };
        let text = "format = \"text\"";
        let is_rows = matches!(format, Format::Text | Format::Csv);
        if format != Format::Text {
            only("separator", text, self.separator.as_ref().map(|key| key.span().start))?;
            only("header", text, self.header.as_ref().map(|key| key.span().start))?;
        }
        if !is_rows {
            only("comment", "formats \"text\" and \"csv\"", self.comment.as_ref().map(|key| key.span().start))?;
        }
        only("answer_s", "'program'", self.answer_s.as_ref().map(|key| key.span().start))?;
        only("memory_mb", "'program'", self.memory_mb.as_ref().map(|key| key.span().start))?;
        let comment = self.comment.as_ref().map_or_else(|| "#".into(), |comment| comment.get_ref().clone());
        Ok(match format {
            Format::Text => Layout::Text(TextLayout {
                separator: self.separator(),
                comment,
                header: self.header.as_ref().is_some_and(|header| *header.get_ref()),
            }),
            Format::Csv => Layout::Csv { comment },
            Format::Json | Format::Program => Layout::Json,
            Format::Root => Layout::Root,
        })
    }

    fn separator(&self) -> Separator {
        self.separator.as_ref().map_or(Separator::Blank, |separator| *separator.get_ref())
    }

    fn plan(&self, format: Format) -> Result<Plan, Fault> {
        let mut info = self.info()?;
        let columns = self.column_plans(format)?;
        let stamp = self.stamp.as_ref().map(|name| find(&columns, "stamp", name)).transpose()?;
        let (items, plots) = self.item_plans(&columns, stamp, format)?;
        info.items = items;
        Ok(Plan { info, columns, stamp, plots })
    }

    fn column_plans(&self, format: Format) -> Result<Vec<ColumnPlan>, Fault> {
        // Of a file whose objects are shown as they are, and of a program that draws, no column need be read.
        let may_have_none = matches!(format, Format::Root | Format::Program);
        let Some(keys) = &self.columns else {
            return if may_have_none { Ok(Vec::new()) } else { Err(self.missing("columns")) };
        };
        let columns = keys.get_ref();
        if !(may_have_none && columns.is_empty()) {
            check_count("columns", columns.len(), keys)?;
        }
        let mut names = BTreeSet::new();
        for column in columns {
            let name = column.name.get_ref();
            check_words("name", &column.name)?;
            let splits = format == Format::Text
                && match self.separator() {
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
            column.check_place(format)?;
        }
        Ok(columns.iter().map(ColumnKeys::plan).collect())
    }

    fn item_plans(
        &self,
        columns: &[ColumnPlan],
        stamp: Option<usize>,
        format: Format,
    ) -> Result<(Vec<ItemInfo>, Vec<Plot>), Fault> {
        let Some(keys) = &self.item else { return Err(self.missing("item")) };
        let items = keys.get_ref();
        check_count("items", items.len(), keys)?;
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
            plots.push(item.plot(columns, stamp, format)?);
        }
        let info = |item: &ItemKeys| ItemInfo {
            name: item.name.get_ref().clone(),
            title: item.title.get_ref().clone(),
            about: item.about.get_ref().clone(),
        };
        Ok((items.iter().map(info).collect(), plots))
    }

    /// A key that is not there; said at the name, since it has no place of its own.
    fn missing(&self, key: &str) -> Fault {
        Fault::at(&self.name, format!("missing field '{key}'"))
    }
}

impl ColumnKeys {
    fn check_place(&self, format: Format) -> Result<(), Fault> {
        let has_paths = matches!(format, Format::Csv | Format::Json | Format::Root);
        if let Some(path) = &self.path {
            check_words("path", path)?;
            if !has_paths {
                return Err(Fault::at(path, "'path', expected it with formats \"csv\", \"json\" and \"root\" only"));
            }
        }
        match &self.of {
            Some(of) if format != Format::Root => Err(Fault::at(of, "'of', expected it with format = \"root\" only")),
            _ => Ok(()),
        }
    }

    fn plan(&self) -> ColumnPlan {
        ColumnPlan {
            name: self.name.get_ref().clone(),
            unit: self.unit.clone(),
            path: self.path.as_ref().map_or_else(String::new, |path| path.get_ref().clone()),
            of: self.of.as_ref().map(|of| *of.get_ref()),
        }
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

fn check_suffix(suffix: &Spanned<String>, is_json: bool) -> Result<(), Fault> {
    let word = suffix.get_ref();
    let is_ending =
        word.len() > 1 && word.starts_with('.') && !word.contains(|letter: char| letter == '/' || letter.is_control());
    if is_ending && (is_json || !word.ends_with(".json")) {
        return Ok(());
    }
    let what = format!("'suffix' is {word:?}, expected an ending such as \".csv\"; .json stands beside results of other formats");
    Err(Fault::at(suffix, what))
}

fn check_count<T>(what: &str, count: usize, place: &Spanned<T>) -> Result<(), Fault> {
    if (1..=MOST).contains(&count) {
        return Ok(());
    }
    Err(Fault::at(place, format!("{count} {what}, expected 1 to {MOST}")))
}

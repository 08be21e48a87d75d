//! The keys of a task that is a program, and what the program says of itself, by the same rules as a task file.

use serde_json::Value;
use toml::Spanned;

use super::{Fault, Format, TaskKeys, check_words, keys_of};
use crate::declared::plan::Plan;
use crate::external::ProgramTask;
use crate::task::TaskInfo;

/// Seconds that an answer may take.
const ANSWER_S: std::ops::RangeInclusive<f64> = 0.1..=3_600.0;
/// Memory that a program may take, in MiB.
const MEMORY_MB: std::ops::RangeInclusive<u64> = 16..=1_048_576;
/// Words of a program's command line, and the longest of them in bytes.
const WORDS: std::ops::RangeInclusive<usize> = 1..=64;
const LONGEST_WORD: usize = 4096;

impl TaskKeys {
    /// A task that is a program: what its results hold it says itself.
    pub(super) fn program_task(&self, (file_name, name_line): (String, usize)) -> Result<ProgramTask, Fault> {
        self.refuse_layout_keys()?;
        let info = self.info()?;
        let number = |key: &Option<Spanned<f64>>, otherwise| key.as_ref().map_or(otherwise, |key| *key.get_ref());
        let answer_s = number(&self.answer_s, ProgramTask::ANSWER_S);
        if let Some(place) = self.answer_s.as_ref().filter(|_| !ANSWER_S.contains(&answer_s)) {
            let what = format!("'answer_s' is {answer_s}, expected {} to {} seconds", ANSWER_S.start(), ANSWER_S.end());
            return Err(Fault::at(place, what));
        }
        let memory_mb = self.memory_mb.as_ref().map_or(ProgramTask::MEMORY_MB, |memory| *memory.get_ref());
        if let Some(place) = self.memory_mb.as_ref().filter(|_| !MEMORY_MB.contains(&memory_mb)) {
            let what = format!("'memory_mb' is {memory_mb}, expected {} to {}", MEMORY_MB.start(), MEMORY_MB.end());
            return Err(Fault::at(place, what));
        }
        Ok(ProgramTask { info, program: self.words()?, answer_s, memory_mb, file_name, name_line })
    }

    fn words(&self) -> Result<Vec<String>, Fault> {
        let Some(words) = &self.program else { return Ok(Vec::new()) };
        if !WORDS.contains(&words.get_ref().len()) {
            let what =
                format!("'program' of {} words, expected a list such as [\"python3\", \"tasks/x.py\"]", words.get_ref().len());
            return Err(Fault::at(words, what));
        }
        for word in words.get_ref() {
            if word.get_ref().len() > LONGEST_WORD || word.get_ref().contains('\0') {
                return Err(Fault::at(word, format!("a word of 'program', expected at most {LONGEST_WORD} bytes and no NUL")));
            }
        }
        if let Some(first) = words.get_ref().first() {
            check_words("program", first)?;
        }
        Ok(words.get_ref().iter().map(|word| word.get_ref().clone()).collect())
    }

    fn refuse_layout_keys(&self) -> Result<(), Fault> {
        fn at<T>(key: &Option<Spanned<T>>) -> Option<usize> {
            key.as_ref().map(|key| key.span().start)
        }
        for (key, place) in [
            ("format", at(&self.format)),
            ("separator", at(&self.separator)),
            ("comment", at(&self.comment)),
            ("header", at(&self.header)),
            ("stamp", at(&self.stamp)),
            ("columns", at(&self.columns)),
            ("item", at(&self.item)),
        ] {
            if let Some(at) = place {
                return Err(Fault { at, what: format!("'{key}' beside 'program', expected none: the program says it itself") });
            }
        }
        Ok(())
    }
}

/// What a program says of its columns and items, as a plan. The words go through the rules of task files, so that both mean the
/// same.
///
/// # Errors
/// What is wrong with them, and what there is instead.
pub(crate) fn described(info: &TaskInfo, stamp: Option<String>, columns: Vec<Value>, items: Vec<Value>) -> Result<Plan, String> {
    let mut document = serde_json::Map::new();
    // The names of the task file were taken already; its folder and suffix are none of the program's business.
    for (key, words) in
        [("name", &*info.name), ("title", &*info.title), ("about", &*info.about), ("folder", "x"), ("suffix", ".x")]
    {
        document.insert(key.into(), words.into());
    }
    document.extend(stamp.map(|stamp| ("stamp".to_owned(), Value::from(stamp))));
    document.insert("columns".into(), columns.into());
    document.insert("item".into(), items.into());
    let mut document = Value::Object(document);
    leave_out_nulls(&mut document);
    let text = toml::to_string(&document).map_err(|error| error.to_string().replace('\n', ", "))?;
    let keys = keys_of(&text).map_err(|fault| fault.what.replace("'item'", "'items'"))?;
    let mut plan = keys.plan(Format::Program).map_err(|fault| fault.what)?;
    let items = std::mem::take(&mut plan.info.items);
    plan.info = TaskInfo { items, ..info.clone() };
    Ok(plan)
}

/// A key that is null is one that is not there.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

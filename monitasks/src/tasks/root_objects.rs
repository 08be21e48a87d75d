//! The histograms and graphs of one ROOT file, an item for each: what is shown of a ROOT file that is looked at by itself.
//!
//! It is no task of the registry's list: its items are what the file holds, so it is made for a file.

use crate::figure::Figure;
use crate::format::root::{ByteSource, Entry, ObjectKind, RootError, RootFile};
use crate::quality::State;
use crate::summary::{Measured, Summary};
use crate::task::{Glance, ItemInfo, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

/// Most objects that are shown of a file.
const MOST_ITEMS: usize = 500;

/// The objects of a file as a task.
pub struct RootObjects<S> {
    info: TaskInfo,
    file: RootFile<S>,
}

impl<S: ByteSource + Send + Sync> RootObjects<S> {
    /// Name of the task: `root/h1` is the histogram `h1` of the file.
    pub const NAME: &str = "root";

    /// The task of a file of this name.
    ///
    /// # Errors
    /// When it can't be read, or has no histogram and no graph; the error says what it has.
    pub fn new(file_name: &str, source: S) -> Result<Self, RootError> {
        let file = RootFile::open(source)?;
        let is_shown = |entry: &&Entry| {
            !entry.outdated && matches!(ObjectKind::of(&entry.key.class), ObjectKind::Histogram | ObjectKind::Graph)
        };
        let items: Vec<ItemInfo> = file.entries().iter().filter(is_shown).take(MOST_ITEMS).map(item).collect();
        if items.is_empty() {
            return Err(RootError::Missing(format!("no histogram and no graph in it to show; {}", file.listing())));
        }
        let info = TaskInfo {
            name: Self::NAME.into(),
            title: file_name.to_owned(),
            about: "Histograms and graphs of a ROOT file, as they were when it was opened.".into(),
            folder: String::new(),
            suffix: file_name.to_owned(),
            poll_s: 60.0,
            items,
        };
        Ok(RootObjects { info, file })
    }

    fn figure(&self, item: &str) -> Result<Figure, RootError> {
        let entry = self.file.find(item)?;
        match ObjectKind::of(&entry.key.class) {
            ObjectKind::Graph => Ok(self.file.graph(entry)?.figure()),
            _ => Ok(self.file.histogram(entry)?.figure()),
        }
    }
}

/// An object as an item.
fn item(entry: &Entry) -> ItemInfo {
    let key = &entry.key;
    let about = if key.title.is_empty() { format!("A {}.", key.class) } else { format!("{}: a {}.", key.title, key.class) };
    ItemInfo { name: entry.path.clone(), title: entry.path.clone(), about }
}

impl<S: ByteSource + Send + Sync> MonTask for RootObjects<S> {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// That the file is there: what is shown is read from the file as it is drawn.
    fn read(&self, input: &ResultFile<'_>, _: &TaskContext<'_>) -> Result<Summary, ReadError> {
        Ok(Summary::of_file(input.name))
    }

    fn draw(&self, item: &str, _: &[&Summary], _: &TaskContext<'_>) -> Figure {
        self.figure(item).unwrap_or_else(|error| Figure::empty(item, format!("Cannot be drawn: {error}.")))
    }

    fn glance(&self, item: &str, _: &[&Summary], _: &TaskContext<'_>) -> Glance {
        let class = self.file.find(item).map(|entry| entry.key.class.clone()).unwrap_or_default();
        let reason = "An object of a file that is looked at by itself: no rule says what it should look like.".to_owned();
        Glance { state: State::Unchecked, text: class, reason, reading: Measured::NoData }
    }
}

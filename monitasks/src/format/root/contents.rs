//! What is in a ROOT file, for people and programs: every object, and a summary of those that are read here.

use serde::Serialize;

use super::error::RootError;
use super::file::{Entry, RootFile, spend};
use super::histogram::HistogramAxis;
use super::source::ByteSource;
use super::tree::Branch;

/// What is in a ROOT file.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Contents {
    /// Version of ROOT that the file follows: 64000 for 6.40.00.
    pub root_version: i32,
    /// Everything that its folders list.
    pub objects: Vec<ObjectFacts>,
    /// Its trees, the newest cycle of each.
    pub trees: Vec<TreeFacts>,
    /// Its histograms and profiles, the newest cycle of each.
    pub histograms: Vec<HistogramFacts>,
    /// Its graphs, the newest cycle of each.
    pub graphs: Vec<GraphFacts>,
    /// What is wrong with it.
    #[serde(skip)]
    pub faults: Vec<String>,
}

/// An object as its folder lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectFacts {
    /// Folders and name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Its title.
    pub title: String,
    /// Counts objects of the same name.
    pub cycle: i16,
    /// Whether its content is in one of the other lists.
    pub read: bool,
}

/// A tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TreeFacts {
    /// Folders and name.
    pub name: String,
    /// Number of entries.
    pub entries: u64,
    /// Its branches.
    pub branches: Vec<BranchFacts>,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BranchFacts {
    /// Its name.
    pub name: String,
    /// Its type: `bool`, `int8` to `int64`, `uint8` to `uint64`, `float32`, `float64`, `text`; `none` when it is not read.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Values to an entry, none when that varies.
    pub per_entry: Option<usize>,
    /// Sum of all its values in double precision; of text, its length in bytes. None when it is not read.
    pub sum: Option<f64>,
    /// Why it is not read, if it is not.
    pub unread: Option<String>,
}

/// A histogram or profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistogramFacts {
    /// Folders and name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Its title.
    pub title: String,
    /// Its axes.
    pub axes: Vec<HistogramAxis>,
    /// Number of fills.
    pub entries: f64,
    /// Sum of the contents inside the range; of a profile, of the weighted values.
    pub integral: f64,
    /// Contents below and above the range, for one axis.
    pub outside: Option<[f64; 2]>,
    /// Mean and spread along x of what was filled, when it is known.
    pub mean_and_spread: Option<[f64; 2]>,
    /// Lowest and highest of what its bins show.
    pub value_range: Option<[f64; 2]>,
}

/// A graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphFacts {
    /// Folders and name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Its title.
    pub title: String,
    /// Number of points.
    pub points: usize,
    /// Lowest and highest x.
    pub x_range: Option<[f64; 2]>,
    /// Lowest and highest y.
    pub y_range: Option<[f64; 2]>,
}

/// What may still be read for one look at a file: records that overlap, or that unpack to very much, end it soon.
struct Left {
    file_bytes: u64,
    unpacked_bytes: u64,
}

impl Left {
    fn spend(&mut self, entry: &Entry) -> Result<(), RootError> {
        spend(&mut self.file_bytes, entry.key.size_bytes as u64, &entry.path)?;
        spend(&mut self.unpacked_bytes, entry.key.object_bytes as u64, &entry.path)
    }
}

/// What kind of content a class has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A folder.
    Folder,
    /// Rows of values.
    Tree,
    /// A histogram or profile.
    Histogram,
    /// A graph.
    Graph,
    /// Listed and not read.
    Other,
}

impl ObjectKind {
    /// The kind of a class.
    #[must_use]
    pub fn of(class: &str) -> ObjectKind {
        let is_bins = |letters: &str| matches!(letters, "C" | "S" | "I" | "L" | "F" | "D");
        match class {
            "TDirectory" | "TDirectoryFile" => ObjectKind::Folder,
            "TTree" | "TNtuple" | "TNtupleD" => ObjectKind::Tree,
            "TProfile" | "TProfile2D" | "TProfile3D" => ObjectKind::Histogram,
            "TGraph" | "TGraphErrors" | "TGraphAsymmErrors" => ObjectKind::Graph,
            _ if ["TH1", "TH2", "TH3"].iter().any(|start| class.strip_prefix(start).is_some_and(is_bins)) => {
                ObjectKind::Histogram
            }
            _ => ObjectKind::Other,
        }
    }
}

impl<S: ByteSource> RootFile<S> {
    /// Reads all that can be read and sums it up; a tree's values are read basket by basket. What can't be read of a class known
    /// here is one of the faults, other classes are only listed.
    pub fn contents(&self) -> Contents {
        let mut contents = Contents { root_version: self.version(), ..Contents::default() };
        contents.faults = self.faults().map(ToString::to_string).collect();
        let mut left = Left { file_bytes: self.size_bytes(), unpacked_bytes: self.most_unpacked_bytes() };
        for entry in self.entries() {
            let kind = ObjectKind::of(&entry.key.class);
            let is_read = !entry.outdated && !matches!(kind, ObjectKind::Folder | ObjectKind::Other);
            let spent = if is_read { left.spend(entry) } else { Ok(()) };
            let read = match kind {
                _ if !is_read => Ok(false),
                _ if spent.is_err() => spent.map(|()| false),
                ObjectKind::Tree => {
                    self.tree_facts(entry, &mut contents, &mut left).map(|facts| contents.trees.push(facts)).map(|()| true)
                }
                ObjectKind::Histogram => self.histogram_facts(entry).map(|facts| contents.histograms.push(facts)).map(|()| true),
                ObjectKind::Graph => self.graph_facts(entry).map(|facts| contents.graphs.push(facts)).map(|()| true),
                ObjectKind::Folder | ObjectKind::Other => Ok(false),
            };
            let read = read.unwrap_or_else(|error| {
                // That the list of layouts is damaged is told once for all objects.
                let fault = error.to_string();
                if !contents.faults.contains(&fault) {
                    contents.faults.push(fault);
                }
                false
            });
            let key = &entry.key;
            let (class, title) = (key.class.clone(), key.title.clone());
            contents.objects.push(ObjectFacts { name: entry.path.clone(), class, title, cycle: key.cycle, read });
        }
        contents
    }

    fn tree_facts(&self, entry: &Entry, contents: &mut Contents, left: &mut Left) -> Result<TreeFacts, RootError> {
        let tree = self.tree(entry)?;
        spend(&mut left.file_bytes, tree.basket_bytes(), &entry.path)?;
        let mut branches = Vec::new();
        for branch in tree.branches.iter().filter(|branch| !branch.is_folder()) {
            let mut unread = branch.unreadable().map(str::to_owned);
            let sum = if unread.is_some() { None } else { Some(self.sum(branch, left)) };
            let sum = match sum.transpose() {
                Ok(sum) => sum,
                Err(error) => {
                    if !matches!(error, RootError::Unsupported(_)) {
                        contents.faults.push(error.to_string());
                    }
                    unread = Some(error.to_string());
                    None
                }
            };
            let (type_name, per_entry) = (branch.type_name(), branch.values_per_entry());
            branches.push(BranchFacts { name: branch.name.clone(), type_name, per_entry, sum, unread });
        }
        Ok(TreeFacts { name: entry.path.clone(), entries: tree.entries, branches })
    }

    fn sum(&self, branch: &Branch, left: &mut Left) -> Result<f64, RootError> {
        let mut sum = 0.0;
        self.for_each_basket(branch, |part| {
            sum = part.values.numbers().fold(sum, |sum, value| sum + value);
            spend(&mut left.unpacked_bytes, part.values.len() as u64, &branch.name)
        })?;
        Ok(sum)
    }

    fn histogram_facts(&self, entry: &Entry) -> Result<HistogramFacts, RootError> {
        let histogram = self.histogram(entry)?;
        Ok(HistogramFacts {
            name: entry.path.clone(),
            class: histogram.class.clone(),
            title: histogram.title.clone(),
            entries: histogram.entries,
            integral: histogram.integral(),
            outside: histogram.outside(),
            mean_and_spread: histogram.mean_and_spread(),
            value_range: range(histogram.inside().map(|place| histogram.value(place))),
            axes: histogram.axes,
        })
    }

    fn graph_facts(&self, entry: &Entry) -> Result<GraphFacts, RootError> {
        let graph = self.graph(entry)?;
        Ok(GraphFacts {
            name: entry.path.clone(),
            points: graph.x.len(),
            x_range: range(graph.x.into_iter()),
            y_range: range(graph.y.into_iter()),
            class: graph.class,
            title: graph.title,
        })
    }
}

/// Lowest and highest of the finite values.
fn range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let [low, high] = range.unwrap_or([value, value]);
        Some([value.min(low), value.max(high)])
    })
}

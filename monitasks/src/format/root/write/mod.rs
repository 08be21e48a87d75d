//! Writes ROOT files of histograms and graphs, not packed, that ROOT and uproot read.

mod classes;
mod objects;
mod out;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::out::Out;
use super::file::MAGIC;
use super::graph::Graph;
use super::histogram::Histogram;
use crate::format::WriteError;

/// Something that is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Product {
    /// As `TH1D` or `TH2D`, whatever its own class.
    Histogram(Histogram),
    /// As `TGraphErrors`.
    Graph(Graph),
}

/// Where the records begin.
const BEGIN: usize = 100;
/// The version of ROOT whose classes are written.
const ROOT_VERSION: i32 = 64_000;
/// Largest file with 32-bit places.
const MOST_BYTES: usize = 2_000_000_000;
/// Version of keys with 32-bit places.
const KEY_VERSION: i16 = 4;
/// A folder's header with its identity and the free bytes behind it.
const FOLDER_BYTES: usize = 2 + 8 + 4 + 4 + 12 + IDENTITY_BYTES + 12;
/// A universal identity with its version.
const IDENTITY_BYTES: usize = 2 + 16;
/// One gap in the list of gaps.
const GAP_BYTES: usize = 2 + 4 + 4;

/// The bytes of a file with these objects in its one folder.
///
/// `file_name` and `title` are what the file says of itself; `stamp` is when it is made.
///
/// # Errors
/// When a product is a profile or has more than two axes, its rows differ in length, its errors are not symmetric, two have one
/// name, or the file would be larger than 2 GB.
pub fn write(file_name: &str, title: &str, stamp: Timestamp, products: &[Product]) -> Result<Vec<u8>, WriteError> {
    for (place, product) in products.iter().enumerate() {
        product.check()?;
        if products[..place].iter().any(|other| other.name() == product.name()) {
            return Err(WriteError(format!("two objects of the name '{}'", product.name())));
        }
    }
    let mut file = Writer { bytes: vec![0; BEGIN], date: date(stamp), keys: Vec::new() };
    // The outermost folder's record, filled in at the end.
    let name_bytes = file.start_record("TFile", file_name, title, 0, &texts(file_name, title)) - BEGIN;
    file.grow_record(BEGIN, FOLDER_BYTES);
    let mut classes: Vec<&str> = Vec::new();
    for product in products {
        let class = product.class();
        if !classes.contains(&class) {
            classes.push(class);
        }
        file.object(class, product.name(), product.title(), |out| match product {
            Product::Histogram(histogram) => objects::write_histogram(histogram, out),
            Product::Graph(graph) => objects::write_graph(graph, out),
        });
        file.check_size()?;
    }
    let keys = std::mem::take(&mut file.keys);
    let info = file.bytes.len();
    file.object("TList", "StreamerInfo", "Doubly linked list", |out| classes::write_list(&classes, out));
    let info_bytes = file.bytes.len() - info;
    let list = file.bytes.len();
    let content = [(keys.len() as i32).to_be_bytes().to_vec(), keys.concat()].concat();
    file.start_record("TFile", file_name, title, BEGIN, &content);
    let list_bytes = file.bytes.len() - list;
    let gaps = file.bytes.len();
    let gaps_at = file.start_record("TFile", file_name, title, BEGIN, &[0; GAP_BYTES]) - GAP_BYTES;
    file.check_size()?;
    file.finish(&Places { name_bytes, info, info_bytes, list, list_bytes, gaps, gaps_at });
    Ok(file.bytes)
}

/// Where the records stand that the header names.
struct Places {
    name_bytes: usize,
    info: usize,
    info_bytes: usize,
    list: usize,
    list_bytes: usize,
    gaps: usize,
    gaps_at: usize,
}

struct Writer {
    bytes: Vec<u8>,
    date: u32,
    /// The keys of the folder's objects.
    keys: Vec<Vec<u8>>,
}

impl Writer {
    /// Adds a record with its content; gives where it ends.
    fn start_record(&mut self, class: &str, name: &str, title: &str, folder: usize, content: &[u8]) -> usize {
        let key = self.key(class, name, title, folder, content.len());
        self.bytes.extend(key);
        self.bytes.extend(content);
        self.bytes.len()
    }

    /// Adds an object of the folder.
    fn object(&mut self, class: &str, name: &str, title: &str, write: impl FnOnce(&mut Out)) {
        let mut out = Out::behind_key(key_bytes(class, name, title));
        write(&mut out);
        let key = self.key(class, name, title, BEGIN, out.bytes.len());
        self.start_record(class, name, title, BEGIN, &out.bytes);
        self.keys.push(key);
    }

    /// A key for the record that begins at the end of the bytes.
    fn key(&self, class: &str, name: &str, title: &str, folder: usize, content_bytes: usize) -> Vec<u8> {
        let length = key_bytes(class, name, title);
        let mut out = Out::behind_key(0);
        out.i32((length + content_bytes) as i32);
        out.i16(KEY_VERSION);
        out.i32(content_bytes as i32);
        out.u32(self.date);
        out.i16(length as i16);
        out.i16(1); // cycle
        out.i32(self.bytes.len() as i32);
        out.i32(folder as i32);
        [class, name, title].iter().for_each(|text| out.text(text));
        out.bytes
    }

    /// Makes the record at a place longer by zeros, at the end of the bytes.
    fn grow_record(&mut self, at: usize, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
        for field in [at, at + 6] {
            let size = self.bytes[field..field + 4].iter().fold(0u32, |size, byte| size << 8 | u32::from(*byte));
            self.set(field, &(size + count as u32).to_be_bytes());
        }
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn check_size(&self) -> Result<(), WriteError> {
        if self.bytes.len() <= MOST_BYTES {
            return Ok(());
        }
        Err(WriteError(format!("a ROOT file of more than {MOST_BYTES} bytes: write fewer objects into one")))
    }

    /// Fills in what is known last: the header, the folder's header and the list of gaps.
    fn finish(&mut self, places: &Places) {
        let end = self.bytes.len();
        let identity = self.identity();
        let mut gap = Out::behind_key(0);
        gap.i16(1);
        gap.i32(end as i32);
        gap.i32(MOST_BYTES as i32);
        self.set(places.gaps_at, &gap.bytes);
        let mut folder = Out::behind_key(0);
        folder.i16(5);
        folder.u32(self.date);
        folder.u32(self.date);
        folder.i32(places.list_bytes as i32);
        folder.i32(places.name_bytes as i32);
        folder.i32(BEGIN as i32);
        folder.i32(0); // no folder above
        folder.i32(places.list as i32);
        folder.put(identity);
        self.set(BEGIN + places.name_bytes, &folder.bytes);
        let mut header = Out::behind_key(0);
        header.bytes.extend(MAGIC);
        header.i32(ROOT_VERSION);
        header.i32(BEGIN as i32);
        header.i32(end as i32);
        header.i32(places.gaps as i32);
        header.i32((end - places.gaps) as i32);
        header.i32(1); // one gap: what is behind the end
        header.i32(places.name_bytes as i32);
        header.u8(4); // width of places
        header.i32(0); // not packed
        header.i32(places.info as i32);
        header.i32(places.info_bytes as i32);
        header.put(identity);
        self.set(0, &header.bytes);
    }

    /// A universal identity out of the content: the same content, the same file.
    fn identity(&self) -> [u8; IDENTITY_BYTES] {
        let halves = [0, 1].map(|seed| twox_hash::XxHash64::oneshot(seed, &self.bytes).to_be_bytes());
        let mut identity = [0; IDENTITY_BYTES];
        identity[1] = 1; // its version
        identity[2..].copy_from_slice(halves.as_flattened());
        // Of the kind that is made of random numbers.
        identity[8] = identity[8] & 0x0F | 0x40;
        identity[10] = identity[10] & 0x3F | 0x80;
        identity
    }
}

impl Product {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Product::Histogram(histogram) => &histogram.name,
            Product::Graph(graph) => &graph.name,
        }
    }

    fn title(&self) -> &str {
        match self {
            Product::Histogram(histogram) => &histogram.title,
            Product::Graph(graph) => &graph.title,
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Product::Histogram(histogram) => objects::histogram_class(histogram),
            Product::Graph(_) => "TGraphErrors",
        }
    }

    fn check(&self) -> Result<(), WriteError> {
        let fault = match self {
            Product::Histogram(histogram) => histogram_fault(histogram),
            Product::Graph(graph) => graph_fault(graph),
        };
        let is_long = key_bytes(self.class(), self.name(), self.title()) > i16::MAX as usize;
        let fault = fault.or_else(|| is_long.then(|| "its name and title are longer than a key holds".into()));
        fault.map_or(Ok(()), |why| Err(WriteError(format!("'{}' can't be written: {why}", self.name()))))
    }
}

/// What a histogram has that can't be written.
fn histogram_fault(histogram: &Histogram) -> Option<String> {
    if histogram.profile.is_some() || !(1..=2).contains(&histogram.axes.len()) {
        return Some(format!("a {} of {} axes, written are histograms of one or two", histogram.class, histogram.axes.len()));
    }
    let cells = histogram.cells();
    let wrong = |values: &[f64]| cells != Some(values.len());
    if wrong(&histogram.contents) || !histogram.squares.is_empty() && wrong(&histogram.squares) {
        return Some("its contents are not one for each bin and those around the range".into());
    }
    let wrong = |axis: &super::HistogramAxis| axis.bins == 0 || !axis.edges.is_empty() && axis.edges.len() != axis.bins + 1;
    histogram.axes.iter().any(wrong).then(|| "an axis without bins, or whose edges are not one more than its bins".into())
}

/// What a graph has that can't be written.
fn graph_fault(graph: &Graph) -> Option<String> {
    let all = graph.x_errors.iter().chain(&graph.y_errors);
    if graph.y.len() != graph.x.len() || all.clone().any(|errors| !errors.is_empty() && errors.len() != graph.x.len()) {
        return Some("its rows differ in length".into());
    }
    let is_symmetric = |[low, high]: &[Vec<f64>; 2]| low == high;
    (!is_symmetric(&graph.x_errors) || !is_symmetric(&graph.y_errors)).then(|| "its errors are not symmetric".into())
}

/// A text's bytes with its length.
fn text_bytes(text: &str) -> usize {
    text.len() + if text.len() < 255 { 1 } else { 5 }
}

/// Length of a key.
fn key_bytes(class: &str, name: &str, title: &str) -> usize {
    const NUMBERS: usize = 4 + 2 + 4 + 4 + 2 + 2 + 4 + 4;
    NUMBERS + [class, name, title].map(text_bytes).iter().sum::<usize>()
}

/// Two texts as they stand behind the outermost key.
fn texts(one: &str, other: &str) -> Vec<u8> {
    let mut out = Out::behind_key(0);
    out.text(one);
    out.text(other);
    out.bytes
}

/// Date and time as ROOT packs them, UTC: years since 1995 in six bits, then month, day, hour, minute, second.
fn date(stamp: Timestamp) -> u32 {
    let time = stamp.to_zoned(TimeZone::UTC).datetime();
    let [year, month, day] = [time.year() - 1995, time.month().into(), time.day().into()].map(|part| part.clamp(0, 63) as u32);
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(|part| part as u32);
    year << 26 | month << 22 | day << 17 | hour << 12 | minute << 6 | second
}

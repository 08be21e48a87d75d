//! ROOT files in and out, from bytes: trees, histograms, profiles and graphs.
//!
//! A ROOT file is a row of records, each with a [`Key`] that says what it is. Folders list the keys. What an object's bytes mean
//! is told by the file itself in one record more, the list of class layouts; so files of any writer and version are read by what
//! they say of themselves, and a class that is not read here is still listed.
//!
//! Reading: [`RootFile::open`] on any [`ByteSource`], then [`RootFile::histogram`], [`RootFile::graph`], or [`RootFile::tree`] and
//! [`RootFile::column`]. Writing: [`write`](fn@write), histograms and graphs. No input makes it panic; time and memory stay in proportion to the bytes, with a cap on what a packed
//! record may unpack to. `object` reads any class into named values, the other files give them their meaning.

mod basket;
mod compression;
mod contents;
mod cursor;
mod drawing;
mod error;
mod file;
mod graph;
mod histogram;
mod key;
mod layout;
mod object;
mod source;
mod tree;
mod values;
mod write;

pub use contents::{BranchFacts, Contents, GraphFacts, HistogramFacts, ObjectFacts, ObjectKind, TreeFacts};
pub use error::RootError;
pub use file::{Entry, MAGIC, RootFile};
pub use graph::Graph;
pub use histogram::{Histogram, HistogramAxis, ProfileErrors, ProfileParts};
pub use key::Key;
pub use source::ByteSource;
pub use tree::{Branch, Tree};
pub use values::{Column, PerEntry, Values};
pub use write::{Product, write};

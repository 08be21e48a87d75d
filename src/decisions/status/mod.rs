//! The derived status of a processing: never typed, always a rule's answer to what people said.
//!
//! `rule.rs` makes rules of the settings; `derive.rs` asks them; `why.rs` says what would alter the answer; `what_if.rs` holds two
//! rules against each other over all processings; `lineage.rs` carries the status along from what a product was made from. All
//! of it is pure: what people said and the time come in as arguments. Uses `config` and `monitasks`.

mod derive;
mod lineage;
mod rule;
mod what_if;
mod why;

pub use derive::{Derived, Inputs, Parent, ShownInput, Told, Touched, UnknownInput, derive, inherited, with_parents};
pub use lineage::{Carried, Derivation, Graph, LineageError, ProcessingOf, ProductKind};
pub use rule::{Judge, RuleError, Rules};
pub use what_if::{Flip, Flips, Table, what_if};
pub use why::{Change, ChangeSet, Why, why};

#[cfg(test)]
mod tests;

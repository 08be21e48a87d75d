//! Some rounds of writers that are killed, on both engines; `make soak` runs more.

use crate::soaking::book::{Engine, rounds};

/// Rounds of an engine.
const ROUNDS: u64 = 10;

#[test]
fn every_decision_that_was_acknowledged_is_there_after_writers_are_killed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        match rounds(engine, 1, ROUNDS, false) {
            Ok(Some(tally)) => println!("{}: {tally:?}", engine.word()),
            Ok(None) => println!("COULD NOT RUN: killed writers of a book in PostgreSQL: no server can be started"),
            Err(broken) => panic!("{broken}"),
        }
    }
}

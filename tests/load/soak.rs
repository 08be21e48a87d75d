//! The command of the soak test.

use crate::soaking::book::{self, Engine};
use crate::soaking::{Kind, Services, rounds};

const HELP: &str = "\
soak [--rounds N] [--seed S] [--kind backend|controller|storage|disk|book]: N rounds (10) of each kind, or of one, with seeds
from S (1); a round of the book is one on each engine
DQMON_SOAK_KEEP=1 keeps the folders of the round that broke something, in dqmon-soak-kept of the temporary folder
";

const KINDS: [Kind; 4] = [Kind::Backend, Kind::Controller, Kind::Storage, Kind::Disk];

/// Runs rounds; answers the exit status.
pub fn run(arguments: &[String]) -> i32 {
    let (mut wanted, mut seed, mut number) = (KINDS.to_vec(), 1, 10);
    let mut has_book = true;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let value = if argument == "--help" { None } else { rest.next() };
        let count = value.and_then(|text| text.parse::<u64>().ok());
        let kind = value.and_then(|text| KINDS.into_iter().find(|kind| kind.word() == text));
        match (argument.as_str(), count, kind) {
            ("--rounds", Some(count), _) => number = count,
            ("--seed", Some(count), _) => seed = count,
            ("--kind", _, Some(kind)) => (wanted, has_book) = (vec![kind], false),
            ("--kind", _, _) if value.is_some_and(|text| text == "book") => wanted.clear(),
            _ => {
                print!("{HELP}");
                return if argument == "--help" { 0 } else { 2 };
            }
        }
    }
    let mut status = 0;
    for kind in wanted {
        let outcome = match Services::start(kind) {
            Ok(mut services) => rounds(kind, seed, number, &mut services, true),
            Err(why) => {
                println!("COULD NOT RUN: soak test, {} disturbed: {why}", kind.word());
                status = 1;
                continue;
            }
        };
        match outcome {
            Ok(tally) => println!("{}: {tally:?}, nothing broken", kind.word()),
            Err(broken) => {
                println!("{broken}");
                status = 1;
            }
        }
    }
    for engine in [Engine::Sqlite, Engine::Postgres].into_iter().filter(|_| has_book) {
        match book::rounds(engine, seed, number, true) {
            Ok(Some(tally)) => println!("{}: {tally:?}, nothing broken", engine.word()),
            Ok(None) => {
                println!("COULD NOT RUN: soak test of the {}: no server can be started", engine.word());
                status = 1;
            }
            Err(broken) => {
                println!("{broken}");
                status = 1;
            }
        }
    }
    status
}

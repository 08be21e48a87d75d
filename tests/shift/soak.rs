//! Some rounds of the soak test of each kind; `make soak` runs more.

use crate::soaking::{Kind, Services, rounds};

/// Rounds of a kind.
const ROUNDS: u64 = 10;

fn soak(kind: Kind) {
    let mut services = match Services::start(kind) {
        Ok(services) => services,
        Err(why) => {
            println!("COULD NOT RUN: soak test, {} disturbed: {why}", kind.word());
            return;
        }
    };
    match rounds(kind, 1, ROUNDS, &mut services, false) {
        Ok(tally) => println!("{}: {tally:?}", kind.word()),
        Err(broken) => panic!("{broken}"),
    }
}

#[test]
fn nothing_is_lost_or_doubled_while_the_backend_is_killed() {
    soak(Kind::Backend);
}

#[test]
fn nothing_is_lost_or_doubled_while_the_batch_controller_is_killed() {
    soak(Kind::Controller);
}

#[test]
fn nothing_is_lost_or_doubled_while_the_storage_server_is_killed() {
    soak(Kind::Storage);
}

#[test]
fn nothing_is_lost_or_doubled_while_the_disk_is_full() {
    soak(Kind::Disk);
}

//! Whatever bytes come in, every task answers: no panic, and nothing that would break a painter.

use monitasks::registry::TaskRegistry;
use monitasks::summary::Measured;
use monitasks::task::{ResultFile, TaskContext};
use proptest::prelude::*;

use crate::results::{Written, crp, events, noise, noon, pedestals};
use crate::small_detector::small_detector;

/// Reads, and where that gives a summary draws and glances.
fn ask_everything(written: &Written) {
    let detector = small_detector();
    let context = TaskContext { detector: &detector, now: noon(9) };
    let input = ResultFile { name: &written.name, bytes: &written.bytes, sidecar: written.sidecar.as_deref() };
    for task in TaskRegistry::built_in().iter() {
        let Ok(summary) = task.read(&input, &context) else { continue };
        for item in &task.info().items {
            let figure = task.draw(&item.name, &[&summary, &summary], &context);
            assert!(figure.empty.is_some() || !figure.layers.is_empty(), "{} draws nothing and says nothing", item.name);
            assert!(!task.glance(&item.name, &[&summary], &context).text.is_empty());
        }
    }
}

fn whole(kind: u8) -> Written {
    match kind {
        0 => pedestals(1, &small_detector(), 1.7),
        1 => events(1, &small_detector(), Some(3.0)),
        2 => noise(1, 1.7),
        _ => crp(1, 1, [Measured::number(2940.0, 80.0), Measured::NoData], [3.0; 6]),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(
        name in "\\PC{0,30}",
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        sidecar in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
    ) {
        ask_everything(&Written { name, bytes, sidecar });
    }

    #[test]
    fn a_damaged_result_is_answered(
        kind in 0u8..4,
        beside in any::<bool>(),
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), prop_oneof![any::<u8>(), proptest::sample::select(b"0123456789-.e \n".to_vec())]), 1..4),
    ) {
        let mut written = whole(kind);
        for (at, byte) in damages {
            let bytes = if beside { written.sidecar.as_mut().unwrap() } else { &mut written.bytes };
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        ask_everything(&written);
    }

    #[test]
    fn a_cut_result_is_answered(kind in 0u8..4, beside in any::<bool>(), cut in any::<proptest::sample::Index>()) {
        let mut written = whole(kind);
        let bytes = if beside { written.sidecar.as_mut().unwrap() } else { &mut written.bytes };
        bytes.truncate(cut.index(bytes.len()));
        ask_everything(&written);
    }
}

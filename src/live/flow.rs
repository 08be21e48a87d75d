//! The flow of files as the window shows it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::bookkeeping::{Store, StoryRecord};
use crate::config::Workspace;
use crate::processing::disk::{Disk, disks};
use crate::processing::flow::{Flow, Happening, flow_figures};
use crate::snapshot::{DiskRow, FlowShown, LatencyRow};

/// The story is read from so long before the window: a file that came before it and waits still is of its backlog.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// The flow of the last `window_s` seconds. A book that can't be read is said in it, with the room on the disks still there.
#[must_use]
pub fn flow_shown(store: &dyn Store, workspace: &Workspace, window_s: u64, now: Timestamp) -> FlowShown {
    let window = SignedDuration::from_secs(i64::try_from(window_s).unwrap_or(i64::MAX));
    let since = now.saturating_sub(window).and_then(|from| from.saturating_sub(BEFORE));
    let story = store.story_since(since.unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH));
    match story {
        Ok(story) => of_story(&story, workspace, window, window_s, now),
        Err(error) => FlowShown {
            window_s,
            disks: disks(workspace, 0.0).iter().map(disk_row).collect(),
            fault: Some(format!("the flow is not known: {error}")),
            ..FlowShown::default()
        },
    }
}

fn of_story(story: &[StoryRecord], workspace: &Workspace, window: SignedDuration, window_s: u64, now: Timestamp) -> FlowShown {
    let happenings: Vec<Happening<'_>> = story.iter().filter_map(Happening::of).collect();
    let flow = Flow::of(&happenings, now, window);
    let (done, waits) = (flow.done, flow.backlog);
    let stages = flow.stages.iter().map(|stage| LatencyRow {
        meaning: stage.meaning.to_owned(),
        count: stage.count,
        median_p95_max_s: [stage.median_s, stage.p95_s, stage.max_s],
    });
    FlowShown {
        window_s,
        span_s: flow.span_s,
        done: [done.arrived, done.copied, done.reconstructed, done.analysed, done.failed],
        arrived_per_h: flow.rate.arrived_per_h,
        reconstructed_per_h: flow.rate.reconstructed_per_h,
        copied_bytes_per_s: flow.rate.copied_bytes_per_s,
        backlog: vec![
            ("wait for their copy".into(), waits.copy),
            ("wait for their job".into(), waits.queue),
            ("are reconstructed".into(), waits.run),
            ("wait for their analysis".into(), waits.analysis),
            ("failed".into(), waits.failed),
        ],
        eta_s: flow.eta_s,
        present_s: flow.present_s,
        stages: stages.collect(),
        disks: disks(workspace, flow.rate.copied_bytes_per_s).iter().map(disk_row).collect(),
        figures: flow_figures(&flow).into_iter().map(|(_, figure)| Arc::new(figure)).collect(),
        fault: None,
    }
}

fn disk_row(disk: &Disk) -> DiskRow {
    DiskRow {
        folders: disk.folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", "),
        size_bytes: disk.size_bytes,
        free_bytes: disk.free_bytes,
        full_in_s: disk.full_in_s,
        fault: disk.fault.clone(),
    }
}

//! The group of a run of the night: its files analysed together, each analysis a job.

use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::Group;
use serde_json::json;

use super::super::super::Failure;
use super::book::{Book, Done, JobEnd, LANE};
use super::chance::Chance;
use super::plan::RunPlan;
use crate::bookkeeping::{GroupRecord, GroupStep, JobKind, PassRecord};
use crate::processing::JobSubject;
use crate::processing::steps::{GroupEvent, PassEvent, group_tasks, next_group, next_pass};

/// How long each analysis takes, s: from and to.
const TAKES_S: [(JobKind, [f64; 2]); 5] = [
    (JobKind::Pedestals, [14.0, 19.0]),
    (JobKind::Purity, [52.0, 66.0]),
    (JobKind::Gain, [38.0, 50.0]),
    (JobKind::Events, [11.0, 16.0]),
    (JobKind::Noise, [28.0, 36.0]),
];

/// Something that happens to an analysis.
type Happens = (Timestamp, JobKind, GroupEvent, serde_json::Value);

impl Book<'_> {
    /// Analyses a run whose files are all reconstructed; its group, and when each result stood in its place.
    pub(super) fn analyse(
        &mut self,
        plan: &RunPlan,
        passes: &mut [PassRecord],
        chance: &mut Chance,
    ) -> Result<(GroupRecord, Done), Failure> {
        let last = passes.iter().filter_map(|pass| pass.accepted).max().unwrap_or(plan.end);
        let formed = last + SignedDuration::from_millis(400);
        let mut group = GroupRecord {
            run: plan.run,
            processing: passes[0].processing,
            lane: LANE.into(),
            group: Group(0),
            members: plan.files().collect(),
            step: GroupStep::Analysing,
            since: formed,
            tasks: group_tasks(),
            results: Vec::new(),
        };
        let name = group.name();
        self.of_run(formed, plan.run, "group_formed", json!({"group": name, "lane": LANE, "members": group.members}));
        for pass in passes.iter_mut() {
            let event = PassEvent::Grouped(group.group);
            *pass = next_pass(pass, &event, formed)?;
            self.of_file(formed, pass.file, event.word(), json!({"group": name, "lane": LANE}));
        }
        let mut done = Done::default();
        let mut all: Vec<Happens> = Vec::new();
        let mut begins = formed + SignedDuration::from_millis(300);
        for (kind, [least, most]) in TAKES_S {
            // The gain needs the lifetime; the others run side by side.
            let from = if kind == JobKind::Gain { done.of(JobKind::Purity) + SignedDuration::from_millis(200) } else { begins };
            begins += SignedDuration::from_millis(300);
            let takes = SignedDuration::from_millis((1000.0 * chance.between(least, most)) as i64);
            let placed = self.analysis(&group, kind, [from, from + takes], &mut all)?;
            done.0.insert(kind, placed);
        }
        all.sort_by_key(|(at, ..)| *at);
        for (at, kind, event, detail) in all {
            group = next_group(&group, kind, &event, at)?;
            let facts = json!({"group": name, "analysis": kind.word(), "reason": null, "detail": detail});
            self.of_run(at, plan.run, event.word(), facts);
        }
        let event = PassEvent::Analysed { fault: None };
        for pass in passes.iter_mut() {
            *pass = next_pass(pass, &event, group.since)?;
            self.of_file(group.since, pass.file, event.word(), json!({"group": name, "fault": null}));
        }
        Ok((group, done))
    }

    /// One analysis from its allotment to its results; when these stood in their place.
    fn analysis(
        &mut self,
        group: &GroupRecord,
        kind: JobKind,
        times: [Timestamp; 2],
        all: &mut Vec<Happens>,
    ) -> Result<Timestamp, Failure> {
        let [from, ended] = times;
        let submitted = from + SignedDuration::from_millis(200);
        let name = format!("{}_{}", kind.word(), group.name());
        let (run, processing) = (group.run, group.processing);
        let subject = JobSubject { name, kind, run, file: None, group: Some(group.group), processing };
        let mark = self.job(&subject, 1, [submitted, ended], JobEnd::Well)?;
        let seen = ended + SignedDuration::from_millis(300);
        let placed = seen + SignedDuration::from_millis(200);
        all.push((from, kind, GroupEvent::Allotted, json!({"attempt": 1})));
        all.push((submitted, kind, GroupEvent::Submitted, json!({"attempt": 1})));
        all.push((seen, kind, GroupEvent::JobEnded, json!(mark)));
        all.push((placed, kind, GroupEvent::Placed { results: results_of(group, kind) }, json!({})));
        Ok(placed)
    }
}

/// The files that an analysis makes, relative to the workspace.
fn results_of(group: &GroupRecord, kind: JobKind) -> Vec<String> {
    let (folder, suffixes): (&str, &[&str]) = match kind {
        JobKind::Pedestals => ("pedestals", &["json", "ped"]),
        JobKind::Gain => ("crp", &["json", "root", "txt"]),
        JobKind::Events => ("events", &["json", "root"]),
        JobKind::Noise => ("noise", &["json", "txt"]),
        _ => ("crp", &["json", "txt"]),
    };
    suffixes.iter().map(|suffix| format!("results/{folder}/{}.{suffix}", group.name())).collect()
}

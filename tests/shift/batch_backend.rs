//! A run from raw files to results with its jobs in a batch system.

use dqmon::bookkeeping::{GroupStep, JobState};

use crate::batch::settings;
use crate::services::slurm::Farm;
use crate::workspace::{Shift, said};

#[test]
fn a_run_goes_through_slurm_and_pbs_to_its_results() {
    let farm = match Farm::start() {
        Ok(farm) => farm,
        Err(why) => {
            println!("COULD NOT RUN: a run through Slurm and PBS: {why}");
            return;
        }
    };
    for system in ["slurm", "pbs"] {
        let shift = Shift::new(&settings(system, &farm.commands(), "memory_limit_mb = 900\ntime_limit_s = 300\n"));
        shift.deliver_run();
        let output = shift.run(&["process", "--once"]);
        let overview = shift.overview();
        assert!(output.status.success(), "{system}: {}", said(&output));
        assert!(overview.groups.iter().all(|group| group.step == GroupStep::Done), "{system}: {:#?}", overview.groups);
        assert_eq!(overview.groups.len(), 1);
        assert_eq!(overview.files.len(), 2);
        for job in &overview.jobs {
            assert_eq!((job.state, job.batch.as_str(), job.attempt), (JobState::Done, system, 1), "{job:#?}");
            assert!(job.batch_id.is_some(), "{job:#?}");
        }
    }
}

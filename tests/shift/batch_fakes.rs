//! What a real batch system does not do on demand, played by scripts of its commands' names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dqmon::processing::{BatchError, Cause, JobOrder, JobSeen};

use crate::batch::{Site, is_on_its_way};

/// A folder of commands; what `sbatch` was given stands in `given`, and what `squeue` lists in `list`.
struct Fakes {
    folder: tempfile::TempDir,
}

/// Keeps the name that it is given; what follows decides what becomes of it.
const KEEPS: &str =
    "for word; do case $word in --job-name=*) name=${word#--job-name=};; esac; done\necho \"$name\" >> \"$here/given\"\n";

/// Puts the job into the list.
const LISTS: &str = "echo \"77|PENDING|$(date +%s)||Priority|$name\" >> \"$here/list\"\n";

impl Fakes {
    fn new(sbatch: &str) -> Fakes {
        let fakes = Fakes { folder: tempfile::tempdir().unwrap() };
        fakes.is("sbatch", &format!("{KEEPS}{sbatch}"));
        fakes.is("squeue", "cat \"$here/list\" 2>/dev/null; exit 0");
        fakes.is("sacct", "exit 1");
        fakes.is("scancel", "exit 0");
        fakes
    }

    fn is(&self, command: &str, script: &str) {
        let (file, here) = (self.path().join(command), self.path().display().to_string());
        let aside = self.path().join(format!("{command}.new"));
        fs::write(&aside, format!("#!/bin/sh\nhere='{here}'\n{script}\n")).unwrap();
        fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).unwrap();
        // Another process may be about to run the old one.
        fs::rename(aside, file).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn given(&self) -> Vec<String> {
        fs::read_to_string(self.path().join("given")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn list(&self, text: &str) {
        let aside = self.path().join("list.new");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, self.path().join("list")).unwrap();
    }

    fn site(&self) -> (Site, JobOrder) {
        let site = Site::new("slurm", Path::new(&self.path()), "");
        let order = site.order("reco_run1-seq0", 1, "true");
        (site, order)
    }
}

impl Drop for Fakes {
    fn drop(&mut self) {
        let hanging = fs::read_to_string(self.path().join("hanging")).unwrap_or_default();
        if let Some(pid) = hanging.trim().parse().ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

fn not_started(site: &mut Site, order: &JobOrder) {
    site.until(order, "not started", |seen| *seen == JobSeen::NotStarted, |seen| *seen == JobSeen::NotYetKnown);
}

fn is_unknown(seen: &JobSeen) -> bool {
    matches!(seen, JobSeen::Unknown(_))
}

#[test]
fn a_job_that_was_taken_although_the_answer_was_lost_is_found_and_not_given_again() {
    let fakes = Fakes::new(&format!("{LISTS}echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1"));
    let (mut site, order) = fakes.site();
    not_started(&mut site, &order);
    let error = site.batch.submit(&order).unwrap_err();
    assert!(matches!(&error, BatchError::NoAnswer { .. }) && error.to_string().contains("Socket timed out"), "{error}");
    let before = |seen: &JobSeen| is_unknown(seen) || *seen == JobSeen::NotYetKnown;
    site.until(&order, "queued", |seen| *seen == JobSeen::Queued, before);
    assert!(matches!(site.batch.submit(&order), Err(BatchError::NoAnswer { .. })), "given again");
    assert_eq!(fakes.given().len(), 1);
}

#[test]
fn a_job_that_was_not_taken_may_be_given_again_after_a_while_and_no_earlier() {
    for answer in
        ["echo 'Usage: sbatch [OPTIONS]'; exit 0", "echo 'Unable to contact slurm controller' >&2; exit 1", "kill -9 $$"]
    {
        let fakes = Fakes::new(answer);
        let (mut site, order) = fakes.site();
        not_started(&mut site, &order);
        assert!(matches!(site.batch.submit(&order), Err(BatchError::NoAnswer { .. })), "{answer}");
        let begun = Instant::now();
        let error = site.batch.cancel(&order).unwrap_err();
        assert!(matches!(&error, BatchError::NoAnswer { .. }) && error.to_string().contains("not known whether"), "{error}");
        let before = |seen: &JobSeen| is_unknown(seen) || *seen == JobSeen::NotYetKnown;
        site.until(&order, "not started", |seen| *seen == JobSeen::NotStarted, before);
        assert!(begun.elapsed().as_secs_f64() > 1.8, "{answer}: after {:?}", begun.elapsed());
        fakes.is("sbatch", &format!("{KEEPS}{LISTS}echo 77"));
        assert_eq!(site.batch.submit(&order).unwrap(), "77");
        site.until(&order, "queued", |seen| *seen == JobSeen::Queued, is_on_its_way);
        let given = fakes.given();
        assert!(given.len() == 2 && given[0] == given[1], "{given:?}");
    }
}

#[test]
fn a_job_that_is_refused_is_refused_with_the_reason() {
    let fakes = Fakes::new("echo 'sbatch: error: invalid partition specified: nope' >&2; exit 1");
    let (mut site, order) = fakes.site();
    not_started(&mut site, &order);
    let error = site.batch.submit(&order).unwrap_err();
    assert!(matches!(error, BatchError::Refused { .. }), "{error}");
    assert_eq!(error.to_string(), "slurm refused the job: sbatch: error: invalid partition specified: nope");
    assert_eq!(site.look(&order), JobSeen::NotStarted);
}

#[test]
fn commands_that_hang_delay_nobody_and_are_ended() {
    let fakes = Fakes::new("echo $$ > \"$here/hanging\"; exec sleep 33");
    let (mut site, order) = fakes.site();
    not_started(&mut site, &order);
    let begun = Instant::now();
    assert!(matches!(site.batch.submit(&order), Err(BatchError::NoAnswer { .. })));
    assert!(begun.elapsed().as_secs_f64() < 2.5, "{:?}", begun.elapsed());
    fakes.is("squeue", "exec sleep 34");
    for _ in 0..10 {
        assert_eq!(site.look(&order), JobSeen::NotYetKnown, "it is on its way");
    }
    let other = site.order("reco_run1-seq1", 1, "true");
    let before = |seen: &JobSeen| matches!(seen, JobSeen::NotYetKnown | JobSeen::NotStarted);
    let seen = site.until(&other, "unknown", is_unknown, before);
    assert!(matches!(&seen, JobSeen::Unknown(why) if why.contains("'squeue' did not answer within 5 s")), "{seen:?}");
}

#[test]
fn garbage_for_a_list_is_no_list() {
    let fakes = Fakes::new(&format!("{LISTS}echo 77"));
    let (mut site, order) = fakes.site();
    fakes.is("squeue", "echo 'Segmentation fault'");
    let seen = site.until(&order, "unknown", is_unknown, |seen| *seen == JobSeen::NotYetKnown);
    assert!(matches!(&seen, JobSeen::Unknown(why) if why.contains("Segmentation fault")), "{seen:?}");
}

/// A job that was given as number 77 and stands in the list.
fn given_and_listed() -> (Fakes, Site, JobOrder) {
    let fakes = Fakes::new(&format!("{LISTS}echo 77"));
    let (mut site, order) = fakes.site();
    not_started(&mut site, &order);
    site.batch.submit(&order).unwrap();
    site.until(&order, "queued", |seen| *seen == JobSeen::Queued, is_on_its_way);
    std::thread::sleep(std::time::Duration::from_millis(600));
    site.look(&order);
    (fakes, site, order)
}

#[test]
fn a_forgotten_job_is_a_question_and_gone_when_a_person_says_so() {
    let (fakes, mut site, order) = given_and_listed();
    fakes.list("");
    let before = |seen: &JobSeen| matches!(seen, JobSeen::Queued | JobSeen::NotYetKnown);
    let seen = site.until(&order, "a question", is_unknown, before);
    assert!(matches!(&seen, JobSeen::Unknown(why) if why.ends_with("cancel it, then resubmit")), "{seen:?}");
    assert!(site.batch.submit(&order).is_err(), "given again");
    // A backend that starts anew has it from the book that the job was given.
    site.live_again();
    let known = JobOrder { batch_id: Some("77".into()), ..order };
    site.until(&known, "a question", is_unknown, |seen| *seen == JobSeen::NotYetKnown);
    site.batch.cancel(&known).unwrap();
    assert_eq!(site.look(&known), JobSeen::Gone);
}

#[test]
fn the_accounts_know_how_a_forgotten_job_ended() {
    let (fakes, mut site, order) = given_and_listed();
    fakes.is("sacct", "echo \"77|OUT_OF_MEMORY|n7|$(head -n 1 \"$here/given\")\"");
    fakes.list("");
    site.until(&order, "gone", |seen| *seen == JobSeen::Gone, is_on_its_way);
    let word = site.batch.word(&order).unwrap();
    assert_eq!((word.cause, word.node.as_deref()), (Some(Cause::MemoryLimit), Some("n7")));
    assert_eq!(word.words(), "OUT_OF_MEMORY on n7, memory limit (job 77)");
}

#[test]
fn a_job_that_was_taken_and_never_listed_is_gone_after_a_while() {
    let fakes = Fakes::new("echo 77");
    let (mut site, order) = fakes.site();
    not_started(&mut site, &order);
    site.batch.submit(&order).unwrap();
    let begun = Instant::now();
    site.until(&order, "gone", |seen| *seen == JobSeen::Gone, |seen| *seen == JobSeen::Queued);
    assert!(begun.elapsed().as_secs_f64() > 1.8, "after {:?}", begun.elapsed());
}

#[test]
fn a_job_of_the_same_number_and_of_an_older_time_is_another() {
    let fakes = Fakes::new("echo 77");
    let (mut site, order) = fakes.site();
    not_started(&mut site, &order);
    site.batch.submit(&order).unwrap();
    let name = fakes.given().remove(0);
    fakes.list(&format!("77|COMPLETED|1000000000|n7|None|{name}\n77|RUNNING|1795264105|n7|None|somebodys\n"));
    site.until(&order, "gone", |seen| *seen == JobSeen::Gone, |seen| *seen == JobSeen::Queued);
}

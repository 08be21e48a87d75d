//! Places where a backend is run that are poorer than a workstation: a container, a batch node with small limits.

use std::process::{Command, Output};

use crate::workspace::{Shift, said};

/// Runs `dqmon process --once` on a workspace from a line of shell that ends with `"$@"`.
fn process_once(shift: &Shift, shell: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(env!("CARGO_BIN_EXE_dqmon")).arg("-w").arg(&shift.workspace.root);
    command.args(["process", "--once"]).env_remove("DQMON_WORKSPACE").output().unwrap()
}

fn assert_all_reconstructed(output: &Output) {
    assert!(output.status.success() && said(output).contains("2 files reconstructed"), "{}", said(output));
}

#[test]
fn jobs_run_where_the_session_leader_is_outside_of_the_container() {
    let shift = Shift::new("");
    shift.deliver_run();
    let user = if rustix::process::geteuid().is_root() { "" } else { "--user --map-root-user " };
    let unshare = format!("exec unshare {user}--pid --fork --mount-proc \"$@\"");
    let probe = Command::new("sh").args(["-c", &unshare, "sh", "true"]).output().unwrap();
    if !probe.status.success() {
        println!("COULD NOT RUN: a job in a container: unshare: {}", String::from_utf8_lossy(&probe.stderr).trim());
        return;
    }
    assert_all_reconstructed(&process_once(&shift, &unshare));
    let record = shift.workspace.root.join("all_logs/batch/run1");
    let records: Vec<_> =
        std::fs::read_dir(record).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert!(records.iter().any(|text| text.contains("Session ID : 0")), "{records:?}");
}

#[test]
fn jobs_run_where_few_files_may_be_open() {
    let shift = Shift::new("");
    shift.deliver_run();
    assert_all_reconstructed(&process_once(&shift, "ulimit -n 100; exec \"$@\""));
}

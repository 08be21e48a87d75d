//! `dqmon doctor`: what is missing or wrong with the workspace and its machine, and the command that mends it.

use std::path::PathBuf;

use jiff::Timestamp;
use monitasks::quality::State;
use serde_json::{Value, json};

use super::{Ended, Failure, Global, Outcome};
use crate::config::{Workspace, WorkspaceError};
use crate::doctor::{Patient, worst};
use crate::plotting::{Look, palette};
use crate::snapshot::Finding;

/// Arguments of `dqmon doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also say what is well.
    #[arg(long)]
    all: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command. Anything that is wrong, or could not be looked at, is a finding; a workspace that is named and not there is a
/// failure.
pub fn run(global: &Global, args: &Args) -> Outcome {
    let root = root_of(global)?;
    let patient = Patient::of(root.as_deref(), Timestamp::now());
    let mut findings = Vec::new();
    for look in patient.looks() {
        let found = look.at(&patient);
        if !args.json {
            found.iter().filter(|finding| args.all || finding.is_wrong()).for_each(print);
        }
        findings.extend(found);
    }
    let wrong = findings.iter().filter(|finding| finding.is_wrong()).count();
    if args.json {
        let rows: Vec<Value> = findings.iter().map(row).collect();
        let state = worst(&findings).words();
        println!("{:#}", json!({"schema": 1, "workspace": patient.root, "state": state, "findings": rows}));
    } else {
        let of = patient
            .root
            .as_ref()
            .map_or_else(|| "this machine; no workspace was found".into(), |root| root.display().to_string());
        match wrong {
            0 => println!("{} looks, nothing is wrong: {of}", findings.len()),
            count => println!("{} looks, {count} to see to: {of}", findings.len()),
        }
    }
    Ok(if wrong == 0 { Ended::Done } else { Ended::WithFinding })
}

/// The workspace's folder, also where its settings can't be used; none for the machine alone.
fn root_of(global: &Global) -> Result<Option<PathBuf>, Failure> {
    match (global.workspace(), &global.workspace) {
        (Ok(workspace), _) => Ok(Some(workspace.root)),
        (Err(WorkspaceError::NotFound { .. }), None) => Ok(None),
        (Err(_), Some(folder)) if folder.join(Workspace::SETTINGS_FILE).is_file() => Ok(Some(folder.clone())),
        // The nearest one upwards, whose settings can't be used.
        (Err(WorkspaceError::Settings(_)), None) => {
            let here = std::env::current_dir()?;
            Ok(here.ancestors().find(|folder| folder.join(Workspace::SETTINGS_FILE).is_file()).map(PathBuf::from))
        }
        (Err(error), _) => Err(error.into()),
    }
}

fn print(finding: &Finding) {
    let style = palette::state(finding.state, Look::Dark);
    println!("{} {} {}: {}", style.glyph, style.letter, finding.check, finding.what);
    if finding.is_wrong() {
        println!("      because: {}", finding.why);
        println!("      mend:    {}", finding.mend);
    }
}

fn row(finding: &Finding) -> Value {
    let letter = palette::state(finding.state, Look::Dark).letter;
    let state = if finding.state == State::Ok { "ok" } else { finding.state.words() };
    json!({
        "check": finding.check, "state": state.to_lowercase(), "letter": letter, "what": finding.what, "why": finding.why,
        "mend": finding.mend,
    })
}

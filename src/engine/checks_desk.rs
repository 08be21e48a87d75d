//! What the window writes into the workspace's file of checks: references, at its end.

use std::io;
use std::path::Path;

use monitasks::checks::Checks;
use monitasks::figure::Figure;
use monitasks::references::{Reference, ReferenceSource, References};

use super::Notice;
use crate::config::Workspace;
use crate::durable;

/// Adds a reference to the file of checks, which is left as it is when it would not be usable with it.
pub(super) fn take_reference(source: &ReferenceSource, workspace: &Workspace) -> Notice {
    let path = workspace.checks_file();
    match added(source, &path) {
        Ok(()) => {
            let (task, item, runs) = (&source.task, &source.item, source.runs.words());
            Notice::Done(format!("{} is the reference of {task}/{item} for {runs}: {}", source.label, path.display()))
        }
        Err(why) => Notice::Refused(format!("reference not taken: {why}")),
    }
}

fn added(source: &ReferenceSource, path: &Path) -> Result<(), String> {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        other => other.map_err(|error| format!("{error}: {name}"))?,
    };
    let before = Checks::parse(&text, &name).map_err(|error| error.to_string())?;
    refuse_clash(source, &before.references)?;
    let text = with(source, &text);
    Checks::parse(&text, &name).map_err(|error| error.to_string())?;
    durable::write_whole(path, text.as_bytes()).map_err(|error| format!("{error}: {name}"))
}

/// Refuses a reference beside which it would be chance which one counts.
fn refuse_clash(source: &ReferenceSource, known: &[ReferenceSource]) -> Result<(), String> {
    let mut references = References::default();
    let as_reference = |known: &ReferenceSource| Reference {
        label: known.label.clone(),
        task: known.task.clone(),
        item: source.item.clone(),
        runs: known.runs,
        figure: Figure::empty("", ""),
    };
    let same_item = |known: &&ReferenceSource| known.task == source.task && (known.item == "*" || known.item == source.item);
    for known in known.iter().filter(same_item) {
        // Those of the file that clash with each other are told where the file is read.
        let _ = references.add(as_reference(known));
    }
    references.add(as_reference(source)).map_err(|why| why.to_string())
}

/// The text with the reference in a section at its end.
fn with(source: &ReferenceSource, text: &str) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let to = source.runs.to.map_or_else(String::new, |to| format!(", to = {}", to.0));
    format!(
        "{text}{gap}[[reference]]\nlabel = {}\ntask = {}\nitem = {}\nresult = {}\nruns = {{ from = {}{to} }}\n",
        quoted(&source.label),
        quoted(&source.task),
        quoted(&source.item),
        quoted(&source.result),
        source.runs.from.0
    )
}

#[cfg(test)]
mod tests {
    use monitasks::references::Runs;
    use monitasks::vocab::Run;

    use super::*;

    fn source(label: &str, from: u32) -> ReferenceSource {
        ReferenceSource {
            label: label.into(),
            task: "pedestals".into(),
            item: "rms_by_strip".into(),
            result: format!("pedestals/run{from}-p1-g0.ped"),
            runs: Runs { from: Run(from), to: None },
        }
    }

    #[test]
    fn a_reference_is_added_at_the_end_and_all_else_stays_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checks.toml");
        added(&source("first \"good\" run", 3), &path).unwrap();
        assert_eq!(Checks::parse(&std::fs::read_to_string(&path).unwrap(), "x").unwrap().references.len(), 1);
        std::fs::write(&path, format!("{}# the end", Workspace::NEW_CHECKS)).unwrap();
        added(&source("run3-p1-g0", 3), &path).unwrap();
        added(&source("run7-p1-g0", 7), &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(Workspace::NEW_CHECKS));
        let written = Checks::parse(&text, "x").unwrap().references;
        assert_eq!(written, [source("run3-p1-g0", 3), source("run7-p1-g0", 7)]);
        // The same once more would leave it to chance which one counts.
        let refused = added(&source("run7-p1-g0", 7), &path).unwrap_err();
        assert!(refused.contains("expected one for each run"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn nothing_is_added_to_a_file_that_can_not_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checks.toml");
        std::fs::write(&path, "[[chek]]\n").unwrap();
        assert!(added(&source("a", 1), &path).unwrap_err().contains("checks.toml:1"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[[chek]]\n");
    }
}

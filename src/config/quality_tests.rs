//! Tests of marks, usable-for and rules as a whole settings file has them.

use std::path::Path;

use super::{Settings, StatusSettings, Workspace};

fn parse(text: &str) -> Result<Settings, String> {
    Settings::parse(text, Path::new("dqmon.toml")).map_err(|error| error.to_string())
}

#[test]
fn what_is_written_is_read_again_as_it_was() {
    let mut settings = parse(Workspace::NEW_SETTINGS).unwrap();
    settings.status.overrides.push(
        toml::from_str(
            "name = \"x\"\ninput = \"CAL\"\ncounts = [\"det_study\"]\nas = \"physics\"\nfrom = \"2016-11-01T00:00:00Z\"\n\
             to = \"2016-12-01T00:00:00Z\"\nwho = \"Ada\"\nwhy = \"few\"\n",
        )
        .unwrap(),
    );
    assert_eq!(parse(&toml::to_string(&settings).unwrap()), Ok(settings));
}

#[test]
fn the_override_in_the_comments_can_be_used_as_it_stands() {
    let (_, commented) = Workspace::NEW_SETTINGS.split_once("# [[status.override]]").unwrap();
    let lines = commented.lines().map_while(|line| line.strip_prefix("# ").or(line.is_empty().then_some("")));
    let text = format!("[[status.override]]\n{}", lines.take_while(|line| !line.starts_with('[')).collect::<Vec<_>>().join("\n"));
    let settings = parse(&text).unwrap();
    assert_eq!(settings.status.overrides[0].counted_as, "physics");
    assert_eq!(settings.status.rule, StatusSettings::default().rule, "the shipped rule stays");
}

#[test]
fn what_can_not_be_meant_is_refused_with_its_line_and_what_there_is() {
    for (text, said, line) in [
        ("[marks]\nflawed = \"FLAWED\"\n", "expected one of 'OK', 'UNCHECKED', 'BAD', 'MAYBE'", 2),
        ("[marks]\nsubsystems = [\"CRP\", \"RQM\"]\n", "that name is taken", 2),
        ("[decisions]\nusable_for = [\"physics\", \"physics\"]\n", "stand there once", 2),
        ("[status]\ngood = 7\n", "'good' is 7, expected one of 'meanings': 1, 0, 2", 2),
        ("[status]\nrules = []\n", "expected one of 'good', 'unchecked', 'meanings', 'rule', 'override'", 2),
        (
            "[[status.rule]]\nversion = \"2\"\nfrom = \"2016-11-01T00:00:00Z\"\ndefault = 2\n\
             cases = [{ status = 1, when = { RQN = [\"good\"] } }]\n",
            "\"RQN\" is no input; there are: RQM, CAL",
            5,
        ),
        ("[[status.rule]]\nversion = \"2\"\nfrom = \"November\"\ndefault = 2\ncases = []\n", "from", 3),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(said) && error.ends_with(&format!("dqmon.toml:{line}")), "{text}\n{error}");
    }
}

#[test]
fn a_subsystem_that_the_rule_asks_for_can_not_be_taken_away() {
    let rule = "[[status.rule]]\nversion = \"2\"\nfrom = \"2016-11-01T00:00:00Z\"\ndefault = 2\n\
                cases = [{ status = 1, when = { CRP = [\"good\"] } }]\n";
    assert!(parse(rule).is_ok());
    let error = parse(&format!("{rule}[marks]\nsubsystems = [\"HV\"]\n")).unwrap_err();
    assert!(error.contains("\"CRP\" is no input; there are: RQM, CAL, HV"), "{error}");
}

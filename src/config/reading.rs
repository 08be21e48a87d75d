//! `dqmon.toml` from text to settings, and what is wrong with one that can't be used, in words and with the line.

use std::path::{Path, PathBuf};

use super::fault::{self, Fault};
use super::lanes::GateRule;
use super::settings::Settings;

/// A settings file that can't be used. The message says what, why, what there is instead, and where.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettingsError {
    /// The file can't be read.
    #[error("settings not read: {why}: {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        why: String,
    },
    /// The file is no valid TOML or says something unknown.
    #[error("settings refused: {what}: {}", at_line(path, *line))]
    Refused {
        /// The file.
        path: PathBuf,
        /// The line, from 1; 0 when it is not known.
        line: usize,
        /// What is wrong, with the keys that exist.
        what: String,
    },
}

/// A file and a line of it where that is known.
fn at_line(path: &Path, line: usize) -> String {
    match line {
        0 => path.display().to_string(),
        line => format!("{}:{line}", path.display()),
    }
}

impl Settings {
    /// Reads a settings file.
    ///
    /// # Errors
    /// When the file can't be read, is no TOML, or says something unknown or out of range; with file, line, key and the keys
    /// that exist.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingsError::Unreadable { path: path.to_owned(), why: error.to_string() })?;
        Settings::parse(&text, path)
    }

    /// Reads settings from the text of the file at `path`.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let refused = |line: usize, what: String| SettingsError::Refused { path: path.to_owned(), line, what };
        let settings: Settings = toml::from_str(text).map_err(|error| {
            let line = match gate_that_is_none(text) {
                Some(gate) => fault::line_of(text, &gate),
                None => error.span().map_or(0, |span| 1 + text[..span.start].matches('\n').count()),
            };
            refused(line, in_words(text, line, error.message()))
        })?;
        match settings.fault() {
            None => Ok(settings),
            Some(Fault { at, what }) => Err(refused(fault::line_of(text, &at), what)),
        }
    }
}

/// The first gate of a lane that is none: the TOML reader tells no more than where the list of gates begins.
fn gate_that_is_none(text: &str) -> Option<Vec<String>> {
    let table: toml::Table = toml::from_str(text).ok()?;
    for (index, lane) in table.get("lanes")?.as_array()?.iter().enumerate() {
        let gates = lane.get("gates").and_then(toml::Value::as_array).into_iter().flatten();
        let is_none = |gate: &toml::Value| gate.clone().try_into::<GateRule>().is_err();
        if let Some(place) = gates.into_iter().position(is_none) {
            return Some(["lanes", &index.to_string(), "gates", &place.to_string()].map(str::to_owned).to_vec());
        }
    }
    None
}

/// What the TOML reader expects, and what a person would call it.
const EXPECTED: [(&str, &str); 14] = [
    ("f64", "a number"),
    ("usize", "a whole number from 0"),
    ("u64", "a whole number from 0"),
    ("u32", "a whole number from 0"),
    ("u16", "a whole number from 0 to 65535"),
    ("u8", "a whole number from 0 to 255"),
    ("a boolean", "true or false"),
    ("a string", "a text in quotes"),
    ("path string", "a path in quotes"),
    ("a sequence", "a list in [ ]"),
    ("a map", "a section with keys"),
    ("struct", "a section with keys"),
    ("internally tagged enum", "{ rule = \"...\", ... }"),
    ("string or table", "a word in quotes"),
];

/// A message of the TOML reader in words for people, with the key that stands on the line.
fn in_words(text: &str, line: usize, message: &str) -> String {
    let message = message.replace('`', "'").replace("wanted string or table", "expected string or table");
    let message = match message.rsplit_once("expected ") {
        Some((before, expected)) => {
            let is_it = |(word, _): &&(&str, &str)| expected == *word || expected.starts_with(&format!("{word} "));
            let words = EXPECTED.iter().find(is_it).map_or(expected, |(_, words)| words);
            format!("{before}expected {words}")
        }
        None => message,
    };
    let written = line.checked_sub(1).and_then(|line| text.lines().nth(line)).and_then(|line| line.split_once('='));
    let is_key = |key: &&str| !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    match written.map(|(key, _)| key.trim()).filter(is_key) {
        Some(key) if !message.contains(key) => format!("'{key}': {message}"),
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(Settings::parse("", Path::new("dqmon.toml")).unwrap(), Settings::default());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_keys_that_exist() {
        let error = Settings::parse("[intake]\nfolder = \"in\"\nfoldr = \"x\"\n", Path::new("dqmon.toml")).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("foldr") && message.contains("reconcile_s"), "{message}");
        assert!(message.ends_with("dqmon.toml:3"), "{message}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_with_its_key() {
        let error = Settings::parse("[intake]\nreconcile_s = \"soon\"\n", Path::new("dqmon.toml")).unwrap_err();
        let expected = "settings refused: 'reconcile_s': invalid type: string \"soon\", expected a number: dqmon.toml:2";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn what_is_expected_is_said_in_a_persons_words() {
        for (text, said) in [
            ("[transfer]\nretries = -1\n", "'retries': invalid value: integer '-1', expected a whole number from 0"),
            ("[analysis]\ntracks_per_group = \"x\"\n", "expected a whole number from 0"),
            ("[batch]\nmemory_limit_mb = 1.5\n", "expected a whole number from 0"),
            ("[mail]\nport = 99999\n", "expected a whole number from 0 to 65535"),
            ("[mail]\nto = 3\n", "expected a list in [ ]"),
            ("[mail]\nto = [3]\n", "expected a text in quotes"),
            ("[intake]\nfolder = 3\n", "expected a path in quotes"),
            ("[batch]\nsystem = 3\n", "expected a word in quotes"),
            ("[reconstruction]\nremove_coherent_noise = 1\n", "expected true or false"),
            ("\nintake = 3\n", "expected a section with keys"),
        ] {
            let error = Settings::parse(text, Path::new("dqmon.toml")).unwrap_err().to_string();
            assert!(error.contains(said) && error.ends_with("dqmon.toml:2"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_lane_or_its_gates_is_told_with_its_line() {
        let first = "detector = \"3x1x1\"\n[[lanes]]\nname = \"A\"\n";
        for (text, said, line) in [
            ("[[lanes]]\nname = \"a b\"\n", "refused, expected letters", 5),
            ("[[lanes]]\nselect_every = 2\nname = \"A\"\n", "two lanes of the name", 6),
            ("[[lanes]]\nselect_every = 2\n", "missing field 'name'", 4),
            ("gates = [\n  { rule = \"flag\", is = [\"OK\"] },\n  { rule = \"mark\", is = [\"good\"] },\n]\n", "there are ok", 6),
            ("gates = [\n  { rule = \"kind\", is = [] },\n]\n", "names no kind", 5),
            ("[[lanes]]\nname = \"B\"\n[[lanes.gates]]\nrule = \"ended_for\"\nhours = -1.0\n", "expected hours from 0", 6),
            ("gates = [\n  { rule = \"events\", at_least = -1 },\n]\n", "expected a whole number from 0", 5),
            ("gates = [\n  { rule = \"nope\" },\n]\n", "expected one of 'ended_for'", 5),
        ] {
            let error = Settings::parse(&format!("{first}{text}"), Path::new("dqmon.toml")).unwrap_err().to_string();
            assert!(error.contains(said) && error.ends_with(&format!("dqmon.toml:{line}")), "{text}: {error}");
        }
        let none = Settings::parse("lanes = []\n", Path::new("dqmon.toml")).unwrap_err().to_string();
        assert!(none.contains("at least one") && none.ends_with("dqmon.toml:1"), "{none}");
    }

    #[test]
    fn a_key_that_stands_in_two_sections_is_told_with_the_line_of_its_own() {
        let text = "[batch]\npoll_s = 1.0\n[tasks.purity]\npoll_s = 0\n";
        let error = Settings::parse(text, Path::new("dqmon.toml")).unwrap_err().to_string();
        assert!(error.ends_with("dqmon.toml:4"), "{error}");
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_its_line() {
        let error = Settings::parse("\n[intake]\nreconcile_s = -1\n", Path::new("w/dqmon.toml")).unwrap_err();
        assert_eq!(error.to_string(), "settings refused: 'reconcile_s' is -1, expected a number above 0: w/dqmon.toml:3");
    }

    #[test]
    fn a_second_destination_that_is_none_is_refused_with_what_there_is_instead() {
        for (line, said) in [
            ("central = \"root://host/relative\"", "two slashes"),
            ("central = \"https://host/x\"", "protocol is not known"),
            ("farm = \"root://host//x\"", "expected a folder"),
            ("workers = 0", "at least 1"),
            ("throttle_mb_per_s = -1", "from 0"),
            ("slowest_mb_per_s = 0", "above 0"),
        ] {
            let error = Settings::parse(&format!("[transfer]\n{line}\n"), Path::new("dqmon.toml")).unwrap_err().to_string();
            assert!(error.contains(said) && error.ends_with("dqmon.toml:2"), "{error}");
        }
        let text = "[transfer]\ncentral = \"root://eos.example.org//eos/raw\"\nfarm = \"/data/farm\"\n";
        assert!(Settings::parse(text, Path::new("dqmon.toml")).is_ok());
    }
}

//! `dqmon tasks new`: a working skeleton of a task, in TOML, as a program, or in Rust.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use monitasks::format::root::{Histogram, HistogramAxis, Product, write};
use monitasks::registry::TaskRegistry;

use super::{Ended, Failure, Outcome};

/// Arguments of `dqmon tasks new`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its name in commands: letters a to z, digits and _.
    name: String,
    /// What it is: a task file, a task file with a program in Python, or a module of a checkout of dqmon.
    #[arg(long, value_enum, default_value = "toml")]
    kind: Kind,
    /// What its results are written in; with a program csv, json or text, with rust left out.
    #[arg(long, value_enum)]
    from: Option<From>,
    /// Write made-up results below results/ too, to look at.
    #[arg(long)]
    example: bool,
    /// With rust: the checkout; else the current folder.
    #[arg(long, value_name = "DIR")]
    checkout: Option<PathBuf>,
}

/// What a new task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Toml,
    Program,
    Rust,
}

/// What results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    Csv,
    Json,
    Root,
    Text,
}

/// A file to be written.
struct NewFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    check_name(&args.name)?;
    let said = if args.kind == Kind::Rust { in_checkout(args)? } else { in_workspace(&global.workspace()?.root, args)? };
    print!("{said}");
    Ok(Ended::Done)
}

fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if !(begins && name.len() <= 60 && name.bytes().all(fits)) {
        return Err(Failure(format!("no name of a task: {name:?}; expected a letter, then letters a to z, digits and _")));
    }
    match TaskRegistry::built_in().get(name) {
        Some(taken) => Err(Failure(format!("the name '{name}' is taken by the task {:?}, choose another", taken.info().title))),
        None => Ok(()),
    }
}

/// `liquid_level` as words for people: `Liquid level`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

fn filled(template: &str, name: &str) -> String {
    template.replace("@name@", name).replace("@title@", &title(name))
}

fn in_workspace(root: &Path, args: &Args) -> Result<String, Failure> {
    if args.checkout.is_some() {
        return Err(Failure("--checkout goes with --kind rust; a task of another kind stands in the workspace".into()));
    }
    let name = &args.name;
    let from = args.from.unwrap_or(From::Csv);
    let task_file = |text: String| NewFile { path: root.join(format!("tasks/{name}.toml")), bytes: text.into_bytes() };
    let files = match args.kind {
        Kind::Toml => vec![task_file(filled(from.task_file(), name))],
        Kind::Program => {
            let text = filled(include_str!("../../assets/skeletons/program.toml"), name).replace("@suffix@", from.suffix());
            let script = NewFile { path: root.join(format!("tasks/{name}.py")), bytes: script(from, name)?.into_bytes() };
            // The program first: the task file is noticed at once.
            vec![script, task_file(text)]
        }
        Kind::Rust => Vec::new(),
    };
    let mut said = written(&files)?;
    let results = root.join("results").join(name);
    if args.example {
        said += &written(&examples(from, args.kind, name, &results)?)?;
    }
    let _ = writeln!(said, "results are looked for in {}", results.join(format!("*{}", from.suffix())).display());
    let _ = writeln!(said, "'dqmon tasks' lists it, and an open window shows it at once; checks of it stand in checks.toml");
    Ok(said)
}

/// Writes files that are not there yet, all or none; answers what to say of it.
fn written(files: &[NewFile]) -> Result<String, Failure> {
    if let Some(file) = files.iter().find(|file| file.path.exists()) {
        return Err(Failure(format!("not written: there is such a file already, choose another name: {}", file.path.display())));
    }
    let mut said = String::new();
    for file in files {
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => Failure(format!("not written: there is such a file already: {}", file.path.display())),
            _ => Failure(format!("not written: {error}: {}", file.path.display())),
        };
        if let Some(folder) = file.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let opened = OpenOptions::new().write(true).create_new(true).open(&file.path);
        opened.and_then(|mut opened| opened.write_all(&file.bytes)).map_err(failed)?;
        let _ = writeln!(said, "written: {}", file.path.display());
    }
    Ok(said)
}

impl From {
    fn task_file(self) -> &'static str {
        match self {
            From::Csv => include_str!("../../assets/skeletons/csv.toml"),
            From::Json => include_str!("../../assets/skeletons/json.toml"),
            From::Root => include_str!("../../assets/skeletons/root.toml"),
            From::Text => include_str!("../../assets/skeletons/text.toml"),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            From::Csv => ".csv",
            From::Json => ".json",
            From::Root => ".root",
            From::Text => ".txt",
        }
    }
}

/// The program of a task.
fn script(from: From, name: &str) -> Result<String, Failure> {
    let (imports, rows) = match from {
        From::Csv => (
            "import csv\nimport json\nimport sys",
            "    rows = [[float(row[name]) for name in (\"time_s\", \"pressure_mbar\", \"error_mbar\")] for row in csv.DictReader(text.splitlines())]",
        ),
        From::Json => (
            "import json\nimport sys",
            "    rows = [[row[name] for name in (\"time_s\", \"pressure_mbar\", \"error_mbar\")] for row in json.loads(text)]",
        ),
        From::Text => {
            ("import json\nimport sys", "    rows = [[float(cell) for cell in line.split()] for line in text.splitlines()]")
        }
        From::Root => {
            let why = "Python reads no ROOT files by itself: use --kind toml --from root, or change a program of --from text";
            return Err(Failure(format!("no skeleton of a program for ROOT files: {why}")));
        }
    };
    let text = include_str!("../../assets/skeletons/program.py");
    Ok(filled(text, name).replace("@imports@", imports).replace("@rows@", rows))
}

/// Made-up results of two runs.
fn examples(from: From, kind: Kind, name: &str, folder: &Path) -> Result<Vec<NewFile>, Failure> {
    let begin = Timestamp::from_second(1_795_000_000).unwrap_or_default();
    let mut files = Vec::new();
    for run in 1..=2_u32 {
        let stamp = |row: i64| begin + jiff::SignedDuration::from_secs(i64::from(run) * 3600 + row * 60);
        let rows = (0..10).map(|row| (stamp(row), 1012.0 + f64::from(run) + 0.1 * row as f64));
        let bytes = match (from, kind) {
            (From::Root, _) => root_example(name, stamp(0), run)?,
            (From::Csv, Kind::Program) => rows
                .fold("time_s,pressure_mbar,error_mbar\n".to_owned(), |text, (at, value)| {
                    text + &format!("{},{value:.1},0.4\n", at.as_second())
                })
                .into_bytes(),
            (From::Csv, _) => {
                let header = "time_utc,pressure_mbar,pressure_error_mbar,remark\n".to_owned();
                rows.fold(header, |text, (at, value)| text + &format!("{at},{value:.1},0.4,\"made up, to look at\"\n"))
                    .into_bytes()
            }
            (From::Text, _) => {
                rows.fold(String::new(), |text, (at, value)| text + &format!("{} {value:.1} 0.4\n", at.as_second())).into_bytes()
            }
            (From::Json, Kind::Program) => {
                let rows: Vec<_> = rows
                    .map(|(at, value)| serde_json::json!({ "time_s": at.as_second(), "pressure_mbar": value, "error_mbar": 0.4 }))
                    .collect();
                (serde_json::to_string(&rows)? + "\n").into_bytes()
            }
            (From::Json, _) => {
                let channels: Vec<_> = (0..64)
                    .map(|number| serde_json::json!({ "number": number, "rms": 1.7 + 0.01 * f64::from(number % 7) }))
                    .collect();
                (serde_json::to_string(&serde_json::json!({ "time_utc": stamp(0), "channels": channels }))? + "\n").into_bytes()
            }
        };
        files.push(NewFile { path: folder.join(format!("run{run}{}", from.suffix())), bytes });
    }
    Ok(files)
}

fn root_example(name: &str, stamp: Timestamp, run: u32) -> Result<Vec<u8>, Failure> {
    const BINS: usize = 20;
    let axis = HistogramAxis::new(BINS, 0.0, 20.0).title("charge [fC]");
    let mut histogram = Histogram::new("charge", "Charge", vec![axis]);
    let peak = 8.0 + f64::from(run);
    let mut sums = [0.0; 4];
    for bin in 1..=BINS {
        let centre = bin as f64 - 0.5;
        let count = (200.0 * (-0.5 * ((centre - peak) / 2.0_f64).powi(2)).exp()).round();
        histogram.set(&[bin], count, count.sqrt());
        for (sum, part) in sums.iter_mut().zip([count, count, count * centre, count * centre * centre]) {
            *sum += part;
        }
    }
    histogram.entries = sums[0];
    histogram.sums = sums.to_vec();
    write(&format!("{name}.root"), "made up, to look at", stamp, &[Product::Histogram(histogram)])
        .map_err(|error| Failure(error.to_string()))
}

/// A module in a checkout, with its line in the list of tasks.
fn in_checkout(args: &Args) -> Result<String, Failure> {
    if args.from.is_some() || args.example {
        return Err(Failure("--from and --example are for tasks of a workspace, leave them out with --kind rust".into()));
    }
    let name = &args.name;
    let checkout = args.checkout.clone().unwrap_or_else(|| ".".into());
    let (registry, modules) = (checkout.join("monitasks/src/registry.rs"), checkout.join("monitasks/src/tasks/mod.rs"));
    let read = |path: &Path| {
        let no_checkout = "a task in Rust is written into a checkout of dqmon: go into it, or name it by --checkout";
        fs::read_to_string(path).map_err(|error| Failure(format!("{no_checkout}; {error}: {}", path.display())))
    };
    let (registry_text, modules_text) = (read(&registry)?, read(&modules)?);
    let type_name: String = name.split('_').map(title).collect();
    let line = format!("            Box::new(crate::tasks::{name}::{type_name}::new()),\n");
    let no_place = |path: &Path| Failure(format!("no list of tasks in it to add a line to: {}", path.display()));
    let registry_text = with_line(&registry_text, "fn built_in_at", "        ])", &line).ok_or_else(|| no_place(&registry))?;
    let modules_text = with_module(&modules_text, name).ok_or_else(|| no_place(&modules))?;
    let text = filled(include_str!("../../assets/skeletons/task.rs"), name).replace("@Type@", &type_name);
    let module = NewFile { path: checkout.join(format!("monitasks/src/tasks/{name}/mod.rs")), bytes: text.into_bytes() };
    let mut said = written(&[module])?;
    for (path, text) in [(&registry, registry_text), (&modules, modules_text)] {
        fs::write(path, text).map_err(|error| Failure(format!("not written: {error}: {}", path.display())))?;
        let _ = writeln!(said, "a line added: {}", path.display());
    }
    let _ = writeln!(said, "'cargo test -p monitasks' runs its test; docs/add-a-task.md tells the rest");
    Ok(said)
}

/// A text with a line more before the first line that begins so behind a place.
fn with_line(text: &str, behind: &str, before: &str, line: &str) -> Option<String> {
    let from = text.find(behind)?;
    let at = from + text[from..].find(&format!("\n{before}"))? + 1;
    Some(format!("{}{line}{}", &text[..at], &text[at..]))
}

/// The list of modules with one more, in the order of names.
fn with_module(text: &str, name: &str) -> Option<String> {
    let of_line = |line: &str| {
        let module = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';')?;
        Some(module.to_owned())
    };
    let (mut at, mut place) = (0, None);
    for line in text.split_inclusive('\n') {
        let module = of_line(line.trim_end());
        if module.as_ref().is_some_and(|module| module.as_str() > name) {
            place = Some(at);
            break;
        }
        at += line.len();
        if module.is_some() {
            place = Some(at);
        }
    }
    let at = place?;
    Some(format!("{}pub mod {name};\n{}", &text[..at], &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_added_in_the_order_of_names() {
        let text = "//! Tasks.\n\npub mod b;\nmod d;\n\nuse x;\n";
        assert_eq!(with_module(text, "c").unwrap(), "//! Tasks.\n\npub mod b;\npub mod c;\nmod d;\n\nuse x;\n");
        assert_eq!(with_module(text, "e").unwrap(), "//! Tasks.\n\npub mod b;\nmod d;\npub mod e;\n\nuse x;\n");
        assert_eq!(with_module("use x;\n", "e"), None);
    }

    #[test]
    fn a_name_becomes_words_and_a_type() {
        assert_eq!(title("liquid_level"), "Liquid level");
        assert_eq!("liquid_level".split('_').map(title).collect::<String>(), "LiquidLevel");
        for name in ["", "Level", "1st", "a-b", "../x", "purity"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}

//! The docs say what the program does: settings, keys and links are compared with it.

use std::collections::BTreeMap;
use std::path::Path;

const OPERATOR: &str = include_str!("../../docs/operator.md");
const SHIFTER: &str = include_str!("../../docs/shifter.md");
const SETTINGS: &str = include_str!("../../assets/dqmon.toml");

/// Lines between two comments of a page.
fn part<'a>(page: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let begin = format!("<!-- {name} -->");
    let end = format!("<!-- end of {name} -->");
    let text = page.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(text, _)| text);
    text.unwrap_or_else(|| panic!("the page has no {begin} … {end}")).lines()
}

/// What stands in a cell between backquotes; a cell without is empty.
fn quoted(cell: &str) -> &str {
    cell.trim().strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).unwrap_or("")
}

/// `section.key` and default of each setting, as the page has them.
fn settings_of_the_page() -> BTreeMap<String, toml::Value> {
    let rows = part(OPERATOR, "settings").filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let (section, key, value) = (quoted(cells[0]), quoted(cells[1]), quoted(cells[2]));
        // A bar inside of a cell is escaped in a page.
        let table: toml::Table =
            format!("value = {}", value.replace("\\|", "|")).parse().unwrap_or_else(|error| panic!("{row}: {error}"));
        (format!("{section}.{key}"), table["value"].clone())
    })
    .collect()
}

/// The same as the shipped file has them.
fn settings_of_the_file() -> BTreeMap<String, toml::Value> {
    let mut settings = BTreeMap::new();
    for (name, value) in SETTINGS.parse::<toml::Table>().unwrap() {
        match value {
            toml::Value::Table(section) => {
                settings.extend(section.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            // Of a list of sections the first stands for all.
            toml::Value::Array(list) if list.first().is_some_and(toml::Value::is_table) => {
                let first = list[0].as_table().unwrap().clone();
                settings.extend(first.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            value => drop(settings.insert(format!(".{name}"), value)),
        }
    }
    settings
}

#[test]
fn the_operators_page_has_every_setting_with_its_default() {
    let (page, file) = (settings_of_the_page(), settings_of_the_file());
    assert!(file.len() > 30, "the shipped settings were not read: {}", file.len());
    for (key, value) in &file {
        assert_eq!(page.get(key), Some(value), "docs/operator.md: {key}");
    }
    for key in page.keys() {
        assert!(file.contains_key(key), "docs/operator.md has {key}, assets/dqmon.toml has not");
    }
}

#[test]
fn the_shifters_page_has_the_keys_of_the_window() {
    let of_window = dqmon::gui::key_sheet();
    let rows = part(SHIFTER, "keys").filter(|line| line.starts_with("| ") && !line.starts_with("| Key |"));
    let cells = rows.map(|row| row.trim_matches('|').split_once(" | ").unwrap());
    let of_page: Vec<(String, String)> = cells.map(|(key, words)| (key.trim().to_owned(), words.trim().to_owned())).collect();
    let written =
        |rows: &[(String, String)]| rows.iter().map(|(key, words)| format!("| {key} | {words} |\n")).collect::<String>();
    assert_eq!(
        written(&of_page),
        written(&of_window),
        "docs/shifter.md, between its comments, expected:\n{}",
        written(&of_window)
    );
}

#[test]
fn links_of_the_docs_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut links = 0;
    for page in pages.chain([root.join("README.md"), root.join("CHANGELOG.md")]) {
        let text = std::fs::read_to_string(&page).unwrap();
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            links += 1;
            assert!(page.with_file_name(target).exists(), "{} links to {target}, which is not there", page.display());
        }
    }
    assert!(links > 10, "{links} links");
}

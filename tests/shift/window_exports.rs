//! Clicks that export and copy: a pane's menu, the dialog, what comes back, the buttons of pages, the clipboard.

use std::path::PathBuf;

use dqmon::engine::{Command, CopyAs, ExportCommand, ExportNews, ExportedPage, Notice, Report, ReportPictures};
use dqmon::plotting::Look;
use dqmon::snapshot::FigureKey;
use egui::{Key, OutputCommand};
use egui_kittest::kittest::{NodeT, Queryable};

use super::made_up;
use super::window_clicks::Desk;

const MENU: &str = "Menu of Purity: Lifetime trend";

fn key() -> FigureKey {
    FigureKey::newest("purity", "lifetime_trend")
}

/// What stands in the field of the dialog.
fn path(desk: &Desk) -> String {
    desk.window.get_by_label("File to write").accesskit_node().value().unwrap_or_default()
}

fn answer(desk: &mut Desk, notice: Notice) {
    desk.side.notices.send(notice).unwrap();
    desk.settle();
}

/// The only command that was sent.
fn sent(desk: &Desk) -> ExportCommand {
    let commands = desk.commands();
    let [Command::Export(command)] = commands.as_slice() else { panic!("{commands:?}") };
    command.clone()
}

/// Lets one frame pass at a time and gives what it put on the clipboard.
fn copied(desk: &mut Desk) -> Vec<OutputCommand> {
    let mut all = Vec::new();
    for _ in 0..4 {
        desk.window.run_steps(1);
        let commands = desk.window.output().platform_output.commands.clone();
        all.extend(commands.into_iter().filter(|command| !matches!(command, OutputCommand::OpenUrl(_))));
    }
    all
}

#[test]
fn a_pane_is_exported_in_three_clicks_by_a_name_that_is_proposed() {
    let mut desk = Desk::at(made_up::full());
    desk.click(MENU);
    desk.click("Export…");
    assert!(desk.has("Export Purity: Lifetime trend"));
    assert_eq!(path(&desk), "/data/wa105/november-shift/exports/purity-lifetime_trend-run24-20261120T140320Z.png");
    desk.click("Write the file");
    let ExportCommand::Plot { key: asked, to } = sent(&desk) else { panic!() };
    assert_eq!((asked, to.may_replace, to.picture.size), (key(), false, (900, 560)));
    assert_eq!((to.by.name.as_str(), to.picture.look), ("Ada Marsh", Look::Dark));
    assert!(desk.has("It is being written…"));
    let written = ExportNews::Written { what: "Electron lifetime".into(), path: to.path.clone() };
    answer(&mut desk, Notice::Export(written));
    assert!(!desk.has("Write the file"), "the dialog is closed");
    let line = format!("Electron lifetime is written: {}", to.path.display());
    assert!(desk.has(&line));
    desk.window.get_by_label("Copy path").click();
    let on_clipboard = copied(&mut desk);
    assert_eq!(on_clipboard, [OutputCommand::CopyText(to.path.display().to_string())]);
}

#[test]
fn the_format_changes_the_name_and_the_name_the_format() {
    let mut desk = Desk::at(made_up::full());
    desk.click(MENU);
    desk.click("Export…");
    desk.click("SVG");
    assert!(path(&desk).ends_with("Z.svg"));
    desk.click("Light");
    desk.click("slide");
    desk.click("Write the file");
    let ExportCommand::Plot { to, .. } = sent(&desk) else { panic!() };
    assert_eq!((to.picture.size, to.picture.look), ((1600, 900), Look::Light));
    answer(&mut desk, Notice::Refused("export of purity/lifetime_trend not done: no room left: /data/x.svg".into()));
    assert!(desk.has("Write the file"), "what was typed is not lost");
    desk.click("CSV");
    assert!(path(&desk).ends_with("Z.csv") && !desk.has("Size of the picture") && !desk.has("Dark"));
    desk.type_into("File to write", "x");
    assert!(desk.has("The name must end in .png, .svg, .csv, .json."));
    desk.click("Leave it");
    assert!(!desk.has("File to write"));
}

#[test]
fn a_file_that_stands_there_is_written_over_only_when_somebody_says_so() {
    let mut desk = Desk::at(made_up::full());
    desk.click(MENU);
    desk.click("Export…");
    desk.click("Write the file");
    let command = sent(&desk);
    let ExportCommand::Plot { to, .. } = &command else { panic!() };
    let stands = |path: &PathBuf| ExportNews::Stands { path: path.clone(), again: Box::new(command.clone()) };
    answer(&mut desk, Notice::Export(stands(&to.path)));
    desk.click("Choose another name");
    assert!(desk.commands().is_empty() && desk.has("Write the file"));
    answer(&mut desk, Notice::Export(stands(&to.path)));
    desk.click("Write over it");
    let ExportCommand::Plot { to, .. } = sent(&desk) else { panic!() };
    assert!(to.may_replace);
}

#[test]
fn a_plot_is_copied_as_picture_and_as_numbers() {
    let mut desk = Desk::at(made_up::full());
    for (words, what) in [("Copy as picture", CopyAs::Picture), ("Copy as CSV", CopyAs::Csv)] {
        desk.click(MENU);
        desk.click(words);
        let ExportCommand::Copy { key: asked, what: as_what, .. } = sent(&desk) else { panic!() };
        assert_eq!((asked, as_what), (key(), what));
    }
    let picture = ExportNews::Picture { what: "Electron lifetime".into(), size: [2, 1], rgba: vec![1, 2, 3, 255, 4, 5, 6, 255] };
    desk.side.notices.send(Notice::Export(picture)).unwrap();
    let on_clipboard = copied(&mut desk);
    let [OutputCommand::CopyImage(image)] = on_clipboard.as_slice() else { panic!("{on_clipboard:?}") };
    assert_eq!((image.size, image.pixels[1]), ([2, 1], egui::Color32::from_rgb(4, 5, 6)));
    assert!(desk.has("On the clipboard: Electron lifetime, as a picture"));
    let text = ExportNews::Text { what: "Electron lifetime as CSV".into(), text: "x,y\n".into() };
    desk.side.notices.send(Notice::Export(text)).unwrap();
    assert_eq!(copied(&mut desk), [OutputCommand::CopyText("x,y\n".into())]);
    let torn = ExportNews::Picture { what: "x".into(), size: [2, 2], rgba: vec![0; 3] };
    answer(&mut desk, Notice::Export(torn));
    assert!(desk.has("copy of x not done: the picture is not whole"));
}

#[test]
fn the_facts_of_a_run_are_copied_as_text() {
    let mut desk = Desk::at(made_up::full());
    desk.window.get_by_label("Copy the facts of the run").click();
    let on_clipboard = copied(&mut desk);
    let [OutputCommand::CopyText(text)] = on_clipboard.as_slice() else { panic!("{on_clipboard:?}") };
    assert!(text.starts_with("Run 24\nstart: ") && text.contains("\nflag: UNCHECKED\n"), "{text}");
    assert!(text.ends_with("workspace: /data/wa105/november-shift\n"), "{text}");
}

#[test]
fn every_page_is_exported_by_its_button_or_the_palette() {
    let mut desk = Desk::at(made_up::full());
    for (page, ending) in [(Key::F2, "csv"), (Key::F3, "csv"), (Key::F4, "csv"), (Key::F5, "csv")] {
        desk.window.key_press(page);
        desk.settle();
        desk.click("Export…");
        desk.click("Write the file");
        let ExportCommand::Page { page: asked, to } = sent(&desk) else { panic!() };
        let expected = match page {
            Key::F2 => "Runs",
            Key::F3 => "Processing",
            Key::F4 => "Problems",
            _ => "Meeting",
        };
        assert_eq!(asked.title(), expected);
        assert!(to.path.to_string_lossy().ends_with(ending), "{}", to.path.display());
        if let ExportedPage::Runs(columns) = asked {
            assert!(columns.contains(&"comment".to_owned()));
        }
        answer(&mut desk, Notice::Export(ExportNews::Written { what: "x".into(), path: to.path }));
    }
    desk.window.key_press(Key::F1);
    desk.settle();
    let palette = |desk: &mut Desk, words: &str| {
        desk.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
        desk.settle();
        desk.type_into("Command, item or run", words);
        desk.window.key_press(Key::Enter);
        desk.settle();
    };
    palette(&mut desk, "Export this page");
    desk.click("Write the file");
    let ExportCommand::Page { page: ExportedPage::Monitor(keys), to } = sent(&desk) else { panic!() };
    assert!(keys.contains(&key()) && to.path.to_string_lossy().ends_with(".png"));
    desk.click("Leave it");
    palette(&mut desk, "Shift report");
    desk.click("the official ones");
    desk.click("Write the file");
    let ExportCommand::Report { report, pictures, to, .. } = sent(&desk) else { panic!() };
    assert_eq!((report, pictures), (Report::Shift, ReportPictures::Official));
    assert!(to.unwrap().starts_with("/data/wa105/november-shift/exports") || desk.has("Shift report"));
}

#[test]
fn a_read_only_window_proposes_a_place_outside_of_the_workspace() {
    let mut snapshot = made_up::full();
    snapshot.workspace.as_mut().unwrap().read_only = true;
    let mut desk = Desk::at(snapshot);
    desk.click(MENU);
    desk.click("Export…");
    assert!(path(&desk).starts_with("~/purity-lifetime_trend-run24-"), "{}", path(&desk));
}

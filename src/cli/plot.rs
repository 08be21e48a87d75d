//! `dqmon plot`: plots without a window.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::detector::Strip;
use monitasks::figure::Figure;
use monitasks::vocab::{Run, View};

use super::plot_choices::{ChoiceArgs, is_refused};
use super::{Ended, Failure, Outcome};
use crate::bookkeeping;
use crate::engine::{ExportedBy, book_heads, exported_by, write_export};
use crate::live::{EventLook, Live};
use crate::plotting::{self, Exported, Format, Look, Picture};
use crate::snapshot::provenance::{ExportKind, Provenance, SourceFacts};
use crate::snapshot::{FigureKey, PlotView, Snapshot};

/// What stands for the whole Monitor page in the place of TASK/ITEM.
const PAGE: &str = "page";

/// Size of a plot, pixels.
const PLOT_SIZE: (u32, u32) = (900, 560);

/// Arguments of `dqmon plot`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which plot, as `dqmon tasks` lists them; `page` for the whole Monitor page.
    #[arg(value_name = "TASK/ITEM")]
    what: String,
    /// Show results up to this run and no later ones.
    #[arg(long, value_name = "RUN")]
    run: Option<Run>,
    /// Show results of this lane and no others.
    #[arg(long, value_name = "NAME")]
    lane: Option<String>,
    /// What it is shown with: bounds, bare, or its reference by overlay, ratio, difference, pull or side-by-side; else the bounds of
    /// its checks in a picture, and bare in .csv and .json.
    #[arg(long = "with", value_name = "WHAT", value_parser = parse_view)]
    view: Option<PlotView>,
    #[command(flatten)]
    choices: ChoiceArgs,
    /// Look at this result file, folder of results or raw file and at no workspace.
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
    /// Of the event display: the event's place in its file, from 0.
    #[arg(long, value_name = "N")]
    event: Option<u32>,
    /// Of the event display: the strip whose waveform is shown, as VIEW:STRIP; else the one with the highest hit.
    #[arg(long, value_name = "VIEW:STRIP", value_parser = parse_strip)]
    strip: Option<Strip>,
    /// Where to write; its ending says what: .png, .svg, .csv or .json. Where it comes from is written into it, and beside it
    /// into FILE.json (docs/formats.md).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Size of a .png or .svg in pixels; else 900x560, and 1760x1080 for the Monitor page, which keeps its shape inside the
    /// size asked for.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<(u32, u32)>,
    /// Dark on light, for paper.
    #[arg(long)]
    light: bool,
}

/// A strip as people write it: `1:480`.
fn parse_strip(text: &str) -> Result<Strip, String> {
    let parsed = text.split_once(':').and_then(|(view, number)| {
        let view = View::ALL.into_iter().find(|known| view == known.index().to_string())?;
        Some(Strip { view, number: number.parse().ok()? })
    });
    parsed.ok_or_else(|| format!("{text:?} is no strip; write view and strip, e.g. 1:480"))
}

/// What a plot is shown with, as people write it.
fn parse_view(text: &str) -> Result<PlotView, String> {
    let words = ["bounds", "bare", "overlay", "ratio", "difference", "pull", "side-by-side"];
    let found = words.into_iter().zip(PlotView::ALL).find(|(word, _)| *word == text);
    found.map(|(_, view)| view).ok_or_else(|| format!("expected one of {}", words.join(", ")))
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let format = format_of(&args.out)?;
    if args.size.is_some() && !format.is_picture() {
        return Err(Failure(format!("--size is for pictures, .png or .svg, leave it out: {}", args.out.display())));
    }
    let now = Timestamp::now();
    let mut live = source(global, args, now)?;
    let look = if args.light { Look::Light } else { Look::Dark };
    if args.what == PAGE {
        return page(global, &mut live, args, (format, look), now);
    }
    let alone = if format.is_picture() { PlotView::Bounds } else { PlotView::Bare };
    let before = live.snapshot(now);
    let mut key = key_of(args, &before)?.with(args.view.unwrap_or(args.choices.view(alone)));
    key.choices = args.choices.choices(&before)?;
    live.watch(vec![key.clone()]);
    let snapshot = live.snapshot(now);
    let shown = snapshot.event.as_ref().and_then(|event| event.strip);
    if let Some(strip) = args.strip.filter(|strip| shown.is_some_and(|shown| shown != *strip)) {
        let strips = snapshot.workspace.as_ref().map_or(0, |facts| facts.detector.view(strip.view).strips);
        let (view, number) = (strip.view.index(), strip.number);
        return Err(Failure(format!("no strip {number} in view {view}, whose strips are 0 to {}", strips.saturating_sub(1))));
    }
    let plot = live.signed(&key, now).ok_or_else(|| Failure(format!("the plot {} was not made", args.what)))?;
    let mut provenance = provenance(global, args, (ExportKind::Plot, &plot.figure.title), live.source(), now);
    provenance.plots.push(plot.facts);
    let picture = Picture { size: args.size.unwrap_or(PLOT_SIZE), look };
    write(&args.out, &plotting::plot_export(&plot.figure, &provenance, format, picture)?)?;
    Ok(report(&plot.figure, &key, &snapshot))
}

/// What an export says of itself; the book's ends are those of now.
fn provenance(
    global: &super::Global,
    args: &Args,
    (kind, title): (ExportKind, &str),
    mut source: SourceFacts,
    now: Timestamp,
) -> Provenance {
    if args.from.is_none()
        && let Ok(workspace) = global.workspace()
    {
        match bookkeeping::open_read_only(&workspace.book_place()).and_then(|store| book_heads(store.as_ref())) {
            Ok(heads) => source.book = heads,
            Err(error) => source.warnings.push(format!("the book's ends are not known: {error}")),
        }
    }
    Provenance::new(kind, title, source, exported_by(&ExportedBy::default(), now))
}

/// The results to draw: a file or folder by itself, else the workspace.
fn source(global: &super::Global, args: &Args, now: Timestamp) -> Result<Live, Failure> {
    let look = EventLook { run: args.run, index: args.event, strip: args.strip };
    match &args.from {
        Some(path) if !path.exists() => Err(Failure(format!("no such file or folder of results: {}", path.display()))),
        Some(path) => Ok(Live::read_bare(path, &look, now)?),
        None => Ok(Live::read_workspace(&global.workspace()?, &look, now)?),
    }
}

fn page(global: &super::Global, live: &mut Live, args: &Args, how: (Format, Look), now: Timestamp) -> Outcome {
    let (format, look) = how;
    if !format.is_picture() {
        return Err(Failure(format!("the Monitor page is a picture: .png or .svg: {}", args.out.display())));
    }
    let mut keys = plotting::page_keys(&live.snapshot(now));
    for key in &mut keys {
        key.run = args.run;
        key.lane.clone_from(&args.lane);
    }
    live.watch(keys.clone());
    let snapshot = live.snapshot(now);
    let mut provenance = provenance(global, args, (ExportKind::Page, "Monitor"), live.source(), now);
    provenance.plots = keys.iter().filter_map(|key| Some(live.signed(key, now)?.facts)).collect();
    let mut svg = plotting::signed_page(&snapshot, &keys, look, &provenance.words());
    if let Some(size) = args.size {
        svg = resized(&svg, size);
    }
    let picture = Picture { size: args.size.unwrap_or(plotting::PAGE_SIZE), look };
    write(&args.out, &plotting::page_export(&svg, &provenance, format, picture)?)?;
    Ok(report_page(&keys, &snapshot))
}

/// The plot that is meant, or what there is instead.
fn key_of(args: &Args, snapshot: &Snapshot) -> Result<FigureKey, Failure> {
    let (task, item) = args.what.split_once('/').unwrap_or((&args.what, ""));
    let Some(node) = snapshot.task(task) else {
        let names: Vec<&str> = snapshot.tasks.iter().map(|task| task.name.as_str()).collect();
        return Err(Failure(format!("no task {task:?}; there are: {}, and {PAGE} for the whole Monitor page", names.join(", "))));
    };
    if !node.items.iter().any(|known| known.name == item) {
        let names: Vec<String> = node.items.iter().map(|item| format!("{task}/{}", item.name)).collect();
        return Err(Failure(format!("no plot {:?}; there are: {}", args.what, names.join(", "))));
    }
    Ok(FigureKey { run: args.run, lane: args.lane.clone(), ..FigureKey::newest(task, item) })
}

/// An SVG document with another outer size: its picture keeps its shape and stands in the middle.
fn resized(svg: &str, (width, height): (u32, u32)) -> String {
    // The first attribute of that name is the document's own.
    let with = |svg: &str, name: &str, value: u32| {
        let start = format!(" {name}=\"");
        let parts = svg.split_once(&start).and_then(|(before, rest)| Some((before, rest.split_once('"')?.1)));
        parts.map_or_else(|| svg.to_owned(), |(before, after)| format!("{before}{start}{value}\"{after}"))
    };
    with(&with(svg, "width", width), "height", height)
}

/// Says on standard error what the plot lacks; an empty plot, or a result that was not read, is a finding.
fn report(figure: &Figure, key: &FigureKey, snapshot: &Snapshot) -> Ended {
    let mut ended = if is_refused(figure, &key.choices) { Ended::WithFinding } else { Ended::Done };
    if let Some(reason) = &figure.empty {
        eprintln!("dqmon: nothing to draw: {reason}");
        ended = Ended::WithFinding;
    }
    for (name, reason) in snapshot.task(&key.task).map(|task| task.unread.as_slice()).unwrap_or_default() {
        eprintln!("dqmon: a result was not read: {reason}: {name}");
        ended = Ended::WithFinding;
    }
    ended
}

/// Says on standard error when the page has no plot at all, or lacks results; both are findings.
fn report_page(keys: &[FigureKey], snapshot: &Snapshot) -> Ended {
    let mut ended = Ended::Done;
    let has_plot = keys.iter().any(|key| snapshot.figures.get(key).is_some_and(|figure| figure.empty.is_none()));
    if !has_plot {
        eprintln!("dqmon: nothing to draw: no task has a result with numbers; the page says what would fill it");
        ended = Ended::WithFinding;
    }
    for (name, reason) in snapshot.tasks.iter().flat_map(|task| &task.unread) {
        eprintln!("dqmon: a result was not read: {reason}: {name}");
        ended = Ended::WithFinding;
    }
    ended
}

fn write(path: &Path, exported: &Exported) -> Result<(), Failure> {
    write_export(path, exported).map_err(|error| Failure(format!("plot not written: {error}: {}", path.display())))
}

/// `900x560`.
fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let [[_, most_width], [_, most_height]] = Picture::SIDES;
    let refused = || format!("a size is WIDTHxHEIGHT in pixels, from 120x90 to {most_width}x{most_height}, such as 900x560");
    Picture::size_of(text).ok_or_else(refused)
}

/// What the ending of the output's name asks for.
fn format_of(path: &Path) -> Result<Format, Failure> {
    let refused = || Failure(format!("the output's name must end in .png, .svg, .csv or .json: {}", path.display()));
    Format::of(path).filter(|format| *format != Format::Html).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_is_written() {
        assert_eq!(format_of(Path::new("a.PNG")).unwrap(), Format::Png);
        let refused = format_of(Path::new("/tmp/a.pdf")).unwrap_err();
        assert!(refused.0.contains(".csv") && refused.0.ends_with("/tmp/a.pdf"), "{}", refused.0);
    }

    #[test]
    fn a_picture_gets_another_outer_size() {
        let svg = "<svg width=\"4\" height=\"2\" viewBox=\"0 0 4 2\"><rect width=\"4\" height=\"2\"/></svg>";
        let expected = "<svg width=\"30\" height=\"9\" viewBox=\"0 0 4 2\"><rect width=\"4\" height=\"2\"/></svg>";
        assert_eq!(resized(svg, (30, 9)), expected);
    }

    #[test]
    fn a_size_has_two_sides() {
        assert_eq!(parse_size("900x560"), Ok((900, 560)));
        for text in ["900", "0x0", "900x", "-1x20", "99999x99999"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}

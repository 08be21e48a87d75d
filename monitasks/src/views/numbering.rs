//! One way to number the LEMs in the place of all of them.

use crate::detector::{LemGrid, LemNumbering};
use crate::figure::{Figure, Layer};
use crate::tasks::lem_words::numbers;

/// The plot with LEMs called by this numbering alone, in legends, cells, notes and on axes of LEM numbers.
pub(super) fn renumbered(mut figure: Figure, grid: &LemGrid, numbering: &LemNumbering) -> Figure {
    if let Some(panels) = &mut figure.panels {
        panels.plots = std::mem::take(&mut panels.plots).into_iter().map(|plot| renumbered(plot, grid, numbering)).collect();
    }
    // What stands in all numberings, `3 / 5`, and the number in this one.
    let words: Vec<(String, String)> =
        (grid.places()).filter_map(|lem| Some((numbers(grid, lem), grid.number(numbering, lem)?.to_string()))).collect();
    let all_titles: Vec<&str> = grid.numberings.iter().map(|numbering| numbering.title.as_str()).collect();
    let titles = format!("LEM numbers: {}", all_titles.join(" / "));
    let rename = |text: &mut String| {
        if *text == titles {
            *text = format!("LEM numbers: {}", numbering.title);
        } else if let Some(listed) = of_list(text, grid, numbering) {
            *text = listed;
        } else if grid.numberings.len() > 1 {
            *text = renamed(text, &words);
        }
    };
    rename(&mut figure.title);
    figure.notes.iter_mut().for_each(rename);
    for line in &mut figure.statistics {
        rename(&mut line.name);
        at_the_end(&mut line.value, &words);
    }
    on_lem_axis(&mut figure, grid, numbering);
    for layer in &mut figure.layers {
        match layer {
            Layer::Points { label, .. } | Layer::Line { label, .. } | Layer::Steps { label, .. } | Layer::Rule { label, .. } => {
                rename(label);
            }
            Layer::Map(map) => map.cell_texts.iter_mut().for_each(|text| of_cell(text, &words)),
            Layer::Text { text, .. } => rename(text),
        }
    }
    figure
}

/// `LEM 3 / 5` becomes `LEM 5` wherever it stands whole.
fn renamed(text: &str, words: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("LEM ") {
        let (before, after) = rest.split_at(at + "LEM ".len());
        out.push_str(before);
        // The longest fits: `1 / 12` before `1 / 1`.
        let found = words.iter().filter(|(all, _)| starts_whole(after, all)).max_by_key(|(all, _)| all.len());
        rest = match found {
            Some((all, one)) => {
                out.push_str(one);
                &after[all.len()..]
            }
            None => after,
        };
    }
    out + rest
}

/// LEMs that a note lists by the files' numbers, `NO DATA: LEM 3, 5`, by those of this numbering.
fn of_list(text: &str, grid: &LemGrid, numbering: &LemNumbering) -> Option<String> {
    let of_files = grid.numberings.first()?;
    let mut parts: Vec<String> = text.split("; ").map(str::to_owned).collect();
    let mut has_list = false;
    for part in &mut parts {
        let Some((before, list)) = part.split_once(": LEM ").filter(|(before, _)| ["NO DATA", "not measured"].contains(before))
        else {
            continue;
        };
        let number = |word: &str| grid.number(numbering, grid.place(of_files, word.parse().ok()?)?);
        let mut numbers: Vec<u32> = list.split(", ").map(number).collect::<Option<_>>()?;
        numbers.sort_unstable();
        let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
        *part = format!("{before}: LEM {}", words.join(", "));
        has_list = true;
    }
    has_list.then(|| parts.join("; "))
}

fn starts_whole(text: &str, with: &str) -> bool {
    text.strip_prefix(with)
        .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()) && !rest.starts_with(" / "))
}

/// The first line of a cell's text is its LEM's numbers.
fn of_cell(text: &mut String, words: &[(String, String)]) {
    let first = text.lines().next().unwrap_or_default();
    if let Some((all, one)) = words.iter().find(|(all, _)| all == first) {
        *text = format!("{one}{}", &text[all.len()..]);
    }
}

/// `1.2 at 3 / 5`.
fn at_the_end(text: &mut String, words: &[(String, String)]) {
    if let Some((before, last)) = text.rsplit_once(" at ")
        && let Some((_, one)) = words.iter().find(|(all, _)| all == last)
    {
        *text = format!("{before} at LEM {one}");
    }
}

/// Points on an axis of the files' numbers go to their number in this numbering.
fn on_lem_axis(figure: &mut Figure, grid: &LemGrid, numbering: &LemNumbering) {
    let Some(of_files) = grid.numberings.first() else { return };
    if figure.x.label != format!("LEM ({})", of_files.title) {
        return;
    }
    figure.x.label = format!("LEM ({})", numbering.title);
    let ends = numbering.numbers.iter().min().zip(numbering.numbers.iter().max());
    figure.x.range = ends.map(|(first, last)| [f64::from(*first) - 0.5, f64::from(*last) + 0.5]);
    let moved = |x: f64| {
        let is_number = x >= 0.0 && x.fract() == 0.0 && x <= f64::from(u32::MAX);
        let lem = grid.place(of_files, x as u32).filter(|_| is_number)?;
        grid.number(numbering, lem).map(f64::from)
    };
    for layer in &mut figure.layers {
        match layer {
            Layer::Points { points, .. } => {
                points.iter_mut().for_each(|point| point.x = moved(point.x).unwrap_or(f64::NAN));
                points.sort_by(|one, other| one.x.total_cmp(&other.x));
            }
            Layer::Line { points, .. } => points.iter_mut().for_each(|[x, _]| *x = moved(*x).unwrap_or(*x)),
            _ => {}
        }
    }
}

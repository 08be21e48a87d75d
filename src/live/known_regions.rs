//! What is known to be odd on a plot, or masked there, as hatched parts of it: the masks of the file of checks and those that the
//! book's known issues make.

use monitasks::checks::Subject;
use monitasks::checks::masks::Mask;
use monitasks::figure::{Figure, Region};

use super::figures::{self, Material};
use super::issue_masks::issue_masks;
use super::judging::Judge;
use crate::snapshot::{FigureKey, IssueRow};

/// So many parts are drawn on one plot; the words of all stand above it.
const MOST_REGIONS: usize = 200;

/// The hatched parts of a plot. A mask of some series alone is none: it stands in words.
pub(super) fn regions_of(key: &FigureKey, figure: &Figure, judge: &Judge, issues: &[IssueRow], of: &Material<'_>) -> Vec<Region> {
    let of_book = issue_masks(issues, of.detector, of.now);
    let file = judge.file();
    if of_book.is_empty() && file.masks.is_empty() {
        return Vec::new();
    }
    let history = figures::history(of.results, key);
    let subject = Subject::of((&key.task, &key.item), figure, &history, of.now);
    let in_force = file.masks.iter().chain(&of_book).filter(|mask| mask.series.is_empty() && mask.is_in_force(&subject));
    in_force.flat_map(regions).take(MOST_REGIONS).collect()
}

/// The parts that a mask covers: every range of x with every range of y.
fn regions(mask: &Mask) -> Vec<Region> {
    let all = |ranges: &[[f64; 2]]| -> Vec<Option<[f64; 2]>> {
        if ranges.is_empty() { vec![None] } else { ranges.iter().copied().map(Some).collect() }
    };
    let (along, up) = (all(&mask.x), all(&mask.y));
    let mut found = Vec::new();
    for x in &along {
        for y in &up {
            // The words stand once; the other parts of the same mask are hatched alike.
            let words = if found.is_empty() { mask.reason.clone() } else { String::new() };
            found.push(Region { x: *x, y: *y, words });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_of_two_ranges_is_two_parts_with_its_words_once_and_one_of_all_is_the_whole_plot() {
        let mask = Mask {
            name: "m".into(),
            task: "*".into(),
            item: "*".into(),
            series: Vec::new(),
            x: vec![[0.0, 31.0], [64.0, 95.0]],
            y: Vec::new(),
            runs: None,
            until: None,
            reason: "dead card".into(),
            author: "Ada".into(),
        };
        let parts = regions(&mask);
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].x, parts[0].words.as_str(), parts[1].words.as_str()), (Some([0.0, 31.0]), "dead card", ""));
        let whole = regions(&Mask { x: Vec::new(), ..mask });
        assert!(whole.len() == 1 && whole[0].x.is_none() && whole[0].y.is_none());
    }
}

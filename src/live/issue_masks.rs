//! Known issues and masks of channels, which people tell the book, as masks of what checks judge.

use jiff::Timestamp;
use monitasks::checks::masks::Mask;
use monitasks::detector::Detector;
use monitasks::references::Runs;
use monitasks::tasks::lem_places::places_of_lems;
use monitasks::tasks::pedestals;
use monitasks::vocab::Run;

use crate::snapshot::IssueRow;

/// The masks that the issues in force make: channels where a plot shows them, else the whole plot that an issue is about. One that
/// is about no plot and no channels explains nothing in particular and takes nothing out.
pub(super) fn issue_masks(issues: &[IssueRow], detector: &Detector, now: Timestamp) -> Vec<Mask> {
    let in_force = issues.iter().filter(|issue| issue.expires.is_none_or(|expires| now < expires));
    in_force.flat_map(|issue| masks_of(issue, detector)).collect()
}

fn masks_of(issue: &IssueRow, detector: &Detector) -> Vec<Mask> {
    if !issue.lems.is_empty() {
        return masks_of_lems(issue, detector);
    }
    if issue.channels.is_empty() {
        let Some(item) = &issue.item else { return Vec::new() };
        let (task, item) = item.split_once('/').unwrap_or((item, "*"));
        return vec![mask(issue, task, item, Vec::new())];
    }
    let x = pedestals::ranges_of_channels(&issue.channels, detector);
    // No range would be all of the plot.
    let by_strip = pedestals::BY_STRIP.into_iter().filter(|item| !x.is_empty() && issue.is_about(pedestals::NAME, item));
    by_strip.map(|item| mask(issue, pedestals::NAME, item, x.clone())).collect()
}

/// Of LEMs, every part of a plot that shows one of them.
fn masks_of_lems(issue: &IssueRow, detector: &Detector) -> Vec<Mask> {
    let places = places_of_lems(&issue.lems, detector).into_iter().filter(|place| issue.is_about(place.task, place.item));
    let masked = places.map(|place| Mask {
        series: place.series.into_iter().collect(),
        y: place.y.into_iter().collect(),
        ..mask(issue, place.task, place.item, place.x.into_iter().collect())
    });
    masked.collect()
}

fn mask(issue: &IssueRow, task: &str, item: &str, x: Vec<[f64; 2]>) -> Mask {
    let until = issue.expires.map_or_else(String::new, |expires| format!(", until {} UTC", expires.strftime("%Y-%m-%d %H:%M")));
    let runs = match issue.runs {
        (None, None) => None,
        (from, to) => Some(Runs { from: from.unwrap_or(Run(0)), to }),
    };
    Mask {
        name: format!("known issue {}", issue.id),
        task: task.to_owned(),
        item: item.to_owned(),
        series: Vec::new(),
        x,
        y: Vec::new(),
        runs,
        until: issue.expires,
        reason: format!("{}{until}", issue.reason),
        author: issue.author.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn issue(item: Option<&str>, channels: &[(u32, u32)]) -> IssueRow {
        IssueRow {
            id: "abc".into(),
            seen: 1,
            is_mask: !channels.is_empty(),
            scope: "somewhere".into(),
            item: item.map(str::to_owned),
            channels: channels.to_vec(),
            lems: Vec::new(),
            runs: (None, Some(Run(9))),
            reason: "dead card".into(),
            author: "Ada".into(),
            expires: Some("2026-12-01T00:00:00Z".parse().unwrap()),
        }
    }

    #[test]
    fn channels_are_masked_where_strips_are_drawn_and_an_issue_of_a_plot_masks_all_of_it() {
        let detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        let now = "2026-11-20T00:00:00Z".parse().unwrap();
        let masks = |issue: IssueRow| issue_masks(&[issue], &detector, now);
        let of_card = masks(issue(None, &[(0, 31)]));
        let items: Vec<&str> = of_card.iter().map(|mask| mask.item.as_str()).collect();
        assert_eq!(items, pedestals::BY_STRIP);
        let strips: f64 = of_card[0].x.iter().map(|[low, high]| high - low + 1.0).sum();
        assert_eq!(strips, 32.0, "{:?}", of_card[0].x);
        assert_eq!(of_card[0].reason, "dead card, until 2026-12-01 00:00 UTC");
        assert_eq!(of_card[0].runs, Some(Runs { from: Run(0), to: Some(Run(9)) }));
        assert!(masks(issue(Some("purity"), &[(0, 31)])).is_empty(), "purity shows no channels");
        assert!(masks(issue(None, &[])).is_empty());
        let whole = masks(issue(Some("purity"), &[]));
        assert!(whole[0].task == "purity" && whole[0].item == "*" && whole[0].x.is_empty());
        assert!(issue_masks(&[issue(Some("purity"), &[])], &detector, "2026-12-01T00:00:00Z".parse().unwrap()).is_empty());
    }

    #[test]
    fn a_lem_is_masked_on_its_cell_its_number_and_its_series() {
        let detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        let now = "2026-11-20T00:00:00Z".parse().unwrap();
        let lem = |number: u32, item: Option<&str>| {
            issue_masks(&[IssueRow { lems: vec![(number, number)], ..issue(item, &[]) }], &detector, now)
        };
        let masks = lem(7, None);
        let of = |item: &str| masks.iter().find(|mask| mask.item == item).unwrap();
        assert_eq!(masks.len(), 5);
        assert_eq!((of("dqds_by_lem").x.as_slice(), of("gain_trend").series.len()), (&[[6.55, 7.45]][..], 1));
        let (x, y) = (of("map").x[0], of("map").y[0]);
        assert!((x[1] - x[0] - 50.0).abs() < 1e-9 && (y[1] - y[0] - 50.0).abs() < 1e-9, "a LEM of 50 cm: {x:?} {y:?}");
        assert!(lem(99, None).is_empty(), "no LEM has this number");
        assert!(lem(7, Some("lem_gain")).iter().all(|mask| mask.task == "lem_gain"));
    }
}

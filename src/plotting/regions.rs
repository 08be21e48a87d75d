//! Hatched parts of a plot: what is known to be odd there, or masked, with its words.

use monitasks::figure::Region;

use super::axis::AxisMap;
use super::canvas::{Area, Canvas, Words, fit};
use super::svg::Plot;

/// Between two lines of the hatch, px.
const STEP: f64 = 9.0;
/// Lines of one hatch: a plot of any size stays a picture.
const MOST_LINES: usize = 2_000;

/// Draws the parts over the data, thin enough that the data stay to be seen.
pub fn draw(canvas: &mut Canvas, plot: &Plot<'_>) {
    for region in &plot.figure.regions {
        if let Some(area) = on_picture(plot, region) {
            hatch(canvas, plot, area, &region.words);
        }
    }
}

/// Where a part lies on the picture; none when it is outside of it.
fn on_picture(plot: &Plot<'_>, region: &Region) -> Option<Area> {
    let whole = plot.area;
    let ends = |range: Option<[f64; 2]>, axis: &AxisMap, first: f64, last: f64| -> Option<[f64; 2]> {
        let Some([low, high]) = range else { return Some([first, last]) };
        let (a, b) = (axis.place(low)?, axis.place(high)?);
        let (low, high) = (a.min(b).max(first), a.max(b).min(last));
        (low.is_finite() && high.is_finite() && high > low).then_some([low, high])
    };
    let [left, right] = ends(region.x, &plot.x, whole.x, whole.right())?;
    let [top, bottom] = ends(region.y, &plot.y, whole.y, whole.bottom())?;
    Some(Area { x: left, y: top, w: right - left, h: bottom - top })
}

fn hatch(canvas: &mut Canvas, plot: &Plot<'_>, area: Area, words: &str) {
    let colour = plot.ground.muted;
    let corner = |x: f64, y: f64| format!("{x:.1} {y:.1}");
    let outline = format!(
        "M{}L{}L{}L{}Z",
        corner(area.x, area.y),
        corner(area.right(), area.y),
        corner(area.right(), area.bottom()),
        corner(area.x, area.bottom())
    );
    canvas.fill(&outline, colour, 0.16);
    let mut lines = String::new();
    let mut at = STEP;
    for _ in 0..MOST_LINES {
        if at >= area.w + area.h {
            break;
        }
        // From the left or lower edge up to the upper or right one.
        let from = (area.x + (at - area.h).max(0.0), area.y + at.min(area.h));
        let to = (area.x + at.min(area.w), area.y + (at - area.w).max(0.0));
        lines += &format!("M{}L{}", corner(from.0, from.1), corner(to.0, to.1));
        at += STEP;
    }
    if !lines.is_empty() {
        canvas.path(&lines, colour, 0.6);
    }
    if !words.is_empty() && area.h > plot.font {
        let shown = fit(&format!("▨ {words}"), plot.font * 0.9, area.w.max(plot.font * 8.0));
        canvas.text(
            (area.x + 3.0, area.y + plot.font),
            Words::new(plot.font * 0.9, plot.ground.text).halo(plot.ground.plot),
            &shown,
        );
    }
}

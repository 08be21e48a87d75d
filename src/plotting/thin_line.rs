//! Lines through very many points: of each column of pixels the first, lowest, highest and last place, so that no spike is lost.
//!
//! A [`Path`] keeps the rectangles around blocks of its points, and around blocks of those: a block inside one column of pixels is
//! drawn as it is, and only the others are looked into. The points may be in any order along x.

use std::ops::Range;

use super::thinning::{BLOCK, ToPixels};

/// Points for drawing as a line, in the order given, with gaps.
#[derive(Debug, Default)]
pub struct Path {
    places: Vec<[f64; 2]>,
    /// Where pieces begin, ascending, 0 first.
    starts: Vec<usize>,
    levels: Vec<Vec<Extent>>,
}

/// The rectangle around the points of a block.
#[derive(Debug, Clone, Copy)]
struct Extent {
    x: [f64; 2],
    y: [f64; 2],
    /// A piece begins inside, after its first point.
    is_broken: bool,
}

/// The pieces of a thinned line, in pixels; a piece of one place is a lone point.
pub type Pieces = Vec<Vec<[f64; 2]>>;

impl Path {
    /// A line through places; a `None`, or one that is no number, breaks it.
    #[must_use]
    pub fn new(points: impl IntoIterator<Item = Option<[f64; 2]>>) -> Self {
        let (mut places, mut starts, mut is_after_gap) = (Vec::new(), Vec::new(), true);
        for point in points {
            match point.filter(|place| place[0].is_finite() && place[1].is_finite()) {
                Some(place) => {
                    if is_after_gap {
                        starts.push(places.len());
                    }
                    places.push(place);
                    is_after_gap = false;
                }
                None => is_after_gap = true,
            }
        }
        let mut levels: Vec<Vec<Extent>> = vec![places.chunks(BLOCK).map(Extent::of_points).collect()];
        for start in &starts {
            if start % BLOCK != 0 {
                levels[0][start / BLOCK].is_broken = true;
            }
        }
        let mut size = BLOCK;
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let mut next: Vec<Extent> = last.chunks(BLOCK).map(Extent::of_blocks).collect();
            size *= BLOCK;
            for start in starts.iter().filter(|start| *start % size != 0) {
                next[start / size].is_broken = true;
            }
            levels.push(next);
        }
        Path { places, starts, levels }
    }

    /// Lowest and highest x and lowest and highest y; none of an empty line.
    #[must_use]
    pub fn extent(&self) -> Option<[[f64; 2]; 2]> {
        let all = self.levels.last()?.first()?;
        Some([all.x, all.y])
    }

    /// The line in a picture from one pixel to another along x: of each column of pixels no more than four places.
    #[must_use]
    pub fn pieces(&self, to: &ToPixels, [left, right]: [f64; 2]) -> Pieces {
        let mut pen = Pen { left, right, to: *to, pieces: Vec::new(), open: None };
        if !self.places.is_empty() {
            self.walk(self.levels.len(), 0..self.places.len(), &mut pen);
        }
        pen.write();
        pen.pieces.retain(|piece| !piece.is_empty());
        pen.pieces
    }

    /// The line with all its places.
    #[must_use]
    pub fn whole(&self) -> Pieces {
        let ends = self.starts.iter().skip(1).copied().chain([self.places.len()]);
        self.starts.iter().zip(ends).map(|(start, end)| self.places[*start..end].to_vec()).collect()
    }

    fn walk(&self, level: usize, range: Range<usize>, pen: &mut Pen) {
        let Some(extents) = level.checked_sub(1).and_then(|level| self.levels.get(level)) else {
            let mut next = self.starts.partition_point(|start| *start < range.start);
            for at in range {
                if self.starts.get(next) == Some(&at) {
                    next += 1;
                    pen.lift();
                }
                let place = self.places[at];
                pen.draw(place, place, [place[1]; 2]);
            }
            return;
        };
        let size = BLOCK.pow(level as u32);
        let blocks = range.start / size..range.end.div_ceil(size);
        for (block, extent) in blocks.clone().zip(&extents[blocks]) {
            let within = block * size..((block + 1) * size).min(range.end);
            if !extent.is_broken && pen.column(extent.x[0]) == pen.column(extent.x[1]) {
                if self.starts.binary_search(&within.start).is_ok() {
                    pen.lift();
                }
                pen.draw(self.places[within.start], self.places[within.end - 1], extent.y);
            } else {
                self.walk(level - 1, within, pen);
            }
        }
    }
}

impl Extent {
    fn of_points(points: &[[f64; 2]]) -> Extent {
        let range = |axis: usize| {
            points
                .iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], place| [low.min(place[axis]), high.max(place[axis])])
        };
        Extent { x: range(0), y: range(1), is_broken: false }
    }

    fn of_blocks(blocks: &[Extent]) -> Extent {
        blocks.iter().skip(1).fold(blocks[0], |all, one| Extent {
            x: [all.x[0].min(one.x[0]), all.x[1].max(one.x[1])],
            y: [all.y[0].min(one.y[0]), all.y[1].max(one.y[1])],
            is_broken: all.is_broken || one.is_broken,
        })
    }
}

/// Draws a line column by column of pixels.
struct Pen {
    left: f64,
    right: f64,
    to: ToPixels,
    pieces: Pieces,
    /// The column it is in, and its first place, lowest and highest y and last place, px.
    open: Option<(i64, [[f64; 2]; 4])>,
}

impl Pen {
    /// The column of an x; all that is left or right of the picture is one column each.
    fn column(&self, x: f64) -> i64 {
        (self.to.x(x) - self.left).floor().clamp(-1.0, (self.right - self.left).ceil() + 1.0) as i64
    }

    /// Goes on through places of one column: to the first, over the lowest and highest y, to the last.
    fn draw(&mut self, first: [f64; 2], last: [f64; 2], y: [f64; 2]) {
        let column = self.column(first[0]);
        let (first, last) = (self.to.of(first), self.to.of(last));
        let (one, other) = (self.to.y(y[0]), self.to.y(y[1]));
        let (low, high) = (one.min(other), one.max(other));
        match &mut self.open {
            Some((current, [start, lowest, highest, end])) if *current == column => {
                *lowest = [start[0], lowest[1].min(low)];
                *highest = [start[0], highest[1].max(high)];
                *end = last;
            }
            _ => {
                self.write();
                self.open = Some((column, [first, [first[0], low], [first[0], high], last]));
            }
        }
    }

    /// Writes the column down into the piece that is open.
    fn write(&mut self) {
        let Some((_, places)) = self.open.take() else { return };
        if let Some(piece) = self.pieces.last_mut() {
            for place in places {
                if piece.last() != Some(&place) {
                    piece.push(place);
                }
            }
        }
    }

    /// Ends a piece.
    fn lift(&mut self) {
        self.write();
        self.pieces.push(Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PICTURE: [f64; 4] = [10.0, 20.0, 120.0, 80.0];

    fn places() -> impl Strategy<Value = Vec<Option<[f64; 2]>>> {
        let x = prop_oneof![8 => 0.0..1.0f64, 1 => -0.5..1.5f64, 1 => Just(0.5)];
        let y = prop_oneof![8 => 0.4..0.5f64, 2 => -0.5..1.5f64, 1 => Just(0.0), 1 => Just(1.0)];
        proptest::collection::vec(prop_oneof![20 => (x, y).prop_map(|(x, y)| Some([x, y])), 1 => Just(None)], 0..3_000)
    }

    /// The unit square over the picture, y upwards.
    fn to() -> ToPixels {
        ToPixels { scale: [PICTURE[2], -PICTURE[3]], offset: [PICTURE[0], PICTURE[1] + PICTURE[3]] }
    }

    proptest! {
        #[test]
        fn a_thinned_line_covers_each_column_as_the_whole_line_does(points in places()) {
            let mut points = points;
            points.sort_by(|one, other| one.unwrap_or([2.0, 0.0])[0].total_cmp(&other.unwrap_or([2.0, 0.0])[0]));
            let path = Path::new(points.iter().copied());
            let thinned = path.pieces(&to(), [PICTURE[0], PICTURE[0] + PICTURE[2]]);
            let column = |x: f64| (x - PICTURE[0]).floor() as i64;
            for place in points.iter().flatten().filter(|place| (0.0..1.0).contains(&place[0])) {
                let [x, y] = to().of(*place);
                let reached = thinned.iter().flatten().filter(|place| column(place[0]) == column(x));
                let (low, high) = reached.fold((f64::MAX, f64::MIN), |(low, high), place| (low.min(place[1]), high.max(place[1])));
                prop_assert!((low - 1e-9..=high + 1e-9).contains(&y), "{y} not within {low} to {high}");
            }
            prop_assert!(thinned.iter().map(Vec::len).sum::<usize>() <= 4 * 123 + 4 * thinned.len());
        }

        #[test]
        fn a_line_in_any_order_keeps_its_lowest_and_highest(points in places()) {
            let path = Path::new(points.iter().copied());
            let thinned = path.pieces(&to(), [PICTURE[0], PICTURE[0] + PICTURE[2]]);
            let ys = |places: &mut dyn Iterator<Item = f64>| places.fold((f64::MAX, f64::MIN), |(low, high), y| (low.min(y), high.max(y)));
            let whole = ys(&mut points.iter().flatten().map(|place| to().of(*place)[1]));
            prop_assert_eq!(whole, ys(&mut thinned.iter().flatten().map(|place| place[1])));
        }
    }

    #[test]
    fn gaps_stay_and_a_point_between_two_gaps_is_a_piece() {
        let some = |x: f64, y: f64| Some([x, y]);
        let path = Path::new([some(0.0, 0.0), some(0.1, 0.1), None, some(0.5, 0.5), None, some(0.9, 0.2), some(1.0, 0.3)]);
        let pieces = path.pieces(&to(), [PICTURE[0], PICTURE[0] + PICTURE[2]]);
        let lengths: Vec<usize> = pieces.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1, 2]);
    }
}

//! Many points in few pixels, and none of them hidden: what both painters draw in the place of a million marks.
//!
//! A [`Cloud`] of points becomes the cells of the picture that hold at least one of them, so a lone outlier has its mark whatever
//! else shares its column; only between two marks that nearly touch one may be left out. It keeps the lowest and highest of blocks of points, of blocks of blocks, and so on: drawing goes down
//! into a block only where it might add a mark, and its cost is that of the picture, not of the points. Lines are in
//! [`super::thin_line`].

/// Points of a block, and blocks of the next larger one.
pub(super) const BLOCK: usize = 32;
/// So many free cells between two that are taken are not looked into: whatever point is there is nearer to both than two marks'
/// widths, and no outlier.
const SMALL_GAP: usize = 3;

/// Points for drawing as marks, in order of x.
#[derive(Debug, Default)]
pub struct Cloud {
    places: Vec<[f64; 2]>,
    /// Of each place the number of its point among those it was made of.
    points: Vec<u32>,
    /// Where the lowest and the highest place of blocks of points stands, of blocks of those, ...
    levels: Vec<Vec<[u32; 2]>>,
}

/// How places become pixels: `x * scale[0] + offset[0]`, the same for y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToPixels {
    /// Pixels for one unit of x and y.
    pub scale: [f64; 2],
    /// The pixel of zero.
    pub offset: [f64; 2],
}

/// A part of the picture in cells of so many pixels: where its marks may stand.
#[derive(Debug)]
pub struct Cells {
    left: f64,
    top: f64,
    cell: f64,
    columns: usize,
    rows: usize,
    /// Words of 64 rows for each column.
    taken: Vec<u64>,
    /// The first place put into each cell.
    first: Vec<(f32, f32, u32)>,
}

/// Cells above each other that hold points: one mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// Middle of the points' column, or the point itself where it is alone, px.
    pub x: f64,
    /// The highest of the points, px.
    pub top: f64,
    /// The lowest of the points, px.
    pub bottom: f64,
    /// The number of the highest point.
    pub highest: u32,
    /// The number of the lowest point.
    pub lowest: u32,
    /// Whether they are above the picture (-1), in it (0) or below it (1).
    pub outside: i8,
    /// Whether the highest point of the column is among them, and whether the lowest is.
    pub is_end: [bool; 2],
}

impl ToPixels {
    /// Places are pixels already.
    pub const SAME: ToPixels = ToPixels { scale: [1.0; 2], offset: [0.0; 2] };

    /// The pixel of a place.
    #[must_use]
    pub fn of(&self, place: [f64; 2]) -> [f64; 2] {
        [self.x(place[0]), self.y(place[1])]
    }

    /// The pixel of an x.
    #[must_use]
    pub fn x(&self, x: f64) -> f64 {
        x * self.scale[0] + self.offset[0]
    }

    /// The pixel of a y.
    #[must_use]
    pub fn y(&self, y: f64) -> f64 {
        y * self.scale[1] + self.offset[1]
    }
}

impl Cloud {
    /// A cloud of points; those without a place, or with one that is no number, are left out.
    #[must_use]
    pub fn new(points: impl IntoIterator<Item = Option<[f64; 2]>>) -> Self {
        let finite = |place: &[f64; 2]| place[0].is_finite() && place[1].is_finite();
        let mut both: Vec<([f64; 2], u32)> =
            (0u32..).zip(points).filter_map(|(number, place)| Some((place.filter(finite)?, number))).collect();
        if !both.is_sorted_by(|one, next| one.0[0] <= next.0[0]) {
            both.sort_by(|one, other| one.0[0].total_cmp(&other.0[0]));
        }
        let (places, points): (Vec<_>, Vec<_>) = both.into_iter().unzip();
        let mut levels: Vec<Vec<[u32; 2]>> = Vec::new();
        let y = |at: u32| places[at as usize][1];
        let wider = |[low, high]: [u32; 2], [other_low, other_high]: [u32; 2]| {
            [if y(other_low) < y(low) { other_low } else { low }, if y(other_high) > y(high) { other_high } else { high }]
        };
        let alone: Vec<[u32; 2]> = (0..places.len() as u32).map(|at| [at; 2]).collect();
        let widest = |block: &[[u32; 2]]| block.iter().copied().fold(block[0], wider);
        levels.push(alone.chunks(BLOCK).map(widest).collect());
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let next = last.chunks(BLOCK).map(widest).collect();
            levels.push(next);
        }
        Cloud { places, points, levels }
    }

    /// Its number of points that have a place.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether no point has a place.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Lowest and highest x and lowest and highest y; none of an empty cloud.
    #[must_use]
    pub fn extent(&self) -> Option<[[f64; 2]; 2]> {
        let (first, last) = (self.places.first()?, self.places.last()?);
        let [low, high] = *self.levels.last()?.first()?;
        Some([[first[0], last[0]], [self.places[low as usize][1], self.places[high as usize][1]]])
    }

    /// The points between two x, by number and place.
    pub fn between(&self, low: f64, high: f64) -> impl ExactSizeIterator<Item = (u32, [f64; 2])> + '_ {
        let start = self.places.partition_point(|place| place[0] < low);
        let end = self.places.partition_point(|place| place[0] <= high).max(start);
        (start..end).map(|at| (self.points[at], self.places[at]))
    }

    /// Puts as many points into the cells as change them.
    pub fn fill(&self, cells: &mut Cells, to: &ToPixels) {
        let to_x = |pixel: f64| (pixel - to.offset[0]) / to.scale[0];
        if to.scale[0].is_nan() || to.scale[0] <= 0.0 {
            return;
        }
        let first = to_x(cells.left);
        let mut start = self.places.partition_point(|place| place[0] < first);
        for column in 0..cells.columns {
            let edge = to_x(cells.left + (column + 1) as f64 * cells.cell);
            let rest = &self.places[start..];
            let is_last = column + 1 == cells.columns;
            let end = start + rest.partition_point(|place| if is_last { place[0] <= edge } else { place[0] < edge });
            if end > start {
                self.descend(self.levels.len(), start..end, (&mut *cells, column), to);
            }
            start = end;
        }
    }

    fn descend(&self, level: usize, range: std::ops::Range<usize>, into: (&mut Cells, usize), to: &ToPixels) {
        let (cells, column) = into;
        let (mut start, end) = (range.start, range.end);
        let Some(extremes) = level.checked_sub(1).and_then(|level| self.levels.get(level)) else {
            for at in start..end {
                cells.put_in(column, to.of(self.places[at]), self.points[at]);
            }
            return;
        };
        let size = BLOCK.pow(level as u32);
        let whole = start.div_ceil(size)..end / size;
        if whole.start >= whole.end {
            return self.descend(level - 1, start..end, (cells, column), to);
        }
        if start < whole.start * size {
            self.descend(level - 1, start..whole.start * size, (&mut *cells, column), to);
        }
        for block in whole.clone() {
            let [low, high] = extremes[block].map(|at| at as usize);
            for at in [low, high] {
                cells.put_in(column, to.of(self.places[at]), self.points[at]);
            }
            if cells.has_gap(column, to.y(self.places[high][1]), to.y(self.places[low][1])) {
                self.descend(level - 1, block * size..(block + 1) * size, (&mut *cells, column), to);
            }
        }
        start = whole.end * size;
        if start < end {
            self.descend(level - 1, start..end, (cells, column), to);
        }
    }
}

impl Cells {
    /// Empty cells over a rectangle `[left, top, width, height]` of the picture, px.
    #[must_use]
    pub fn new([left, top, width, height]: [f64; 4], cell: f64) -> Self {
        let count = |length: f64| ((length / cell).ceil().clamp(1.0, 8192.0)) as usize;
        // A row above and one below for what is off the picture.
        let (columns, rows) = (count(width), count(height) + 2);
        let words = columns * rows.div_ceil(64);
        Cells { left, top, cell, columns, rows, taken: vec![0; words], first: vec![(0.0, 0.0, 0); columns * rows] }
    }

    /// The row of a height; off the picture the first or the last.
    fn row(&self, y: f64) -> usize {
        let row = ((y - self.top) / self.cell).floor() + 1.0;
        // A point on the lower edge itself is still in the picture.
        let bottom = self.top + (self.rows - 2) as f64 * self.cell;
        if y == bottom { self.rows - 2 } else { row.clamp(0.0, (self.rows - 1) as f64) as usize }
    }

    /// Puts a point in, pixels; one left or right of the picture is left out.
    pub fn put(&mut self, place: [f64; 2], number: u32) {
        let column = ((place[0] - self.left) / self.cell).floor();
        let right = self.left + self.columns as f64 * self.cell;
        let column = if place[0] == right { (self.columns - 1) as f64 } else { column };
        if column >= 0.0 && column < self.columns as f64 && place[1].is_finite() {
            self.put_in(column as usize, place, number);
        }
    }

    fn put_in(&mut self, column: usize, place: [f64; 2], number: u32) {
        let row = self.row(place[1]);
        let word = &mut self.taken[column * self.rows.div_ceil(64) + row / 64];
        if *word & 1 << (row % 64) == 0 {
            *word |= 1 << (row % 64);
            self.first[column * self.rows + row] = (place[0] as f32, place[1] as f32, number);
        }
    }

    /// Whether more cells above each other than a mark's width hides have no point yet, from one height to another.
    fn has_gap(&self, column: usize, top: f64, bottom: f64) -> bool {
        let (first, last) = (self.row(top.min(bottom)), self.row(top.max(bottom)));
        let mut free = 0;
        (first..=last).any(|row| {
            free = if self.is_taken(column, row) { 0 } else { free + 1 };
            free > SMALL_GAP
        })
    }

    fn is_taken(&self, column: usize, row: usize) -> bool {
        self.taken[column * self.rows.div_ceil(64) + row / 64] & 1 << (row % 64) != 0
    }

    /// The marks of all columns, from the left and from above. What is off the picture has a mark of its own.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for column in 0..self.columns {
            let (mut row, begin) = (0, marks.len());
            while row < self.rows {
                if !self.is_taken(column, row) {
                    row += 1;
                    continue;
                }
                let start = row;
                let is_outside = |row: usize| row == 0 || row + 1 == self.rows;
                row += 1;
                while row < self.rows && !is_outside(start) && !is_outside(row) && self.is_taken(column, row) {
                    row += 1;
                }
                marks.push(self.mark(column, start, row - 1));
            }
            let inside = |mark: &Mark| mark.outside == 0;
            if let Some(first) = marks[begin..].iter().position(inside) {
                marks[begin + first].is_end[0] = true;
            }
            if let Some(last) = marks[begin..].iter().rposition(inside) {
                marks[begin + last].is_end[1] = true;
            }
        }
        marks
    }

    fn mark(&self, column: usize, start: usize, end: usize) -> Mark {
        let [(x, top, highest), (_, bottom, lowest)] = [start, end].map(|row| self.first[column * self.rows + row]);
        let middle = self.left + (column as f64 + 0.5) * self.cell;
        let outside = i8::from(end + 1 == self.rows) - i8::from(start == 0);
        let x = if start == end { f64::from(x) } else { middle };
        Mark { x, top: f64::from(top), bottom: f64::from(bottom), highest, lowest, outside, is_end: [false; 2] }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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

    fn taken(cells: &Cells) -> BTreeSet<(usize, usize)> {
        let all = (0..cells.columns).flat_map(|column| (0..cells.rows).map(move |row| (column, row)));
        all.filter(|(column, row)| cells.is_taken(*column, *row)).collect()
    }

    proptest! {
        #[test]
        fn every_cell_with_a_point_is_marked_but_in_small_gaps_and_no_other(points in places()) {
            let (mut fast, mut plain) = (Cells::new(PICTURE, 2.0), Cells::new(PICTURE, 2.0));
            Cloud::new(points.iter().copied()).fill(&mut fast, &to());
            for (number, place) in (0u32..).zip(&points) {
                if let Some(place) = place {
                    plain.put(to().of(*place), number);
                }
            }
            let (fast, plain) = (taken(&fast), taken(&plain));
            let reaches = |column: usize, row: usize, sign: i64| {
                (0..=SMALL_GAP as i64).any(|by| fast.contains(&(column, (row as i64 + sign * by).max(0) as usize)))
            };
            let lost = plain.iter().filter(|(column, row)| !(reaches(*column, *row, 1) && reaches(*column, *row, -1))).count();
            // A place on the edge of two columns may round into either.
            prop_assert!(lost <= 1 && fast.difference(&plain).count() <= 1, "{lost} lost, {:?}", fast.difference(&plain));
        }
    }

    #[test]
    fn the_cost_is_that_of_the_picture_not_of_the_points() {
        let noise = |index: u32| f64::from(index.wrapping_mul(2_654_435_761) >> 8) / f64::from(1u32 << 24) * 0.1;
        let cloud = Cloud::new((0..200_000).map(|index| Some([f64::from(index) / 200_000.0, 0.5 + noise(index)])));
        let mut cells = Cells::new(PICTURE, 2.0);
        cloud.fill(&mut cells, &to());
        let marks = cells.marks();
        assert!(marks.len() <= 2 * cells.columns, "{} marks", marks.len());
        assert_eq!(cloud.extent().map(|[x, _]| x), Some([0.0, 199_999.0 / 200_000.0]));
        assert_eq!(cloud.between(0.25, 0.2500251).len(), 6);
    }

    #[test]
    fn points_off_the_picture_have_marks_at_its_edges() {
        let cloud = Cloud::new([Some([0.5, 7.0]), Some([0.6, -3.0]), Some([0.7, 0.5]), Some([4.0, 0.5])]);
        let mut cells = Cells::new(PICTURE, 2.0);
        cloud.fill(&mut cells, &to());
        assert_eq!(cells.marks().iter().map(|mark| mark.outside).collect::<Vec<_>>(), [-1, 1, 0]);
    }
}

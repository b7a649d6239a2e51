//! The common area of the cells of two partitions.

use std::ops::RangeInclusive;

use super::partition::Partition;
use super::window::area;

/// Largest number of columns and of rows of the grid in which cells are looked up.
const GRID: usize = 256;

impl Partition {
    /// Share of the window on which this partition and another one of the same window have the same
    /// class: the common area of cells of equal classes over the area of all cells.
    pub fn agreement(&self, other: &Self) -> f64 {
        let cells = |partition: &Self| -> Vec<(usize, Vec<[f64; 2]>)> {
            let outline = |corners: &[usize]| partition.outline(corners);
            partition.cells.iter().map(|cell| (cell.class, outline(&cell.corners))).collect()
        };
        let (own, others) = (cells(self), cells(other));
        let grid = Grid::of(&others);
        let (mut equal, mut all) = (0.0, 0.0);
        for (class, corners) in &own {
            all += area(corners);
            let near = grid.near(corners).into_iter().map(|cell| &others[cell]);
            let alike = near.filter(|(other, _)| other == class);
            equal += alike.map(|(_, other)| area(&intersection(corners, other))).sum::<f64>();
        }
        if all > 0.0 { (equal / all).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Cells by the squares of a grid that their bounding boxes touch.
struct Grid {
    extents: [[f64; 2]; 2],
    side: usize,
    squares: Vec<Vec<usize>>,
}

impl Grid {
    fn of(cells: &[(usize, Vec<[f64; 2]>)]) -> Self {
        let side = ((cells.len() as f64).sqrt() as usize).clamp(1, GRID);
        let extents = extents(cells.iter().flat_map(|(_, corners)| corners));
        let mut grid = Self { extents, side, squares: vec![Vec::new(); side * side] };
        for (cell, (_, corners)) in cells.iter().enumerate() {
            for square in grid.touched(corners) {
                grid.squares[square].push(cell);
            }
        }
        grid
    }

    /// The cells whose bounding boxes may touch that of a polygon, each once.
    fn near(&self, corners: &[[f64; 2]]) -> Vec<usize> {
        let squares = self.touched(corners);
        let mut cells: Vec<usize> =
            squares.flat_map(|square| self.squares[square].iter().copied()).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// The squares that the bounding box of a polygon touches.
    fn touched(&self, corners: &[[f64; 2]]) -> impl Iterator<Item = usize> + use<> {
        let extents = extents(corners);
        let [columns, rows]: [RangeInclusive<usize>; 2] = [0, 1].map(|axis| {
            let [low, high] = self.extents[axis];
            let place = |value: f64| {
                let share = (value - low) / (high - low).max(f64::MIN_POSITIVE);
                ((share * self.side as f64) as usize).min(self.side - 1)
            };
            place(extents[axis][0])..=place(extents[axis][1])
        });
        let side = self.side;
        rows.flat_map(move |row| columns.clone().map(move |column| row * side + column))
    }
}

/// Smallest and largest value of each coordinate.
fn extents<'a>(corners: impl IntoIterator<Item = &'a [f64; 2]>) -> [[f64; 2]; 2] {
    let empty = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
    corners.into_iter().fold(empty, |extents, corner| {
        [0, 1].map(|axis| {
            let [low, high] = extents[axis];
            [low.min(corner[axis]), high.max(corner[axis])]
        })
    })
}

/// The intersection of two convex polygons with counter-clockwise corners (Sutherland and Hodgman,
/// 1974): the first one is cut along each side of the second.
fn intersection(subject: &[[f64; 2]], clip: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let following = clip.iter().cycle().skip(1);
    clip.iter().zip(following).fold(subject.to_vec(), |polygon, (&from, &to)| {
        let side = |point: [f64; 2]| area(&[from, to, point]);
        let mut kept = Vec::with_capacity(polygon.len() + 1);
        for (index, &corner) in polygon.iter().enumerate() {
            let next = polygon[(index + 1) % polygon.len()];
            let (here, there) = (side(corner), side(next));
            if here >= 0.0 {
                kept.push(corner);
            }
            if (here > 0.0 && there < 0.0) || (here < 0.0 && there > 0.0) {
                let share = here / (here - there);
                kept.push([0, 1].map(|axis| corner[axis] + share * (next[axis] - corner[axis])));
            }
        }
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slice::region::ClassCell;

    #[test]
    fn polygons_intersect_in_what_both_contain() {
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        let moved = square.map(|[u, v]| [u + 1.0, v + 0.5]);
        assert_eq!(area(&intersection(&square, &moved)), 1.5);
        assert_eq!(area(&intersection(&square, &square)), 4.0);
        let triangle = [[1.0, 1.0], [5.0, 1.0], [1.0, 5.0]];
        assert_eq!(area(&intersection(&triangle, &square)), 1.0);
        let apart = square.map(|[u, v]| [u + 9.0, v]);
        assert_eq!(area(&intersection(&square, &apart)), 0.0);
    }

    /// A partition of a square of side 12 into equal rectangles, with a class for each.
    fn rectangles(width: usize, height: usize, class: impl Fn(usize, usize) -> usize) -> Partition {
        let (mut vertices, mut cells) = (Vec::new(), Vec::new());
        for (u, v) in (0..12 / width).flat_map(|u| (0..12 / height).map(move |v| (u, v))) {
            let corner = |right: usize, up: usize| {
                [((u + right) * width) as f64, ((v + up) * height) as f64]
            };
            let first = vertices.len();
            vertices.extend([corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)]);
            let corners = (first..first + 4).collect();
            cells.push(ClassCell { corners, region: cells.len(), class: class(u, v) });
        }
        Partition::new(vertices, Vec::new(), cells)
    }

    #[test]
    fn partitions_agree_on_the_squares_where_their_classes_are_equal() {
        let (left, right) = (|u, v| (7 * u + 3 * v) % 3, |u, v| (5 * u + v * v) % 3);
        let equal = (0..12).flat_map(|u| (0..12).map(move |v| (u, v)));
        let equal = equal.filter(|(u, v)| left(u / 3, v / 3) == right(u / 2, v / 4)).count();
        let found = rectangles(3, 3, left).agreement(&rectangles(2, 4, right));
        assert!((found - equal as f64 / 144.0).abs() < 1e-12, "{found} instead of {equal} / 144");
        assert!(equal > 20 && equal < 124, "{equal}");
        assert_eq!(rectangles(1, 4, left).agreement(&rectangles(1, 4, left)), 1.0);
    }
}

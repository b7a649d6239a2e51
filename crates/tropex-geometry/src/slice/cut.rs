//! Cutting polygons along lines.

use std::collections::HashMap;

use super::mesh::{Mesh, Polygon};
use crate::Error;

/// Edges are not cut nearer to their ends than this share of the window's diagonal.
const SHORTEST: f64 = 1e-12;

/// No part with less than this share of the window's area is cut off.
const SMALLEST: f64 = 1e-13;

/// A vertex on the edge between two older ones, at `from + share * (to - from)`. A function that
/// is affine on the polygons of the edge has there the value between those at its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Birth {
    from: u32,
    to: u32,
    share: f64,
}

impl Birth {
    /// Appends the value between two of a list.
    pub(super) fn extend(&self, column: &mut Vec<f64>) {
        self.extend_rows(column, 1);
    }

    /// Appends the row between two of a list of rows.
    pub(super) fn extend_rows(&self, rows: &mut Vec<f64>, width: usize) {
        let (from, to) = (self.from as usize * width, self.to as usize * width);
        rows.reserve(width);
        for column in 0..width {
            rows.push(self.between(rows[from + column], rows[to + column]));
        }
    }

    fn between(&self, from: f64, to: f64) -> f64 {
        from + self.share * (to - from)
    }
}

/// What a cut made.
#[derive(Debug)]
pub(super) struct Cut {
    /// The new vertices, in order.
    pub(super) births: Vec<Birth>,
    /// For every polygon whether the function is positive there.
    pub(super) positive: Vec<bool>,
}

impl Mesh {
    /// Cuts the polygons along the line where a function, given by its values at the vertices, is
    /// zero. The function is continuous, and affine on every polygon.
    ///
    /// # Errors
    /// More polygons than the limit.
    pub(super) fn cut(&mut self, values: Vec<f64>) -> Result<Cut, Error> {
        let mut knife = Knife { values, births: Vec::new(), cuts: HashMap::new() };
        let mut positive = vec![false; self.polygons.len()];
        for index in 0..positive.len() {
            let [above, below] = knife.sides(&self.polygons[index].corners);
            if !(above && below) {
                positive[index] = above;
                continue;
            }
            let corners = std::mem::take(&mut self.polygons[index].corners);
            match self.split(&mut knife, &corners) {
                Split::Whole(corners) => {
                    positive[index] = knife.sum(&corners) > 0.0;
                    self.polygons[index].corners = corners;
                }
                Split::Parts { above, below } => {
                    self.polygons[index].corners = below;
                    self.polygons.push(Polygon { corners: above, ..self.polygons[index] });
                    positive.push(true);
                }
            }
            if self.polygons.len() > self.limit {
                return Err(Error::slice(format!(
                    "the window has more than {} polygons; choose a smaller window, or a higher limit",
                    self.limit
                )));
            }
        }
        Ok(Cut { births: knife.births, positive })
    }

    fn split(&mut self, knife: &mut Knife, corners: &[u32]) -> Split {
        let marked = self.mark(knife, corners);
        let whole = || Split::Whole(marked.iter().map(|(vertex, _)| *vertex).collect());
        let count = marked.len();
        let top = (0..count).max_by(|&a, &b| {
            let value = |index: usize| match marked[index] {
                (_, 0) => 0.0,
                (vertex, _) => knife.values[vertex as usize],
            };
            value(a).total_cmp(&value(b))
        });
        // From the highest corner both ways to where the line enters and leaves.
        let top = top.unwrap_or(0);
        let ends = |step: usize| {
            (1..count).map(|steps| (top + steps * step) % count).find(|&at| marked[at].1 <= 0)
        };
        let (Some(leave), Some(enter)) = (ends(1), ends(count - 1)) else { return whole() };
        let around = |from: usize, to: usize| -> Vec<u32> {
            let length = (to + count - from) % count;
            (0..=length).map(|step| marked[(from + step) % count].0).collect()
        };
        let (above, below) = (around(enter, leave), around(leave, enter));
        let large = |corners: &[u32]| self.area_of(corners) > SMALLEST * self.area;
        if enter == leave || !large(&above) || !large(&below) {
            return whole();
        }
        Split::Parts { above, below }
    }

    /// The corners with the vertices where the line crosses edges, and on which side each is.
    fn mark(&mut self, knife: &mut Knife, corners: &[u32]) -> Vec<(u32, i8)> {
        let mut marked: Vec<(u32, i8)> = Vec::with_capacity(corners.len() + 2);
        let mut on_line = Vec::new();
        for (index, &from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            marked.push((from, knife.side(from)));
            if knife.side(from) * knife.side(to) < 0 {
                match self.crossing(knife, from.min(to), from.max(to)) {
                    end if end == from || end == to => on_line.push(end),
                    vertex => marked.push((vertex, 0)),
                }
            }
        }
        for (vertex, side) in &mut marked {
            if on_line.contains(vertex) {
                *side = 0;
            }
        }
        marked
    }

    /// The vertex where the line crosses an edge: a new one, or an end that is as near as can be.
    fn crossing(&mut self, knife: &mut Knife, from: u32, to: u32) -> u32 {
        if let Some(&vertex) = knife.cuts.get(&(from, to)) {
            return vertex;
        }
        let [low, high] = [from, to].map(|vertex| knife.values[vertex as usize]);
        let share = low / (low - high);
        let birth = Birth { from, to, share };
        let [[a, b], [c, d]] = [from, to].map(|vertex| self.vertices[vertex as usize]);
        let length = (c - a).hypot(d - b);
        let vertex = if share * length < SHORTEST * self.diagonal {
            from
        } else if (1.0 - share) * length < SHORTEST * self.diagonal {
            to
        } else {
            self.vertices.push([birth.between(a, c), birth.between(b, d)]);
            self.sides.push(self.sides[from as usize] & self.sides[to as usize]);
            knife.values.push(0.0);
            knife.births.push(birth);
            self.vertices.len() as u32 - 1
        };
        knife.cuts.insert((from, to), vertex);
        vertex
    }
}

enum Split {
    /// What would be cut off is too small; the corners, and vertices that were put between them.
    Whole(Vec<u32>),
    Parts {
        above: Vec<u32>,
        below: Vec<u32>,
    },
}

/// A function on its way through the polygons.
struct Knife {
    values: Vec<f64>,
    births: Vec<Birth>,
    /// Where edges were cut.
    cuts: HashMap<(u32, u32), u32>,
}

impl Knife {
    fn side(&self, vertex: u32) -> i8 {
        let value = self.values[vertex as usize];
        i8::from(value > 0.0) - i8::from(value < 0.0)
    }

    /// Whether there are corners where the function is positive, and where it is negative.
    fn sides(&self, corners: &[u32]) -> [bool; 2] {
        [1, -1].map(|side| corners.iter().any(|&corner| self.side(corner) == side))
    }

    fn sum(&self, corners: &[u32]) -> f64 {
        corners.iter().map(|&corner| self.values[corner as usize]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::Window;
    use super::*;

    fn square() -> Mesh {
        Mesh::new(&Window::rectangle([0.0, 1.0], [0.0, 1.0]).unwrap(), 100)
    }

    /// Cuts along `a u + b v + c = 0`.
    fn cut(mesh: &mut Mesh, [a, b, c]: [f64; 3]) -> Cut {
        let value = |[u, v]: &[f64; 2]| a * u + b * v + c;
        let values = mesh.vertices.iter().map(value);
        let values = values.map(|value| if value.abs() < 1e-12 { 0.0 } else { value });
        let values = values.collect();
        mesh.cut(values).unwrap()
    }

    fn areas(mesh: &Mesh) -> Vec<f64> {
        mesh.polygons.iter().map(|polygon| mesh.area_of(&polygon.corners)).collect()
    }

    #[test]
    fn neighbours_are_cut_at_the_same_vertex() {
        let mut mesh = square();
        cut(&mut mesh, [1.0, 0.0, -0.5]);
        cut(&mut mesh, [0.3, 1.0, -0.6]);
        assert_eq!((mesh.polygons.len(), mesh.vertices.len()), (4, 9));
        assert!((areas(&mesh).iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert_eq!(mesh.tidy().len(), 9);
    }

    #[test]
    fn lines_along_edges_and_through_corners_cut_nothing_off() {
        let mut mesh = square();
        cut(&mut mesh, [1.0, -1.0, 0.0]);
        assert_eq!((mesh.polygons.len(), mesh.vertices.len()), (2, 4));
        for line in [[1.0, -1.0, 0.0], [2.0, -2.0, 1e-14], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]] {
            let made = cut(&mut mesh, line);
            assert!(made.births.is_empty() && mesh.polygons.len() == 2, "{line:?}");
        }
        // Through the centre of the diagonal: both triangles, and one new vertex there.
        let made = cut(&mut mesh, [1.0, 1.0, -1.0]);
        assert_eq!((mesh.polygons.len(), made.births.len()), (4, 1));
        assert_eq!(areas(&mesh), [0.25; 4]);
    }

    #[test]
    fn vertices_that_are_no_corners_go() {
        let mut mesh = square();
        cut(&mut mesh, [1.0, 0.0, -0.5]);
        cut(&mut mesh, [0.0, 1.0, -0.5]);
        // Take the last cut back, but for the vertices that it made.
        let quarters: Vec<_> = mesh.polygons.drain(..).map(|polygon| polygon.corners).collect();
        assert_eq!(quarters.len(), 4);
        let halves = [vec![0, 4, 7, 5, 3, 6], vec![4, 1, 8, 2, 5, 7]];
        mesh.polygons.extend(halves.map(|corners| Polygon { corners, parent: 0, winner: 0 }));
        assert_eq!(mesh.tidy(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(areas(&mesh), [0.5, 0.5]);
    }
}

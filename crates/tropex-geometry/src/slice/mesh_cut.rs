//! Cuts of the polygons of a mesh along a line.

use std::collections::HashMap;

use super::mesh::{Mesh, Polygon};
use crate::Error;

/// Shortest part of an edge, as a share of the window's diagonal. A cut nearer to an end takes the
/// end.
const MIN_LENGTH: f64 = 1e-12;

/// Smallest part of a polygon, as a share of the window's area. A smaller part is not cut off.
const MIN_AREA: f64 = 1e-13;

/// A new vertex on the edge between two older ones, at `from + share * (to - from)`. A function
/// that is affine along the edge is interpolated there.
#[derive(Clone, Copy, Debug)]
pub(super) struct EdgeVertex {
    from: u32,
    to: u32,
    share: f64,
}

impl EdgeVertex {
    /// Appends the value at this vertex to the values at all vertices.
    pub(super) fn extend(&self, column: &mut Vec<f64>) {
        self.extend_rows(column, 1);
    }

    /// Appends the row at this vertex to the rows `[vertices, width]` at all vertices.
    pub(super) fn extend_rows(&self, rows: &mut Vec<f64>, width: usize) {
        let (from, to) = (self.from as usize * width, self.to as usize * width);
        rows.reserve(width);
        for column in 0..width {
            rows.push(self.interpolate(rows[from + column], rows[to + column]));
        }
    }

    fn interpolate(&self, from: f64, to: f64) -> f64 {
        from + self.share * (to - from)
    }
}

/// The result of a cut.
#[derive(Debug)]
pub(super) struct MeshCut {
    /// The new vertices, in order.
    pub(super) new_vertices: Vec<EdgeVertex>,
    /// Whether the function is positive, for every polygon.
    pub(super) positive: Vec<bool>,
}

impl Mesh {
    /// Cuts the polygons along the line on which a function is zero. The function is continuous,
    /// affine on every polygon, and given by its values at the vertices.
    ///
    /// # Errors
    /// More polygons than the limit.
    pub(super) fn cut(&mut self, values: Vec<f64>) -> Result<MeshCut, Error> {
        let mut state = CutState { values, new_vertices: Vec::new(), cuts: HashMap::new() };
        let mut positive = vec![false; self.polygons.len()];
        for index in 0..positive.len() {
            let [above, below] = state.sides(&self.polygons[index].corners);
            if !(above && below) {
                positive[index] = above;
                continue;
            }
            let corners = std::mem::take(&mut self.polygons[index].corners);
            match self.split(&mut state, &corners) {
                PolygonSplit::Whole(corners) => {
                    positive[index] = state.sum(&corners) > 0.0;
                    self.polygons[index].corners = corners;
                }
                PolygonSplit::Parts { above, below } => {
                    self.polygons[index].corners = below;
                    self.polygons.push(Polygon { corners: above, ..self.polygons[index] });
                    positive.push(true);
                }
            }
            if self.polygons.len() > self.limit {
                return Err(Error::TooManyPolygons { limit: self.limit });
            }
        }
        Ok(MeshCut { new_vertices: state.new_vertices, positive })
    }

    fn split(&mut self, state: &mut CutState, corners: &[u32]) -> PolygonSplit {
        let marked = self.mark(state, corners);
        let whole = || PolygonSplit::Whole(marked.iter().map(|(vertex, _)| *vertex).collect());
        let count = marked.len();
        let top = (0..count).max_by(|&a, &b| {
            let value = |index: usize| match marked[index] {
                (_, 0) => 0.0,
                (vertex, _) => state.values[vertex as usize],
            };
            value(a).total_cmp(&value(b))
        });
        // From the corner with the largest value both ways, to where the line enters and leaves.
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
        let large = |corners: &[u32]| self.area_of(corners) > MIN_AREA * self.area;
        if enter == leave || !large(&above) || !large(&below) {
            return whole();
        }
        PolygonSplit::Parts { above, below }
    }

    /// The corners and the vertices where the line crosses edges, each with the sign of the
    /// function.
    fn mark(&mut self, state: &mut CutState, corners: &[u32]) -> Vec<(u32, i8)> {
        let mut marked: Vec<(u32, i8)> = Vec::with_capacity(corners.len() + 2);
        let mut on_line = Vec::new();
        for (index, &from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            marked.push((from, state.side(from)));
            if state.side(from) * state.side(to) < 0 {
                match self.crossing(state, from.min(to), from.max(to)) {
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

    /// The vertex where the line crosses an edge: a new one, or an end of the edge that is nearer
    /// than [`MIN_LENGTH`].
    fn crossing(&mut self, state: &mut CutState, from: u32, to: u32) -> u32 {
        if let Some(&vertex) = state.cuts.get(&(from, to)) {
            return vertex;
        }
        let [low, high] = [from, to].map(|vertex| state.values[vertex as usize]);
        let share = low / (low - high);
        let new = EdgeVertex { from, to, share };
        let [[a, b], [c, d]] = [from, to].map(|vertex| self.vertices[vertex as usize]);
        let length = (c - a).hypot(d - b);
        let vertex = if share * length < MIN_LENGTH * self.diagonal {
            from
        } else if (1.0 - share) * length < MIN_LENGTH * self.diagonal {
            to
        } else {
            self.vertices.push([new.interpolate(a, c), new.interpolate(b, d)]);
            self.sides.push(self.sides[from as usize] & self.sides[to as usize]);
            state.values.push(0.0);
            state.new_vertices.push(new);
            self.vertices.len() as u32 - 1
        };
        state.cuts.insert((from, to), vertex);
        vertex
    }
}

/// A polygon after a cut.
enum PolygonSplit {
    /// A part would be too small. The corners, and new vertices on the edges between them.
    Whole(Vec<u32>),
    /// The corners of the parts on which the function is positive and negative.
    Parts { above: Vec<u32>, below: Vec<u32> },
}

/// A cut in progress.
struct CutState {
    /// The function at all vertices.
    values: Vec<f64>,
    new_vertices: Vec<EdgeVertex>,
    /// The vertices on edges that were cut.
    cuts: HashMap<(u32, u32), u32>,
}

impl CutState {
    /// The sign of the function at a vertex.
    fn side(&self, vertex: u32) -> i8 {
        let value = self.values[vertex as usize];
        i8::from(value > 0.0) - i8::from(value < 0.0)
    }

    /// Whether the function is positive at some of the corners, and whether it is negative at some.
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
    fn cut(mesh: &mut Mesh, [a, b, c]: [f64; 3]) -> MeshCut {
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
    fn neighbours_share_the_vertex_of_a_cut() {
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
            assert!(made.new_vertices.is_empty() && mesh.polygons.len() == 2, "{line:?}");
        }
        // The line through the centre of the diagonal cuts both triangles at one new vertex.
        let made = cut(&mut mesh, [1.0, 1.0, -1.0]);
        assert_eq!((mesh.polygons.len(), made.new_vertices.len()), (4, 1));
        assert_eq!(areas(&mesh), [0.25; 4]);
    }

    #[test]
    fn vertices_that_are_not_corners_are_removed() {
        let mut mesh = square();
        cut(&mut mesh, [1.0, 0.0, -0.5]);
        cut(&mut mesh, [0.0, 1.0, -0.5]);
        // Undo the last cut, except for the vertices that it made.
        let quarters: Vec<_> = mesh.polygons.drain(..).map(|polygon| polygon.corners).collect();
        assert_eq!(quarters.len(), 4);
        let halves = [vec![0, 4, 7, 5, 3, 6], vec![4, 1, 8, 2, 5, 7]];
        mesh.polygons.extend(halves.map(|corners| Polygon { corners, parent: 0, winner: 0 }));
        assert_eq!(mesh.tidy(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(areas(&mesh), [0.5, 0.5]);
    }
}

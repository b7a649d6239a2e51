//! The upper envelope of functions on a mesh: the parts on which each of them is the largest.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use super::mesh::{Mesh, Polygon};
use super::mesh_cut::EdgeVertex;
use crate::Error;
use tropex_kernels::Cancelled;

/// Two values at a vertex are equal if they differ by less than this share of the largest value at
/// the corners of the polygons around the vertex.
const TIE: f64 = 1e-11;

/// A family of continuous functions that are affine on every polygon of a mesh.
pub(super) trait FunctionFamily {
    /// Number of functions.
    fn count(&self) -> usize;

    /// Values of a function at the vertices of the mesh.
    fn values(&self, vertices: &[[f64; 2]], function: usize) -> Vec<f64>;

    /// Upper bound of the rounding error of a function at a point.
    fn rounding(&self, function: usize, point: [f64; 2]) -> f64;

    /// Upper bound of the [rounding error](Self::rounding) of all functions in the window.
    fn max_rounding(&self) -> f64;

    /// Receives the new vertices of a cut, in order.
    fn add_vertices(&mut self, new_vertices: &[EdgeVertex]);

    /// Receives the number of functions that the mesh has been compared with, and the number of its
    /// polygons. May cancel the work.
    fn report(&self, _functions: usize, _polygons: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Mesh {
    /// Divides every polygon into the parts on which one function is the largest. On ties the first
    /// function wins. Afterwards the parent of a polygon is the previous index of the polygon that
    /// it is a part of, and its winner is the largest function.
    ///
    /// Functions are added one after the other. Where a function exceeds the envelope so far, it
    /// takes parts of several polygons, whose union is convex and becomes one polygon.
    ///
    /// # Errors
    /// More polygons than the limit; [`Error::Cancelled`].
    pub(super) fn divide(&mut self, functions: &mut dyn FunctionFamily) -> Result<(), Error> {
        for (place, polygon) in (0..).zip(&mut self.polygons) {
            (polygon.parent, polygon.winner) = (place, 0);
        }
        let mut largest = functions.values(&self.vertices, 0);
        for function in 1..functions.count() {
            Cancelled::check(functions.report(function, self.polygons.len()))?;
            let values = functions.values(&self.vertices, function);
            let above = self.above(functions, function, &values, &largest);
            if above.iter().all(|&above| above <= 0.0) {
                continue;
            }
            let cut = self.cut(above)?;
            functions.add_vertices(&cut.new_vertices);
            largest.iter_mut().zip(&values).for_each(|(most, &x)| *most = most.max(x));
            // At a new vertex the function and the envelope are equal.
            let mut values = values;
            cut.new_vertices.iter().for_each(|vertex| vertex.extend(&mut values));
            largest.extend_from_slice(&values[largest.len()..]);
            self.assign(function as u32, &cut.positive);
        }
        Ok(())
    }

    /// The excess of a function over the envelope so far, at the vertices. It is zero where both
    /// are equal up to rounding errors. The tolerance depends on the values around the vertex,
    /// because values elsewhere in the window may be larger by orders of magnitude.
    fn above(
        &self,
        functions: &dyn FunctionFamily,
        function: usize,
        values: &[f64],
        largest: &[f64],
    ) -> Vec<f64> {
        let pairs = || values.iter().zip(largest);
        let mut above: Vec<f64> = pairs().map(|(value, most)| value - most).collect();
        let sizes: Vec<f64> = pairs().map(|(value, most)| value.abs().max(most.abs())).collect();
        let most = sizes.iter().fold(0.0_f64, |most, &size| most.max(size));
        let limit = (TIE * most).max(2.0 * functions.max_rounding());
        let is_close = |corner: u32| {
            let above = above[corner as usize];
            above != 0.0 && above.abs() <= limit
        };
        let close: Vec<bool> = (0..above.len() as u32).map(is_close).collect();
        if !close.contains(&true) {
            return above;
        }
        let mut ties = vec![0.0_f64; above.len()];
        for Polygon { corners, winner, .. } in &self.polygons {
            if !corners.iter().any(|&corner| close[corner as usize]) {
                continue;
            }
            let around = corners.iter().map(|&corner| sizes[corner as usize]);
            let around = TIE * around.fold(0.0, f64::max);
            for corner in corners.iter().map(|&corner| corner as usize).filter(|&at| close[at]) {
                let rounding = |function| functions.rounding(function, self.vertices[corner]);
                let rounding = rounding(function) + rounding(*winner as usize);
                ties[corner] = ties[corner].max(around).max(rounding);
            }
        }
        for (above, tie) in above.iter_mut().zip(ties) {
            if above.abs() <= tie {
                *above = 0.0;
            }
        }
        above
    }

    /// Makes a function the winner of polygons, and merges those with one parent.
    fn assign(&mut self, function: u32, polygons: &[bool]) {
        let mut parts = vec![0_u32; polygons.len()];
        for (polygon, _) in self.polygons.iter_mut().zip(polygons).filter(|(_, taken)| **taken) {
            polygon.winner = function;
            parts[polygon.parent as usize] += 1;
        }
        let mut several: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (index, Polygon { parent, .. }) in self.polygons.iter().enumerate() {
            if polygons[index] && parts[*parent as usize] > 1 {
                several.entry(*parent).or_default().push(index);
            }
        }
        if several.is_empty() {
            return;
        }
        for parts in several.into_values() {
            let corners = parts.iter().map(|&part| self.polygons[part].corners.as_slice());
            let Some(outline) = outline(corners) else { continue };
            parts.iter().for_each(|&part| self.polygons[part].corners.clear());
            self.polygons[parts[0]].corners = outline;
        }
        self.polygons.retain(|polygon| !polygon.corners.is_empty());
    }
}

/// The corners of the union of polygons that share edges. `None` if the union is not connected or
/// has holes, which happens only where rounding errors made polygons.
fn outline<'a>(polygons: impl Iterator<Item = &'a [u32]>) -> Option<Vec<u32>> {
    let mut edges = HashSet::new();
    for corners in polygons {
        for (index, &from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            // An edge that another polygon has in the opposite direction is inside the union.
            if !edges.remove(&(to, from)) {
                edges.insert((from, to));
            }
        }
    }
    let following: HashMap<u32, u32> = edges.iter().copied().collect();
    let start = *following.keys().min()?; // independent of the order of the hash map
    let next = |&at: &u32| following.get(&at).copied().filter(|&to| to != start);
    let outline: Vec<u32> =
        std::iter::successors(Some(start), next).take(edges.len() + 1).collect();
    (outline.len() == edges.len()).then_some(outline)
}

#[cfg(test)]
mod tests {
    use super::super::window::Window;
    use super::*;

    /// Functions `a u + b v + c`.
    struct GivenFunctions(Vec<[f64; 3]>);

    impl FunctionFamily for GivenFunctions {
        fn count(&self) -> usize {
            self.0.len()
        }

        fn values(&self, vertices: &[[f64; 2]], function: usize) -> Vec<f64> {
            let [a, b, c] = self.0[function];
            vertices.iter().map(|[u, v]| a * u + b * v + c).collect()
        }

        fn rounding(&self, _: usize, _: [f64; 2]) -> f64 {
            0.0
        }

        fn max_rounding(&self) -> f64 {
            0.0
        }

        fn add_vertices(&mut self, _: &[EdgeVertex]) {}
    }

    fn divided(planes: &[[f64; 3]]) -> Mesh {
        let mut mesh = Mesh::new(&Window::rectangle([-1.0, 1.0], [-1.0, 1.0]).unwrap(), 1000);
        mesh.divide(&mut GivenFunctions(planes.to_vec())).unwrap();
        mesh.tidy();
        mesh
    }

    fn winners(mesh: &Mesh) -> Vec<(u32, f64)> {
        let area = |polygon: &Polygon| mesh.area_of(&polygon.corners);
        let mut winners: Vec<_> =
            mesh.polygons.iter().map(|polygon| (polygon.winner, area(polygon))).collect();
        winners.sort_by_key(|(winner, _)| *winner);
        winners
    }

    #[test]
    fn every_winner_has_one_polygon() {
        // The function that wins in the middle comes last and takes parts of both others.
        let mesh = divided(&[[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.5]]);
        assert_eq!(winners(&mesh), [(0, 1.0), (1, 1.0), (2, 2.0)]);
        assert_eq!(mesh.vertices.len(), 8);
    }

    #[test]
    fn equal_functions_and_losing_functions_change_nothing() {
        let mesh =
            divided(&[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -2.0], [1.0, 0.0, -1e-15]]);
        assert_eq!(winners(&mesh), [(0, 4.0)]);
    }

    #[test]
    fn many_functions_divide_the_window_as_brute_force_does() {
        // Tangent planes of a paraboloid: each wins near its point of contact.
        let touch = |index: usize| {
            let golden = (index as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0;
            [golden, index as f64 / 50.0 - 1.0]
        };
        let planes: Vec<_> =
            (0..100).map(touch).map(|[a, b]| [2.0 * a, 2.0 * b, -(a * a + b * b)]).collect();
        let mesh = divided(&planes);
        let found = winners(&mesh);
        assert_eq!(
            found.iter().map(|(winner, _)| *winner).collect::<Vec<_>>(),
            (0..100).collect::<Vec<_>>()
        );
        assert!((found.iter().map(|(_, area)| area).sum::<f64>() - 4.0).abs() < 1e-12);
        for polygon in &mesh.polygons {
            let corners = polygon.corners.iter().map(|&corner| mesh.vertices[corner as usize]);
            let count = polygon.corners.len() as f64;
            let inside = corners.fold([0.0, 0.0], |[x, y], [u, v]| [x + u / count, y + v / count]);
            let value = |[a, b, c]: &[f64; 3]| a * inside[0] + b * inside[1] + c;
            let best = planes.iter().map(value).enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
            assert_eq!(best.unwrap().0 as u32, polygon.winner);
        }
    }
}

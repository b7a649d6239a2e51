//! Convex polygons that tile a window.

use super::window::{Window, area};

/// A polygon, counter-clockwise.
#[derive(Clone, Debug)]
pub(super) struct Polygon {
    pub(super) corners: Vec<u32>,
    /// The polygon that this one was cut from, see [`Mesh::divide`].
    pub(super) parent: u32,
    /// The largest function on it, see [`Mesh::divide`].
    pub(super) winner: u32,
}

/// Polygons without gaps or overlaps. Neighbours share the vertices of their common edge. A cut of
/// this edge depends only on the values at its ends, so that both neighbours get one new vertex.
#[derive(Clone, Debug)]
pub(super) struct Mesh {
    pub(super) vertices: Vec<[f64; 2]>,
    /// The sides of the window that each vertex lies on, a bit for each side.
    pub(super) sides: Vec<u64>,
    pub(super) polygons: Vec<Polygon>,
    /// Largest number of polygons.
    pub(super) limit: usize,
    /// Length of the window's diagonal.
    pub(super) diagonal: f64,
    /// Area of the window.
    pub(super) area: f64,
}

impl Mesh {
    /// The window as one polygon, to be cut into at most `limit` polygons.
    pub(super) fn new(window: &Window, limit: usize) -> Self {
        let vertices = window.corners().to_vec();
        let count = vertices.len();
        let [horizontal, vertical] = window.extents().map(|[low, high]| high - low);
        let corners = (0..count as u32).collect();
        Self {
            sides: (0..count).map(|corner| (1 << corner) | (1 << ((corner + 1) % count))).collect(),
            vertices,
            polygons: vec![Polygon { corners, parent: 0, winner: 0 }],
            limit,
            diagonal: horizontal.hypot(vertical),
            area: window.area(),
        }
    }

    pub(super) fn area_of(&self, corners: &[u32]) -> f64 {
        let corners: Vec<_> =
            corners.iter().map(|&corner| self.vertices[corner as usize]).collect();
        area(&corners)
    }

    /// A point inside a polygon, the mean of its corners.
    pub(super) fn inside(&self, polygon: usize) -> [f64; 2] {
        let corners = &self.polygons[polygon].corners;
        let share = 1.0 / corners.len() as f64;
        corners.iter().fold([0.0; 2], |[u, v], &corner| {
            let [a, b] = self.vertices[corner as usize];
            [u + share * a, v + share * b]
        })
    }

    /// Removes vertices that are not a corner of any polygon. Returns the old numbers of the
    /// vertices that are left, in the order of their new numbers.
    pub(super) fn tidy(&mut self) -> Vec<u32> {
        let mut meeting = vec![0_u32; self.vertices.len()];
        let corners = self.polygons.iter().flat_map(|polygon| &polygon.corners);
        corners.for_each(|&corner| meeting[corner as usize] += 1);
        // At a corner at least three polygons meet inside the window, two on a side of the window,
        // and one at a corner of the window.
        let stays =
            |vertex: usize| meeting[vertex] > 2_u32.saturating_sub(self.sides[vertex].count_ones());
        let left: Vec<u32> =
            (0..self.vertices.len() as u32).filter(|&vertex| stays(vertex as usize)).collect();
        let mut numbers = vec![u32::MAX; self.vertices.len()];
        (0..).zip(&left).for_each(|(new, &old)| numbers[old as usize] = new);
        for polygon in &mut self.polygons {
            polygon.corners.retain(|&corner| numbers[corner as usize] != u32::MAX);
            polygon.corners.iter_mut().for_each(|corner| *corner = numbers[*corner as usize]);
        }
        self.vertices = left.iter().map(|&vertex| self.vertices[vertex as usize]).collect();
        self.sides = left.iter().map(|&vertex| self.sides[vertex as usize]).collect();
        left
    }
}

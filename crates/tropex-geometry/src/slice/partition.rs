//! The polygons of a window.

use std::collections::{BTreeMap, BTreeSet};

use super::region::{ClassCell, SliceRegion};
use super::window::area;

/// Polygons that tile a window of a plane. Neighbours share the vertices of their common edge.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Partition {
    /// Plane coordinates of all corners, `[vertices]`.
    pub vertices: Vec<[f64; 2]>,
    /// The regions: one for each activation pattern in the window. Of an extracted function: one
    /// for each pair of winning terms.
    ///
    /// Different patterns may have equal affine maps, see [`Partition::linear_regions`]. A region
    /// smaller than 1e-13 of the window's area may be missing, its area then belongs to a
    /// neighbour.
    pub regions: Vec<SliceRegion>,
    /// The regions, divided where the class with the largest logit changes.
    pub cells: Vec<ClassCell>,
    /// The decision boundary: the edges between cells of different classes, as pairs of indices
    /// into [`Partition::vertices`].
    pub boundary: Vec<[usize; 2]>,
    linear_regions: usize,
}

impl Partition {
    /// A partition whose regions all count as different linear regions, until [`Partition::join`].
    pub(super) fn new(
        vertices: Vec<[f64; 2]>,
        regions: Vec<SliceRegion>,
        cells: Vec<ClassCell>,
    ) -> Self {
        let linear_regions = regions.len();
        let mut partition = Self { vertices, regions, cells, boundary: Vec::new(), linear_regions };
        let between = common_edges(partition.cells.iter().map(|cell| cell.corners.as_slice()));
        let class = |cell: usize| partition.cells[cell].class;
        let boundary = between.filter(|(_, [left, right])| class(*left) != class(*right));
        partition.boundary = boundary.map(|(edge, _)| edge).collect();
        partition
    }

    /// Plane coordinates of corners.
    pub fn outline(&self, corners: &[usize]) -> Vec<[f64; 2]> {
        corners.iter().map(|&corner| self.vertices[corner]).collect()
    }

    /// Area of the polygon with these corners.
    pub fn area(&self, corners: &[usize]) -> f64 {
        area(&self.outline(corners))
    }

    /// The region that contains a point of the plane, inside or on its border.
    pub fn region_at(&self, point: [f64; 2]) -> Option<usize> {
        self.regions.iter().position(|region| {
            let corners = self.outline(&region.corners);
            let following = corners.iter().cycle().skip(1);
            corners.iter().zip(following).all(|(&from, &to)| area(&[from, to, point]) >= 0.0)
        })
    }

    /// Number of linear regions: neighbouring regions with equal maps count as one.
    ///
    /// Maps of a network are compared exactly. Slopes of an extracted function are compared up to
    /// rounding errors of the terms that they are sums of.
    pub fn linear_regions(&self) -> usize {
        self.linear_regions
    }

    /// The pairs of regions that share an edge and fulfil a condition.
    pub(super) fn neighbours(&self, condition: impl Fn(usize, usize) -> bool) -> Vec<[usize; 2]> {
        let edges = common_edges(self.regions.iter().map(|region| region.corners.as_slice()));
        let pairs: BTreeSet<[usize; 2]> = edges.map(|(_, pair)| pair).collect();
        pairs.into_iter().filter(|[left, right]| condition(*left, *right)).collect()
    }

    /// Counts the regions of each pair as one linear region.
    pub(super) fn join(&mut self, pairs: Vec<[usize; 2]>) {
        let mut groups = UnionFind::new(self.regions.len());
        pairs.into_iter().for_each(|[left, right]| groups.join(left, right));
        self.linear_regions = groups.count();
    }
}

/// The edges that two polygons share, each with these two polygons.
fn common_edges<'a>(
    polygons: impl Iterator<Item = &'a [usize]>,
) -> impl Iterator<Item = ([usize; 2], [usize; 2])> {
    let mut edges: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
    for (polygon, corners) in polygons.enumerate() {
        for (index, &from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            edges.entry([from.min(to), from.max(to)]).or_default().push(polygon);
        }
    }
    let pair = |(edge, polygons): ([usize; 2], Vec<usize>)| Some((edge, polygons.try_into().ok()?));
    edges.into_iter().filter_map(pair)
}

/// Groups of items that are joined pair by pair (disjoint-set forest).
struct UnionFind {
    parents: Vec<usize>,
}

impl UnionFind {
    fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn root(&mut self, mut item: usize) -> usize {
        while self.parents[item] != item {
            self.parents[item] = self.parents[self.parents[item]];
            item = self.parents[item];
        }
        item
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.parents[left.max(right)] = left.min(right);
    }

    /// Number of groups.
    fn count(&self) -> usize {
        self.parents.iter().enumerate().filter(|(item, parent)| item == *parent).count()
    }
}

//! The polygons of a window.

use std::collections::{BTreeMap, HashMap};

use super::mesh::Mesh;
use super::pieces::pieces;
use super::plane::Plane;
use super::walk::Walk;
use super::window::{Window, area};
use crate::region::RegionId;
use crate::{Error, Network};

/// Maps that differ by less than this share of the largest value in the window are equal.
const EQUAL: f64 = 1e-9;

/// An affine function of plane coordinates `(u, v)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Coefficients of `u` and `v`.
    pub slope: [f64; 2],
    /// Value at `(0, 0)`.
    pub bias: f64,
}

impl Affine {
    /// Its value at a point of the plane.
    pub fn at(&self, [u, v]: [f64; 2]) -> f64 {
        self.slope[0] * u + self.slope[1] * v + self.bias
    }
}

/// A polygon on which every unit has one piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its corners counter-clockwise, as positions in [`Partition::vertices`].
    pub corners: Vec<usize>,
    /// What is computed there: of a network every logit, of an extracted function the logit of its
    /// class.
    pub maps: Vec<Affine>,
    /// Which pattern it is; of an extracted function, which pair of winning terms.
    pub id: RegionId,
}

/// The part of a region in which one class has the largest logit.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its corners counter-clockwise, as positions in [`Partition::vertices`].
    pub corners: Vec<usize>,
    /// Position of its region in [`Partition::regions`].
    pub region: usize,
    /// The class, the first on ties.
    pub class: usize,
}

/// Polygons that tile a window on a plane. Neighbours share vertices, so that common edges are the
/// same bit by bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// Plane coordinates of all corners.
    pub vertices: Vec<[f64; 2]>,
    /// One for each activation pattern in the window, of an extracted function for each pair of
    /// winning terms. Patterns may stand for the same affine map, see
    /// [`Partition::linear_regions`]. Parts with less than 1e-13 of the window's area may be
    /// missing; a neighbour has what they cover.
    pub regions: Vec<Region>,
    /// The regions again, divided where the largest logit changes.
    pub cells: Vec<Cell>,
    /// The decision boundary: edges between cells of different classes, as positions in
    /// [`Partition::vertices`].
    pub boundary: Vec<[usize; 2]>,
}

impl Partition {
    /// The regions of a network in a window on a plane, computed in f64 where the device can. No
    /// more than `limit` polygons are made on the way. Values at their corners take about a
    /// gigabyte at most; what does not fit is computed several times.
    ///
    /// # Errors
    /// A plane through another space; more polygons than the limit; values that are not finite.
    pub fn of_network(
        network: &Network,
        plane: &Plane,
        window: &Window,
        limit: usize,
    ) -> Result<Self, Error> {
        if plane.features() != network.features() {
            let what = "values of the points of a plane";
            return Err(Error::shape(what, plane.features(), network.features()));
        }
        let network = network.place(&network.placement().widest());
        let mut mesh = Mesh::new(window, limit);
        let mut walk = Walk::new(&network, plane);
        walk.cut(&mut mesh)?;
        let mut cells = mesh.clone();
        let left = walk.cut_by_class(&mut cells)?;
        let inside: Vec<_> = (0..mesh.polygons.len()).map(|region| mesh.inside(region)).collect();
        let pieces = pieces(&network, plane, &inside);
        // No corner of a region is lost when it is divided.
        let kept: HashMap<u32, usize> = left.into_iter().zip(0..).collect();
        let regions = mesh.polygons.iter().zip(pieces).map(|(polygon, region)| {
            let corners = polygon.corners.iter().filter_map(|corner| kept.get(corner).copied());
            Region { corners: corners.collect(), ..region }
        });
        let regions = regions.collect();
        let divided = cells.polygons.iter().map(|polygon| Cell {
            corners: polygon.corners.iter().map(|&corner| corner as usize).collect(),
            region: polygon.parent as usize,
            class: polygon.winner as usize,
        });
        let divided = divided.collect();
        Ok(Self::new(cells.vertices, regions, divided))
    }

    pub(super) fn new(vertices: Vec<[f64; 2]>, regions: Vec<Region>, cells: Vec<Cell>) -> Self {
        let mut partition = Self { vertices, regions, cells, boundary: Vec::new() };
        let between = common_edges(partition.cells.iter().map(|cell| cell.corners.as_slice()));
        let class = |cell: usize| partition.cells[cell].class;
        let boundary = between.filter(|(_, [left, right])| class(*left) != class(*right));
        partition.boundary = boundary.map(|(edge, _)| edge).collect();
        partition
    }

    /// Coordinates of corners.
    pub fn outline(&self, corners: &[usize]) -> Vec<[f64; 2]> {
        corners.iter().map(|&corner| self.vertices[corner]).collect()
    }

    /// Area of the polygon with these corners.
    pub fn area(&self, corners: &[usize]) -> f64 {
        area(&self.outline(corners))
    }

    /// The region that a point of the plane lies in, or on the border of.
    pub fn region_at(&self, point: [f64; 2]) -> Option<usize> {
        self.regions.iter().position(|region| {
            let corners = self.outline(&region.corners);
            let following = corners.iter().cycle().skip(1);
            corners.iter().zip(following).all(|(&from, &to)| area(&[from, to, point]) >= 0.0)
        })
    }

    /// Number of linear regions: regions that share an edge and have equal maps, up to rounding,
    /// count as one.
    pub fn linear_regions(&self) -> usize {
        let maps = self.regions.iter().flat_map(|region| {
            let corners = self.outline(&region.corners);
            region.maps.iter().flat_map(move |map| corners.clone().into_iter().map(|at| map.at(at)))
        });
        let largest = maps.fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let mut groups = Groups::new(self.regions.len());
        let edges = common_edges(self.regions.iter().map(|region| region.corners.as_slice()));
        for (_, [left, right]) in edges {
            // On a common edge they agree; so do all values if those at the other corners do.
            let corners = [left, right].map(|region| self.outline(&self.regions[region].corners));
            let maps = self.regions[left].maps.iter().zip(&self.regions[right].maps);
            let differs = |(a, b): (&Affine, &Affine)| {
                let gaps = corners.iter().flatten().map(|&at| (a.at(at) - b.at(at)).abs());
                gaps.fold(0.0, f64::max) > EQUAL * largest
            };
            if !maps.into_iter().any(differs) {
                groups.join(left, right);
            }
        }
        groups.count()
    }
}

/// Edges that two polygons share, and which these are.
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

/// Things that are put together, pair by pair.
struct Groups {
    /// Towards the one that stands for the group.
    towards: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self { towards: (0..count).collect() }
    }

    fn representative(&mut self, mut of: usize) -> usize {
        while self.towards[of] != of {
            self.towards[of] = self.towards[self.towards[of]];
            of = self.towards[of];
        }
        of
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.representative(left), self.representative(right));
        self.towards[left.max(right)] = left.min(right);
    }

    fn count(&self) -> usize {
        self.towards.iter().enumerate().filter(|(index, towards)| index == *towards).count()
    }
}

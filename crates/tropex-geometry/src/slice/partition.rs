//! The polygons of a window.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::mesh::Mesh;
use super::pieces::pieces;
use super::plane::Plane;
use super::residue::{self, Residues};
use super::walk::{SliceProgress, Walk};
use super::window::{Window, area};
use crate::Error;
use crate::RegionId;
use tropex_extract::Network;
use tropex_kernels::Precision;

/// Where a build has no f64, slopes that differ by less than this share of the larger one are equal.
const EQUAL: f64 = 1e-5;

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

    fn has_slope_of(&self, other: &Self) -> bool {
        self.slope
            .iter()
            .zip(other.slope)
            .all(|(left, right)| (left - right).abs() <= EQUAL * left.abs().max(right.abs()))
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
    linear_regions: usize,
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
        Self::of_network_watched(network, plane, window, limit, &|_| {})
    }

    /// The same; `watch` is told how far it is.
    ///
    /// # Errors
    /// As for [`Partition::of_network`].
    pub fn of_network_watched(
        network: &Network,
        plane: &Plane,
        window: &Window,
        limit: usize,
        watch: &dyn Fn(SliceProgress),
    ) -> Result<Self, Error> {
        if plane.features() != network.features() {
            let what = "values of the points of a plane";
            return Err(Error::shape(what, plane.features(), network.features()));
        }
        let network = network.to_target(&network.target().widest());
        let mut mesh = Mesh::new(window, limit);
        let walk = Walk::new(&network, plane);
        walk.cut(&mut mesh, watch)?;
        let mut cells = mesh.clone();
        let left = walk.cut_by_class(&mut cells)?;
        let inside: Vec<_> = (0..mesh.polygons.len()).map(|region| mesh.inside(region)).collect();
        let (pieces, probes) = pieces(&network, plane, &inside)?;
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
        let mut partition = Self::new(cells.vertices, regions, divided);
        let alike = partition.neighbours(|left, right| probes[left] == probes[right]);
        let equal = equal_maps(&network, plane, &inside, &partition.regions, alike)?;
        partition.join(equal);
        Ok(partition)
    }

    /// A partition of regions all of which have different maps, so far.
    pub(super) fn new(vertices: Vec<[f64; 2]>, regions: Vec<Region>, cells: Vec<Cell>) -> Self {
        let linear_regions = regions.len();
        let mut partition = Self { vertices, regions, cells, boundary: Vec::new(), linear_regions };
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

    /// Number of linear regions: regions that share an edge and have equal maps count as one. Maps
    /// of a network are compared exactly; of those of an extracted function, every slope is compared
    /// with the terms that it is the sum of.
    pub fn linear_regions(&self) -> usize {
        self.linear_regions
    }

    /// Pairs of regions that share an edge and that are alike.
    pub(super) fn neighbours(&self, are_alike: impl Fn(usize, usize) -> bool) -> Vec<[usize; 2]> {
        let edges = common_edges(self.regions.iter().map(|region| region.corners.as_slice()));
        let pairs: BTreeSet<[usize; 2]> = edges.map(|(_, pair)| pair).collect();
        pairs.into_iter().filter(|[left, right]| are_alike(*left, *right)).collect()
    }

    /// Counts regions as one linear region, pair by pair.
    pub(super) fn join(&mut self, pairs: Vec<[usize; 2]>) {
        let mut groups = Groups::new(self.regions.len());
        pairs.into_iter().for_each(|[left, right]| groups.join(left, right));
        self.linear_regions = groups.count();
    }
}

/// The pairs of regions, of those that may be equal, that have equal maps. Neighbours agree on their
/// common edge, so that it takes no more than equal slopes.
fn equal_maps(
    network: &Network,
    plane: &Plane,
    inside: &[[f64; 2]],
    regions: &[Region],
    mut pairs: Vec<[usize; 2]>,
) -> Result<Vec<[usize; 2]>, Error> {
    if network.target().on_cpu().precision() != Precision::F64 {
        pairs.retain(|pair| {
            let [left, right] = pair.map(|region| regions[region].maps.iter());
            left.zip(right).all(|(left, right)| left.has_slope_of(right))
        });
        return Ok(pairs);
    }
    let open: Vec<usize> =
        pairs.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let points: Vec<_> = open.iter().map(|&region| inside[region]).collect();
    let slopes = residue::slopes(network, plane, &points)?;
    let slopes: HashMap<usize, Residues> = open.into_iter().zip(slopes).collect();
    pairs.retain(|[left, right]| slopes[left] == slopes[right]);
    Ok(pairs)
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

//! The regions of an extracted function on a plane.

use std::ops::ControlFlow;

use super::mesh::Mesh;
use super::mesh_cut::EdgeVertex;
use super::partition::Partition;
use super::plane::Plane;
use super::region::{ClassCell, PlaneAffine, SliceRegion};
use super::subdivision::SliceProgress;
use super::upper_envelope::FunctionFamily;
use super::window::Window;
use crate::{Error, RegionId};
use tropex_extract::TermStore;
use tropex_kernels::Cancelled;

/// Rounding error of a term's value, as a share of the sum of its three absolute summands.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Two slopes are equal if they differ by at most this share of the absolute slopes of their terms.
const EQUAL: f64 = 1e-11;

/// Points along each side of the grid whose winners are added first.
const GRID: usize = 24;

/// The winning terms on a region: the extracted function is their difference there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Winners {
    /// The class of the positive term.
    pub class: usize,
    /// Index of the positive term in the store. Of equal terms the first one.
    pub positive: usize,
    /// Index of the negative term in the store. Of equal terms the first one.
    pub negative: usize,
}

/// The regions of an extracted function `N^X = F^X - G^X` in a window. The function is affine on
/// each.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TermPartition {
    /// The regions. Each has one cell, whose class is the class of the positive term.
    pub partition: Partition,
    /// The winning terms of every region.
    pub winners: Vec<Winners>,
    /// Number of positive terms that win somewhere in the window.
    pub positive_terms: usize,
    /// Number of negative terms that win somewhere in the window.
    pub negative_terms: usize,
}

impl TermPartition {
    /// The regions of the extracted function of a store, computed in f64. Reads the store once and
    /// keeps three numbers for each term.
    ///
    /// # Errors
    /// A plane through another space; more polygons than `limit`; damaged shards.
    pub fn new(
        store: &TermStore,
        plane: &Plane,
        window: &Window,
        limit: usize,
    ) -> Result<Self, Error> {
        Self::with_progress(store, plane, window, limit, &|_| ControlFlow::Continue(()))
    }

    /// Like [`TermPartition::new`]. `progress` receives the finished part of the work, in terms
    /// that were read or compared.
    ///
    /// # Errors
    /// As for [`TermPartition::new`]; [`Error::Cancelled`].
    pub fn with_progress(
        store: &TermStore,
        plane: &Plane,
        window: &Window,
        limit: usize,
        progress: &dyn Fn(SliceProgress) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let features = store.manifest().terms.features();
        if plane.features() != features {
            let what = "values of the points of a plane";
            return Err(Error::shape(what, plane.features(), features));
        }
        // Every term is read, and compared as a positive and as a negative one.
        let units = 3 * store.len();
        let report = |done: usize, regions: usize| progress(SliceProgress { done, units, regions });
        let terms = PlaneTerms::read(store, plane, &report)?;
        let mut mesh = Mesh::new(window, limit);
        let all = terms.positive();
        let per_point = all.len() / store.len().max(1);
        let show =
            |compared: usize, regions| report(store.len() + compared / per_point.max(1), regions);
        let mut positive = OrderedTerms::new(all, window, &show);
        mesh.divide(&mut positive)?;
        let first: Vec<usize> =
            mesh.polygons.iter().map(|polygon| positive.term(polygon.winner)).collect();
        let show = |compared: usize, regions| report(2 * store.len() + compared, regions);
        let mut negative = OrderedTerms::new(terms.negative.clone(), window, &show);
        mesh.divide(&mut negative)?;
        mesh.tidy();
        let pairs: Vec<_> = mesh
            .polygons
            .iter()
            .map(|polygon| (first[polygon.parent as usize], negative.term(polygon.winner)))
            .collect();
        Ok(terms.regions(&mesh, &pairs))
    }
}

/// All terms on a plane, each as the coefficients of `u` and `v` and a bias. Negative terms are
/// relative to their mean: they differ in few digits, which adding the mean would cut off.
struct PlaneTerms {
    /// Class, index in the store, and the linear term.
    linear: Vec<(usize, usize, [f64; 3])>,
    /// Negative terms by their index in the store.
    negative: Vec<[f64; 3]>,
}

impl PlaneTerms {
    fn read(
        store: &TermStore,
        plane: &Plane,
        report: &dyn Fn(usize, usize) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let [right, up] = plane.axes();
        let frame = [right.as_slice(), up.as_slice(), plane.origin()];
        let mut reference = None;
        let mut terms = Self { linear: Vec::new(), negative: Vec::new() };
        for shard in store.shards() {
            let shard = shard?;
            let reference = reference.get_or_insert_with(|| shard.mean_negative());
            for term in 0..shard.len() {
                Cancelled::check(report(shard.first + term, 1))?;
                for slot in 0..shard.per_point() {
                    let [linear, _] = shard.positive(term, slot).on_plane(reference, frame);
                    terms.linear.push((shard.class_of(term, slot), shard.first + term, linear));
                }
                let [_, negative] = shard.negative(term).on_plane(reference, frame);
                terms.negative.push(negative);
            }
        }
        Ok(terms)
    }

    fn positive(&self) -> Vec<[f64; 3]> {
        let sum = |(_, position, linear): &(usize, usize, [f64; 3])| {
            let negative = self.negative[*position];
            [0, 1, 2].map(|index| linear[index] + negative[index])
        };
        self.linear.iter().map(sum).collect()
    }

    /// The regions of a mesh from the pair of winning positive and negative terms of each polygon.
    fn regions(&self, mesh: &Mesh, pairs: &[(usize, usize)]) -> TermPartition {
        let mut winners = Vec::with_capacity(pairs.len());
        let (mut regions, mut cells, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for (region, (polygon, &(row, negative))) in mesh.polygons.iter().zip(pairs).enumerate() {
            let (class, positive, linear) = self.linear[row];
            // The difference is exactly zero if both terms are of one point.
            let [plus, minus] = [positive, negative].map(|term| self.negative[term]);
            let [u, v, bias] = [0, 1, 2].map(|at| linear[at] + (plus[at] - minus[at]));
            sizes.push([0, 1].map(|at| linear[at].abs() + plus[at].abs() + minus[at].abs()));
            let corners: Vec<_> = polygon.corners.iter().map(|&corner| corner as usize).collect();
            cells.push(ClassCell { corners: corners.clone(), region, class });
            let id = RegionId(((row as u128) << 64) | negative as u128);
            regions.push(SliceRegion {
                corners,
                maps: vec![PlaneAffine { slope: [u, v], bias }],
                id,
            });
            winners.push(Winners { class, positive, negative });
        }
        let count = |terms: Vec<usize>| {
            let mut terms = terms;
            terms.sort_unstable();
            terms.dedup();
            terms.len()
        };
        let mut partition = Partition::new(mesh.vertices.clone(), regions, cells);
        let slope = |region: usize| partition.regions[region].maps[0].slope;
        let equal = partition.neighbours(|left, right| {
            let gaps = [0, 1].map(|at| (slope(left)[at] - slope(right)[at]).abs());
            let limits = [0, 1].map(|at| EQUAL * sizes[left][at].max(sizes[right][at]));
            gaps[0] <= limits[0] && gaps[1] <= limits[1]
        });
        partition.join(equal);
        TermPartition {
            positive_terms: count(pairs.iter().map(|pair| pair.0).collect()),
            negative_terms: count(pairs.iter().map(|pair| pair.1).collect()),
            partition,
            winners,
        }
    }
}

/// Terms in the order in which they are added to the envelope. Terms that win at points of a grid
/// come first, so that the many losing terms are compared with a nearly complete envelope.
struct OrderedTerms<'a> {
    terms: Vec<[f64; 3]>,
    order: Vec<usize>,
    max_rounding: f64,
    /// Receives the number of compared terms and the number of polygons.
    report: &'a dyn Fn(usize, usize) -> ControlFlow<()>,
}

impl<'a> OrderedTerms<'a> {
    fn new(
        terms: Vec<[f64; 3]>,
        window: &Window,
        report: &'a dyn Fn(usize, usize) -> ControlFlow<()>,
    ) -> Self {
        let extents = window.extents();
        let at = |axis: usize, step: usize| {
            let [low, high] = extents[axis];
            low + (high - low) * step as f64 / (GRID - 1) as f64
        };
        let grid = (0..GRID * GRID).map(|index| [at(0, index % GRID), at(1, index / GRID)]);
        let best = |point: [f64; 2]| {
            let better = |best: usize, term: usize| {
                if value(&terms[term], point) > value(&terms[best], point) { term } else { best }
            };
            (0..terms.len()).fold(0, better)
        };
        let mut order: Vec<usize> = Vec::with_capacity(terms.len());
        let mut entered = vec![false; terms.len()];
        for term in grid.filter(|&point| window.contains(point)).map(best).chain(0..terms.len()) {
            if !std::mem::replace(&mut entered[term], true) {
                order.push(term);
            }
        }
        let corners = || window.corners().iter();
        let sizes = terms.iter().flat_map(|term| corners().map(|&corner| size(term, corner)));
        let max_rounding = ROUNDING * sizes.fold(0.0, f64::max);
        Self { terms, order, max_rounding, report }
    }

    fn term(&self, winner: u32) -> usize {
        self.order[winner as usize]
    }
}

impl FunctionFamily for OrderedTerms<'_> {
    fn count(&self) -> usize {
        self.order.len()
    }

    fn values(&self, vertices: &[[f64; 2]], function: usize) -> Vec<f64> {
        let term = &self.terms[self.order[function]];
        vertices.iter().map(|&vertex| value(term, vertex)).collect()
    }

    fn rounding(&self, function: usize, point: [f64; 2]) -> f64 {
        ROUNDING * size(&self.terms[self.order[function]], point)
    }

    fn max_rounding(&self) -> f64 {
        self.max_rounding
    }

    fn add_vertices(&mut self, _: &[EdgeVertex]) {}

    fn report(&self, functions: usize, polygons: usize) -> ControlFlow<()> {
        (self.report)(functions, polygons)
    }
}

fn value([a, b, c]: &[f64; 3], [u, v]: [f64; 2]) -> f64 {
    a * u + b * v + c
}

/// Sum of the absolute summands of a value.
fn size([a, b, c]: &[f64; 3], [u, v]: [f64; 2]) -> f64 {
    (a * u).abs() + (b * v).abs() + c.abs()
}

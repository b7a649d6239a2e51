//! The regions of a network on a plane.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use super::affine_maps::affine_maps;
use super::mesh::Mesh;
use super::modular_slopes::{self, Residues};
use super::partition::Partition;
use super::partition_progress::PartitionProgress;
use super::plane::Plane;
use super::region::{ClassCell, PlaneAffine, SliceRegion};
use super::subdivision::{SliceProgress, Subdivision};
use super::window::Window;
use crate::Error;
use tropex_extract::Network;
use tropex_kernels::Precision;

/// In a build without f64, slopes are equal if they differ by at most this share of the larger one.
const EQUAL: f64 = 1e-5;

impl Partition {
    /// The regions of a network in a window of a plane, computed in f64 if the device or this build
    /// has f64.
    ///
    /// Makes at most `limit` polygons on the way. Values at their vertices take about a gigabyte at
    /// most. Values that do not fit are computed several times.
    ///
    /// # Errors
    /// A plane through another space; more polygons than the limit; values that are not finite.
    pub fn of_network(
        network: &Network,
        plane: &Plane,
        window: &Window,
        limit: usize,
    ) -> Result<Self, Error> {
        Self::of_network_with_progress(
            network,
            plane,
            window,
            limit,
            &|_| ControlFlow::Continue(()),
        )
    }

    /// Like [`Partition::of_network`]. `progress` receives the finished part of the work.
    ///
    /// # Errors
    /// As for [`Partition::of_network`]; [`Error::Cancelled`].
    pub fn of_network_with_progress(
        network: &Network,
        plane: &Plane,
        window: &Window,
        limit: usize,
        progress: &dyn Fn(SliceProgress) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        if plane.features() != network.features() {
            let what = "values of the points of a plane";
            return Err(Error::shape(what, plane.features(), network.features()));
        }
        let network = network.to_target(&network.target().widest());
        let mut mesh = Mesh::new(window, limit);
        let stages = PartitionProgress::new(&network, progress);
        let tick = || stages.repeat();
        let subdivision = Subdivision::new(&network, plane, &tick);
        subdivision.cut(&mut mesh, &|progress| stages.cut(progress))?;
        let mut cells = mesh.clone();
        let left = subdivision.cut_by_class(&mut cells)?;
        let inside: Vec<_> = (0..mesh.polygons.len()).map(|region| mesh.inside(region)).collect();
        let (maps, probes) = affine_maps(&network, plane, &inside, &|share| stages.mapped(share))?;
        // No corner of a region is removed when the region is divided by class.
        let numbers: HashMap<u32, usize> = left.into_iter().zip(0..).collect();
        let regions = mesh.polygons.iter().zip(maps).map(|(polygon, region)| {
            let corners = polygon.corners.iter().filter_map(|corner| numbers.get(corner).copied());
            SliceRegion { corners: corners.collect(), ..region }
        });
        let regions = regions.collect();
        let cells_by_class = cells.polygons.iter().map(|polygon| ClassCell {
            corners: polygon.corners.iter().map(|&corner| corner as usize).collect(),
            region: polygon.parent as usize,
            class: polygon.winner as usize,
        });
        let cells_by_class = cells_by_class.collect();
        let mut partition = Self::new(cells.vertices, regions, cells_by_class);
        let candidates = partition.neighbours(|left, right| probes[left] == probes[right]);
        let regions = &partition.regions;
        let report = |share| stages.compared(share);
        let equal = equal_maps(&network, plane, (&inside, regions), candidates, &report)?;
        partition.join(equal);
        Ok(partition)
    }
}

/// The pairs with equal maps among pairs of neighbouring regions. Neighbours agree on their common
/// edge, so that their maps are equal if their slopes are.
fn equal_maps(
    network: &Network,
    plane: &Plane,
    (inside, regions): (&[[f64; 2]], &[SliceRegion]),
    mut pairs: Vec<[usize; 2]>,
    report: &dyn Fn(f64) -> ControlFlow<()>,
) -> Result<Vec<[usize; 2]>, Error> {
    if network.target().on_cpu().precision() != Precision::F64 {
        pairs.retain(|pair| {
            let [left, right] = pair.map(|region| regions[region].maps.iter());
            left.zip(right).all(|(left, right)| have_equal_slopes(left, right))
        });
        return Ok(pairs);
    }
    let open: Vec<usize> =
        pairs.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let points: Vec<_> = open.iter().map(|&region| inside[region]).collect();
    let slopes = modular_slopes::slopes(network, plane, &points, report)?;
    let slopes: HashMap<usize, Residues> = open.into_iter().zip(slopes).collect();
    pairs.retain(|[left, right]| slopes[left] == slopes[right]);
    Ok(pairs)
}

fn have_equal_slopes(left: &PlaneAffine, right: &PlaneAffine) -> bool {
    let mut pairs = left.slope.iter().zip(right.slope);
    pairs.all(|(left, right)| (left - right).abs() <= EQUAL * left.abs().max(right.abs()))
}

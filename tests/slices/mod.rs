//! Regions on planes through the input space: of random networks, of networks whose regions can be
//! counted in another way, and of extracted functions.

mod counts;
mod partition;
mod terms;

use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::Network;
use tropex::geometry::slice::{Partition, Plane, Window};

use crate::common::is_cubecl;
use crate::common::properties::properties;

properties! {
    partition:
        regions_tile_the_window,
        regions_have_the_maps_of_the_network,
        every_region_has_its_own_pattern;
}

/// A limit above the number of polygons in all tests.
const LIMIT: usize = 100_000;

/// Numbers between -1 and 1.
fn random(seed: u64, count: usize) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// Points of a plane as a tensor on the device and in the precision of a network.
fn placed(plane: &Plane, points: &[[f64; 2]], network: &Network) -> Tensor<2> {
    let values: Vec<f64> = points.iter().flat_map(|&point| plane.point(point)).collect();
    let dtype = network.target().precision().dtype();
    let data = TensorData::new(values, [points.len(), network.features()]).convert_dtype(dtype);
    Tensor::from_data(data, (network.target().device(), dtype))
}

/// Checks that regions and cells are convex polygons that cover the window once, and that
/// neighbours share edges.
fn check_tiling(partition: &Partition, window: &Window) -> Result<(), String> {
    let regions = partition.regions.iter().map(|region| &region.corners);
    covers(partition, regions.clone(), window.area())?;
    meets(partition, regions, window)?;
    let cells = partition.cells.iter().map(|cell| &cell.corners);
    meets(partition, cells, window)?;
    let mut parts = vec![Vec::new(); partition.regions.len()];
    partition.cells.iter().for_each(|cell| parts[cell.region].push(&cell.corners));
    for (index, (region, parts)) in partition.regions.iter().zip(parts).enumerate() {
        covers(partition, parts.into_iter(), partition.area(&region.corners))
            .map_err(|reason| format!("cells of region {index}: {reason}"))?;
    }
    Ok(())
}

fn covers<'a>(
    partition: &Partition,
    polygons: impl Iterator<Item = &'a Vec<usize>>,
    area: f64,
) -> Result<(), String> {
    let mut sum = 0.0;
    for corners in polygons {
        let area = partition.area(corners);
        if area <= 0.0 || !is_convex(&partition.outline(corners)) {
            return Err(format!("not a convex polygon: {:?}", partition.outline(corners)));
        }
        sum += area;
    }
    let error = (sum - area).abs() / area;
    if error <= 1e-9 { Ok(()) } else { Err(format!("areas add up to {sum}, not to {area}")) }
}

/// Whether a polygon is convex, up to rounding. On devices that round each batch differently,
/// corners with a tiny turn are left out.
fn is_convex(corners: &[[f64; 2]]) -> bool {
    let turns = |corners: &[[f64; 2]]| -> Vec<f64> {
        let corner = |index: usize| corners[index % corners.len()];
        let turn = |index: usize| {
            let before = corner(index + corners.len() - 1);
            let ([a, b], [c, d], [e, f]) = (before, corner(index), corner(index + 1));
            (c - a) * (f - d) - (e - c) * (d - b)
        };
        (0..corners.len()).map(turn).collect()
    };
    let least = if is_cubecl() { 1e-12 } else { -1.0 };
    let large = corners.iter().zip(turns(corners)).filter(|(_, turn)| turn.abs() > least);
    let large: Vec<_> = large.map(|(&corner, _)| corner).collect();
    turns(&large).into_iter().all(|turn| turn > -1e-10)
}

/// Checks that every edge is on the border or belongs to two polygons, one on each side.
fn meets<'a>(
    partition: &Partition,
    polygons: impl Iterator<Item = &'a Vec<usize>>,
    window: &Window,
) -> Result<(), String> {
    let edges: Vec<[usize; 2]> = polygons
        .flat_map(|corners| {
            (0..corners.len()).map(|index| [corners[index], corners[(index + 1) % corners.len()]])
        })
        .collect();
    let mut known = std::collections::HashSet::new();
    if let Some(edge) = edges.iter().find(|edge| !known.insert(**edge)) {
        return Err(format!("edge {edge:?} belongs to two polygons on the same side"));
    }
    let extents = window.extents();
    let is_border = |&[from, to]: &[usize; 2]| {
        (0..2).any(|axis| {
            let [from, to] = [from, to].map(|vertex| partition.vertices[vertex][axis]);
            from == to && extents[axis].contains(&from)
        })
    };
    let alone = edges.iter().find(|edge| !known.contains(&[edge[1], edge[0]]) && !is_border(edge));
    match alone {
        None => Ok(()),
        Some(edge) => Err(format!("edge {:?} has one polygon", partition.outline(edge))),
    }
}

//! One panel of a page of regions.

use tropex_extract::{Classes, Network, TermStore};
use tropex_geometry::slice::{Partition, TermPartition, Winners};

use super::largest_cells::{by_area, pictured_cells};
use super::map_images::{WinnerMaps, images_of_terms};
use crate::Error;
use crate::query::RegionView;

/// A partition with what a reader can ask about its cells.
#[derive(Debug)]
pub struct ExplorerPanel<'a> {
    pub(super) title: String,
    pub(super) partition: &'a Partition,
    /// The winning terms of every region, as indices of images; empty for a network.
    pub(super) winners: Vec<[i64; 2]>,
    /// The cells, the largest first.
    pub(super) cells: Vec<usize>,
    /// Places in `cells`, and the linear terms there as images, PNG in base64.
    pub(super) images: Vec<(usize, String)>,
}

impl<'a> ExplorerPanel<'a> {
    /// The regions of a network, as one of `panels` of a page.
    ///
    /// # Errors
    /// A device failure.
    pub fn of_network(
        title: String,
        network: &Network,
        partition: &'a Partition,
        view: &RegionView,
        panels: usize,
    ) -> Result<Self, Error> {
        let (cells, shape) = (by_area(partition), view.shape());
        let pictured = &cells[..cells.len().min(pictured_cells(shape, panels))];
        let points: Vec<f32> = pictured
            .iter()
            .flat_map(|&cell| view.plane.point(middle(partition, cell)).map(|value| value as f32))
            .collect();
        let images = match pictured.is_empty() {
            true => Vec::new(),
            false => {
                let terms = network.linear_terms(&points, Classes::Predicted)?;
                images_of_terms(&terms, partition, pictured, view)
            }
        };
        Ok(Self { title, partition, winners: Vec::new(), cells, images })
    }

    /// The regions of an extracted function, as one of `panels` of a page. Reads the store once.
    ///
    /// # Errors
    /// A damaged store.
    pub fn of_terms(
        title: String,
        store: &TermStore,
        found: &'a TermPartition,
        view: &RegionView,
        panels: usize,
    ) -> Result<Self, Error> {
        let (partition, shape) = (&found.partition, view.shape());
        let cells = by_area(partition);
        let pictured = &cells[..cells.len().min(pictured_cells(shape, panels))];
        let mut maps = WinnerMaps::new(found, pictured);
        let mut index = Vec::with_capacity(store.len());
        for shard in store.shards() {
            let shard = shard?;
            maps.add(&shard);
            index.extend(shard.index);
        }
        let of_images =
            |&Winners { positive, negative, .. }: &Winners| [index[positive], index[negative]];
        let winners = found.winners.iter().map(of_images).collect();
        let images = maps.images(shape);
        Ok(Self { title, partition, winners, cells, images })
    }
}

/// The mean of the corners of a cell, which lies inside because cells are convex.
pub(super) fn middle(partition: &Partition, cell: usize) -> [f64; 2] {
    let corners = partition.outline(&partition.cells[cell].corners);
    let count = corners.len().max(1) as f64;
    [0, 1].map(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / count)
}

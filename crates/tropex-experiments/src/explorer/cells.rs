//! The cells of a partition that a page contains, in a compact form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tropex_geometry::slice::Window;

use super::panel::ExplorerPanel;
use crate::render::Colour;

/// Steps of a coordinate from one side of the window to the other.
const STEPS: f64 = 65_535.0;

/// Cells as arrays in base64, little-endian. `n` is the number of cells in the page.
#[derive(Serialize)]
pub(super) struct CellArrays {
    /// Number of cells of the partition.
    pub all: usize,
    /// Number of corners, u8 `[n]`.
    counts: String,
    /// Corners, u16 `[corners, 2]`: from 0 at the left or lower side of the window to 65,535.
    corners: String,
    /// Classes, u16 `[n]`.
    classes: String,
    /// Red, green and blue, u8 `[n, 3]`.
    colours: String,
    /// Shares of the window, f32 `[n]`.
    shares: String,
    /// The class's logit on the plane: coefficients of both coordinates, and bias, f32 `[n, 3]`.
    maps: String,
    /// Indices of the images whose positive and negative terms win, i32 `[n, 2]`; empty for a
    /// network.
    winners: String,
    /// The decision boundary, u16 `[segments, 2, 2]`.
    boundary: String,
    /// Places in these arrays, and images of the maps there.
    images: Vec<(usize, String)>,
}

impl CellArrays {
    /// The largest cells of a panel, at most `most`.
    pub(super) fn of(panel: &ExplorerPanel<'_>, window: &Window, most: usize) -> Self {
        let partition = panel.partition;
        let cells = &panel.cells[..panel.cells.len().min(most)];
        let images = panel.images.iter().filter(|(place, _)| *place < cells.len()).cloned();
        let mut arrays = RawArrays::default();
        for &cell in cells {
            arrays.push(panel, window, cell);
        }
        let boundary = partition.boundary.iter().flatten();
        let boundary = boundary.flat_map(|&vertex| steps(window, partition.vertices[vertex]));
        let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
        Self {
            all: partition.cells.len(),
            counts: base64(&arrays.counts),
            corners: base64(&arrays.corners),
            classes: base64(&arrays.classes),
            colours: base64(&arrays.colours),
            shares: base64(&arrays.shares),
            maps: base64(&arrays.maps),
            winners: base64(&arrays.winners),
            boundary: base64(&boundary.flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
            images: images.collect(),
        }
    }
}

/// The arrays as bytes.
#[derive(Default)]
struct RawArrays {
    counts: Vec<u8>,
    corners: Vec<u8>,
    classes: Vec<u8>,
    colours: Vec<u8>,
    shares: Vec<u8>,
    maps: Vec<u8>,
    winners: Vec<u8>,
}

impl RawArrays {
    fn push(&mut self, panel: &ExplorerPanel<'_>, window: &Window, cell: usize) {
        let partition = panel.partition;
        let found = &partition.cells[cell];
        let region = &partition.regions[found.region];
        // More corners than 255 would take as many cuts through one cell.
        let corners = &found.corners[..found.corners.len().min(usize::from(u8::MAX))];
        self.counts.push(corners.len() as u8);
        for &corner in corners {
            let place = steps(window, partition.vertices[corner]);
            self.corners.extend(place.into_iter().flat_map(u16::to_le_bytes));
        }
        self.classes.extend((found.class.min(usize::from(u16::MAX)) as u16).to_le_bytes());
        let Colour(colour) = Colour::of_region(found.class, region.id);
        self.colours.extend(colour);
        let share = partition.area(&found.corners) / window.area();
        self.shares.extend((share as f32).to_le_bytes());
        let map = region.maps.get(found.class).or(region.maps.first());
        let numbers = map.map_or([f64::NAN; 3], |map| [map.slope[0], map.slope[1], map.bias]);
        self.maps.extend(numbers.into_iter().flat_map(|number| (number as f32).to_le_bytes()));
        if let Some(winners) = panel.winners.get(found.region) {
            self.winners.extend(winners.iter().flat_map(|&image| (image as i32).to_le_bytes()));
        }
    }
}

/// The place of a point in the window, in steps.
fn steps(window: &Window, point: [f64; 2]) -> [u16; 2] {
    let extents = window.extents();
    [0, 1].map(|axis| {
        let [low, high] = extents[axis];
        (STEPS * ((point[axis] - low) / (high - low)).clamp(0.0, 1.0)).round() as u16
    })
}

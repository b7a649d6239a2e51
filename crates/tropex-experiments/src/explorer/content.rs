//! What the template and the script of a page of regions read.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::RegionExplorer;
use super::cells::CellArrays;
use crate::Error;
use crate::render::{Colour, ImageFormat, RegionMap};

/// Largest number of cells of all panels. The others are shown by a picture behind them.
const CELLS: usize = 24_000;

/// Width of the pictures behind the cells of all panels together, in units of a drawing.
const BEHIND: f64 = 600.0;

/// The texts of the template.
#[derive(Serialize)]
pub(super) struct ExplorerContent<'a> {
    pub head: String,
    pub title: &'a str,
    pub answer: &'a str,
    pub script: &'a str,
    /// [`RegionData`] as JSON.
    pub data: String,
    /// A PNG file in base64.
    pub picture: String,
    pub footer: String,
}

/// The data of the script.
#[derive(Serialize)]
pub(super) struct RegionData<'a> {
    /// Smallest and largest value of both coordinates.
    window: [[f64; 2]; 2],
    is_in_time: bool,
    panels: Vec<PanelData<'a>>,
    points: Vec<PointData>,
    legend: Vec<LegendEntry>,
}

#[derive(Serialize)]
struct PanelData<'a> {
    title: &'a str,
    cells: CellArrays,
    /// A picture of all cells as a PNG file in base64, if the page does not contain every cell.
    behind: Option<String>,
}

#[derive(Serialize)]
struct PointData {
    at: [f64; 2],
    label: usize,
    /// Index in the split.
    index: usize,
    colour: String,
    /// The image as a PNG file in base64; `None` if points are not images.
    image: Option<String>,
}

#[derive(Serialize)]
struct LegendEntry {
    class: usize,
    name: String,
    colour: String,
}

impl<'a> RegionData<'a> {
    pub(super) fn of(page: &'a RegionExplorer<'_>) -> Result<Self, Error> {
        let view = page.view;
        let most = CELLS / page.panels.len().max(1);
        let side = BEHIND / (page.panels.len() as f64).sqrt().max(1.0);
        let panel = |panel: &'a super::ExplorerPanel<'_>| {
            let cells = CellArrays::of(panel, &view.window, most);
            let behind = (cells.all > most).then(|| {
                let drawing = RegionMap::cells(panel.partition, &view.window, side);
                drawing.encode(ImageFormat::Png).map(|file| STANDARD.encode(file))
            });
            Ok(PanelData { title: &panel.title, cells, behind: behind.transpose()? })
        };
        let image_of = |index: usize| {
            let (_, picture) = view.pictures.iter().find(|(image, _)| *image == index)?;
            Some(picture.image.base64())
        };
        let points = view.marks.iter().map(|mark| PointData {
            at: mark.at,
            label: mark.label,
            index: mark.index,
            colour: Colour::of_class(mark.label).hex(),
            image: image_of(mark.index),
        });
        let cells = page.panels.iter().flat_map(|panel| &panel.partition.cells);
        let classes: BTreeSet<usize> =
            cells.map(|cell| cell.class).chain(view.marks.iter().map(|mark| mark.label)).collect();
        let entry = |class: usize| LegendEntry {
            class,
            name: view.class_name(class),
            colour: Colour::in_legend(class).hex(),
        };
        Ok(Self {
            window: view.window.extents(),
            is_in_time: page.is_in_time,
            panels: page.panels.iter().map(panel).collect::<Result<_, Error>>()?,
            points: points.collect(),
            legend: classes.into_iter().map(entry).collect(),
        })
    }
}

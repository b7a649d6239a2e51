//! Linear regions of a network and of its extracted function on a plane through images.

use std::borrow::Borrow;
use std::ops::ControlFlow;

use tropex_extract::{Network, TermStore};
use tropex_geometry::slice::{
    FittedWindow, Partition, Plane, RegionEstimate, SliceProgress, TermPartition, Window,
};
use tropex_train::data::{Dataset, Images};
use tropex_train::run::Run;

use crate::Error;
use crate::data::Split;
use crate::render::{CaptionedImage, MarkedPoint, RegionMap, RegionPanel};
use crate::run::check_data;

/// Largest number of data points in a picture.
const MARKS: usize = 400;

/// Margin of a window that is not chosen, unless its regions are too many to draw.
const MARGIN: f64 = 0.25;

/// A window of a plane.
#[derive(Clone, Debug, PartialEq)]
pub enum SlicePlane {
    /// A window around the data points: on the input plane of a network with two inputs, else on
    /// the plane through the first images of three classes.
    Default,
    /// A window around three images on the plane through them, given by their indices.
    Through([usize; 3]),
    /// A rectangle of the input plane of a network with two inputs: least and largest value of the
    /// first input, least and largest value of the second.
    Rectangle([f64; 4]),
}

/// The choice of a window.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RegionViewSettings {
    /// The window.
    pub place: SlicePlane,
    /// Margin around the points on every side, as a share of the longer side of their bounding
    /// rectangle. A negative margin is a share of width and height and makes the window smaller;
    /// -0.5 leaves nothing. `None`: 0.25, or less if [`RegionView::fit`] finds too many regions.
    pub margin: Option<f64>,
    /// The split that points are taken from.
    pub split: Split,
    /// Largest number of polygons of a partition.
    pub limit: usize,
}

impl Default for RegionViewSettings {
    fn default() -> Self {
        Self { place: SlicePlane::Default, margin: None, split: Split::Train, limit: 100_000 }
    }
}

impl RegionViewSettings {
    /// Sets the window.
    #[must_use]
    pub fn with_place(self, place: SlicePlane) -> Self {
        Self { place, ..self }
    }

    /// Sets the margin around the points, see [`margin`](Self::margin).
    #[must_use]
    pub fn with_margin(self, margin: Option<f64>) -> Self {
        Self { margin, ..self }
    }

    /// Sets the split that points are taken from.
    #[must_use]
    pub fn with_split(self, split: Split) -> Self {
        Self { split, ..self }
    }

    /// Sets the largest number of polygons of a partition.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// A window on a plane, for partitions of a network and of its terms.
#[derive(Clone, Debug)]
pub struct RegionView {
    /// The images that the plane passes through; `None` if the plane is the input space.
    pub through: Option<[usize; 3]>,
    /// The plane.
    pub plane: Plane,
    /// The window of the plane.
    pub window: Window,
    /// Data points in the window.
    pub marks: Vec<MarkedPoint>,
    /// The images that the plane passes through, with their indices. Empty if the plane is the input
    /// space.
    pub pictures: Vec<(usize, CaptionedImage)>,
    shape: [usize; 3],
    class_names: Vec<String>,
    limit: usize,
    /// The points that a window lies around, if its margin is not chosen.
    around: Option<Vec<[f64; 2]>>,
}

impl RegionView {
    /// The window on a plane through the images of a run.
    ///
    /// # Errors
    /// [`Error::OtherData`]; [`Error::NoImage`]; three images on a line; a rectangle for a network
    /// with more than two inputs; an empty window.
    pub fn new(run: &Run, dataset: &Dataset, settings: &RegionViewSettings) -> Result<Self, Error> {
        check_data(run, dataset)?;
        let images = settings.split.of(dataset);
        let is_plane = images.features() == 2;
        let ViewGeometry { through, plane, window, marks, points } = match settings.place {
            SlicePlane::Through(through) if !is_plane => of_images(images, through, settings)?,
            SlicePlane::Default if !is_plane => {
                of_images(images, first_of_classes(images), settings)?
            }
            SlicePlane::Through(_) => {
                return Err(Error::OnlyPlane);
            }
            SlicePlane::Default => of_plane(images, None, settings)?,
            SlicePlane::Rectangle(rectangle) if is_plane => {
                of_plane(images, Some(rectangle), settings)?
            }
            SlicePlane::Rectangle(_) => {
                return Err(Error::NoInputPlane { inputs: images.features() });
            }
        };
        let class_names = (0..images.classes()).map(|class| name_of(dataset, class)).collect();
        let shape = images.shape();
        let picture = |index: usize| {
            let image = images.read(index..index + 1);
            (index, CaptionedImage::of_image(shape, &image, Vec::new()))
        };
        let pictures = through.iter().flatten().map(|&index| picture(index)).collect();
        let is_free =
            settings.margin.is_none() && !matches!(settings.place, SlicePlane::Rectangle(_));
        let around = is_free.then_some(points);
        let limit = settings.limit;
        Ok(Self { through, plane, window, marks, pictures, shape, class_names, limit, around })
    }

    /// `[channels, height, width]` of the images.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The name of a class.
    pub fn class_name(&self, class: usize) -> String {
        self.class_names.get(class).cloned().unwrap_or_else(|| format!("class {class}"))
    }

    /// Makes a window whose margin is not chosen smaller, until it has so few regions of every
    /// network that they can be drawn. The centre of the window stays. `None` if the window stays.
    ///
    /// Networks are read only if the margin is not chosen. See [`FittedWindow::around`].
    ///
    /// # Errors
    /// A network that cannot be read; a device failure.
    pub fn fit<N: Borrow<Network>>(
        &mut self,
        networks: impl IntoIterator<Item = Result<N, Error>>,
    ) -> Result<Option<FittedWindow>, Error> {
        let Some(points) = self.around.take() else { return Ok(None) };
        let (plane, window) = (&self.plane, &self.window);
        let mut smallest: Option<(Window, FittedWindow)> = None;
        for network in networks {
            let network = network?;
            let limit = self.limit;
            let smaller =
                FittedWindow::around(network.borrow(), plane, window, &points, limit, &|| {
                    ControlFlow::Continue(())
                })?;
            let margin = |(_, fitted): &(Window, FittedWindow)| fitted.margin;
            smallest =
                smallest.into_iter().chain(smaller).min_by(|a, b| margin(a).total_cmp(&margin(b)));
        }
        let Some((window, fitted)) = smallest else { return Ok(None) };
        self.marks.retain(|mark| window.contains(mark.at));
        self.window = window;
        Ok(Some(fitted))
    }

    /// The regions of a network. `progress` is called while they are found.
    ///
    /// # Errors
    /// More polygons than the limit, or values that are not finite.
    pub fn network(
        &self,
        network: &Network,
        progress: &dyn Fn(SliceProgress) -> ControlFlow<()>,
    ) -> Result<Partition, Error> {
        let (plane, window) = (&self.plane, &self.window);
        Ok(Partition::of_network_with_progress(network, plane, window, self.limit, progress)?)
    }

    /// Estimates the work of [`RegionView::network`] from the regions on the border of the window.
    ///
    /// # Errors
    /// A device failure.
    pub fn estimate(&self, network: &Network) -> Result<RegionEstimate, Error> {
        Ok(RegionEstimate::of(network, &self.plane, &self.window, self.limit, &|| {
            ControlFlow::Continue(())
        })?)
    }

    /// The regions of the extracted function.
    ///
    /// # Errors
    /// More polygons than the limit, or damaged shards.
    pub fn terms(&self, store: &TermStore) -> Result<TermPartition, Error> {
        Ok(TermPartition::new(store, &self.plane, &self.window, self.limit)?)
    }

    /// A picture of partitions, each with a title.
    pub fn region_map<'a>(&'a self, panels: Vec<RegionPanel<'a>>) -> RegionMap<'a> {
        let class_names = self.class_names.clone();
        RegionMap { window: &self.window, panels, marks: self.marks.clone(), class_names }
    }
}

/// A window of a plane.
struct ViewGeometry {
    /// The images that span the plane.
    through: Option<[usize; 3]>,
    plane: Plane,
    window: Window,
    /// Data points in the window.
    marks: Vec<MarkedPoint>,
    /// All data points on the plane.
    points: Vec<[f64; 2]>,
}

fn of_images(
    images: &Images,
    through: [usize; 3],
    settings: &RegionViewSettings,
) -> Result<ViewGeometry, Error> {
    if let Some(&image) = through.iter().find(|&&image| image >= images.len()) {
        return Err(Error::NoImage { image, split: settings.split, images: images.len() });
    }
    let [first, second, third] = through.map(|index| images.read(index..index + 1));
    let plane = Plane::through([&first, &second, &third])?;
    let mut marks = Vec::with_capacity(through.len());
    for (index, image) in through.into_iter().zip([first, second, third]) {
        let label = images.labels()[index] as usize;
        marks.push(MarkedPoint { at: plane.coordinates(&image)?, label, index });
    }
    let points: Vec<_> = marks.iter().map(|mark| mark.at).collect();
    let window = around(&points, settings)?;
    Ok(ViewGeometry { through: Some(through), plane, window, marks, points })
}

fn of_plane(
    images: &Images,
    rectangle: Option<[f64; 4]>,
    settings: &RegionViewSettings,
) -> Result<ViewGeometry, Error> {
    let values = images.read(0..images.len());
    let points = values.chunks_exact(2).zip(images.labels()).enumerate();
    let points = points.map(|(index, (point, &label))| MarkedPoint {
        at: [f64::from(point[0]), f64::from(point[1])],
        label: label as usize,
        index,
    });
    let mut marks: Vec<_> = points.collect();
    let points: Vec<_> = marks.iter().map(|mark| mark.at).collect();
    let window = match rectangle {
        None => around(&points, settings)?,
        Some([left, right, low, high]) => Window::rectangle([left, right], [low, high])?,
    };
    marks.retain(|mark| window.contains(mark.at));
    marks.truncate(MARKS);
    Ok(ViewGeometry { through: None, plane: Plane::whole(), window, marks, points })
}

fn around(points: &[[f64; 2]], settings: &RegionViewSettings) -> Result<Window, Error> {
    let margin = settings.margin.unwrap_or(MARGIN);
    if !(margin > -0.5 && margin <= 1e3) {
        return Err(Error::Margin(margin));
    }
    Ok(Window::around(points, margin)?)
}

/// The first images of the first three classes in the split, or the first three images if there are
/// fewer classes.
fn first_of_classes(images: &Images) -> [usize; 3] {
    let mut found: Vec<usize> = Vec::with_capacity(3);
    for (index, label) in images.labels().iter().enumerate() {
        if found.len() < 3 && found.iter().all(|&other| images.labels()[other] != *label) {
            found.push(index);
        }
    }
    found.try_into().unwrap_or([0, 1, 2])
}

fn name_of(dataset: &Dataset, class: usize) -> String {
    match dataset.class_names.get(class) {
        Some(name) => name.clone(),
        None => format!("class {class}"),
    }
}

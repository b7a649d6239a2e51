//! Where the linear regions of a run lie on a plane through its images, before and after
//! extraction.

use std::time::Instant;

use tropex_extract::{Network, TermStore};
use tropex_geometry::PiecewiseNodes;
use tropex_geometry::slice::{
    ESTIMATE_POINTS, Partition, Plane, SliceProgress, TermPartition, Window, estimate_regions,
};
use tropex_train::data::{Dataset, Images};
use tropex_train::run::Run;

use crate::picture::{Figure, Mark, Panel};
use crate::pipeline::check_data;
use crate::{Error, Split};

/// Data points that a picture shows at most.
const MARKS: usize = 400;

/// Which part of which plane.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// The plane of networks with two inputs, around the data points; else the plane through the
    /// first images of three classes.
    Usual,
    /// The plane through three images, given by their indices.
    Through([usize; 3]),
    /// A part of the plane of networks with two inputs: least and largest value of the first input,
    /// and of the second.
    Rectangle([f64; 4]),
}

/// What to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewSettings {
    /// The plane and the part of it.
    pub place: Place,
    /// How much wider than the points the window is on every side, as a share of the longer side
    /// of the rectangle around them; narrower if it is negative, of which at -0.5 nothing is left.
    pub margin: f64,
    /// The images that points are taken from.
    pub split: Split,
    /// Most polygons of a partition.
    pub limit: usize,
}

impl Default for ViewSettings {
    fn default() -> Self {
        Self { place: Place::Usual, margin: 0.25, split: Split::Train, limit: 100_000 }
    }
}

/// What to expect of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Regions of the network, about.
    pub regions: usize,
    /// Most polygons.
    pub limit: usize,
    /// Time to find the regions, about.
    pub seconds: f64,
}

impl Outlook {
    /// Whether the limit is likely to be met before all regions are found.
    pub fn is_beyond_limit(&self) -> bool {
        self.regions > self.limit
    }
}

/// A window on a plane through images, the same for all that is looked at.
#[derive(Clone, Debug)]
pub struct View {
    /// The images that the plane goes through; none if it is the whole input space.
    pub through: Option<[usize; 3]>,
    /// The plane.
    pub plane: Plane,
    /// The part of it.
    pub window: Window,
    /// Data points on the plane, inside the window.
    pub marks: Vec<Mark>,
    class_names: Vec<String>,
    limit: usize,
}

impl View {
    /// The window on a plane through the images of a run.
    ///
    /// # Errors
    /// Another dataset than the run's; images that are not there, or three on a line; a rectangle
    /// for networks with more than two inputs, or an empty one.
    pub fn new(run: &Run, dataset: &Dataset, settings: &ViewSettings) -> Result<Self, Error> {
        check_data(run, dataset)?;
        let images = settings.split.of(dataset);
        let is_plane = images.features() == 2;
        let (through, plane, window, marks) = match settings.place {
            Place::Through(through) if !is_plane => of_images(images, through, settings)?,
            Place::Usual if !is_plane => of_images(images, first_of_classes(images), settings)?,
            Place::Through(_) => {
                let reason = "the network has two inputs, so there is only one plane; leave out the \
                              images it should go through";
                return Err(Error::Regions(reason.into()));
            }
            Place::Usual => of_plane(images, None, settings)?,
            Place::Rectangle(rectangle) if is_plane => of_plane(images, Some(rectangle), settings)?,
            Place::Rectangle(_) => {
                let reason = format!(
                    "a window is given by two inputs, but the network has {}; choose three images \
                     for a plane instead",
                    images.features()
                );
                return Err(Error::Regions(reason));
            }
        };
        let class_names = (0..images.classes()).map(|class| name_of(dataset, class)).collect();
        Ok(Self { through, plane, window, marks, class_names, limit: settings.limit })
    }

    /// The regions of a network; `watch` is told how far it is.
    ///
    /// # Errors
    /// More than the settings allow, or values that are not finite.
    pub fn network(
        &self,
        network: &Network,
        watch: &dyn Fn(SliceProgress),
    ) -> Result<Partition, Error> {
        let (plane, window) = (&self.plane, &self.window);
        Ok(Partition::of_network_with_progress(network, plane, window, self.limit, watch)?)
    }

    /// What to expect of [`View::network`], after a look at the border of the window.
    ///
    /// # Errors
    /// A device that failed.
    pub fn outlook(&self, network: &Network) -> Result<Outlook, Error> {
        let start = Instant::now();
        let regions = estimate_regions(network, &self.plane, &self.window)?;
        let of_point = start.elapsed().as_secs_f64() / ESTIMATE_POINTS as f64;
        let nodes = PiecewiseNodes::of(network).nodes().count();
        // At every node that chooses, the corners of the regions so far go through the nodes before,
        // once to find the units that change and once to cut: on average half of the network twice.
        let points = regions.min(self.limit) * nodes;
        let seconds = of_point * points as f64;
        Ok(Outlook { regions, limit: self.limit, seconds })
    }

    /// The regions of the function that extracted terms make up.
    ///
    /// # Errors
    /// More than the settings allow, or damaged shards.
    pub fn terms(&self, store: &TermStore) -> Result<TermPartition, Error> {
        Ok(TermPartition::new(store, &self.plane, &self.window, self.limit)?)
    }

    /// A figure of partitions, each with a title.
    pub fn figure<'a>(&'a self, panels: Vec<Panel<'a>>) -> Figure<'a> {
        let class_names = self.class_names.clone();
        Figure { window: &self.window, panels, marks: self.marks.clone(), class_names }
    }
}

/// The images of a plane, the plane, the window and the data points in it.
type Parts = (Option<[usize; 3]>, Plane, Window, Vec<Mark>);

fn of_images(
    images: &Images,
    through: [usize; 3],
    settings: &ViewSettings,
) -> Result<Parts, Error> {
    if let Some(&image) = through.iter().find(|&&image| image >= images.len()) {
        return Err(Error::NoImage { image, split: settings.split, images: images.len() });
    }
    let [first, second, third] = through.map(|index| images.read(index..index + 1));
    let plane = Plane::through([&first, &second, &third])?;
    let mut marks = Vec::with_capacity(through.len());
    for (index, image) in through.into_iter().zip([first, second, third]) {
        let label = images.labels()[index] as usize;
        marks.push(Mark { at: plane.coordinates(&image)?, label });
    }
    let window = around(&marks, settings)?;
    Ok((Some(through), plane, window, marks))
}

fn of_plane(
    images: &Images,
    rectangle: Option<[f64; 4]>,
    settings: &ViewSettings,
) -> Result<Parts, Error> {
    let values = images.read(0..images.len());
    let points = values.chunks_exact(2).zip(images.labels()).map(|(point, &label)| Mark {
        at: [f64::from(point[0]), f64::from(point[1])],
        label: label as usize,
    });
    let mut marks: Vec<_> = points.collect();
    let window = match rectangle {
        None => around(&marks, settings)?,
        Some([left, right, low, high]) => Window::rectangle([left, right], [low, high])?,
    };
    marks.retain(|mark| window.contains(mark.at));
    marks.truncate(MARKS);
    Ok((None, Plane::whole(), window, marks))
}

fn around(marks: &[Mark], settings: &ViewSettings) -> Result<Window, Error> {
    if !(settings.margin > -0.5 && settings.margin <= 1e3) {
        let reason =
            format!("a margin of {}, expected more than -0.5, and up to 1000", settings.margin);
        return Err(Error::Regions(reason));
    }
    let points: Vec<_> = marks.iter().map(|mark| mark.at).collect();
    Ok(Window::around(&points, settings.margin)?)
}

/// The first images of the first three classes that come up, or the first three images if there are
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

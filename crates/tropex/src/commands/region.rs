//! `tropex region`

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tropex::experiments::query::{
    InspectOptions, NearestBoundary, RegionInspection, RegionProgress, inspect_regions,
};
use tropex::experiments::{ImagePoints, Split, pipeline};
use tropex::train::data::Dataset;

use super::choices;
use super::examples::examples;
use super::options::{DataOption, DeviceOption, open_run, seconds, whole};
use super::time_estimate::TimeEstimate;
use crate::output::{Output, StepProgress, count, table};

/// Describe the linear regions of images: the nearest boundaries, and the way from image to image.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "region runs/fcn4 --of 3,17",
    "region runs/fcn4 --of 3 --to 42 --facets --time-limit 60",
))]
pub struct RegionArgs {
    /// Folder of the run.
    run: PathBuf,
    /// Numbers of the images.
    #[arg(long, value_name = "I,J,...", value_delimiter = ',', required = true, value_parser = whole::<usize>, allow_negative_numbers = true)]
    of: Vec<usize>,
    /// Count the regions on the segment to this image, and find where the class changes.
    #[arg(long, value_name = "IMAGE", value_parser = whole::<usize>, allow_negative_numbers = true)]
    to: Option<usize>,
    /// Find the facets of each region and the largest ball inside it. Rays and steps decide most
    /// sides of the region. Each of the others takes a linear program, slow with many inputs.
    #[arg(long)]
    facets: bool,
    /// Time limit for the facets and the ball of each image; at the limit, print what is known so
    /// far.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "facets")]
    time_limit: Option<Duration>,
    /// Split of the images.
    #[arg(long, value_parser = choices::split(), default_value = "train")]
    split: Split,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    device: DeviceOption,
}

impl RegionArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let run = open_run(&self.run)?;
        let device = self.device.find()?;
        let data = self.data.open_of(&run, output)?;
        pipeline::check_data(&run, &data)?;
        let network = pipeline::network(&run, &device)?;
        let split = self.split;
        let order = self.of.clone();
        let options = InspectOptions::new(split, self.of)
            .with_shape(self.facets)
            .with_time_limit(self.time_limit)
            .with_to(self.to);
        let points = ImagePoints::new(split.of(&data), None);
        let (bar, stages) = (output.bar(), RefCell::new(StepProgress::default()));
        let estimate = TimeEstimate::new(output, "--time-limit limits the search for facets");
        let show = |RegionProgress { image, task, done, total, .. }: RegionProgress| {
            let number = order.iter().position(|&other| other == image).unwrap_or(0);
            let part = done as f64 / total.max(1) as f64;
            let share = stages.borrow_mut().share((number, order.len()), task, part);
            bar.show(share, format!("image {image}: {task}"));
            estimate.report(task, done, total, &bar);
            ControlFlow::Continue(())
        };
        let found = inspect_regions(&network, &points, &options, &show)?;
        bar.finish();
        output.result(&found, || text(&found, &data))
    }
}

fn text(found: &[RegionInspection], data: &Dataset) -> String {
    let name = |class: usize| data.class_names.get(class).cloned().unwrap_or(class.to_string());
    let rows = found.iter().map(|image| {
        let mut row = vec![image.image.to_string(), name(image.predicted)];
        row.push(image.region[..12].to_owned());
        row.extend(image.nearest.iter().map(|nearest| distance(nearest.as_ref())));
        row
    });
    let heading = ["image", "class", "region", "nearest boundary, l2", "l-infinity", "l1"];
    let mut parts = vec![table(&heading, rows.collect())];
    let touching = found.iter().filter_map(|image| Some((image.image, image.touching.as_ref()?)));
    let touching = touching.map(|(image, touching)| {
        let mut row = vec![image.to_string(), count(touching.sides)];
        row.extend(touching.beyond.iter().map(|nearest| distance(nearest.as_ref())));
        row
    });
    let heading = ["image", "boundaries at 0", "next boundary, l2", "l-infinity", "l1"];
    parts.extend(some_table(&heading, touching.collect()));
    let shapes = found.iter().filter_map(|image| Some((image.image, image.shape.as_ref()?)));
    let shapes = shapes.map(|(image, shape)| {
        let inradius = match shape.inradius {
            Some(radius) => format!("{radius:.3e}"),
            None if shape.complete => "no largest ball".into(),
            None => "not found in time".into(),
        };
        let facets = match shape.examined < shape.sides {
            true => {
                format!("{} so far, after {} sides", count(shape.facets), count(shape.examined))
            }
            false => count(shape.facets),
        };
        vec![image.to_string(), count(shape.sides), facets, inradius]
    });
    parts.extend(some_table(&["image", "sides", "facets", "inradius"], shapes.collect()));
    let ways = found.iter().filter_map(|image| Some((image.image, image.path.as_ref()?)));
    let ways = ways.map(|(image, way)| {
        let share = |at: f64| format!("at {:.4} %", 100.0 * at);
        let change = |(at, class)| format!("{}: {}", share(at), name(class));
        vec![
            format!("{image} to {}", way.to),
            format!("{:.3}", way.length),
            count(way.regions),
            way.first_crossing.map_or("-".into(), share),
            way.class_change.map_or("-".into(), change),
        ]
    });
    let heading = ["way", "length", "regions", "first boundary", "first change of class"];
    parts.extend(some_table(&heading, ways.collect()));
    parts.join("\n")
}

fn some_table(heading: &[&str], rows: Vec<Vec<String>>) -> Option<String> {
    (!rows.is_empty()).then(|| table(heading, rows))
}

fn distance(boundary: Option<&NearestBoundary>) -> String {
    boundary.map_or("none".into(), |NearestBoundary { distance, node, op, unit }| {
        format!("{distance:.3e} ({op} {node}, unit {unit})")
    })
}

//! `tropex inspect`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tropex::Network;
use tropex::experiments::data::{RANGES, RandomPoints};
use tropex::experiments::pipeline;
use tropex::extract::PointSource;
use tropex::extract::network::NodeRow;
use tropex::train::run::Run;

use super::examples::examples;
use super::options::{DeviceOption, open_run};
use crate::output::{Output, count, table};

/// Number of random images at which the network is tested for being dead.
const IMAGES: usize = 16;

/// Show the captured network of a run, layer by layer.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "inspect runs/fcn4",
    "inspect runs/fcn4 --dot | dot -Tsvg > fcn4.svg",
))]
pub struct InspectArgs {
    /// Folder of the run.
    run: PathBuf,
    /// Print the graph in the language of Graphviz instead: `tropex inspect RUN --dot | dot -Tsvg`.
    #[arg(long, conflicts_with = "json")]
    dot: bool,
    /// Unused; accepted because all other commands on a run take it.
    #[arg(long, value_name = "FOLDER", hide = true)]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceOption,
}

#[derive(Serialize)]
struct InspectOutput<'a> {
    architecture: &'a str,
    dataset: &'a str,
    input_shape: &'a [usize],
    classes: usize,
    parameters: usize,
    units: usize,
    /// Operations after the logits that the network leaves out, in order.
    left_out: Vec<String>,
    /// The node of the logits.
    output: usize,
    nodes: Vec<NodeRow<'a>>,
    warnings: Vec<String>,
}

impl InspectArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let run = open_run(&self.run)?;
        let network = pipeline::network(&run, &self.device.find()?)?;
        if self.dot {
            return output.text(&network.dot());
        }
        let captured = InspectOutput::new(&run, &network)?;
        captured.warnings.iter().for_each(|warning| output.warning(warning));
        output.result(&captured, || captured.text(&network))
    }
}

impl<'a> InspectOutput<'a> {
    fn new(run: &'a Run, network: &'a Network) -> anyhow::Result<Self> {
        Ok(Self {
            architecture: &run.config().architecture,
            dataset: &run.config().dataset,
            input_shape: network.input_shape(),
            classes: network.classes(),
            parameters: network.parameters(),
            units: network.units(),
            left_out: network.output_activations().iter().map(ToString::to_string).collect(),
            output: network.output().index(),
            nodes: network.node_rows(),
            warnings: dead(network)?.into_iter().collect(),
        })
    }

    fn text(&self, network: &Network) -> String {
        let mut lines = network.node_table(count).into_iter();
        let heading = lines.next().unwrap_or_default();
        let heading: Vec<_> = heading.iter().map(String::as_str).collect();
        format!(
            "{} on {}: {}\n{}\n{} parameters, {} units with more than one linear piece",
            self.architecture,
            self.dataset,
            network.ends_summary(),
            table(&heading, lines.collect()),
            count(self.parameters),
            count(self.units)
        )
    }
}

/// A warning if the logits of the network do not depend on the images.
fn dead(network: &Network) -> anyhow::Result<Option<String>> {
    let points = RandomPoints::new(IMAGES, network.features(), RANGES[0], 0);
    let text = format!(
        "all terms are zero: the network is dead at all {IMAGES} random images that were looked \
         at, its logits do not depend on them"
    );
    Ok(network.is_dead_at(&points.read(0..IMAGES))?.then_some(text))
}

//! `tropex inspect`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tropex::Network;
use tropex::experiments::data::{RANGES, RandomPoints};
use tropex::experiments::pipeline;
use tropex::extract::PointSource;
use tropex::extract::network::Node;
use tropex::train::run::Run;

use super::examples;
use super::options::DeviceOption;
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
    nodes: Vec<NodeOutput<'a>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct NodeOutput<'a> {
    node: usize,
    /// Nodes that it reads; 0 is the input.
    inputs: Vec<usize>,
    layer: Option<&'a str>,
    operation: &'a str,
    detail: String,
    shape: &'a [usize],
    parameters: usize,
    /// Units with more than one linear piece.
    units: usize,
}

impl InspectArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let run = Run::open(&self.run)?;
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
            nodes: (1..).zip(network.nodes()).map(|(node, of)| NodeOutput::new(node, of)).collect(),
            warnings: dead(network)?.into_iter().collect(),
        })
    }

    fn text(&self, network: &Network) -> String {
        let dropped = match self.left_out.as_slice() {
            [] => String::new(),
            left_out => format!(", {} at the output left out", left_out.join(" and ")),
        };
        format!(
            "{} on {}: input {} (node 0), {} classes{dropped}\n{}\n{} parameters, {} units with \
             more than one linear piece",
            self.architecture,
            self.dataset,
            extents(self.input_shape),
            self.classes,
            nodes(network),
            count(self.parameters),
            count(self.units)
        )
    }
}

impl<'a> NodeOutput<'a> {
    fn new(node: usize, of: &'a Node) -> Self {
        Self {
            node,
            inputs: of.inputs().iter().map(|value| value.index()).collect(),
            layer: of.layer(),
            operation: of.op().name(),
            detail: of.op().detail(),
            shape: of.shape(),
            parameters: of.op().parameters(),
            units: of.units(),
        }
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

/// The table of nodes. The column `reads` names the inputs of nodes that read other values than the
/// output of the node before. It is left out if there are no such nodes.
fn nodes(network: &Network) -> String {
    let reads: Vec<_> = (1..).zip(network.nodes()).map(|(node, of)| reads(node, of)).collect();
    let branched = reads.iter().any(|reads| !reads.is_empty());
    let heading = ["node", "reads", "layer", "operation", "output", "parameters", "units"];
    let rows = (1..).zip(network.nodes()).zip(reads).map(|((node, of), reads)| {
        vec![
            node.to_string(),
            reads,
            of.layer_summary(),
            of.summary(),
            extents(of.shape()),
            or_dash(of.op().parameters()),
            or_dash(of.units()),
        ]
    });
    if branched {
        return table(&heading, rows.collect());
    }
    let without = |mut row: Vec<String>| {
        row.remove(1);
        row
    };
    let heading = without(heading.map(str::to_owned).to_vec());
    let heading: Vec<_> = heading.iter().map(String::as_str).collect();
    table(&heading, rows.map(without).collect())
}

/// The inputs of a node; empty if it only reads the output of the node before.
fn reads(node: usize, of: &Node) -> String {
    let inputs: Vec<_> = of.inputs().iter().map(|value| value.index()).collect();
    if inputs == [node - 1] {
        return String::new();
    }
    inputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn or_dash(number: usize) -> String {
    if number == 0 { "-".into() } else { count(number) }
}

fn extents(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

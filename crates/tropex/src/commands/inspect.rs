//! `tropex inspect`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tropex::Network;
use tropex::experiments::pipeline;
use tropex::train::run::Run;

use super::options::DeviceOption;
use crate::output::{Output, count, table};

/// Show the captured network of a run, layer by layer.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Folder of the run.
    run: PathBuf,
    #[command(flatten)]
    device: DeviceOption,
}

#[derive(Serialize)]
struct Captured {
    architecture: String,
    dataset: String,
    input_shape: Vec<usize>,
    classes: usize,
    parameters: usize,
    units: usize,
    /// What the module does to the logits, in order, and is left out.
    left_out: Vec<String>,
    nodes: Vec<Layer>,
}

#[derive(Serialize)]
struct Layer {
    node: usize,
    /// Nodes it reads; 0 is the input.
    inputs: Vec<usize>,
    layer: Option<String>,
    operation: String,
    detail: String,
    shape: Vec<usize>,
    parameters: usize,
    /// Units with more than one linear piece.
    units: usize,
}

impl Inspect {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let run = Run::open(&self.run)?;
        let network = pipeline::network(&run, &self.device.find()?)?;
        let captured = Captured::new(&run, &network);
        output.result(&captured, || captured.text())
    }
}

impl Captured {
    fn new(run: &Run, network: &Network) -> Self {
        let nodes = network.nodes().iter().enumerate();
        Self {
            architecture: run.config().architecture.clone(),
            dataset: run.config().dataset.clone(),
            input_shape: network.input_shape().to_vec(),
            classes: network.classes(),
            parameters: network.parameters(),
            units: network.units(),
            left_out: network.dropped().iter().map(ToString::to_string).collect(),
            nodes: nodes
                .map(|(index, node)| Layer {
                    node: index + 1,
                    inputs: node.inputs().iter().map(|value| value.index()).collect(),
                    layer: node.layer().map(str::to_owned),
                    operation: node.op().name().to_owned(),
                    detail: node.op().detail(),
                    shape: node.shape().to_vec(),
                    parameters: node.op().parameters(),
                    units: node.units(),
                })
                .collect(),
        }
    }

    fn text(&self) -> String {
        let or_dash = |number: usize| if number == 0 { "-".into() } else { count(number) };
        let row = |layer: &Layer| {
            let inputs: Vec<_> = layer.inputs.iter().map(ToString::to_string).collect();
            vec![
                layer.node.to_string(),
                inputs.join(", "),
                layer.operation.clone(),
                layer.detail.clone(),
                layer.layer.clone().unwrap_or_default(),
                extents(&layer.shape),
                or_dash(layer.parameters),
                or_dash(layer.units),
            ]
        };
        let heading = [
            "node",
            "reads",
            "operation",
            "",
            "layer",
            "output",
            "parameters",
            "units with pieces",
        ];
        let dropped = match self.left_out.as_slice() {
            [] => String::new(),
            left_out => format!(", {} at the output left out", left_out.join(" and ")),
        };
        format!(
            "{} on {}: input {} (node 0), {} classes{dropped}\n{}\n{} parameters, {} units with \
             more than one linear piece",
            self.architecture,
            self.dataset,
            extents(&self.input_shape),
            self.classes,
            table(&heading, self.nodes.iter().map(row).collect()),
            count(self.parameters),
            count(self.units)
        )
    }
}

fn extents(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

//! The network of `tropex bounds`: an architecture, a run, or layers on the command line.

use std::path::Path;

use anyhow::{Context, bail};
use burn::tensor::Device;
use clap::Args;
use tropex::bounds::Structure;
use tropex::capture;
use tropex::experiments::pipeline;
use tropex::train::data::DatasetEntry;
use tropex::train::zoo::{Architecture, ArchitectureEntry, Classifier, LayerList};

use super::super::architecture::layers_help;
use super::super::options::{DataOption, DeviceOption, open_run};
use crate::output::Output;

/// Classes of an architecture without a dataset. The bounds do not count the layer of the logits,
/// so they do not depend on this number.
const CLASSES: usize = 10;

#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// Architecture (`tropex list` names them), or folder of a run. If both have the same name,
    /// ./NAME is the folder.
    #[arg(value_name = "ARCHITECTURE|RUN", required_unless_present_any = ["widths", "layers"])]
    network: Option<String>,
    /// Dense layers: inputs, hidden widths, classes, such as 784,784,200,80,10.
    #[arg(long, value_name = "N,N,...", conflicts_with_all = ["network", "layers"])]
    widths: Option<Widths>,
    #[arg(long, value_name = "LAYER,...", conflicts_with = "network", requires = "images",
        help = layers_help!("on images of --shape or --dataset"))]
    layers: Option<LayerList>,
    /// Shape of the images. Default: the shape that the architecture was designed for.
    #[arg(long, value_name = "C,H,W", group = "images", conflicts_with = "widths")]
    shape: Option<ImageShape>,
    /// Dataset with such images: one that `tropex list` names, or file:PATH.
    #[arg(long, group = "images", conflicts_with = "widths")]
    dataset: Option<String>,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    device: DeviceOption,
}

/// Inputs and hidden widths.
#[derive(Clone, Debug)]
struct Widths(Vec<usize>);

impl std::str::FromStr for Widths {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut widths = numbers(text)?;
        if widths.len() < 2 {
            return Err("expected at least two numbers: inputs and classes".into());
        }
        widths.pop();
        Ok(Self(widths))
    }
}

/// `[channels, height, width]`
#[derive(Clone, Copy, Debug)]
struct ImageShape([usize; 3]);

impl std::str::FromStr for ImageShape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = numbers(text)?.try_into();
        shape.map(Self).map_err(|_| "expected channels, height, width, such as 3,32,32".into())
    }
}

fn numbers(text: &str) -> Result<Vec<usize>, String> {
    let number = |number: &str| match number.trim().parse() {
        Ok(0) | Err(_) => Err(format!("`{number}` is not a whole number above 0")),
        Ok(number) => Ok(number),
    };
    text.split(',').map(number).collect()
}

impl NetworkArgs {
    /// The name of the network, and its layers.
    pub fn describe(&self, output: &Output) -> anyhow::Result<(String, Structure)> {
        if let Some(widths) = &self.widths {
            return Ok(("network".into(), widths.structure()?));
        }
        let device = self.device.find()?;
        if let Some(layers) = &self.layers {
            let shape = self.images(output)?.context("--layers needs --shape or --dataset")?;
            let structure = untrained(&layers.clone().into(), shape, &device)?;
            return Ok((layers.to_string(), structure));
        }
        let name = self.network.as_ref();
        let name = name.context("no network: name one, or give --widths or --layers")?;
        let structure = match ArchitectureEntry::find(name) {
            Ok(entry) => {
                let shape = self.images(output)?.unwrap_or(entry.images);
                untrained(&entry.into(), shape, &device)?
            }
            Err(_) if is_path(name) => {
                if self.shape.is_some() || self.dataset.is_some() {
                    bail!("a run has its own images: leave out --shape and --dataset");
                }
                Structure::trained(&pipeline::network(&open_run(Path::new(name))?, &device)?)?
            }
            Err(unknown) => bail!("{unknown}, and there is no folder `{name}` with a run"),
        };
        Ok((name.clone(), structure))
    }

    fn images(&self, output: &Output) -> anyhow::Result<Option<[usize; 3]>> {
        let Some(dataset) = &self.dataset else {
            return Ok(self.shape.map(|shape| shape.0));
        };
        Ok(Some(match DatasetEntry::find(dataset) {
            Some(entry) => entry.shape,
            None => self.data.open(dataset, None, output)?.train.shape(),
        }))
    }
}

/// Whether a name is a folder: it exists, or looks like a path.
fn is_path(name: &str) -> bool {
    Path::new(name).exists() || name.contains(std::path::is_separator) || name.starts_with('.')
}

impl Widths {
    fn structure(&self) -> anyhow::Result<Structure> {
        let (inputs, hidden) = self.0.split_first().context("no widths")?;
        let start = Structure::new(&[*inputs])?;
        Ok(hidden.iter().try_fold(start, |structure, &width| structure.dense(width))?)
    }
}

/// The structure of an architecture, which does not depend on weights.
fn untrained(
    architecture: &Architecture,
    shape: [usize; 3],
    device: &Device,
) -> anyhow::Result<Structure> {
    architecture.require_memory(shape, CLASSES, device, None)?;
    let classifier = architecture.skeleton(shape, CLASSES, device)?;
    let network = capture(&classifier, classifier.input_shape(), Classifier::forward)?;
    Ok(Structure::of(&network)?)
}

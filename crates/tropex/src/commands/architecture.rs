//! The architecture of a command: its name, or layers in a line.

use anyhow::Context;
use burn::tensor::Device;
use tropex::train::data::DatasetEntry;
use tropex::train::training::OptimizerConfig;
use tropex::train::zoo::{Architecture, LayerList};

use crate::output::Output;

/// Help of `--layers`, after the place that the layers take.
macro_rules! layers_help {
    ($place:literal) => {
        concat!(
            "Hidden layers in a line, ",
            $place,
            ", such as C32p1,BN,P,D128: C filters (k kernel 3, s stride 1, p padding 0), BN batch \
             norm, P max pool (k 2, s as k, p 0), A average pool, G global average pool, D dense, \
             DO dropout. A ReLU follows each C and D; the last layer, to the classes, is added. The \
             chapter docs/training.md describes them."
        )
    };
}
pub(super) use layers_help;

/// The architecture with a name, or of layers in a line.
pub fn find(name: Option<&str>, layers: Option<&LayerList>) -> anyhow::Result<Architecture> {
    if let Some(layers) = layers {
        return Ok(layers.clone().into());
    }
    let name = name.context("no architecture: name one, or give --layers")?;
    Architecture::find(name).map_err(|unknown| match name.parse::<LayerList>() {
        Ok(layers) => anyhow::anyhow!("{unknown}; layers in a line are given as --layers {layers}"),
        Err(_) => unknown.into(),
    })
}

/// Refuses an architecture that does not fit the images of a named dataset, before they are
/// downloaded. The images of a file are not known yet.
pub fn require_fit(
    architecture: &Architecture,
    dataset: &str,
    device: &Device,
    optimizer: Option<&OptimizerConfig>,
) -> anyhow::Result<()> {
    match DatasetEntry::find(dataset) {
        Some(entry) => {
            Ok(architecture.require_memory(entry.shape, entry.classes, device, optimizer)?)
        }
        None => Ok(()),
    }
}

/// Warns of a last hidden layer that looks like the layer to the classes, which is added.
pub fn warn_of_repeated_classes(architecture: &Architecture, classes: usize, output: &Output) {
    let Architecture::Layers(layers) = architecture else { return };
    if layers.last_width() == Some(classes) {
        output.warning(&format!(
            "D{classes} at the end of --layers is a hidden layer; the layer to the {classes} classes \
             is added behind it, so leave D{classes} out if you meant that one"
        ));
    }
}

//! Layers in a line: `C32p1,BN,P,D128`.

mod build;
mod error;
mod parse;
mod spec;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use error::{LayerMisfit, LayerProblem, ParseLayersError};

use self::spec::LayerSpec;

/// Most layers of a line.
const MAX_LAYERS: usize = 1000;

/// The hidden layers of a network in a line, separated by commas. The last dense layer, to the
/// classes, is not listed.
///
/// | layer | meaning | numbers |
/// | --- | --- | --- |
/// | `C32` | convolution with 32 filters, then ReLU | `k` kernel 3, `s` stride 1, `p` padding 0 |
/// | `BN` | batch norm after the `C` or `D` before it, before its ReLU | |
/// | `P` | max pooling | `k` window 2, `s` stride as the window, `p` padding 0 |
/// | `A` | average pooling | as for `P`; padding counts as zeros |
/// | `G` | global average pooling: the mean of each channel | |
/// | `D128` | dense layer of 128 units on the flattened values, then ReLU | |
/// | `DO0.5` | dropout of half the values, in training only | |
///
/// `k1x3` is 1 row and 3 columns, and `k3` is 3 of both. Padding is added at both ends of an axis.
/// Numbers that are the default are left out when a list is written.
///
/// ```
/// use tropex_train::zoo::LayerList;
///
/// let layers: LayerList = "C32k3s1p1, BN, Pk2s2, D128".parse()?;
/// assert_eq!(layers.to_string(), "C32p1,BN,P,D128");
/// let error = "C32,P7".parse::<LayerList>().unwrap_err();
/// assert!(error.to_string().starts_with("layer 2 (`P7`): expected P, then k window"));
/// # Ok::<(), tropex_train::zoo::ParseLayersError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LayerList(Vec<LayerSpec>);

impl LayerList {
    /// Whether a layer is a convolution.
    pub fn has_convolutions(&self) -> bool {
        self.0.iter().any(|layer| matches!(layer, LayerSpec::Conv(_)))
    }

    /// Width of the last layer, if that is a dense layer.
    pub fn last_width(&self) -> Option<usize> {
        match self.0.last()? {
            LayerSpec::Dense { width } => Some(*width),
            _ => None,
        }
    }
}

impl fmt::Display for LayerList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, layer)| {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{layer}")
        })
    }
}

/// Reads the layers. Spaces around them do not matter.
impl FromStr for LayerList {
    type Err = ParseLayersError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut layers = Vec::new();
        for (index, item) in text.split(',').map(str::trim).enumerate() {
            let refused = |problem| {
                let (position, item) = (index + 1, item.to_owned());
                ParseLayersError { position, item, problem }
            };
            let layer = parse::parse(item).map_err(refused)?;
            match misplaced(layer, &layers) {
                Some(problem) => return Err(refused(problem)),
                None => layers.push(layer),
            }
        }
        Ok(Self(layers))
    }
}

/// Why a layer cannot follow the layers before it.
fn misplaced(layer: LayerSpec, before: &[LayerSpec]) -> Option<String> {
    let last = before.last();
    let problem = match layer {
        _ if before.len() == MAX_LAYERS => {
            return Some(format!("expected at most {MAX_LAYERS} layers"));
        }
        LayerSpec::BatchNorm if !last.is_some_and(LayerSpec::takes_batch_norm) => {
            "batch norm stands between a convolution or dense layer and its ReLU, expected C or D \
             before it"
        }
        LayerSpec::Dropout { .. } if matches!(last, Some(LayerSpec::Dropout { .. })) => {
            "dropout follows dropout, expected another layer between"
        }
        _ if layer.reads_planes() && before.iter().any(LayerSpec::is_dense) => {
            "it reads images, but a dense layer before it has flattened them, expected D, BN or DO"
        }
        _ => return None,
    };
    Some(problem.to_owned())
}

impl TryFrom<String> for LayerList {
    type Error = ParseLayersError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LayerList> for String {
    fn from(layers: LayerList) -> Self {
        layers.to_string()
    }
}

#[cfg(test)]
mod tests;

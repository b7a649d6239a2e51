//! What bounds need to know of a network: its layers, without weights.

use std::fmt;

use super::{Absent, Windows};
use crate::StructureError;
use tropex_extract::Network;
use tropex_extract::ops::extents;

/// The most units of a network whose regions are bounded: beyond it a bound has more digits than
/// anyone reads, and `2^N` alone takes minutes to write down.
const MOST_UNITS: usize = 20_000_000;

/// The layers of a network up to the last one that bends. Made layer by layer, or from a captured
/// network by [`Structure::of`] and [`Structure::trained`].
#[derive(Clone, Debug)]
pub struct Structure {
    input: Vec<usize>,
    layers: Vec<Layer>,
    /// Shape of the values after the last layer.
    shape: Vec<usize>,
    /// Dimensions that the image of a region can have there.
    dimension: usize,
    /// Why the layers do not simply follow each other, if they do not.
    branch: Option<String>,
    trained: Option<Network>,
}

/// Units that bend, and the affine map before them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The affine map from the layer before.
    pub map: Map,
    /// What the units do.
    pub maximum: Maximum,
    /// Number of units.
    pub units: usize,
    /// The most dimensions that the image of a region can have where the units read it.
    pub dimension: usize,
}

/// An affine map between two layers.
#[derive(Clone, Debug, PartialEq)]
pub enum Map {
    /// Any matrix, and any offset if there is a bias.
    Dense {
        /// Whether there is an offset.
        bias: bool,
    },
    /// A convolution.
    Conv(Windows),
    /// None: the units read the layer before.
    None,
    /// Anything else, in words.
    Other(String),
}

/// What the units of a layer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maximum {
    /// `max(x, 0)`.
    Relu,
    /// `max(x, slope * x)`: inactive units pass their input on.
    LeakyRelu,
    /// The maximum of several values, as in max pooling and maxout.
    Of {
        /// The most values of a unit.
        pieces: usize,
    },
}

impl Layer {
    /// Number of hyperplanes where its units change piece: one for two pieces, and one for each
    /// pair of pooled values.
    pub fn hyperplanes(&self) -> usize {
        match self.maximum {
            Maximum::Relu | Maximum::LeakyRelu => self.units,
            Maximum::Of { pieces } => {
                let pairs = pieces.saturating_mul(pieces.saturating_sub(1)) / 2;
                self.units.saturating_mul(pairs)
            }
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.units;
        match (&self.map, self.maximum) {
            (Map::None, Maximum::Of { pieces }) => return write!(f, "max of {pieces} {units}"),
            (Map::Dense { .. }, _) => write!(f, "dense {units}")?,
            (Map::Conv(windows), _) => write!(f, "conv {}", extents(&windows.output()))?,
            (Map::None, _) => write!(f, "units {units}")?,
            (Map::Other(map), _) => write!(f, "{map} {units}")?,
        }
        match self.maximum {
            Maximum::Relu => Ok(()),
            Maximum::LeakyRelu => f.write_str(" (leaky)"),
            Maximum::Of { pieces } => write!(f, " (max of {pieces})"),
        }
    }
}

impl Structure {
    /// A network without layers, on points of a shape such as `[784]` or `[3, 32, 32]`.
    ///
    /// # Errors
    /// Points without values, or of too many.
    pub fn new(input: &[usize]) -> Result<Self, StructureError> {
        let values = input.iter().try_fold(1_usize, |values, &e| values.checked_mul(e));
        let Some(dimension @ 1..=MOST_UNITS) = values else {
            let expected = format!("at least one and at most {MOST_UNITS} values");
            return Err(StructureError::new(
                "a point to bound regions of",
                extents(input),
                expected,
            ));
        };
        let (input, shape) = (input.to_vec(), input.to_vec());
        Ok(Self { input, layers: Vec::new(), shape, dimension, branch: None, trained: None })
    }

    /// Adds a dense layer with ReLU.
    ///
    /// # Errors
    /// A width of 0, or a network too wide for bounds.
    pub fn dense(self, width: usize) -> Result<Self, StructureError> {
        let dimension = self.dimension.min(width);
        self.layer(Map::Dense { bias: true }, Maximum::Relu, vec![width], dimension)
    }

    /// Adds a dense layer of units that are each the maximum of several affine functions.
    ///
    /// # Errors
    /// A width of 0, or a network too wide for bounds.
    pub fn maxout(self, width: usize, pieces: usize) -> Result<Self, StructureError> {
        let dimension = self.dimension.min(width.saturating_mul(pieces));
        let maximum = Maximum::Of { pieces };
        self.layer(Map::Dense { bias: true }, maximum, vec![width], dimension)
    }

    /// Adds a convolution with ReLU: `filters` of extent `kernel`, with as many cells of zeros
    /// around the plane as `padding` says.
    ///
    /// # Errors
    /// No image to read, a kernel that does not fit, or a network too wide for bounds.
    pub fn conv(
        self,
        filters: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Result<Self, StructureError> {
        let planes = self.planes("a convolution")?;
        let windows = Windows::new(planes, filters, kernel, stride, padding)?;
        let output = windows.output();
        let units = output.iter().fold(1_usize, |units, &extent| units.saturating_mul(extent));
        let dimension = self.dimension.min(units);
        self.layer(Map::Conv(windows), Maximum::Relu, output.to_vec(), dimension)
    }

    /// Adds a maximum over windows.
    ///
    /// # Errors
    /// No image to read, or windows that do not fit.
    pub fn max_pool(self, kernel: [usize; 2], stride: [usize; 2]) -> Result<Self, StructureError> {
        let planes = self.planes("max pooling")?;
        let output = Windows::new(planes, planes[0], kernel, stride, [0, 0])?.output();
        let maximum = Maximum::Of { pieces: kernel[0] * kernel[1] };
        let dimension = self.dimension;
        self.layer(Map::None, maximum, output.to_vec(), dimension)
    }

    fn planes(&self, what: &str) -> Result<[usize; 3], StructureError> {
        self.shape.as_slice().try_into().map_err(|_| {
            StructureError::new(format!("values before {what}"), extents(&self.shape), "CxHxW")
        })
    }

    /// Adds a layer whose units, of a shape, read a value of so many dimensions.
    pub(super) fn layer(
        mut self,
        map: Map,
        maximum: Maximum,
        shape: Vec<usize>,
        dimension: usize,
    ) -> Result<Self, StructureError> {
        let units = shape.iter().try_fold(1_usize, |units, &extent| units.checked_mul(extent));
        let sum = units.and_then(|units| self.units().checked_add(units));
        match (units, sum) {
            (Some(1..), Some(..=MOST_UNITS)) => {}
            _ => {
                let found = format!("{} with {} before", extents(&shape), self.units());
                let expected = format!("at least one in a layer and at most {MOST_UNITS} in all");
                return Err(StructureError::new("units to bound regions of", found, expected));
            }
        }
        let units = units.unwrap_or(0);
        self.layers.push(Layer { map, maximum, units, dimension });
        self.dimension = dimension.min(units);
        self.shape = shape;
        Ok(self)
    }

    pub(super) fn with_branch(self, branch: Option<String>) -> Self {
        Self { branch, ..self }
    }

    pub(super) fn with_weights(self, network: &Network) -> Self {
        Self { trained: Some(network.clone()), ..self }
    }

    /// Shape of a point.
    pub fn input_shape(&self) -> &[usize] {
        &self.input
    }

    /// Number of inputs, `n_0`.
    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// The layers that bend, in the order of execution.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Number of units that bend, `N`.
    pub fn units(&self) -> usize {
        self.layers.iter().map(|layer| layer.units).sum()
    }

    pub(super) fn trained_network(&self) -> Option<&Network> {
        self.trained.as_ref()
    }

    /// Refuses networks whose layers do not simply follow each other.
    pub(super) fn chain(&self) -> Result<&[Layer], Absent> {
        match &self.branch {
            None => Ok(&self.layers),
            Some(branch) => Err(Absent::not_applicable(branch.clone())),
        }
    }

    /// Widths of the layers if all are dense with bias and ReLU.
    pub(super) fn dense_widths(&self) -> Result<Vec<usize>, Absent> {
        let width = |(index, layer): (usize, &Layer)| match (&layer.map, layer.maximum) {
            (Map::Dense { bias: true }, Maximum::Relu) => Ok(layer.units),
            (Map::Dense { bias: false }, _) => {
                Err(Absent::not_applicable(format!("layer {} has no bias", index + 1)))
            }
            _ => {
                let reason = format!("layer {} ({layer}) is not dense with ReLU", index + 1);
                Err(Absent::not_applicable(reason))
            }
        };
        let widths: Vec<_> =
            self.chain()?.iter().enumerate().map(width).collect::<Result<_, _>>()?;
        if widths.is_empty() { Err(Absent::not_applicable("no hidden layers")) } else { Ok(widths) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_never_grow_and_shapes_follow() {
        let structure =
            Structure::new(&[1, 6, 6]).unwrap().conv(2, [3, 3], [1, 1], [0, 0]).unwrap();
        let structure = structure.max_pool([2, 2], [2, 2]).unwrap().dense(20).unwrap();
        let text: Vec<_> = structure.layers().iter().map(ToString::to_string).collect();
        assert_eq!(text, ["conv 2x4x4", "max of 4 8", "dense 20"]);
        let dimensions: Vec<_> = structure.layers().iter().map(|layer| layer.dimension).collect();
        assert_eq!((dimensions, structure.units()), (vec![32, 32, 8], 60));
        let hyperplanes: Vec<_> = structure.layers().iter().map(Layer::hyperplanes).collect();
        assert_eq!(hyperplanes, [32, 48, 20]);
    }

    #[test]
    fn layers_that_cannot_be_are_refused() {
        let image = Structure::new(&[1, 4, 4]).unwrap();
        let refused = |structure: Result<Structure, StructureError>, part: &str| {
            let error = structure.unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        refused(image.clone().dense(0), "found 0 with 0 before");
        refused(image.clone().dense(usize::MAX), "at most 20000000 in all");
        refused(image.clone().conv(1, [5, 5], [1, 1], [0, 0]), "5x5");
        refused(image.clone().conv(1, [2, 2], [0, 1], [0, 0]), "stride");
        refused(Structure::new(&[usize::MAX, 3]), "a point");
        refused(Structure::new(&[3, 0]), "3x0");
        refused(image.dense(5).unwrap().max_pool([2, 2], [2, 2]), "values before max pooling");
    }
}

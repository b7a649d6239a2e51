//! The structure of a network: its layers, without weights.

mod captured;
mod conv_shape;

use std::fmt;

use crate::{BoundError, StructureError};
pub use conv_shape::ConvShape;
pub(crate) use conv_shape::WindowAxis;
use tropex_extract::Network;
use tropex_extract::ops::extents;

/// Largest number of units. The decimal digits of `2^N` take minutes to write for a larger `N`.
const MAX_UNITS: usize = 20_000_000;

/// The hidden layers of a network and the affine maps between them. Made layer by layer, or from a
/// captured network by [`Structure::of`] and [`Structure::trained`].
#[derive(Clone, Debug)]
pub struct Structure {
    input: Vec<usize>,
    layers: Vec<HiddenLayer>,
    /// Shape of the output of the last layer.
    shape: Vec<usize>,
    /// Upper bound of the dimension of the image of a region there.
    dimension: usize,
    /// The first branch, in words. `None` for a chain of layers.
    branch: Option<String>,
    trained: Option<Network>,
}

/// A hidden layer: units with several pieces, and the affine map before them.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenLayer {
    /// The affine map from the previous layer.
    pub map: AffineMap,
    /// The activation of the units.
    pub activation: LayerActivation,
    /// Number of units.
    pub units: usize,
    /// Upper bound of the dimension of the image of a region at the input of the units.
    pub dimension: usize,
}

/// An affine map between two layers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AffineMap {
    /// A dense layer.
    Dense {
        /// Whether the layer has a bias.
        bias: bool,
    },
    /// A convolution.
    Conv(ConvShape),
    /// No map: the units read the output of the previous layer.
    None,
    /// Another map, in words.
    Other(String),
}

/// The activation of the units of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerActivation {
    /// `max(x, 0)`.
    Relu,
    /// `max(x, slope * x)`. The output of an inactive unit still depends on its input.
    LeakyRelu,
    /// The maximum of several values, as in max pooling and maxout.
    Of {
        /// Largest number of values of a unit.
        pieces: usize,
    },
}

impl HiddenLayer {
    /// Number of hyperplanes on which the units change their piece: one for a unit with two pieces,
    /// and one for each pair of values of a maximum.
    pub fn hyperplanes(&self) -> usize {
        match self.activation {
            LayerActivation::Relu | LayerActivation::LeakyRelu => self.units,
            LayerActivation::Of { pieces } => {
                let pairs = pieces.saturating_mul(pieces.saturating_sub(1)) / 2;
                self.units.saturating_mul(pairs)
            }
        }
    }
}

impl fmt::Display for HiddenLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.units;
        match (&self.map, self.activation) {
            (AffineMap::None, LayerActivation::Of { pieces }) => {
                return write!(f, "max of {pieces} {units}");
            }
            (AffineMap::Dense { .. }, _) => write!(f, "dense {units}")?,
            (AffineMap::Conv(windows), _) => write!(f, "conv {}", extents(&windows.output()))?,
            (AffineMap::None, _) => write!(f, "units {units}")?,
            (AffineMap::Other(map), _) => write!(f, "{map} {units}")?,
        }
        match self.activation {
            LayerActivation::Relu => Ok(()),
            LayerActivation::LeakyRelu => f.write_str(" (leaky)"),
            LayerActivation::Of { pieces } => write!(f, " (max of {pieces})"),
        }
    }
}

impl Structure {
    /// A network without layers. `input` is the shape of a point, such as `[784]` or `[3, 32, 32]`.
    ///
    /// # Errors
    /// A point without values, or with too many.
    pub fn new(input: &[usize]) -> Result<Self, StructureError> {
        let values = input.iter().try_fold(1_usize, |values, &e| values.checked_mul(e));
        let Some(dimension @ 1..=MAX_UNITS) = values else {
            let expected = format!("at least one and at most {MAX_UNITS} values");
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
        self.layer(AffineMap::Dense { bias: true }, LayerActivation::Relu, vec![width], dimension)
    }

    /// Adds a dense maxout layer: each unit is the maximum of several affine functions.
    ///
    /// # Errors
    /// A width of 0, or a network too wide for bounds.
    pub fn maxout(self, width: usize, pieces: usize) -> Result<Self, StructureError> {
        let dimension = self.dimension.min(width.saturating_mul(pieces));
        let activation = LayerActivation::Of { pieces };
        self.layer(AffineMap::Dense { bias: true }, activation, vec![width], dimension)
    }

    /// Adds a convolution with ReLU. `padding` is the number of zero cells at each end of an axis.
    ///
    /// # Errors
    /// The input is no image; a kernel that does not fit; a network too wide for bounds.
    pub fn conv(
        self,
        filters: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Result<Self, StructureError> {
        let planes = self.planes("a convolution")?;
        let windows = ConvShape::new(planes, filters, kernel, stride, padding)?;
        let output = windows.output();
        let units = output.iter().fold(1_usize, |units, &extent| units.saturating_mul(extent));
        let dimension = self.dimension.min(units);
        self.layer(AffineMap::Conv(windows), LayerActivation::Relu, output.to_vec(), dimension)
    }

    /// Adds a max pooling.
    ///
    /// # Errors
    /// The input is no image; windows that do not fit.
    pub fn max_pool(self, kernel: [usize; 2], stride: [usize; 2]) -> Result<Self, StructureError> {
        let planes = self.planes("max pooling")?;
        let output = ConvShape::new(planes, planes[0], kernel, stride, [0, 0])?.output();
        let activation = LayerActivation::Of { pieces: kernel[0] * kernel[1] };
        let dimension = self.dimension;
        self.layer(AffineMap::None, activation, output.to_vec(), dimension)
    }

    fn planes(&self, what: &str) -> Result<[usize; 3], StructureError> {
        self.shape.as_slice().try_into().map_err(|_| {
            StructureError::new(format!("values before {what}"), extents(&self.shape), "CxHxW")
        })
    }

    /// Adds a layer. `shape` is the shape of its units, and `dimension` bounds the dimension of the
    /// image of a region at their input.
    pub(super) fn layer(
        mut self,
        map: AffineMap,
        activation: LayerActivation,
        shape: Vec<usize>,
        dimension: usize,
    ) -> Result<Self, StructureError> {
        let units = shape.iter().try_fold(1_usize, |units, &extent| units.checked_mul(extent));
        let sum = units.and_then(|units| self.units().checked_add(units));
        match (units, sum) {
            (Some(1..), Some(..=MAX_UNITS)) => {}
            _ => {
                let found = format!("{} with {} before", extents(&shape), self.units());
                let expected = format!("at least one in a layer and at most {MAX_UNITS} in all");
                return Err(StructureError::new("units to bound regions of", found, expected));
            }
        }
        let units = units.unwrap_or(0);
        self.layers.push(HiddenLayer { map, activation, units, dimension });
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

    /// The hidden layers, in the order of execution.
    pub fn layers(&self) -> &[HiddenLayer] {
        &self.layers
    }

    /// Number of units of all hidden layers, `N`.
    pub fn units(&self) -> usize {
        self.layers.iter().map(|layer| layer.units).sum()
    }

    pub(crate) fn trained_network(&self) -> Option<&Network> {
        self.trained.as_ref()
    }

    /// The layers, if each reads only the previous one.
    pub(crate) fn chain(&self) -> Result<&[HiddenLayer], BoundError> {
        match &self.branch {
            None => Ok(&self.layers),
            Some(branch) => Err(BoundError::not_applicable(branch.clone())),
        }
    }

    /// The widths of the layers, if all are dense with bias and ReLU.
    pub(crate) fn dense_widths(&self) -> Result<Vec<usize>, BoundError> {
        let width = |(index, layer): (usize, &HiddenLayer)| match (&layer.map, layer.activation) {
            (AffineMap::Dense { bias: true }, LayerActivation::Relu) => Ok(layer.units),
            (AffineMap::Dense { bias: false }, _) => {
                Err(BoundError::not_applicable(format!("layer {} has no bias", index + 1)))
            }
            _ => {
                let reason = format!("layer {} ({layer}) is not dense with ReLU", index + 1);
                Err(BoundError::not_applicable(reason))
            }
        };
        let widths: Vec<_> =
            self.chain()?.iter().enumerate().map(width).collect::<Result<_, _>>()?;
        if widths.is_empty() {
            Err(BoundError::not_applicable("no hidden layers"))
        } else {
            Ok(widths)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_never_grow_and_layers_have_their_shapes() {
        let structure =
            Structure::new(&[1, 6, 6]).unwrap().conv(2, [3, 3], [1, 1], [0, 0]).unwrap();
        let structure = structure.max_pool([2, 2], [2, 2]).unwrap().dense(20).unwrap();
        let text: Vec<_> = structure.layers().iter().map(ToString::to_string).collect();
        assert_eq!(text, ["conv 2x4x4", "max of 4 8", "dense 20"]);
        let dimensions: Vec<_> = structure.layers().iter().map(|layer| layer.dimension).collect();
        assert_eq!((dimensions, structure.units()), (vec![32, 32, 8], 60));
        let hyperplanes: Vec<_> = structure.layers().iter().map(HiddenLayer::hyperplanes).collect();
        assert_eq!(hyperplanes, [32, 48, 20]);
    }

    #[test]
    fn impossible_layers_are_refused() {
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

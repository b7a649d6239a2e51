//! Builds the layers of a line.

use super::LayerList;
use super::error::{LayerMisfit, LayerProblem};
use super::spec::LayerSpec;
use crate::zoo::MAX_VALUES;
use crate::zoo::builder::ClassifierBuilder;

/// Most parameters of a layer. Their sum over all layers is in the range of `usize`.
const MAX_PARAMETERS: usize = 1 << 52;

impl LayerList {
    /// Adds the layers to a classifier.
    ///
    /// # Errors
    /// A layer whose windows are larger than its input, or that is beyond any memory.
    pub(in crate::zoo) fn add_to<'a>(
        &self,
        builder: ClassifierBuilder<'a>,
    ) -> Result<ClassifierBuilder<'a>, LayerMisfit> {
        let images = builder.shape();
        self.0.iter().enumerate().try_fold(builder, |builder, (index, layer)| {
            let input = builder.shape();
            let norm = self.0.get(index + 1) == Some(&LayerSpec::BatchNorm);
            let misfit = |problem| {
                let (position, layer) = (index + 1, layer.to_string());
                LayerMisfit { position, layer, input, images, problem }
            };
            layer.require_countable(input).map_err(misfit)?;
            let builder = layer.add_to(builder, norm);
            layer.require_fit(input, &builder).map_err(misfit)?;
            Ok(builder)
        })
    }
}

impl LayerSpec {
    /// Adds the layer to a classifier, with batch norm if `norm`.
    fn add_to(self, builder: ClassifierBuilder<'_>, norm: bool) -> ClassifierBuilder<'_> {
        match self {
            Self::Conv(conv) => builder.conv_block(conv, norm),
            Self::BatchNorm => builder, // part of the layer before
            Self::MaxPool(window) => builder.max_pool(window),
            Self::AveragePool(window) => builder.average_pool(window),
            Self::GlobalAveragePool => builder.global_average_pool(),
            Self::Dense { width } => builder.dense_block(width, norm),
            Self::Dropout { share } => builder.dropout(share),
        }
    }

    /// Refuses a convolution with more parameters than can be counted. A dense layer has fewer.
    fn require_countable(&self, [channels, ..]: [usize; 3]) -> Result<(), LayerProblem> {
        let Self::Conv(conv) = self else { return Ok(()) };
        let [rows, columns] = conv.window.kernel;
        let factors = [channels, conv.filters, rows, columns];
        let product = factors.iter().try_fold(1_usize, |product, &of| product.checked_mul(of));
        match product {
            Some(..=MAX_PARAMETERS) => Ok(()),
            _ => Err(LayerProblem::Parameters { most: MAX_PARAMETERS }),
        }
    }

    /// Refuses windows that do not fit, and outputs with too many values.
    fn require_fit(
        &self,
        [_, height, width]: [usize; 3],
        after: &ClassifierBuilder<'_>,
    ) -> Result<(), LayerProblem> {
        let Some(window) = self.window() else { return Ok(()) };
        if !after.fits() {
            let [rows, columns] = window.padding;
            let padded = [height + 2 * rows, width + 2 * columns];
            return Err(LayerProblem::Window { kernel: window.kernel, padded });
        }
        let output = after.shape().into_iter();
        match output.fold(1_usize, usize::saturating_mul) {
            ..=MAX_VALUES => Ok(()),
            _ => Err(LayerProblem::Values { most: MAX_VALUES }),
        }
    }
}

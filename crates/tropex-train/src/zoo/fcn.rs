//! Fully connected networks: dense layers with ReLU on the flattened image.

use super::block::Classifier;
use super::builder::Builder;

/// Hidden layers of the given widths, then the logits.
pub(super) fn build(builder: Builder<'_>, widths: &[usize]) -> Classifier {
    widths.iter().fold(builder, |builder, &width| builder.dense(width)).logits()
}

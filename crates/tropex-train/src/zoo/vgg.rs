//! Convolutional networks of the VGG kind: stages of 3x3 convolutions, each ended by pooling,
//! then one hidden dense layer. The small MNIST network is one of them.

use super::ArchitectureError;
use super::block::Classifier;
use super::builder::Builder;

/// A convolutional layer: filters and stride.
pub(super) struct Conv(pub(super) usize, pub(super) usize);

/// How a stage ends.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Pool {
    Max,
    Average,
    /// The strides of the convolutions make images smaller.
    None,
}

/// The stages of a network and what it does in each.
pub(super) struct Plan<'a> {
    pub(super) stages: &'a [&'a [Conv]],
    pub(super) pool: Pool,
    pub(super) batch_norm: bool,
    pub(super) hidden: usize,
}

/// Stages of convolutions, a hidden dense layer, the logits.
pub(super) fn build(builder: Builder<'_>, plan: &Plan) -> Result<Classifier, ArchitectureError> {
    let features = plan.stages.iter().try_fold(builder, |builder, stage| {
        let builder = stage.iter().fold(builder, |builder, &Conv(filters, stride)| {
            if plan.batch_norm {
                builder.conv_norm(filters, stride)
            } else {
                builder.conv(filters, stride)
            }
        });
        match plan.pool {
            Pool::Max => builder.max_pool(),
            Pool::Average => builder.average_pool(),
            Pool::None => Ok(builder),
        }
    })?;
    Ok(features.dense(plan.hidden).logits())
}

/// Two, three and three convolutions with 32, 64 and 128 filters, D128.
pub(super) const STANDARD: Plan<'_> = Plan {
    stages: &[
        &[Conv(32, 1), Conv(32, 1)],
        &[Conv(64, 1), Conv(64, 1), Conv(64, 1)],
        &[Conv(128, 1), Conv(128, 1), Conv(128, 1)],
    ],
    pool: Pool::Max,
    batch_norm: false,
    hidden: 128,
};

/// The same with 4, 16 and 64 filters.
pub(super) const NARROW: Plan<'_> = Plan {
    stages: &[
        &[Conv(4, 1), Conv(4, 1)],
        &[Conv(16, 1), Conv(16, 1), Conv(16, 1)],
        &[Conv(64, 1), Conv(64, 1), Conv(64, 1)],
    ],
    ..STANDARD
};

/// Narrow, with strides in place of pooling.
pub(super) const NARROW_STRIDES: Plan<'_> = Plan {
    stages: &[
        &[Conv(4, 1), Conv(4, 1)],
        &[Conv(16, 2), Conv(16, 1), Conv(16, 1)],
        &[Conv(64, 2), Conv(64, 1), Conv(64, 1)],
    ],
    pool: Pool::None,
    ..STANDARD
};

/// The convolutional network for MNIST: C32 P C64 C64 P D64.
pub(super) const MNIST: Plan<'_> =
    Plan { stages: &[&[Conv(32, 1)], &[Conv(64, 1), Conv(64, 1)]], hidden: 64, ..STANDARD };

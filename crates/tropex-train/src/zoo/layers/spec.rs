//! A layer of a line, and its text.

use std::fmt;

use crate::zoo::builder::ConvLayer;
use crate::zoo::window::LayerWindow;

/// A layer of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LayerSpec {
    /// A convolution and ReLU.
    Conv(ConvLayer),
    /// Batch norm between the layer before and its ReLU.
    BatchNorm,
    /// The maximum of each window.
    MaxPool(LayerWindow),
    /// The mean of each window.
    AveragePool(LayerWindow),
    /// The mean of each channel.
    GlobalAveragePool,
    /// A dense layer and ReLU.
    Dense { width: usize },
    /// Values that are dropped in training, as a share from 0 to below 1.
    Dropout { share: f64 },
}

/// Default kernel of a convolution.
pub(super) const CONV_KERNEL: [usize; 2] = [3, 3];

/// Default stride of a convolution.
pub(super) const CONV_STRIDE: [usize; 2] = [1, 1];

/// Default window of a pooling. The default stride is the window.
pub(super) const POOL_KERNEL: [usize; 2] = [2, 2];

/// Default padding.
pub(super) const PADDING: [usize; 2] = [0, 0];

impl LayerSpec {
    /// Whether it reads and makes the flat values of dense layers.
    pub(super) fn is_dense(&self) -> bool {
        matches!(self, Self::Dense { .. })
    }

    /// Whether it reads planes, which end with the first dense layer.
    pub(super) fn reads_planes(&self) -> bool {
        self.window().is_some() || *self == Self::GlobalAveragePool
    }

    /// Whether batch norm may follow.
    pub(super) fn takes_batch_norm(&self) -> bool {
        matches!(self, Self::Conv(_) | Self::Dense { .. })
    }

    /// The windows of a convolution or pooling.
    pub(super) fn window(&self) -> Option<&LayerWindow> {
        match self {
            Self::Conv(ConvLayer { window, .. })
            | Self::MaxPool(window)
            | Self::AveragePool(window) => Some(window),
            _ => None,
        }
    }
}

/// The text, without the numbers that are the default.
impl fmt::Display for LayerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conv(ConvLayer { filters, window }) => {
                write!(f, "C{filters}")?;
                write_window(f, window, CONV_KERNEL, CONV_STRIDE)
            }
            Self::BatchNorm => f.write_str("BN"),
            Self::MaxPool(window) => {
                f.write_str("P")?;
                write_window(f, window, POOL_KERNEL, window.kernel)
            }
            Self::AveragePool(window) => {
                f.write_str("A")?;
                write_window(f, window, POOL_KERNEL, window.kernel)
            }
            Self::GlobalAveragePool => f.write_str("G"),
            Self::Dense { width } => write!(f, "D{width}"),
            Self::Dropout { share } => write!(f, "DO{share}"),
        }
    }
}

/// Writes the numbers of a window that differ from the default kernel, stride and padding.
fn write_window(
    f: &mut fmt::Formatter<'_>,
    window: &LayerWindow,
    kernel: [usize; 2],
    stride: [usize; 2],
) -> fmt::Result {
    let numbers = [
        ('k', window.kernel, kernel),
        ('s', window.stride, stride),
        ('p', window.padding, PADDING),
    ];
    for (letter, found, default) in numbers {
        match found {
            _ if found == default => {}
            [rows, columns] if rows == columns => write!(f, "{letter}{rows}")?,
            [rows, columns] => write!(f, "{letter}{rows}x{columns}")?,
        }
    }
    Ok(())
}

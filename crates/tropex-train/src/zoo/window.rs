//! Windows of convolutions and poolings.

use burn::nn::PaddingConfig2d;

/// The windows of a convolution or pooling, as `[rows, columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LayerWindow {
    /// Cells of a window; at least 1.
    pub(super) kernel: [usize; 2],
    /// Cells from one window to the next; at least 1.
    pub(super) stride: [usize; 2],
    /// Cells that are added at each end of an axis.
    pub(super) padding: [usize; 2],
}

impl LayerWindow {
    /// Windows of 2x2 side by side, which halve a plane.
    pub(super) const HALVE: Self = Self { kernel: [2, 2], stride: [2, 2], padding: [0, 0] };

    /// Square windows of an odd width. With stride 1 their number is the number of cells.
    pub(super) const fn centred(width: usize, stride: usize) -> Self {
        Self { kernel: [width; 2], stride: [stride; 2], padding: [width / 2; 2] }
    }

    /// The number of windows along each axis of a plane `[rows, columns]`; 0 if a window is larger
    /// than the plane with its padding.
    pub(super) fn count(&self, plane: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| {
            let padded = plane[axis] + 2 * self.padding[axis];
            match padded.checked_sub(self.kernel[axis]) {
                Some(rest) => rest / self.stride[axis] + 1,
                None => 0,
            }
        })
    }

    /// The padding, equal at both ends of an axis as in PyTorch. TensorFlow's "same" with stride 2
    /// would pad below and right only, which would shift images against imported weights.
    pub(super) fn padding_config(&self) -> PaddingConfig2d {
        let [rows, columns] = self.padding;
        PaddingConfig2d::Explicit(rows, columns, rows, columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted_as_by_the_size_formula_of_pytorch() {
        let window = LayerWindow { kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
        assert_eq!(window.count([8, 8]), [4, 7]);
        assert_eq!(window.count([1, 1]), [1, 0]);
        assert_eq!(LayerWindow::HALVE.count([5, 1]), [2, 0]);
        for (extent, stride) in [(1, 1), (7, 2), (8, 2), (9, 3)] {
            let expected = usize::div_ceil(extent, stride);
            assert_eq!(LayerWindow::centred(5, stride).count([extent; 2]), [expected; 2]);
        }
    }
}

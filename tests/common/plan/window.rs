//! Windows that slide along the axes after the channels.

use super::Shape;

/// Extents and movement of a window, one entry an axis. `padding` is `(begin, end)`.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) kernel: Shape,
    pub(crate) stride: Shape,
    pub(crate) padding: Vec<(usize, usize)>,
    pub(crate) dilation: Shape,
    /// The last window may reach beyond the padding. The padding is then equal on both sides.
    pub(crate) ceil_mode: bool,
}

impl Window {
    /// A window that moves by one cell and stays inside.
    pub(crate) fn new(kernel: &[usize]) -> Self {
        let axes = kernel.len();
        Self {
            kernel: kernel.to_vec(),
            stride: vec![1; axes],
            padding: vec![(0, 0); axes],
            dilation: vec![1; axes],
            ceil_mode: false,
        }
    }

    pub(crate) fn axes(&self) -> usize {
        self.kernel.len()
    }

    /// Whether there are cells between two windows.
    pub(crate) fn leaves_gaps(&self) -> bool {
        let axis = |axis: usize| self.stride[axis] > self.dilation[axis] * self.kernel[axis];
        (0..self.axes()).any(axis)
    }

    /// Number of cells from the first to the last one of a window.
    pub(crate) fn reach(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    /// Whether at least one window fits.
    pub(crate) fn fits(&self, extents: &[usize]) -> bool {
        let padded = |axis: usize| extents[axis] + self.padding[axis].0 + self.padding[axis].1;
        (0..self.axes()).all(|axis| padded(axis) >= self.reach(axis))
    }

    /// Number of windows along every axis.
    pub(crate) fn counts(&self, extents: &[usize]) -> Shape {
        (0..self.axes()).map(|axis| self.count(axis, extents[axis])).collect()
    }

    fn count(&self, axis: usize, extent: usize) -> usize {
        let ((begin, end), stride) = (self.padding[axis], self.stride[axis]);
        let free = extent + begin + end - self.reach(axis);
        if !self.ceil_mode {
            return free / stride + 1;
        }
        // A rounded-up window must start before the padding at the end.
        let windows = free.div_ceil(stride) + 1;
        if (windows - 1) * stride >= extent + begin { windows - 1 } else { windows }
    }

    /// The input cell at an offset of a window along one axis; `None` for padding.
    pub(crate) fn cell(
        &self,
        axis: usize,
        window: usize,
        offset: usize,
        extent: usize,
    ) -> Option<usize> {
        let position = window * self.stride[axis] + offset * self.dilation[axis];
        position.checked_sub(self.padding[axis].0).filter(|&cell| cell < extent)
    }

    /// The input cell at an offset of a window along all axes; `None` for padding.
    pub(crate) fn cells(
        &self,
        window: &[usize],
        offset: &[usize],
        extents: &[usize],
    ) -> Option<Vec<usize>> {
        (0..self.axes())
            .map(|axis| self.cell(axis, window[axis], offset[axis], extents[axis]))
            .collect()
    }

    /// Whether the padding is equal on both sides of every axis.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.padding.iter().all(|(begin, end)| begin == end)
    }
}

//! The windows of convolutions and poolings over the two axes of a plane.

use std::sync::{Arc, Mutex, PoisonError};

use std::ops::Range;

use crate::sparsity::SparsityPattern;

/// Number of geometries whose patterns are cached. Networks have fewer.
const CACHED: usize = 64;

/// Sizes of planes, and the windows that map one to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowGeometry {
    /// Height and width of the input.
    pub(super) input: [usize; 2],
    /// Height and width of the output.
    pub(super) output: [usize; 2],
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    /// Padding before the first row and column.
    pub(super) padding: [usize; 2],
    pub(super) dilation: [usize; 2],
}

/// The taps of a geometry, from both sides.
#[derive(Debug)]
pub(super) struct WindowPatterns {
    /// The input cells of every output cell.
    pub(super) forward: SparsityPattern,
    /// The output cells of every input cell. Kernel cells count from the last one, so that taps of
    /// stride 1 are consecutive.
    pub(super) transposed: SparsityPattern,
}

impl WindowGeometry {
    /// The geometry of windows with this padding before and after each axis. `None` if no window
    /// fits.
    pub(super) fn new(
        input: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [(usize, usize); 2],
        dilation: [usize; 2],
    ) -> Option<Self> {
        let mut output = [0; 2];
        for axis in 0..2 {
            let padded = input[axis] + padding[axis].0 + padding[axis].1;
            let rest = padded.checked_sub(dilation[axis] * (kernel[axis] - 1) + 1)?;
            output[axis] = rest / stride[axis] + 1;
        }
        let padding = padding.map(|(before, _)| before);
        Some(Self { input, output, kernel, stride, padding, dilation })
    }

    /// Number of cells of the kernel.
    pub(super) fn kernel_cells(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The outputs along an axis that read an input through a place of the kernel.
    pub(super) fn outputs(&self, axis: usize, place: usize) -> Range<usize> {
        let (offset, padding) = (place * self.dilation[axis], self.padding[axis]);
        let first = padding.saturating_sub(offset).div_ceil(self.stride[axis]);
        let end = match (self.input[axis] - 1 + padding).checked_sub(offset) {
            Some(last) => last / self.stride[axis] + 1,
            None => 0,
        };
        first..end.min(self.output[axis]).max(first)
    }

    /// The input along an axis that an output reads through a place of the kernel, for an output of
    /// [`outputs`](Self::outputs).
    pub(super) fn input_of(&self, axis: usize, output: usize, place: usize) -> usize {
        output * self.stride[axis] + place * self.dilation[axis] - self.padding[axis]
    }

    /// The taps, from a cache.
    pub(super) fn patterns(&self) -> Arc<WindowPatterns> {
        static CACHE: Mutex<Vec<(WindowGeometry, Arc<WindowPatterns>)>> = Mutex::new(Vec::new());
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, patterns)) = cache.iter().find(|(geometry, _)| geometry == self) {
            return patterns.clone();
        }
        if cache.len() == CACHED {
            cache.remove(0);
        }
        let patterns = Arc::new(self.new_patterns());
        cache.push((*self, patterns.clone()));
        patterns
    }

    fn new_patterns(&self) -> WindowPatterns {
        let cells = |size: [usize; 2]| size[0] * size[1];
        let last = self.kernel_cells() - 1;
        let mut taps = Vec::new();
        for (row, column) in
            (0..self.kernel[0]).flat_map(|row| (0..self.kernel[1]).map(move |column| (row, column)))
        {
            let kernel = row * self.kernel[1] + column;
            for y in self.outputs(0, row) {
                for x in self.outputs(1, column) {
                    let from = self.input_of(0, y, row) * self.input[1];
                    let from = from + self.input_of(1, x, column);
                    taps.push([y * self.output[1] + x, kernel, from].map(|cell| cell as u32));
                }
            }
        }
        let transposed = taps.iter().map(|&[to, kernel, from]| [from, last as u32 - kernel, to]);
        let transposed = transposed.collect();
        let (input, output) = (cells(self.input), cells(self.output));
        WindowPatterns {
            forward: SparsityPattern::new([output, input], taps),
            transposed: SparsityPattern::new([input, output], transposed),
        }
    }
}

//! The shape of a convolution.

use crate::StructureError;
use tropex_extract::ops::Conv2d;
use tropex_extract::ops::extents;

/// The windows of a convolution along one axis of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowAxis {
    pub(crate) positions: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
}

/// The windows of a convolution and the number of its filters.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvShape {
    input: [usize; 3],
    filters: usize,
    axes: [WindowAxis; 2],
    /// A property that published formulas exclude, if the convolution has one.
    unusual: Option<&'static str>,
}

impl ConvShape {
    /// A convolution of planes with a kernel, a stride, and `padding` zero cells at each end of an
    /// axis.
    ///
    /// # Shapes
    /// - input: `[channels, height, width]`
    ///
    /// # Errors
    /// No filters, no channels, no stride, or a kernel that does not fit.
    pub fn new(
        input: [usize; 3],
        filters: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Result<Self, StructureError> {
        let refuse = |what: &str, found: String, expected: &str| {
            Err(StructureError::new(what.to_owned(), found, expected))
        };
        if filters == 0 || input.contains(&0) {
            let found = format!("{filters} filters on {}", extents(&input));
            return refuse("a convolution", found, "at least one filter, channel and cell");
        }
        if stride.contains(&0) {
            return refuse("stride", extents(&stride), "at least 1x1");
        }
        let padded =
            [0, 1].map(|axis| padding[axis].saturating_mul(2).saturating_add(input[axis + 1]));
        if kernel.contains(&0) || kernel[0] > padded[0] || kernel[1] > padded[1] {
            let expected = format!("at least 1x1 and at most {} (with padding)", extents(&padded));
            return refuse("kernel", extents(&kernel), &expected);
        }
        let axes = [0, 1].map(|axis| WindowAxis {
            positions: (padded[axis] - kernel[axis]) / stride[axis] + 1,
            kernel: kernel[axis],
            stride: stride[axis],
        });
        let unusual = (padding != [0, 0]).then_some("padding");
        Ok(Self { input, filters, axes, unusual })
    }

    /// The shape of a captured convolution.
    pub fn of(conv: &Conv2d) -> Self {
        let (spec, [input, output]) = (conv.spec(), conv.planes());
        let axes = [0, 1].map(|axis| WindowAxis {
            positions: output.extent[axis],
            kernel: conv.kernel()[axis],
            stride: spec.stride[axis],
        });
        let unusual = [
            (spec.padding != [(0, 0); 2], "padding"),
            (spec.dilation != [1, 1], "dilation"),
            (spec.groups != 1, "groups"),
            (conv.bias().is_none(), "a bias missing"),
        ];
        let unusual = unusual.into_iter().find_map(|(has, what)| has.then_some(what));
        let [height, width] = input.extent;
        let input = [input.channels, height, width];
        Self { input, filters: output.channels, axes, unusual }
    }

    /// `[filters, height, width]` of the output.
    pub fn output(&self) -> [usize; 3] {
        [self.filters, self.axes[0].positions, self.axes[1].positions]
    }

    /// Number of filters.
    pub(crate) fn filters(&self) -> usize {
        self.filters
    }

    /// Number of input channels.
    pub(crate) fn channels(&self) -> usize {
        self.input[0]
    }

    /// The windows along both axes.
    pub(crate) fn axes(&self) -> [WindowAxis; 2] {
        self.axes
    }

    /// A property that published formulas exclude, if the convolution has one.
    pub(crate) fn unusual(&self) -> Option<&'static str> {
        self.unusual
    }
}

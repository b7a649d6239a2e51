//! A network as plain data: steps, weights and the shapes between them.

/// Shape of one point, without the axis of points: `[channels, height, width]` or `[features]`.
pub(crate) type Shape = Vec<usize>;

/// A network from `input` to `classes` logits, drawn from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) input: [usize; 3],
    pub(crate) steps: Vec<Step>,
    pub(crate) classes: usize,
    pub(crate) ending: Ending,
    /// All numbers are small fractions of powers of two: sums are exact, and so are ties.
    pub(crate) exact: bool,
}

/// What the module does to its logits before it returns them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    Logits,
    Softmax,
    LogSoftmax,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Linear(Linear),
    Conv(Conv),
    BatchNorm(BatchNorm),
    AddNumber(f64),
    MultiplyNumber(f64),
    AddTensor(Broadcast),
    MultiplyTensor(Broadcast),
    Relu,
    LeakyRelu { slope: f64 },
    MaxPool(MaxPool),
    AvgPool(AvgPool),
    AdaptiveAvgPool { to: [usize; 2] },
    Dropout,
    Reshape(Shape),
    Residual { left: Vec<Step>, right: Vec<Step> },
}

/// Weights `[inputs, outputs]`, applied to the last axis.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Option<Vec<f64>>,
}

/// Weights `[channels_out, channels_in / groups, height, width]`; `padding` is `(begin, end)`.
#[derive(Clone, Debug)]
pub(crate) struct Conv {
    pub(crate) channels: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [(usize, usize); 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Option<Vec<f64>>,
}

#[derive(Clone, Debug)]
pub(crate) struct BatchNorm {
    pub(crate) gamma: Vec<f64>,
    pub(crate) beta: Vec<f64>,
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
    pub(crate) epsilon: f64,
}

/// A constant whose extents are those of the value, or 1.
#[derive(Clone, Debug)]
pub(crate) struct Broadcast {
    pub(crate) extents: Shape,
    pub(crate) values: Vec<f64>,
}

#[derive(Clone, Debug)]
pub(crate) struct MaxPool {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) ceil_mode: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct AvgPool {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) count_include_pad: bool,
    pub(crate) ceil_mode: bool,
}

impl Plan {
    pub(crate) fn features(&self) -> usize {
        self.input.iter().product()
    }

    /// Number of steps, those in branches included.
    pub(crate) fn size(&self) -> usize {
        size(&self.steps)
    }
}

impl Plan {
    /// The same network with one step fewer, in every way that leaves the shapes alone.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let smaller = smaller(&self.steps, &self.input).into_iter();
        smaller.map(|steps| Self { steps, ..self.clone() }).collect()
    }
}

fn smaller(steps: &[Step], input: &[usize]) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    let mut shape = input.to_vec();
    for (index, step) in steps.iter().enumerate() {
        let output = step.output(&shape);
        let mut replace = |by: Vec<Step>| {
            found.push([&steps[..index], &by, &steps[index + 1..]].concat());
        };
        if output == shape {
            replace(Vec::new());
        }
        if let Step::Residual { left, right } = step {
            replace(left.clone());
            replace(right.clone());
            for left in smaller(left, &shape) {
                replace(vec![Step::Residual { left, right: right.clone() }]);
            }
            for right in smaller(right, &shape) {
                replace(vec![Step::Residual { left: left.clone(), right }]);
            }
        }
        shape = output;
    }
    found
}

fn size(steps: &[Step]) -> usize {
    let of = |step: &Step| match step {
        Step::Residual { left, right } => 1 + size(left) + size(right),
        _ => 1,
    };
    steps.iter().map(of).sum()
}

impl Step {
    /// Shape of the output for an input of the given shape.
    pub(crate) fn output(&self, input: &[usize]) -> Shape {
        match self {
            Self::Linear(linear) => [&input[..input.len() - 1], &[linear.outputs]].concat(),
            Self::Conv(conv) => {
                vec![conv.channels[1], conv.windows(0, input), conv.windows(1, input)]
            }
            Self::MaxPool(pool) => vec![input[0], pool.windows(0, input), pool.windows(1, input)],
            Self::AvgPool(pool) => vec![input[0], pool.windows(0, input), pool.windows(1, input)],
            Self::AdaptiveAvgPool { to } => vec![input[0], to[0], to[1]],
            Self::Reshape(to) => to.clone(),
            Self::Residual { left, .. } => output(left, input),
            _ => input.to_vec(),
        }
    }
}

/// Shape after a list of steps.
pub(crate) fn output(steps: &[Step], input: &[usize]) -> Shape {
    steps.iter().fold(input.to_vec(), |shape, step| step.output(&shape))
}

impl Conv {
    pub(crate) fn reach(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    fn windows(&self, axis: usize, input: &[usize]) -> usize {
        let (begin, end) = self.padding[axis];
        (input[axis + 1] + begin + end - self.reach(axis)) / self.stride[axis] + 1
    }
}

impl MaxPool {
    pub(crate) fn reach(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    pub(crate) fn windows(&self, axis: usize, input: &[usize]) -> usize {
        let lengths = [input[axis + 1], self.padding[axis], self.reach(axis), self.stride[axis]];
        pooled(lengths, self.ceil_mode)
    }

    /// Input cells of a window along one axis.
    pub(crate) fn cells(&self, axis: usize, window: usize, extent: usize) -> Vec<usize> {
        let positions = (0..self.kernel[axis])
            .map(|offset| window * self.stride[axis] + offset * self.dilation[axis]);
        let inside = positions.filter_map(|position| position.checked_sub(self.padding[axis]));
        inside.filter(|&cell| cell < extent).collect()
    }
}

impl AvgPool {
    pub(crate) fn windows(&self, axis: usize, input: &[usize]) -> usize {
        let lengths = [input[axis + 1], self.padding[axis], self.kernel[axis], self.stride[axis]];
        pooled(lengths, self.ceil_mode)
    }
}

/// Number of windows; a rounded-up one must start before the padding at the end.
fn pooled([extent, padding, reach, stride]: [usize; 4], ceil_mode: bool) -> usize {
    let free = extent + 2 * padding - reach;
    if !ceil_mode {
        return free / stride + 1;
    }
    let windows = free.div_ceil(stride) + 1;
    if (windows - 1) * stride >= extent + padding { windows - 1 } else { windows }
}

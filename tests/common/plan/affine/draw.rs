//! Draws affine steps.

use crate::common::grow::Grower;
use crate::common::plan::{
    Affine, AvgPool, BatchNorm, Broadcast, Conv, ConvTranspose, Interpolate, Linear, Matmul,
    Operand, Operator, Side, Window,
};

impl Grower {
    pub(crate) fn affine(&mut self, shape: &[usize]) -> Option<Affine> {
        let planes = shape.len() > 1;
        let poolable = planes && shape.len() < 4;
        Some(match self.between(0, 24) {
            0..=3 => Affine::Linear(self.linear(shape)),
            4..=9 if planes => Affine::Conv(self.conv(shape)),
            10..=12 if planes => Affine::ConvTranspose(self.conv_transpose(shape)?),
            13 | 14 if poolable => Affine::AvgPool(self.avg_pool(shape)?),
            15 if poolable && !self.exact => {
                let to = shape[1..].iter().map(|&extent| self.between(1, extent.max(4)));
                Affine::AdaptiveAvgPool { to: to.collect() }
            }
            16 | 17 if poolable => Affine::Interpolate(self.interpolate(shape)),
            18 if self.chance(30) => Affine::RunningSum { axis: self.axis(shape) },
            18 => self.reduce(shape),
            19 | 20 => Affine::Matmul(self.matmul(shape)),
            21 if !self.exact => Affine::BatchNorm(self.batch_norm(shape[0])),
            22 | 23 => self.arithmetic(shape),
            24 if self.chance(20) => Affine::Dropout,
            24 if self.chance(40) => {
                let axis = self.axis(shape);
                let length = self.between(1, 4);
                let places = (0..shape[axis]).map(|_| self.between(0, length - 1)).collect();
                Affine::Scatter { axis, length, places }
            }
            24 => {
                let axis = shape.iter().position(|&extent| extent == 3)?;
                let side = self.one_of(&[Side::Left, Side::Right]);
                Affine::Cross { axis, constant: self.broadcast(shape), side }
            }
            _ => return None,
        })
    }

    /// A linear layer on the last axis.
    pub(crate) fn linear(&mut self, shape: &[usize]) -> Linear {
        let outputs = self.between(1, 8);
        self.linear_to(shape[shape.len() - 1], outputs)
    }

    fn groups(&mut self, channels: usize) -> usize {
        let divisors: Vec<usize> = (1..=channels).filter(|g| channels.is_multiple_of(*g)).collect();
        self.one_of(&divisors)
    }

    fn conv(&mut self, shape: &[usize]) -> Conv {
        let groups = self.groups(shape[0]);
        let outputs = groups * self.between(1, 4usize.div_ceil(groups));
        let mut window = self.fitting_window(&shape[1..]);
        // Burn pads convolutions over three axes equally on both sides.
        let alike = window.axes() == 3;
        for axis in 0..window.axes() {
            let most = window.reach(axis) - 1;
            let begin = self.between(0, most);
            let end = if alike || self.chance(75) { begin } else { self.between(0, most) };
            window.padding[axis] = (begin, end);
        }
        let fan = shape[0] / groups * window.kernel.iter().product::<usize>();
        Conv {
            channels: [shape[0], outputs],
            window,
            groups,
            weight: self.weights(outputs * fan, fan),
            bias: self.bias(outputs),
        }
    }

    /// A kernel and a dilation that fit without padding, and a stride.
    fn fitting_window(&mut self, extents: &[usize]) -> Window {
        let kernel: Vec<_> = extents.iter().map(|&extent| self.between(1, extent.min(3))).collect();
        let mut window = Window::new(&kernel);
        for (axis, &extent) in extents.iter().enumerate() {
            let fits = 2 * (kernel[axis] - 1) < extent;
            window.dilation[axis] = if fits && self.chance(30) { 2 } else { 1 };
            window.stride[axis] = self.between(1, 3);
        }
        window
    }

    fn conv_transpose(&mut self, shape: &[usize]) -> Option<ConvTranspose> {
        let groups = self.groups(shape[0]);
        let outputs = groups * self.between(1, 3usize.div_ceil(groups));
        let kernel: Vec<_> = shape[1..].iter().map(|_| self.between(1, 3)).collect();
        let mut window = Window::new(&kernel);
        let mut padding_out = Vec::new();
        for axis in 0..window.axes() {
            window.stride[axis] = self.between(1, 2);
            window.dilation[axis] = self.one_of(&[1, 1, 2]);
            let padding = self.between(0, window.reach(axis) - 1);
            window.padding[axis] = (padding, padding);
            padding_out.push(self.between(0, window.stride[axis] - 1));
            let covered = (shape[axis + 1] - 1) * window.stride[axis] + window.reach(axis);
            if covered + padding_out[axis] <= 2 * padding {
                return None;
            }
        }
        let count = outputs / groups * kernel.iter().product::<usize>();
        Some(ConvTranspose {
            channels: [shape[0], outputs],
            window,
            padding_out,
            groups,
            weight: self.weights(shape[0] * count, count),
            bias: self.bias(outputs),
        })
    }

    fn avg_pool(&mut self, shape: &[usize]) -> Option<AvgPool> {
        // Windows of 1, 2 or 4 cells divide without rounding, if no window is cut off.
        let kernel = shape[1..].iter().map(|_| if self.exact { 2 } else { self.between(1, 3) });
        let mut window = Window::new(&kernel.collect::<Vec<_>>());
        // LibTorch pads by at most half a window.
        let halves = crate::common::device_name().starts_with("tch");
        for axis in 0..window.axes() {
            window.stride[axis] = self.between(1, 3);
            let kernel = window.kernel[axis];
            let most = if halves { kernel / 2 } else { kernel - 1 };
            let most = if self.exact { 0 } else { most };
            let begin = self.between(0, most);
            let end = if self.chance(80) { begin } else { self.between(0, most) };
            window.padding[axis] = (begin, end);
        }
        window.ceil_mode = !self.exact && window.is_symmetric() && self.chance(25);
        window.fits(&shape[1..]).then(|| AvgPool { window, count_include_pad: self.chance(50) })
    }

    fn interpolate(&mut self, shape: &[usize]) -> Interpolate {
        Interpolate {
            to: shape[1..].iter().map(|_| self.between(1, 6)).collect(),
            nearest: self.exact || self.chance(50),
            align_corners: self.chance(50),
        }
    }

    fn reduce(&mut self, shape: &[usize]) -> Affine {
        let axis = self.axis(shape);
        let rounds = self.exact && !shape[axis].is_power_of_two();
        Affine::Reduce { axis, mean: !rounds && self.chance(50) }
    }

    fn matmul(&mut self, shape: &[usize]) -> Matmul {
        let constant =
            if shape.len() > 1 { self.one_of(&[Side::Left, Side::Right]) } else { Side::Right };
        let leading = &shape[..shape.len().saturating_sub(2)];
        let batch = leading.iter().map(|&extent| if self.chance(50) { 1 } else { extent });
        let batch: Vec<_> = batch.collect();
        let mut product =
            Matmul { constant, batch, inputs: 0, outputs: self.between(1, 5), weight: Vec::new() };
        product.inputs = shape[product.axis(shape)];
        let count = product.batch.iter().product::<usize>() * product.inputs * product.outputs;
        product.weight = self.weights(count, product.inputs);
        product
    }

    /// The scales have both signs.
    fn batch_norm(&mut self, channels: usize) -> BatchNorm {
        let variance = self.numbers(channels, 1.0).into_iter();
        BatchNorm {
            gamma: self.numbers(channels, 1.5),
            beta: self.numbers(channels, 0.5),
            mean: self.numbers(channels, 0.5),
            variance: variance.map(|v| f64::from(v.abs() as f32 + 0.25)).collect(),
            epsilon: 1e-5,
        }
    }

    fn arithmetic(&mut self, shape: &[usize]) -> Affine {
        let operator = self.one_of(&[
            Operator::Add,
            Operator::Subtract,
            Operator::SubtractFrom,
            Operator::Multiply,
            Operator::Divide,
        ]);
        let divides = operator == Operator::Divide;
        let operand = if self.chance(50) {
            Operand::Number(if divides { self.divisor() } else { self.number(1.5) })
        } else {
            let Broadcast { extents, mut values } = self.broadcast(shape);
            if divides {
                values.iter_mut().for_each(|value| *value = self.divisor());
            }
            Operand::Tensor(Broadcast { extents, values })
        };
        Affine::Arithmetic { operator, operand }
    }
}

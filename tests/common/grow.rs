//! Random plans: the same seed always grows the same network.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::plan::{
    AvgPool, BatchNorm, Broadcast, Conv, Ending, Linear, MaxPool, Plan, Shape, Step, output,
};

/// Values that one point may have between two steps, so that the reference stays fast.
const WIDEST: usize = 120;

impl Plan {
    /// The network of a seed, cut off after `limit` steps and closed with a linear layer.
    pub(crate) fn grow(seed: u64, limit: usize) -> Self {
        let mut grower = Grower::new(seed);
        let input = [grower.between(1, 3), grower.between(2, 7), grower.between(2, 7)];
        let wanted = grower.between(0, 7);
        let mut shape = input.to_vec();
        let mut steps = Vec::new();
        for _ in 0..wanted.min(limit) {
            let step = grower.step(&shape, 2);
            shape = step.output(&shape);
            steps.push(step);
        }
        let classes = grower.between(1, 4);
        grower.close(&mut steps, &shape, classes);
        let ending = match grower.between(0, 5) {
            0 => Ending::Softmax,
            1 => Ending::LogSoftmax,
            _ => Ending::Logits,
        };
        Self { seed, input, steps, classes, ending, exact: grower.exact }
    }

    /// Points `[points, features]`: zero, constant, one twice, and random ones.
    pub(crate) fn points(&self) -> Vec<f32> {
        let mut grower = Grower { exact: self.exact, ..Grower::new(!self.seed) };
        let features = self.features();
        let mut points = vec![0.0; features];
        points.extend(vec![1.0; features]);
        let random = grower.numbers(features * grower.between_points(), 1.0);
        points.extend_from_slice(&random[..features]);
        points.extend(random);
        points.into_iter().map(|value| value as f32).collect()
    }
}

struct Grower {
    random: ChaCha8Rng,
    exact: bool,
}

impl Grower {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let exact = random.random_ratio(1, 4);
        Self { random, exact }
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        self.random.random_range(least..=most)
    }

    fn between_points(&self) -> usize {
        self.random.clone().random_range(5..=13)
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())]
    }

    /// Numbers that `f32` holds, some of them zero.
    fn numbers(&mut self, count: usize, scale: f64) -> Vec<f64> {
        (0..count).map(|_| self.number(scale)).collect()
    }

    fn number(&mut self, scale: f64) -> f64 {
        if self.exact {
            return self.one_of(&[-1.0, -0.5, 0.0, 0.5, 1.0]);
        }
        if self.chance(8) { 0.0 } else { f64::from(self.random.random_range(-scale..scale) as f32) }
    }

    fn bias(&mut self, count: usize) -> Option<Vec<f64>> {
        match self.between(0, 3) {
            0 => None,
            1 => Some(vec![0.0; count]),
            _ => Some(self.numbers(count, 0.5)),
        }
    }

    fn step(&mut self, shape: &[usize], depth: usize) -> Step {
        let step = if shape.len() == 3 {
            self.step_on_planes(shape, depth)
        } else {
            self.step_on_features(shape, depth)
        };
        let widest = step.output(shape).iter().product::<usize>();
        if widest > WIDEST { Step::Relu } else { step }
    }

    fn step_on_planes(&mut self, shape: &[usize], depth: usize) -> Step {
        match self.between(0, 19) {
            0..=5 => Step::Conv(self.conv(shape)),
            6..=8 => self.max_pool(shape),
            9 | 10 => self.avg_pool(shape),
            11 if !self.exact => {
                Step::AdaptiveAvgPool { to: [self.between(1, shape[1]), self.between(1, 4)] }
            }
            12 => Step::Linear(self.linear(shape[2])),
            13 => Step::Reshape(self.other_shape(shape)),
            14 | 15 if depth > 0 => self.residual(shape, depth - 1),
            _ => self.step_anywhere(shape),
        }
    }

    fn step_on_features(&mut self, shape: &[usize], depth: usize) -> Step {
        match self.between(0, 9) {
            0..=2 => Step::Linear(self.linear(shape[0])),
            3 => Step::Reshape(self.other_shape(shape)),
            4 if depth > 0 => self.residual(shape, depth - 1),
            _ => self.step_anywhere(shape),
        }
    }

    /// Steps that keep the shape.
    fn step_anywhere(&mut self, shape: &[usize]) -> Step {
        match self.between(0, 9) {
            0..=2 => Step::Relu,
            3 => Step::LeakyRelu { slope: self.one_of(&[0.0, 0.125, 0.5, 0.75, 1.0]) },
            4 | 5 if !self.exact => Step::BatchNorm(self.batch_norm(shape[0])),
            6 => Step::AddNumber(self.number(1.0)),
            7 => Step::MultiplyNumber(self.number(2.0)),
            8 => Step::AddTensor(self.broadcast(shape)),
            9 => Step::MultiplyTensor(self.broadcast(shape)),
            _ => Step::Dropout,
        }
    }

    fn linear(&mut self, inputs: usize) -> Linear {
        let outputs = self.between(1, 8);
        self.linear_to(inputs, outputs)
    }

    fn linear_to(&mut self, inputs: usize, outputs: usize) -> Linear {
        let weight = self.numbers(inputs * outputs, 1.5 / (inputs as f64).sqrt());
        Linear { inputs, outputs, weight, bias: self.bias(outputs) }
    }

    fn conv(&mut self, shape: &[usize]) -> Conv {
        let divisors: Vec<usize> = (1..=shape[0]).filter(|g| shape[0].is_multiple_of(*g)).collect();
        let groups = self.one_of(&divisors);
        let outputs = groups * self.between(1, 3usize.div_ceil(groups));
        let (kernel, dilation) = self.fitting_kernel(shape);
        let padding = [0, 1].map(|axis| {
            let most = dilation[axis] * (kernel[axis] - 1);
            let begin = self.between(0, most);
            (begin, if self.chance(75) { begin } else { self.between(0, most) })
        });
        let fan = shape[0] / groups * kernel[0] * kernel[1];
        let weight = self.numbers(outputs * fan, 1.5 / (fan as f64).sqrt());
        Conv {
            channels: [shape[0], outputs],
            kernel,
            stride: [self.between(1, 3), self.between(1, 3)],
            padding,
            dilation,
            groups,
            weight,
            bias: self.bias(outputs),
        }
    }

    /// A kernel and a dilation that fit without padding.
    fn fitting_kernel(&mut self, shape: &[usize]) -> ([usize; 2], [usize; 2]) {
        let mut kernel = [1, 1];
        let mut dilation = [1, 1];
        for axis in [0, 1] {
            kernel[axis] = self.between(1, shape[axis + 1].min(3));
            let fits = 2 * (kernel[axis] - 1) < shape[axis + 1];
            dilation[axis] = if fits && self.chance(30) { 2 } else { 1 };
        }
        (kernel, dilation)
    }

    fn max_pool(&mut self, shape: &[usize]) -> Step {
        let pool = MaxPool {
            kernel: [self.between(2, 3), self.between(2, 3)],
            stride: [self.between(1, 3), self.between(1, 3)],
            padding: [self.between(0, 1), self.between(0, 1)],
            dilation: [self.one_of(&[1, 1, 2]), self.one_of(&[1, 1, 2])],
            ceil_mode: self.chance(25),
        };
        let fits = |axis| {
            let extent = shape[axis + 1];
            let never_empty = |window| !pool.cells(axis, window, extent).is_empty();
            extent + 2 * pool.padding[axis] >= pool.reach(axis)
                && (0..pool.windows(axis, shape)).all(never_empty)
        };
        if fits(0) && fits(1) { Step::MaxPool(pool) } else { Step::Relu }
    }

    fn avg_pool(&mut self, shape: &[usize]) -> Step {
        // Windows of 1, 2 or 4 cells, none cut off, divide without rounding.
        let kernel = if self.exact { [2, 2] } else { [self.between(1, 3), self.between(1, 3)] };
        let free = if self.exact { 0 } else { 1 };
        let padding = kernel.map(|kernel| self.between(0, (kernel - 1) * free));
        let pool = AvgPool {
            kernel,
            stride: [self.between(1, 3), self.between(1, 3)],
            padding,
            count_include_pad: self.chance(50),
            ceil_mode: !self.exact && self.chance(25),
        };
        let fits = |axis: usize| shape[axis + 1] + 2 * padding[axis] >= kernel[axis];
        if fits(0) && fits(1) { Step::AvgPool(pool) } else { Step::Relu }
    }

    /// Scales of both signs.
    fn batch_norm(&mut self, channels: usize) -> BatchNorm {
        let variance =
            self.numbers(channels, 1.0).into_iter().map(|v| f64::from(v.abs() as f32 + 0.25));
        let variance = variance.collect();
        BatchNorm {
            gamma: self.numbers(channels, 1.5),
            beta: self.numbers(channels, 0.5),
            mean: self.numbers(channels, 0.5),
            variance,
            epsilon: 1e-5,
        }
    }

    fn broadcast(&mut self, shape: &[usize]) -> Broadcast {
        let extents: Shape =
            shape.iter().map(|&extent| if self.chance(50) { 1 } else { extent }).collect();
        let values = self.numbers(extents.iter().product(), 1.5);
        Broadcast { extents, values }
    }

    /// Another shape for the same values: features, or planes.
    fn other_shape(&mut self, shape: &[usize]) -> Shape {
        let features: usize = shape.iter().product();
        let channels = self.one_of(&[1, 2, 3, 5]);
        let height = self.one_of(&[1, 2, 3, 4]);
        if shape.len() == 3 && self.chance(60) || !features.is_multiple_of(channels * height) {
            return vec![features];
        }
        vec![channels, height, features / channels / height]
    }

    /// Two branches, of which one may be empty; the second ends in whatever shape the first does.
    fn residual(&mut self, shape: &[usize], depth: usize) -> Step {
        let mut left = Vec::new();
        let mut at = shape.to_vec();
        for _ in 0..self.between(0, 3) {
            let step = self.step(&at, depth);
            at = step.output(&at);
            left.push(step);
        }
        let mut right = match self.between(0, 2) {
            0 => Vec::new(),
            _ => vec![self.step(shape, depth)],
        };
        self.bridge(&mut right, shape, &at);
        Step::Residual { left, right }
    }

    /// Brings a branch to a shape, if it has another one, with a linear layer between reshapes.
    fn bridge(&mut self, branch: &mut Vec<Step>, input: &[usize], target: &[usize]) {
        let at = output(branch, input);
        if at == target {
            return;
        }
        let (from, to) = (at.iter().product(), target.iter().product());
        if at.len() > 1 {
            branch.push(Step::Reshape(vec![from]));
        }
        if from != to {
            branch.push(Step::Linear(self.linear_to(from, to)));
        }
        if target.len() > 1 {
            branch.push(Step::Reshape(target.to_vec()));
        }
    }

    /// Ends with logits: usually a linear layer, sometimes with something behind it.
    fn close(&mut self, steps: &mut Vec<Step>, shape: &[usize], classes: usize) {
        let features: usize = shape.iter().product();
        if shape.len() > 1 {
            steps.push(Step::Reshape(vec![features]));
        }
        steps.push(Step::Linear(self.linear_to(features, classes)));
        match self.between(0, 9) {
            0 => steps.push(Step::Relu),
            1 => steps.push(Step::MultiplyTensor(self.broadcast(&[classes]))),
            2 => steps.push(Step::Residual { left: vec![Step::Relu], right: Vec::new() }),
            _ => {}
        }
    }
}

//! Random plans. A seed determines a plan.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::plan::{
    Affine, Broadcast, Ending, Fork, Join, Linear, Maximum, Operand, Operator, Plan, Rearrange,
    Shape, Step, output,
};

/// Largest number of values of a point between two steps. It keeps the reference fast.
pub(crate) const WIDEST: usize = 120;

/// Number of tries to draw a step that fits the shape. After them, a ReLU is taken.
const TRIES: usize = 8;

/// Largest depth of forks inside forks.
const DEPTH: usize = 2;

impl Plan {
    /// The network of a seed, cut off after `limit` steps and closed with a linear layer.
    pub(crate) fn grow(seed: u64, limit: usize) -> Self {
        let mut grower = Grower::new(seed);
        let input = grower.input();
        let wanted = grower.between(0, 12);
        let mut shape = input.clone();
        let mut steps = Vec::new();
        for _ in 0..wanted.min(limit) {
            let step = grower.step(&shape, DEPTH);
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

    /// Points `[points, features]`: a point of zeros, a point of ones, a random point twice, and
    /// more random points.
    pub(crate) fn points(&self) -> Vec<f32> {
        let mut grower = Grower { exact: self.exact, ..Grower::new(!self.seed) };
        let features = self.features();
        let mut points = vec![0.0; features];
        points.extend(vec![1.0; features]);
        let count = grower.between(4, 8);
        let random = grower.numbers(features * count, 1.0);
        points.extend_from_slice(&random[..features]);
        points.extend(random);
        points.into_iter().map(|value| value as f32).collect()
    }
}

/// Draws steps that fit a shape. A method that returns `None` asks for another kind of step.
pub(crate) struct Grower {
    pub(crate) random: ChaCha8Rng,
    pub(crate) exact: bool,
}

impl Grower {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let exact = random.random_ratio(1, 4);
        Self { random, exact }
    }

    /// The shape of one point.
    pub(crate) fn input(&mut self) -> Shape {
        match self.between(0, 5) {
            0 => vec![self.between(1, 12)],
            1 => vec![self.between(1, 4), self.between(2, 9)],
            2 => {
                vec![self.between(1, 2), self.between(2, 4), self.between(2, 4), self.between(1, 3)]
            }
            _ => vec![self.between(1, 3), self.between(2, 6), self.between(2, 6)],
        }
    }

    pub(crate) fn step(&mut self, shape: &[usize], depth: usize) -> Step {
        let fits = |step: &Step| step.output(shape).iter().product::<usize>() <= WIDEST;
        let mut drawn = (0..TRIES).filter_map(|_| self.draw(shape, depth).filter(fits));
        drawn.next().unwrap_or(Maximum::Relu.into())
    }

    pub(crate) fn draw(&mut self, shape: &[usize], depth: usize) -> Option<Step> {
        match self.between(0, 19) {
            0..=7 => self.affine(shape).map(Step::from),
            8..=12 => self.maximum(shape).map(Step::from),
            13..=16 => self.rearrange(shape).map(Step::from),
            _ if depth == 0 => None,
            17 if self.chance(30) => Some(self.again(shape)),
            _ => self.fork(shape, depth - 1).map(Step::from),
        }
    }

    /// A list of steps.
    pub(crate) fn steps(&mut self, shape: &[usize], count: usize, depth: usize) -> Vec<Step> {
        let mut at = shape.to_vec();
        let mut steps = Vec::new();
        for _ in 0..count {
            let step = self.step(&at, depth);
            at = step.output(&at);
            steps.push(step);
        }
        steps
    }

    /// Adds a linear layer between reshapes to a branch, if the branch does not have the target
    /// shape.
    pub(crate) fn bridge(&mut self, branch: &mut Vec<Step>, input: &[usize], target: &[usize]) {
        let at = output(branch, input);
        if at == target {
            return;
        }
        let (from, to) = (at.iter().product(), target.iter().product());
        if at.len() > 1 {
            branch.push(Rearrange::Reshape(vec![from]).into());
        }
        if from != to {
            branch.push(Affine::Linear(self.linear_to(from, to)).into());
        }
        if target.len() > 1 {
            branch.push(Rearrange::Reshape(target.to_vec()).into());
        }
    }

    /// Adds a linear layer for the logits, and sometimes a further step.
    pub(crate) fn close(&mut self, steps: &mut Vec<Step>, shape: &[usize], classes: usize) {
        let features: usize = shape.iter().product();
        if shape.len() > 1 {
            steps.push(Rearrange::Flatten { first: 0, last: shape.len() - 1 }.into());
        }
        steps.push(Affine::Linear(self.linear_to(features, classes)).into());
        match self.between(0, 9) {
            0 => steps.push(Maximum::Relu.into()),
            1 => {
                let mut factors = self.broadcast(&[classes]);
                // The factors are not all equal and positive. A capture would leave them out as a
                // temperature.
                factors.values[0] = -factors.values[0].abs();
                let operand = Operand::Tensor(factors);
                steps.push(Affine::Arithmetic { operator: Operator::Multiply, operand }.into());
            }
            2 => {
                let branches = vec![vec![Maximum::Relu.into()], Vec::new()];
                steps.push(Fork { branches, join: Join::Sum }.into());
            }
            _ => {}
        }
    }
}

/// Draws numbers and choices.
impl Grower {
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        self.random.random_range(least..=most)
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())]
    }

    /// An axis of a shape.
    pub(crate) fn axis(&mut self, shape: &[usize]) -> usize {
        self.between(0, shape.len() - 1)
    }

    /// Numbers that are exact in `f32`. Some of them are zero.
    pub(crate) fn numbers(&mut self, count: usize, scale: f64) -> Vec<f64> {
        (0..count).map(|_| self.number(scale)).collect()
    }

    pub(crate) fn number(&mut self, scale: f64) -> f64 {
        if self.exact {
            return self.one_of(&[-1.0, -0.5, 0.0, 0.5, 1.0]);
        }
        if self.chance(8) { 0.0 } else { f64::from(self.random.random_range(-scale..scale) as f32) }
    }

    /// A number to divide by.
    pub(crate) fn divisor(&mut self) -> f64 {
        let sign = self.one_of(&[-1.0, 1.0]);
        let size = self.random.random_range(0.5_f32..2.0);
        sign * if self.exact { self.one_of(&[0.5, 1.0, 2.0]) } else { f64::from(size) }
    }

    pub(crate) fn bias(&mut self, count: usize) -> Option<Vec<f64>> {
        match self.between(0, 3) {
            0 => None,
            1 => Some(vec![0.0; count]),
            _ => Some(self.numbers(count, 0.5)),
        }
    }

    /// Weights for sums over `fan` values.
    pub(crate) fn weights(&mut self, count: usize, fan: usize) -> Vec<f64> {
        self.numbers(count, 1.5 / (fan as f64).sqrt())
    }

    pub(crate) fn linear_to(&mut self, inputs: usize, outputs: usize) -> Linear {
        let weight = self.weights(inputs * outputs, inputs);
        Linear { bias: self.bias(outputs), ..Linear::new(inputs, outputs, weight) }
    }

    pub(crate) fn broadcast(&mut self, shape: &[usize]) -> Broadcast {
        let extents: Shape =
            shape.iter().map(|&extent| if self.chance(50) { 1 } else { extent }).collect();
        let values = self.numbers(extents.iter().product(), 1.5);
        Broadcast { extents, values }
    }
}

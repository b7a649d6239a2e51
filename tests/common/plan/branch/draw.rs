//! Draws forks (residual and dense connections, pieces of a value, stacks) and repeated layers.

use crate::common::grow::{Grower, WIDEST};
use crate::common::plan::{Fork, Join, Maximum, Rearrange, Shape, Step, output};

impl Grower {
    pub(crate) fn fork(&mut self, shape: &[usize], depth: usize) -> Option<Fork> {
        match self.between(0, 9) {
            0..=2 => Some(self.residual(shape, depth)),
            3 | 4 => Some(self.extremum_of_two(shape, depth)),
            5 | 6 => Some(self.dense(shape, depth)),
            7 => self.pieces(shape, depth),
            _ if shape.len() < 4 => Some(self.stack(shape, depth)),
            _ => None,
        }
    }

    /// A sum or difference of two branches. One may be empty. The second one ends in the shape of
    /// the first one, or in this shape with some extents of 1.
    fn residual(&mut self, shape: &[usize], depth: usize) -> Fork {
        let left = self.branch(shape, 3, depth);
        let mut target = output(&left, shape);
        if self.chance(30) {
            target
                .iter_mut()
                .for_each(|extent| *extent = if self.chance(50) { 1 } else { *extent });
        }
        let right = self.branch_to(shape, &target, depth);
        let join = if self.chance(60) { Join::Sum } else { Join::Difference };
        let branches = if self.chance(50) { vec![left, right] } else { vec![right, left] };
        Fork { branches, join }
    }

    fn extremum_of_two(&mut self, shape: &[usize], depth: usize) -> Fork {
        let left = self.branch(shape, 3, depth);
        let mut right = self.branch_to(shape, &output(&left, shape), depth);
        // Two branches that are one value are captured as this value, without a choice.
        if left.iter().chain(&right).all(Step::only_moves) {
            right.push(Maximum::Relu.into());
        }
        Fork { branches: vec![left, right], join: Join::Extremum(self.extremum()) }
    }

    /// The value and a branch, side by side.
    fn dense(&mut self, shape: &[usize], depth: usize) -> Fork {
        let axis = self.axis(shape);
        let mut target = shape.to_vec();
        target[axis] = self.between(1, 3);
        let mut branches = vec![Vec::new(), self.branch_to(shape, &target, depth)];
        if self.chance(30) {
            branches.swap(0, 1);
        }
        Fork { branches, join: Join::Concat { axis } }
    }

    /// Two pieces of the value, each with steps of its own, like a network with two inputs.
    fn pieces(&mut self, shape: &[usize], depth: usize) -> Option<Fork> {
        let axis = shape.iter().position(|&extent| extent > 1)?;
        let cut = self.between(1, shape[axis] - 1);
        let ends = [(0, cut), (cut, shape[axis] - cut)];
        let mut first: Vec<Vec<Step>> = Vec::new();
        for (start, length) in ends {
            let narrow = Rearrange::Narrow { axis, start, length };
            let piece = Step::from(narrow.clone()).output(shape);
            let mut branch = vec![narrow.into()];
            let count = self.between(0, 2);
            branch.extend(self.steps(&piece, count, depth));
            first.push(branch);
        }
        let target = output(&first[0], shape);
        let mut second = first.pop()?;
        self.bridge(&mut second, shape, &target);
        let axis = self.axis(&target);
        Some(Fork { branches: vec![first.pop()?, second], join: Join::Concat { axis } })
    }

    /// Branches with equal shapes, joined along a new axis.
    fn stack(&mut self, shape: &[usize], depth: usize) -> Fork {
        let first = self.branch(shape, 2, depth);
        let mut target = output(&first, shape);
        let mut branches = vec![first];
        if target.len() > 3 {
            target = shape.to_vec();
            self.bridge(&mut branches[0], shape, &target);
        }
        for _ in 0..self.between(1, 2) {
            branches.push(self.branch_to(shape, &target, depth));
        }
        let over = if self.chance(75) { Some(self.extremum()) } else { None };
        Fork { branches, join: Join::Stack { axis: self.between(0, target.len()), over } }
    }

    fn branch(&mut self, shape: &[usize], most: usize, depth: usize) -> Vec<Step> {
        let count = self.between(0, most);
        self.steps(shape, count, depth)
    }

    /// A branch that ends in a shape, with at most one drawn step.
    fn branch_to(&mut self, shape: &[usize], target: &Shape, depth: usize) -> Vec<Step> {
        let mut branch = self.branch(shape, 1, depth);
        self.bridge(&mut branch, shape, target);
        branch
    }

    /// One layer that is called several times.
    pub(crate) fn again(&mut self, shape: &[usize]) -> Step {
        let mut steps = self.steps(shape, 1, 0);
        self.bridge(&mut steps, shape, shape);
        debug_assert!(shape.iter().product::<usize>() <= WIDEST);
        Step::Again { steps, times: self.between(2, 3) }
    }
}

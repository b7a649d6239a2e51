//! Branches, and layers that are called several times.

use super::{holds, numbers, times};
use crate::common::plan::{Affine, Extremum, Fork, Join, Linear, Maximum, Rearrange, Shape, Step};

fn relu() -> Step {
    Maximum::Relu.into()
}

fn linear(inputs: usize, outputs: usize) -> Step {
    let weight = numbers(inputs * outputs);
    Affine::Linear(Linear { bias: Some(numbers(outputs)), ..Linear::new(inputs, outputs, weight) })
        .into()
}

fn fork(join: Join, branches: &[&[Step]]) -> Step {
    Fork { branches: branches.iter().map(|branch| branch.to_vec()).collect(), join }.into()
}

#[test]
fn sums_and_differences_of_branches() {
    for join in [Join::Sum, Join::Difference] {
        let both = |left: &[Step], right: &[Step]| fork(join.clone(), &[left, right]);
        holds(&[3], [both(&[linear(3, 3), relu()], &[]), relu()]);
        holds(&[3], [both(&[], &[linear(3, 3), relu()]), relu()]);
        holds(&[3], [both(&[linear(3, 2), relu()], &[linear(3, 2)]), relu()]);
        // Both branches are one value.
        holds(&[3], [relu(), both(&[], &[])]);
        holds(&[2, 3], [both(&[relu(), linear(3, 2)], &[times(-1.0), relu(), linear(3, 2)])]);
        // One residual connection within another.
        let inner = both(&[linear(3, 3), relu()], &[]);
        holds(&[3], [both(&[inner.clone(), relu(), inner], &[]), relu()]);
    }
}

#[test]
fn branches_of_broadcastable_shapes() {
    let shapes: [(Shape, Vec<usize>); 4] = [
        (vec![3], vec![0]),
        (vec![2, 3], vec![0]),
        (vec![2, 3], vec![1]),
        (vec![2, 2, 3], vec![1, 2]),
    ];
    for (shape, axes) in shapes {
        let mean = |&axis: &usize| Step::from(Affine::Reduce { axis, mean: true });
        let means: Vec<Step> = [relu()].into_iter().chain(axes.iter().map(mean)).collect();
        for join in [Join::Sum, Join::Difference] {
            holds(&shape, [fork(join.clone(), &[&[], &means]), relu()]);
            holds(&shape, [fork(join.clone(), &[&means, &[relu()]]), relu()]);
        }
    }
    // Each branch is longer than the other along one axis.
    let [across, down] = [0, 1].map(|axis| Step::from(Affine::Reduce { axis, mean: false }));
    holds(&[2, 3], [fork(Join::Difference, &[&[relu(), across], &[down]])]);
}

#[test]
fn extrema_of_two_branches() {
    for extremum in [Extremum::Greatest, Extremum::Least] {
        let both = |left: &[Step], right: &[Step]| fork(Join::Extremum(extremum), &[left, right]);
        holds(&[3], [both(&[linear(3, 2)], &[times(-0.5), linear(3, 2)])]);
        holds(&[2, 3], [times(-1.0), both(&[], &[times(0.25)]), relu()]);
        // Both branches are equal everywhere: the first one counts.
        holds(&[3], [both(&[relu()], &[relu()])]);
    }
}

#[test]
fn branches_side_by_side() {
    for axis in 0..3 {
        let concat = |branches: &[&[Step]]| fork(Join::Concat { axis }, branches);
        holds(&[2, 3, 2], [concat(&[&[], &[relu()]]), times(-1.0), relu()]);
        holds(&[2, 3, 2], [concat(&[&[relu()], &[], &[times(-2.0), relu()]])]);
        // Dense connections: each layer reads the outputs of all layers before it.
        holds(&[1, 2, 2], [concat(&[&[], &[relu()]]), concat(&[&[], &[Maximum::Abs.into()]])]);
    }
    // Two pieces of a point are separate inputs.
    let piece = |start, length| Step::from(Rearrange::Narrow { axis: 0, start, length });
    let left = [piece(0, 2), linear(2, 3), relu()];
    let right = [piece(2, 3), linear(3, 2), relu()];
    holds(&[5], [fork(Join::Concat { axis: 0 }, &[&left, &right]), linear(5, 2)]);
}

#[test]
fn branches_stacked_along_a_new_axis() {
    for over in [None, Some(Extremum::Greatest), Some(Extremum::Least)] {
        for axis in 0..3 {
            let stack = fork(
                Join::Stack { axis, over },
                &[&[times(-1.0)], &[linear(3, 3)], &[relu(), linear(3, 3)]],
            );
            holds(&[2, 3], [stack, relu()]);
        }
    }
}

#[test]
fn layers_called_several_times() {
    let again = |steps: &[Step], times| Step::Again { steps: steps.to_vec(), times };
    holds(&[3], [again(&[linear(3, 3), relu()], 3)]);
    holds(&[2, 3], [again(&[Maximum::PRelu { slopes: vec![0.25, -0.5] }.into()], 2)]);
    let twice = again(&[linear(3, 3)], 2);
    holds(&[3], [fork(Join::Sum, &[&[twice.clone(), relu()], &[relu(), twice]])]);
}

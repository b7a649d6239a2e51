//! Linear layers, products, norms, reductions.

use super::{holds, holds_some, numbers};
use crate::common::is_cubecl;
use crate::common::plan::{Affine, BatchNorm, Broadcast, Linear, Matmul, Maximum, Side, Step};
use crate::extraction::PROPERTIES;

fn linear(inputs: usize, outputs: usize, bias: bool) -> Step {
    let bias = bias.then(|| numbers(outputs));
    Affine::Linear(Linear { bias, ..Linear::new(inputs, outputs, numbers(inputs * outputs)) })
        .into()
}

#[test]
fn linear_layers_on_values_of_any_rank() {
    for shape in [vec![3], vec![4, 3], vec![1, 3], vec![2, 4, 3], vec![2, 1, 2, 3]] {
        for bias in [false, true] {
            holds(&shape, [linear(3, 2, bias)]);
        }
    }
}

#[test]
fn a_network_may_have_one_output_or_thousands() {
    let to = |outputs| [linear(3, 4, true), Maximum::Relu.into(), linear(4, outputs, true)];
    holds(&[3], to(1));
    // Properties that loop over all outputs take too long, and do not test the number of outputs.
    let chosen =
        ["replay_computes_the_logits_of_the_module", "terms_in_f64_are_those_of_the_reference"];
    let properties = PROPERTIES.iter().filter(|property| chosen.contains(&property.name));
    assert_eq!(properties.clone().count(), chosen.len());
    // Vulkan's software device has no buffers large enough for the rows of 2,000 outputs.
    let many = if is_cubecl() { 1_000 } else { 2_000 };
    holds_some(&[3], to(many), properties);
}

fn product(shape: &[usize], constant: Side, batch: &[usize]) -> Step {
    let mut step =
        Matmul { constant, batch: batch.to_vec(), inputs: 0, outputs: 2, weight: vec![] };
    step.inputs = shape[step.axis(shape)];
    step.weight = numbers(batch.iter().product::<usize>() * step.inputs * step.outputs);
    Affine::Matmul(step).into()
}

#[test]
fn products_with_one_constant_matrix() {
    holds(&[3], [product(&[3], Side::Right, &[])]);
    for side in [Side::Right, Side::Left] {
        holds(&[4, 3], [product(&[4, 3], side, &[])]);
        holds(&[1, 3], [product(&[1, 3], side, &[])]);
        holds(&[3, 1], [product(&[3, 1], side, &[])]);
        holds(&[2, 4, 3], [product(&[2, 4, 3], side, &[1])]);
        holds(&[2, 2, 4, 3], [product(&[2, 2, 4, 3], side, &[1, 1])]);
    }
}

#[test]
fn products_with_a_constant_matrix_a_channel() {
    for side in [Side::Right, Side::Left] {
        holds(&[2, 4, 3], [product(&[2, 4, 3], side, &[2])]);
        for batch in [[2, 1], [1, 2], [2, 2]] {
            holds(&[2, 2, 4, 3], [product(&[2, 2, 4, 3], side, &batch)]);
        }
    }
}

#[test]
fn batch_norms_with_scales_of_either_sign() {
    for shape in [vec![3], vec![3, 4], vec![3, 2, 2], vec![3, 2, 1, 2]] {
        let norm = BatchNorm {
            gamma: vec![-1.5, 0.5, 0.0],
            beta: vec![0.25, -0.5, 0.75],
            mean: vec![0.5, -0.25, 0.125],
            variance: vec![0.5, 2.0, 1.0],
            epsilon: 1e-5,
        };
        holds(&shape, [Affine::BatchNorm(norm).into(), Maximum::Relu.into()]);
    }
}

#[test]
fn means_and_sums_over_axes_of_a_point() {
    for shape in [vec![3], vec![4, 3], vec![2, 4, 3], vec![2, 3, 1, 2]] {
        for axis in 0..shape.len() {
            for mean in [false, true] {
                holds(&shape, [Affine::Reduce { axis, mean }.into()]);
            }
        }
    }
}

#[test]
fn running_sums_over_axes_of_a_point() {
    for shape in [vec![3], vec![4, 3], vec![2, 3, 1, 2]] {
        for axis in 0..shape.len() {
            holds(&shape, [Affine::RunningSum { axis }.into()]);
        }
    }
}

#[test]
fn values_added_up_in_places() {
    for (shape, axis) in [(vec![4], 0), (vec![2, 4], 1), (vec![4, 2], 0), (vec![2, 4, 2], 1)] {
        for (length, places) in
            [(3, [0, 2, 0, 0]), (4, [3, 2, 1, 0]), (1, [0; 4]), (6, [5, 5, 1, 0])]
        {
            let places = places.to_vec();
            holds(&shape, [Affine::Scatter { axis, length, places }.into(), Maximum::Relu.into()]);
        }
    }
}

#[test]
fn vector_products_with_constants() {
    for (shape, axis) in [(vec![3], 0), (vec![3, 2], 0), (vec![2, 3], 1), (vec![2, 3, 2], 1)] {
        let mut single = vec![1; shape.len()];
        single[axis] = 3;
        for extents in [shape.clone(), single] {
            for side in [Side::Left, Side::Right] {
                let values = numbers(extents.iter().product());
                let constant = Broadcast { extents: extents.clone(), values };
                holds(&shape, [Affine::Cross { axis, constant, side }.into()]);
            }
        }
    }
}

#[test]
fn dropout_does_nothing() {
    holds(&[2, 3], [Affine::Dropout.into(), Maximum::Relu.into(), Affine::Dropout.into()]);
}

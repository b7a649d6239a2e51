//! Activations, extrema over axes, and masks.

use super::{holds, numbers, times};
use crate::common::plan::{
    Affine, Broadcast, Extremum, Masked, Maximum, Operand, Operator, Shape, Step,
};

/// An activation between two layers that scale values with different signs, on values on either
/// side of all its kinks.
#[track_caller]
fn activates(shape: &[usize], step: Maximum) {
    let operand = Operand::Tensor(Broadcast {
        extents: shape.to_vec(),
        values: numbers(shape.iter().product()),
    });
    let signs = Affine::Arithmetic { operator: Operator::Multiply, operand };
    holds(shape, [times(-8.0), step.into(), Step::from(signs)]);
}

#[test]
fn relu_on_values_of_any_rank() {
    for shape in [vec![3], vec![2, 3], vec![2, 2, 3], vec![2, 1, 2, 2]] {
        activates(&shape, Maximum::Relu);
    }
}

#[test]
fn leaky_relu_of_any_slope() {
    for slope in [0.0, 0.01_f32.into(), 0.5, 1.0, 1.5, 3.0, -0.25, -1.0, -2.0] {
        activates(&[2, 3], Maximum::LeakyRelu { slope });
    }
}

#[test]
fn prelu_of_any_slopes() {
    for slopes in [[0.0, 0.5, 1.0], [0.25, 1.5, 0.5], [-1.0, 0.25, 2.0]] {
        for shape in [vec![3], vec![3, 2], vec![3, 2, 2], vec![3, 1, 2, 1]] {
            activates(&shape, Maximum::PRelu { slopes: slopes.to_vec() });
            activates(&shape, Maximum::PRelu { slopes: slopes[1..2].to_vec() });
        }
    }
}

#[test]
fn absolute_values() {
    activates(&[4], Maximum::Abs);
    activates(&[2, 3], Maximum::Abs);
}

#[test]
fn clamps_from_both_sides_or_one() {
    for (least, most) in [(-1.0, 1.0), (0.0, 2.0), (-2.0, -0.5), (0.25, 0.5)] {
        activates(&[2, 3], Maximum::Clamp { least: Some(least), most: Some(most) });
        activates(&[2, 3], Maximum::Clamp { least: Some(least), most: None });
        activates(&[2, 3], Maximum::Clamp { least: None, most: Some(most) });
        activates(&[2, 3], Maximum::HardTanh { least, most });
    }
    activates(&[2, 3], Maximum::Relu6);
    for (alpha, beta) in [(f64::from(0.2_f32), 0.5), (-0.25, 0.5), (1.0, 0.0)] {
        activates(&[2, 3], Maximum::HardSigmoid { alpha, beta });
    }
}

#[test]
fn soft_shrinks_and_signs() {
    for lambda in [0.125, 0.5, f64::from(0.1_f32), 2.0] {
        activates(&[2, 3], Maximum::SoftShrink { lambda });
    }
    activates(&[2, 3], Maximum::Masked(Masked::SignTimes));
}

#[test]
fn masks_that_make_a_maximum_or_minimum() {
    for number in [-0.5, 0.0, 2.0] {
        activates(&[2, 3], Maximum::Threshold(number));
        activates(&[2, 3], Maximum::Masked(Masked::FillBelow(number)));
        activates(&[2, 3], Maximum::Masked(Masked::FillAbove(number)));
    }
    for slope in [0.0, 0.25, 1.0, 2.0, -0.5] {
        activates(&[2, 3], Maximum::Masked(Masked::ScaleBelow(slope)));
    }
    activates(&[2, 3], Maximum::Masked(Masked::ZerosBelow));
    activates(&[2, 3], Maximum::Masked(Masked::OntoZeros));
}

#[test]
fn extrema_over_an_axis() {
    let shapes: [Shape; 4] = [vec![4], vec![3, 2], vec![2, 3, 4], vec![2, 3, 1, 2]];
    for shape in shapes {
        for axis in 0..shape.len() {
            for extremum in [Extremum::Greatest, Extremum::Least] {
                holds(&shape, [times(-2.0), Maximum::OverAxis { axis, extremum }.into()]);
            }
        }
    }
}

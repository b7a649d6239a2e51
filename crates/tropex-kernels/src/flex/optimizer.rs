//! Steps of optimizers in one pass over the memory of a parameter.

use std::ops::ControlFlow;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::data::{AdamStep, AdamStepped, MomentumStep, MomentumStepped};
use crate::simd::{Float, for_float, held, holds, with_simd, zeros};

/// Numbers per task.
const NUMBERS: usize = 1 << 14;

/// [`MomentumStep::apply`], or the unchanged value and velocity if `flex` does not hold the
/// tensors.
pub(crate) fn momentum_step<const D: usize>(
    step: &MomentumStep,
    value: Tensor<D>,
    gradient: &Tensor<D>,
    velocity: Option<Tensor<D>>,
) -> MomentumStepped<D> {
    if !holds(&value) || !holds(gradient) || !velocity.as_ref().is_none_or(holds) {
        return ControlFlow::Continue((value, velocity));
    }
    let (value, gradient) = (held(value), held(gradient.clone()));
    let velocity = velocity.map(held);
    let [value, velocity] =
        for_float!(gradient.dtype(), momentum_step_in(step, value, &gradient, velocity))
            .map(Tensor::from_primitive::<Flex>);
    ControlFlow::Break((value, velocity))
}

/// [`AdamStep::apply`], or the unchanged value and moments if `flex` does not hold the tensors.
pub(crate) fn adam_step<const D: usize>(
    step: &AdamStep,
    value: Tensor<D>,
    gradient: &Tensor<D>,
    moments: [Option<Tensor<D>>; 2],
) -> AdamStepped<D> {
    if !holds(&value) || !holds(gradient) || !moments.iter().flatten().all(holds) {
        return ControlFlow::Continue((value, moments));
    }
    let (value, gradient) = (held(value), held(gradient.clone()));
    let moments = moments.map(|moment| moment.map(held));
    let [value, mean, square] =
        for_float!(gradient.dtype(), adam_step_in(step, value, &gradient, moments))
            .map(Tensor::from_primitive::<Flex>);
    ControlFlow::Break((value, [mean, square]))
}

fn momentum_step_in<F: Float>(
    step: &MomentumStep,
    mut value: FlexTensor,
    gradient: &FlexTensor,
    velocity: Option<FlexTensor>,
) -> [FlexTensor; 2] {
    let [rate, momentum, penalty] = [step.rate, step.momentum, step.penalty].map(F::of);
    let mut velocity = velocity.unwrap_or_else(|| zeros::<F>(gradient.layout().shape().clone()));
    let values = value.storage_mut::<F>().par_chunks_mut(NUMBERS);
    let velocities = velocity.storage_mut::<F>().par_chunks_mut(NUMBERS);
    let gradients = gradient.storage::<F>().par_chunks(NUMBERS);
    values.zip(velocities).zip(gradients).for_each(|((value, velocity), gradient)| {
        with_simd(MomentumChunk { rate, momentum, penalty, value, velocity, gradient });
    });
    [value, velocity]
}

struct MomentumChunk<'a, F> {
    rate: F,
    momentum: F,
    penalty: F,
    value: &'a mut [F],
    velocity: &'a mut [F],
    gradient: &'a [F],
}

impl<F: Float> WithSimd for MomentumChunk<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let moving = self.value.iter_mut().zip(self.velocity);
        for ((value, velocity), &gradient) in moving.zip(self.gradient) {
            let gradient = gradient + *value * self.penalty;
            *velocity = *velocity * self.momentum + gradient;
            *value = *value - *velocity * self.rate;
        }
    }
}

fn adam_step_in<F: Float>(
    step: &AdamStep,
    mut value: FlexTensor,
    gradient: &FlexTensor,
    moments: [Option<FlexTensor>; 2],
) -> [FlexTensor; 3] {
    let constants = AdamConstants {
        rate: F::of(step.rate),
        penalty: F::of(step.penalty),
        decays: step.decays.map(F::of),
        shares: step.decays.map(|decay| F::of(1.0 - decay)),
        scale: F::of(step.scale),
        epsilon: F::of(step.epsilon),
    };
    let shape = gradient.layout().shape().clone();
    let [mut mean, mut square] =
        moments.map(|moment| moment.unwrap_or_else(|| zeros::<F>(shape.clone())));
    let values = value.storage_mut::<F>().par_chunks_mut(NUMBERS);
    let means = mean.storage_mut::<F>().par_chunks_mut(NUMBERS);
    let squares = square.storage_mut::<F>().par_chunks_mut(NUMBERS);
    let gradients = gradient.storage::<F>().par_chunks(NUMBERS);
    values.zip(means).zip(squares.zip(gradients)).for_each(
        |((value, mean), (square, gradient))| {
            with_simd(AdamChunk { constants: &constants, value, mean, square, gradient });
        },
    );
    [value, mean, square]
}

struct AdamConstants<F> {
    rate: F,
    penalty: F,
    decays: [F; 2],
    shares: [F; 2],
    scale: F,
    epsilon: F,
}

struct AdamChunk<'a, F> {
    constants: &'a AdamConstants<F>,
    value: &'a mut [F],
    mean: &'a mut [F],
    square: &'a mut [F],
    gradient: &'a [F],
}

impl<F: Float> WithSimd for AdamChunk<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let AdamConstants { rate, penalty, decays, shares, scale, epsilon } = *self.constants;
        let moments = self.mean.iter_mut().zip(self.square);
        let values = self.value.iter_mut().zip(self.gradient);
        for ((value, &gradient), (mean, square)) in values.zip(moments) {
            let gradient = gradient + *value * penalty;
            *mean = *mean * decays[0] + gradient * shares[0];
            *square = *square * decays[1] + gradient * gradient * shares[1];
            let root = square.root() / scale + epsilon;
            *value = *value - *mean * rate / root;
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::generic;

    fn random() -> Tensor<2> {
        Tensor::random([7, 33], Distribution::Default, &Device::flex())
    }

    #[test]
    fn steps_equal_those_of_burns_operations_bit_for_bit() {
        let (start, penalty) = (random(), 0.01);
        let momentum = MomentumStep { rate: 0.1, momentum: 0.9, penalty };
        let adam = AdamStep { rate: 0.1, decays: [0.9, 0.999], scale: 0.3, epsilon: 1e-8, penalty };
        let mut own = (start.clone(), None, [None, None]);
        let mut burn = own.clone();
        for _ in 0..3 {
            let gradient = random();
            let (value, velocity) =
                momentum_step(&momentum, own.0, &gradient, own.1).break_value().expect("held");
            let (value, moments) =
                adam_step(&adam, value, &gradient, own.2).break_value().expect("held");
            own = (value, Some(velocity), moments.map(Some));
            let (value, velocity) =
                generic::momentum_step(&momentum, burn.0, gradient.clone(), burn.1);
            let (value, moments) = generic::adam_step(&adam, value, gradient, burn.2);
            burn = (value, Some(velocity), moments.map(Some));
            assert_eq!(own.0.to_data(), burn.0.to_data());
        }
        assert_ne!(own.0.into_data(), start.into_data());
    }
}

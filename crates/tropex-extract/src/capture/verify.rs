//! Comparison of the captured network with the module's forward pass at random points.

use std::cmp::Ordering;

use burn::module::Module;
use burn::tensor::{DType, Tensor, TensorData, activation};
use tropex_kernels as kernels;

use super::evaluate::evaluate_graph;
use super::lowering_error::LoweringError;
use super::record::{catch_panic, device_of, dtype_of, record_points};
use crate::network::OutputActivation;
use crate::network::random::Xorshift;
use crate::network::rounding::RoundingModel;
use crate::{CaptureError, ComputeTarget, Error, Network};

/// A number of points that no recording has.
const POINTS: usize = 5;

/// Compares a network, before and after fusion, with the module.
///
/// Most networks agree with the module to a few digits less than their type has. For the others,
/// the effect of rounding in the module's type is measured and accepted. A large effect could hide
/// errors, so the recorded operations must then agree with the network in `f64`.
pub(super) fn verify<M: Module, const D: usize>(
    network: &Network,
    lowered: &Network,
    module: &M,
    forward: &impl Fn(&M, Tensor<D>) -> Tensor<2>,
) -> Result<(), Error> {
    let features = network.features();
    let (device, dtype) = (device_of(module), dtype_of(module));
    // Numbers that the module's type represents exactly.
    let mut random = Xorshift::new();
    let points: Vec<f32> = (0..POINTS * features).map(|_| random.uniform()).collect();
    let points = TensorData::new(points, [POINTS, features]);
    let points = points.convert_dtype(dtype);
    let mut shape = [POINTS; D];
    shape[1..].copy_from_slice(network.input_shape());
    let input = Tensor::<2>::from_data(points.clone(), (&device, dtype)).reshape(shape);
    let is_rounded = kernels::is_rounded(&input);
    let expected = values(catch_panic(&shape, || forward(module, input))?);
    if expected.iter().any(|value| !value.is_finite()) {
        return Err(CaptureError::NotFinite { dtype: dtype.name().to_string() }.into());
    }

    let found = outputs(network, &points);
    let rounding = RoundingModel::of(dtype, is_rounded);
    let scale = expected.iter().fold(0.0, |scale: f64, value| scale.max(value.abs()));
    let allowed = vec![scale * rounding.usual; network.classes()];
    if compare(&expected, &found, &allowed).is_ok() {
        return Ok(());
    }

    let target = ComputeTarget::in_f64(network.target().device())?;
    let lowered = lowered.to_target(&target);
    let explained =
        |rounding: RoundingModel| rounding.explains(&lowered, &points, with_output_activations);
    let in_own_type = explained(rounding).into_iter().zip(allowed);
    compare(&expected, &found, &in_own_type.map(|(a, b)| a.max(b)).collect::<Vec<_>>())?;

    let graph = record_points(module, network.input_shape(), POINTS, forward)?;
    let recorded_points = TensorData::new(points.iter::<f64>().collect::<Vec<_>>(), shape);
    let recorded = evaluate_graph(graph, recorded_points).map_err(unchecked)?;
    let recorded: Vec<f64> = recorded.iter().collect();
    compare(
        &recorded,
        &outputs(&lowered, &points),
        &explained(RoundingModel::of(DType::F64, false)),
    )
}

fn unchecked(error: LoweringError) -> Error {
    let reason = match error {
        LoweringError::Unsupported(reason) => reason,
        LoweringError::DependsOnUnsupported | LoweringError::Discontinuous(_) => {
            "an operation has no result".into()
        }
    };
    CaptureError::Unchecked(reason).into()
}

/// The outputs of the module, computed by the network, `[points, classes]` row by row.
fn outputs(network: &Network, points: &TensorData) -> Vec<f64> {
    let logits = network.replay(network.target().tensor(points.clone())).logits();
    values(with_output_activations(network, logits))
}

/// Applies the omitted output activations to logits.
fn with_output_activations(network: &Network, logits: Tensor<2>) -> Tensor<2> {
    network.output_activations().iter().fold(logits, |values, dropped| match dropped {
        OutputActivation::Softmax => activation::softmax(values, 1),
        OutputActivation::LogSoftmax => activation::log_softmax(values, 1),
        OutputActivation::Scale(factor) => values * *factor,
    })
}

/// Checks that the difference of every class is at most its allowed difference.
fn compare(expected: &[f64], found: &[f64], allowed: &[f64]) -> Result<(), Error> {
    let difference = |index: usize| match (expected.get(index), found.get(index)) {
        (Some(expected), Some(found)) => (expected - found).abs(),
        _ => f64::INFINITY,
    };
    let count = expected.len().max(found.len());
    let differences = (0..count).map(|index| (difference(index), allowed[index % allowed.len()]));
    // NaN, which has no order, fails.
    let fails = |&(difference, allowed): &(f64, f64)| {
        matches!(difference.partial_cmp(&allowed), None | Some(Ordering::Greater))
    };
    let mut too_large = differences.filter(fails);
    let first = too_large.next();
    let worst = first.map(|first| {
        too_large.fold(first, |worst, next| {
            let beyond = |(difference, allowed): (f64, f64)| difference - allowed;
            if beyond(next) > beyond(worst) { next } else { worst }
        })
    });
    match worst {
        None => Ok(()),
        Some((difference, allowed)) => Err(Error::SelfCheck { difference, allowed }),
    }
}

fn values(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

//! Test runs of a model on random points. They find all unsupported nodes, the constants that are
//! parameters, and models that mix the points of a batch.

use std::collections::HashMap;

use crate::OnnxError;
use crate::array::{Array, ArrayOptions};
use crate::constant::{HostTensor, NumberKind};
use crate::graph::ValueIndex;
use crate::op_args::{self, ConstantUse, RunValue};
use crate::output::ChosenOutput;
use crate::run::{BatchShapes, NodeShapes, Program, RunTrace};
use crate::weights::{self, Weight};

/// Number of points of the batch that is compared with points in the batch size of the file.
const POINTS: usize = 3;

/// Allowed difference as a share of the largest output. Devices may compute matrix products with
/// fewer digits than an `f32` has.
const ROUNDING: f64 = 1e-3;

/// Result of the test runs.
pub(crate) struct ProbeResult {
    pub(crate) program: Program,
    pub(crate) weights: Vec<Weight>,
    /// Shapes by node, for the batch size of the file.
    pub(crate) shapes: Vec<Option<NodeShapes>>,
    /// Shape of one point of the output.
    pub(crate) output_shape: Vec<usize>,
}

pub(crate) fn probe(
    mut program: Program,
    names: &[String],
    input: &str,
    written: usize,
    shape: &[usize],
    chosen: &ChosenOutput,
    options: &ArrayOptions,
) -> Result<ProbeResult, OnnxError> {
    let count = POINTS + usize::from(written == POINTS);
    let batches = count.div_ceil(written);
    let features: usize = shape.iter().product();
    let numbers = uniform(batches * written * features);
    let array = |range: std::ops::Range<usize>| {
        let shape = [&[range.len()], shape].concat();
        let numbers = numbers[range.start * features..range.end * features].to_vec();
        Array::of(&HostTensor::new(shape, numbers, NumberKind::Float), options)
            .map_err(|error| OnnxError::Input(error.0))
    };
    let as_written = BatchShapes { count: written, written, shapes: &[] };
    let mut first = program.run(&HashMap::new(), array(0..written)?, Some(as_written));
    let shapes = std::mem::take(&mut first.shapes);
    let uses = std::mem::take(&mut first.uses);
    let first = result(first, chosen)?;
    let output_shape = match first.shape.split_first() {
        Some((&points, shape)) if points == written => shape.to_vec(),
        _ => {
            return Err(OnnxError::Batch(format!(
                "its output `{}` has shape {:?} for {written} points; expected the points along \
                 the first axis",
                chosen.name, first.shape
            )));
        }
    };
    check_axes(chosen, &output_shape)?;
    let weights = promote(&mut program, names, &uses, options);
    let values = weights::values(&weights);
    let mut expected = first.numbers;
    for batch in 1..batches {
        let points = array(batch * written..(batch + 1) * written)?;
        expected.extend(result(program.run(&values, points, Some(as_written)), chosen)?.numbers);
    }
    let points = BatchShapes { count, written, shapes: &shapes };
    let trace = program.run(&values, array(0..count)?, Some(points));
    let found = result(trace, chosen).map_err(|error| of_batch(&error, input, [written, count]))?;
    compare(&found, count, &output_shape, &expected, (input, written))?;
    Ok(ProbeResult { program, weights, shapes, output_shape })
}

/// Makes parameters of the constants that operators used on the device.
fn promote(
    program: &mut Program,
    names: &[String],
    uses: &HashMap<ValueIndex, ConstantUse>,
    options: &ArrayOptions,
) -> Vec<Weight> {
    let mut weights = Vec::new();
    let Program { nodes, constants, .. } = program;
    for node in nodes.iter() {
        for &slot in node.inputs.iter().flatten() {
            let Some(used) = uses.get(&slot).filter(|used| used.on_device) else { continue };
            let Some(constant) = constants.get(&slot) else { continue };
            let named = (slot, names[slot].as_str());
            if let Some(weight) = Weight::new(named, &node.name, constant, used.on_host, options) {
                weights.push(weight);
                constants.remove(&slot);
            }
        }
    }
    weights
}

/// The output of a run, on the host.
fn result(trace: RunTrace, chosen: &ChosenOutput) -> Result<HostTensor, OnnxError> {
    if !trace.unsupported.is_empty() {
        return Err(OnnxError::Unsupported(trace.unsupported));
    }
    match trace.output {
        Some(RunValue::Tensor(array)) => {
            array.to_constant().map_err(|error| OnnxError::Output(error.0))
        }
        _ => Err(OnnxError::Output(format!(
            "its output `{}` does not depend on the numbers of its input",
            chosen.name
        ))),
    }
}

/// Checks that the dropped decisions are between classes.
fn check_axes(chosen: &ChosenOutput, output_shape: &[usize]) -> Result<(), OnnxError> {
    let rank = output_shape.len() + 1;
    for (operator, number) in &chosen.axes {
        let is_classes = op_args::axis(*number, rank).is_ok_and(|axis| {
            axis > 0 && output_shape.iter().product::<usize>() == output_shape[axis - 1]
        });
        if !is_classes {
            return Err(OnnxError::Output(format!(
                "the {operator} at its end runs along axis {number} of shape [n, {}], which is not \
                 that of the classes alone; choose an output before it",
                output_shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            )));
        }
    }
    Ok(())
}

/// The error for a model that runs with the batch size of the file only.
fn of_batch(error: &OnnxError, input: &str, [written, count]: [usize; 2]) -> OnnxError {
    OnnxError::Batch(format!(
        "it can be run with {written} point(s) in its input `{input}`, but not with {count}: \
         {error}; export the model with an open first axis, and without shapes that hold a number \
         of points"
    ))
}

/// Compares the outputs of a batch with those in the batch size of the file.
fn compare(
    found: &HostTensor,
    count: usize,
    output_shape: &[usize],
    expected: &[f64],
    (input, written): (&str, usize),
) -> Result<(), OnnxError> {
    if found.shape != [&[count], output_shape].concat() {
        return Err(OnnxError::Batch(format!(
            "for {count} points in its input `{input}` its output has shape {:?}, for one \
             {output_shape:?}: it mixes points; export the model with an open first axis",
            found.shape
        )));
    }
    let expected = &expected[..found.numbers.len()];
    if expected.iter().any(|number| !number.is_finite()) {
        return Err(OnnxError::Batch(
            "its outputs at points in [0, 1) are not finite numbers; are its parameters damaged?"
                .into(),
        ));
    }
    let scale = expected.iter().fold(f64::MIN_POSITIVE, |scale, number| scale.max(number.abs()));
    let pairs = expected.iter().zip(&found.numbers);
    // Written so that a NaN fails.
    if pairs.into_iter().all(|(left, right)| (left - right).abs() <= ROUNDING * scale) {
        return Ok(());
    }
    Err(OnnxError::Batch(format!(
        "it gives other outputs for {count} points at once than for {written} at a time: it mixes \
         points, or draws at random"
    )))
}

/// Fixed pseudo-random numbers in [0, 1), independent of the devices' generators.
fn uniform(count: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // Xorshift (Marsaglia 2003), full period for 64 bits.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    (0..count).map(|_| next()).collect()
}

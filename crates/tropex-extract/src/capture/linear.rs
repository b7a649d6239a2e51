//! Operations that are linear in one operand, while the other operands are constant. Their matrix
//! is found by evaluating them on test inputs.

use std::collections::HashMap;

use burn::backend::ir::{ModuleOperationIr, OperationIr, TensorIr};
use burn::tensor::{TensorData, TensorId};

use super::context::{CapturedValue, LoweringContext};
use super::evaluate::Evaluator;
use super::lowering_error::{DIFFERS, LINEAR, LoweringError, MIXES_POINTS};
use crate::ops::{Linear, Rearrange, Separable};

/// A sparse matrix: for every output, the features in its sum and their factors.
pub(super) type SparseRows = Vec<Vec<(usize, f64)>>;

/// Largest number of entries of a matrix, with or without zeros.
const MAX_ENTRIES: usize = 1 << 26;

/// Largest number of evaluations of an operation for its matrix.
const MAX_EVALUATIONS: usize = 1 << 12;

impl LoweringContext {
    /// Weighted sums of features.
    pub(super) fn sparse(
        &mut self,
        name: &'static str,
        value: &CapturedValue,
        rows: &SparseRows,
        shape: Vec<usize>,
        layer: Option<String>,
    ) -> Result<CapturedValue, LoweringError> {
        let (inputs, outputs) = (value.features(), rows.len());
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        if 2 * longest > inputs && inputs * outputs <= MAX_ENTRIES {
            let mut weight = vec![0.0; inputs * outputs];
            for (output, row) in rows.iter().enumerate() {
                row.iter().for_each(|&(input, by)| weight[input * outputs + output] += by);
            }
            let weight = TensorData::new(weight, [inputs, outputs]);
            let op = Linear::new(weight, &self.target);
            return Ok(self.push(op, &[value], shape, layer));
        }
        if longest * outputs > MAX_ENTRIES {
            return Err(LINEAR.into());
        }
        // The first features of all sums, then the second features, ...
        let terms = (0..longest.max(1)).flat_map(|nth| rows.iter().map(move |row| row.get(nth)));
        let source: Vec<_> = terms.clone().map(|term| term.map(|&(input, _)| input)).collect();
        let factors = terms.map(|term| term.map_or(1.0, |&(_, factor)| factor)).collect();
        let op = Rearrange::new(name, inputs, &source, &self.target);
        let gathered = self.push(op, &[value], vec![source.len()], layer);
        let scaled = self.scaled(&gathered, factors);
        if longest <= 1 {
            return Ok(CapturedValue { shape, ..scaled });
        }
        let (planes, ones) = ([1, longest, outputs], vec![vec![1.0; longest]]);
        let detail = format!("of {longest}");
        let op = Separable::new("sum", detail, planes, [Some(ones), None], &self.target);
        Ok(self.push(op, &[&scaled], shape, None))
    }
}

/// Distance between cells of one colour. An output must read at most one cell of a colour.
const COLOUR_DISTANCE: usize = 8;

/// The weights of the cells that every output reads. `apply` maps planes `[count, height, width]`
/// to `[count, outputs]`; every output must read cells that are close together.
///
/// Cells of one colour are tested together. The output for ones on these cells is the weight of the
/// cell that was read; the output for their indices identifies the cell.
pub(super) fn read_weights(
    [height, width]: [usize; 2],
    apply: impl Fn(Vec<f64>, usize) -> Result<Vec<f64>, LoweringError>,
) -> Result<SparseRows, LoweringError> {
    let cells = height * width;
    // Numbers without a pattern, for a final check.
    let test: Vec<f64> = (1..=cells).map(|cell| (cell as f64 * 0.618_033_988_7).fract()).collect();
    let expected = apply(test.clone(), 1)?;
    let mut rows: SparseRows = vec![Vec::new(); expected.len()];
    let (down, across) = (height.min(COLOUR_DISTANCE), width.min(COLOUR_DISTANCE));
    for colour in 0..down * across {
        let mut planes = vec![0.0; 2 * cells];
        for row in (colour / across..height).step_by(COLOUR_DISTANCE) {
            for column in (colour % across..width).step_by(COLOUR_DISTANCE) {
                let cell = row * width + column;
                (planes[cell], planes[cells + cell]) = (1.0, (cell + 1) as f64);
            }
        }
        let answers = apply(planes, 2)?;
        let (weights, numbers) = answers.split_at(expected.len());
        for ((row, &weight), number) in rows.iter_mut().zip(weights).zip(numbers) {
            if weight != 0.0 {
                let cell = (number / weight).round().clamp(1.0, cells as f64) as usize - 1;
                row.push((cell, weight));
            }
        }
    }
    let found = rows.iter().map(|row| row.iter().map(|&(cell, by)| by * test[cell]).sum::<f64>());
    let close = |(found, expected): (f64, &f64)| (found - expected).abs() <= 1e-9;
    if found.zip(&expected).all(close) { Ok(rows) } else { Err(LINEAR.into()) }
}

/// Lowers an operation that is linear in one operand to a product with its matrix.
pub(super) fn product(
    context: &mut LoweringContext,
    operation: &OperationIr,
    tensor: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(tensor)?;
    let out = operation.outputs().next().ok_or("an operation without an output")?;
    let shape = context.point_shape(out)?;
    let (inputs, outputs) = (value.features(), shape.iter().product::<usize>());
    if inputs > MAX_EVALUATIONS || inputs * outputs > MAX_ENTRIES {
        return Err(LINEAR.into());
    }
    let points = context.points;
    let apply = |numbers: Vec<f64>| -> Result<Vec<f64>, LoweringError> {
        let data = TensorData::new(numbers, tensor.shape.clone());
        let filled: HashMap<TensorId, TensorData> = HashMap::from([(tensor.id, data)]);
        Ok(Evaluator::new(context, filled).run(operation)?.iter().collect())
    };
    let constants = apply(vec![0.0; points * inputs])?;
    let is_uniform =
        |numbers: &[f64]| numbers.chunks_exact(outputs).all(|p| *p == numbers[..outputs]);
    let mut matrix = vec![0.0; inputs * outputs];
    for (input, row) in matrix.chunks_exact_mut(outputs).enumerate() {
        let mut ones = vec![0.0; points * inputs];
        ones[input] = 1.0;
        let answer = apply(ones)?;
        if answer[outputs..] != constants[outputs..] {
            return Err(MIXES_POINTS.into());
        }
        let differences = answer.iter().zip(&constants).map(|(answer, constant)| answer - constant);
        row.iter_mut().zip(differences).for_each(|(entry, difference)| *entry = difference);
    }
    // The matrix was found at the first point; the other points must have it too.
    let test: Vec<f64> = (1..=inputs).map(|at| (at as f64 * 0.618_033_988_7).fract()).collect();
    let products = apply(test.iter().copied().cycle().take(points * inputs).collect())?;
    let is_equal = products.chunks_exact(outputs).all(|point| {
        let pairs = point.iter().zip(&products[..outputs]);
        pairs.into_iter().all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + b.abs()))
    });
    if !is_uniform(&constants) || !is_equal {
        return Err(DIFFERS.into());
    }
    let weight = TensorData::new(matrix, [inputs, outputs]);
    let mut op = Linear::new(weight, &context.target);
    if constants.iter().any(|&constant| constant != 0.0) {
        let bias = TensorData::new(constants[..outputs].to_vec(), [1, outputs]);
        op = op.with_bias(bias, &context.target);
    }
    context.emit(op, &value, out, None)
}

/// The operand in which a module operation is linear, if all other operands are constant.
pub(super) fn linear_operand<'a>(
    context: &LoweringContext,
    operation: &'a ModuleOperationIr,
    inputs: impl Iterator<Item = &'a TensorIr>,
) -> Option<&'a TensorIr> {
    use ModuleOperationIr as Ir;
    let operand = match operation {
        Ir::DeformableConv2d(op) => &op.x,
        Ir::Attention(op) => &op.value,
        Ir::Linear(op) => &op.x,
        _ => return None,
    };
    let mut varying = inputs.filter(|input| !context.is_constant(input));
    varying.all(|input| input.id == operand.id).then_some(operand)
}

//! The operations written with Burn's own operations, for any backend.

use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};
use rayon::prelude::*;

use crate::data::{AdamStep, AffineRows, Columns, MomentumStep, Slope};

pub(crate) fn mask(rows: AffineRows, sign: &Tensor<2>, slope: &Slope) -> AffineRows {
    let (points, groups) = (rows.points(), rows.groups());
    rows.map(|rows| {
        let [count, features] = rows.dims();
        let inactive = sign.clone().lower_equal_elem(0);
        let ones = sign.ones_like();
        let factor = match slope {
            Slope::Uniform(slope) => ones.mask_fill(inactive, *slope),
            Slope::PerUnit(slopes) => {
                ones.mask_where(inactive, slopes.tensor().expand([points, features]))
            }
        };
        let masked = rows.reshape([groups, points, features]) * factor.unsqueeze_dim::<3>(0);
        masked.reshape([count, features])
    })
}

pub(crate) fn scatter(rows: AffineRows, winner: &Tensor<3, Int>, cells: usize) -> AffineRows {
    let groups = rows.groups();
    rows.map(|rows| {
        let [count, _] = rows.dims();
        let [_, channels, windows] = winner.dims();
        let plane = Tensor::zeros([count, channels, cells], (&rows.device(), rows.dtype()));
        let rows = rows.reshape([count, channels, windows]);
        let winner = winner.clone().repeat_dim(0, groups);
        let scattered = plane.scatter(2, winner, rows, IndexingUpdateOp::Add);
        scattered.reshape([count, channels * cells])
    })
}

pub(crate) fn pick(values: Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    let [count, _] = values.dims();
    let [points, channels, windows] = winner.dims();
    let planes = values.reshape([count, channels, cells]);
    let winner = winner.clone().repeat_dim(0, count / points);
    planes.gather(2, winner).reshape([count, channels * windows])
}

pub(crate) fn gather(values: Tensor<2>, columns: &Columns) -> Tensor<2> {
    columns.blank(values.select(1, columns.tensor()))
}

pub(crate) fn scatter_add(values: Tensor<2>, columns: &Columns, width: usize) -> Tensor<2> {
    let zeros = Tensor::zeros([values.dims()[0], width], (&values.device(), values.dtype()));
    let values = columns.blank(values);
    zeros.select_assign(1, columns.tensor(), values, IndexingUpdateOp::Add)
}

pub(crate) fn lowest(rows: &AffineRows) -> Vec<f64> {
    let [linear, negative] = split_negative(rows.clone());
    let below = negative + linear.min_dim(0).clamp_max(0);
    below.min_dim(1).into_data().iter().collect()
}

/// Linear rows `[groups - 1, points, features]` and negative rows `[1, points, features]`.
pub(crate) fn split_negative(rows: AffineRows) -> [Tensor<3>; 2] {
    let (points, groups) = (rows.points(), rows.groups());
    let rows = rows.into_tensor();
    let [_, features] = rows.dims();
    let rows = rows.reshape([groups, points, features]);
    [rows.clone().narrow(0, 0, groups - 1), rows.narrow(0, groups - 1, 1)]
}

/// Finds the maxima on the device and reads only the wanted rows.
pub(crate) fn visit_rows<S: Send>(
    scores: Tensor<2>,
    bias: Tensor<2>,
    states: &mut [S],
    wanted: impl Fn(&S, f32) -> bool + Sync,
    visit: impl Fn(&mut S, &[f32]) + Sync,
) {
    let columns = scores.dims()[1];
    let sums = scores + bias;
    let peaks = sums.clone().max_dim(1).into_data();
    let states = states.iter_mut().zip(peaks.iter::<f32>());
    let chosen = states.enumerate().filter(|(_, (state, peak))| wanted(state, *peak));
    let (rows, mut states): (Vec<i64>, Vec<&mut S>) =
        chosen.map(|(row, (state, _))| (row as i64, state)).unzip();
    if rows.is_empty() {
        return;
    }
    let count = rows.len();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &sums.device());
    let entries: Vec<f32> = sums.select(0, rows).into_data().iter().collect();
    let rows = entries.par_chunks_exact(columns);
    states.par_iter_mut().zip(rows).for_each(|(state, row)| visit(state, row));
}

pub(crate) fn momentum_step<const D: usize>(
    step: &MomentumStep,
    value: Tensor<D>,
    gradient: Tensor<D>,
    velocity: Option<Tensor<D>>,
) -> (Tensor<D>, Tensor<D>) {
    let gradient = penalised(gradient, &value, step.penalty);
    let velocity = match velocity {
        Some(velocity) => velocity.mul_scalar(step.momentum) + gradient,
        None => gradient,
    };
    (value - velocity.clone().mul_scalar(step.rate), velocity)
}

pub(crate) fn adam_step<const D: usize>(
    step: &AdamStep,
    value: Tensor<D>,
    gradient: Tensor<D>,
    [mean, square]: [Option<Tensor<D>>; 2],
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let gradient = penalised(gradient, &value, step.penalty);
    let mean = decayed(mean, gradient.clone(), step.decays[0]);
    let square = decayed(square, gradient.square(), step.decays[1]);
    let root = square.clone().sqrt().div_scalar(step.scale).add_scalar(step.epsilon);
    (value - mean.clone().mul_scalar(step.rate) / root, [mean, square])
}

fn penalised<const D: usize>(gradient: Tensor<D>, value: &Tensor<D>, penalty: f64) -> Tensor<D> {
    if penalty > 0.0 { gradient + value.clone().mul_scalar(penalty) } else { gradient }
}

/// An exponential moving average, from zero.
fn decayed<const D: usize>(mean: Option<Tensor<D>>, value: Tensor<D>, decay: f64) -> Tensor<D> {
    let share = value.mul_scalar(1.0 - decay);
    match mean {
        Some(mean) => mean.mul_scalar(decay) + share,
        None => share,
    }
}

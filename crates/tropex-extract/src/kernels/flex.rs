//! In-place forms for Burn's `flex` backend, for tensors that [`holds`] says it can work on.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Element, Int, Shape, Tensor};
use bytemuck::Pod;
use rayon::prelude::*;

use crate::rows::Rows;

/// Rows that one task handles at least, so that short rows do not drown in scheduling.
const BLOCK: usize = 8;

/// Points whose lowest coefficients one task finds.
const LOWEST_BLOCK: usize = 64;

trait Float:
    Element + Pod + Send + Sync + PartialOrd + std::ops::AddAssign + std::ops::Add<Output = Self>
{
    const ZERO: Self;
    fn scaled(self, factor: f64) -> Self;
    fn double(self) -> f64;
}

macro_rules! float {
    ($($float:ty),+) => {
        $(impl Float for $float {
            const ZERO: Self = 0.0;

            fn scaled(self, factor: f64) -> Self {
                self * factor as $float
            }

            fn double(self) -> f64 {
                f64::from(self)
            }
        })+
    };
}

float!(f32, f64);

/// Calls a function for the float type of a tensor; networks are placed in no other than these.
macro_rules! for_float {
    ($dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            DType::F64 => $function::<f64>($($argument),*),
            _ => $function::<f32>($($argument),*),
        }
    };
}

/// Whether `flex` holds the tensor, in order and without gaps or surroundings.
pub(super) fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.clone().try_into_primitive::<Flex>().is_ok_and(|tensor| {
        let entries = tensor.layout().num_elements();
        let whole = tensor.bytes().len() == entries * tensor.dtype().size();
        whole && tensor.layout().contiguous_offsets() == Some((0, entries))
    })
}

/// The same for rows and their pending shift.
pub(super) fn holds_rows(rows: &Rows) -> bool {
    holds(rows.tensor()) && rows.shift().is_none_or(holds)
}

fn held<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    tensor.try_into_primitive::<Flex>().expect("callers ask `holds` first")
}

/// Rows with their pending shift, taken out of Burn's hands to be worked on in place.
struct Held {
    rows: FlexTensor,
    shift: Option<FlexTensor>,
    points: usize,
}

impl Held {
    fn take(rows: Rows) -> Self {
        let (tensor, points, shift) = rows.into_parts();
        Self { rows: held(tensor), shift: shift.map(held), points }
    }

    fn features(&self) -> usize {
        self.rows.layout().shape()[1]
    }

    fn count(&self) -> usize {
        self.rows.layout().shape()[0]
    }

    /// The shift of a row: only the last group has one.
    fn shift_of<F: Float>(&self, row: usize) -> Option<&[F]> {
        let shifted = row >= self.count() - self.points;
        self.shift.as_ref().filter(|_| shifted).map(FlexTensor::storage)
    }
}

pub(super) fn mask(rows: Rows, sign: &Tensor<2>, slope: f64) -> Tensor<2> {
    let (rows, sign) = (Held::take(rows), held(sign.clone()));
    Tensor::from_primitive::<Flex>(for_float!(sign.dtype(), mask_in(rows, &sign, slope)))
}

fn mask_in<F: Float>(held: Held, sign: &FlexTensor, slope: f64) -> FlexTensor {
    let (features, points, first_shifted) =
        (held.features(), held.points, held.count() - held.points);
    let Held { mut rows, shift, .. } = held;
    let signs = sign.storage::<F>();
    let shift = shift.as_ref().map(|shift| shift.storage::<F>());
    let factor = |value: F, sign: F| if sign > F::ZERO { value } else { value.scaled(slope) };
    let blocks = rows.storage_mut::<F>().par_chunks_mut(features * BLOCK);
    blocks.enumerate().for_each(|(block, rows)| {
        for (row, index) in rows.chunks_exact_mut(features).zip(block * BLOCK..) {
            let sign = &signs[index % points * features..][..features];
            let entries = row.iter_mut().zip(sign);
            match shift.filter(|_| index >= first_shifted) {
                None => entries.for_each(|(value, &sign)| *value = factor(*value, sign)),
                Some(shift) => entries.zip(shift).for_each(|((value, &sign), &shift)| {
                    *value = factor(*value + shift, sign);
                }),
            }
        }
    });
    rows
}

pub(super) fn scatter(rows: Rows, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    let winners = positions(winner);
    let [_, channels, windows] = winner.dims();
    let rows = Held::take(rows);
    let extents = [channels, windows, cells];
    Tensor::from_primitive::<Flex>(for_float!(
        rows.rows.dtype(),
        scatter_in(&rows, &winners, extents)
    ))
}

/// Positions as the backend's own integers, or converted where they are neither of the usual two.
fn positions(winner: &Tensor<3, Int>) -> Vec<u32> {
    let data = winner.to_data();
    match (data.as_slice::<i32>(), data.as_slice::<i64>()) {
        (Ok(cells), _) => cells.iter().map(|&cell| cell as u32).collect(),
        (_, Ok(cells)) => cells.iter().map(|&cell| cell as u32).collect(),
        _ => data.iter::<i64>().map(|cell| cell as u32).collect(),
    }
}

fn scatter_in<F: Float>(
    held: &Held,
    winners: &[u32],
    [channels, windows, cells]: [usize; 3],
) -> FlexTensor {
    let features = channels * windows;
    let source = held.rows.storage::<F>();
    let shape = Shape::from(vec![held.count(), channels * cells]);
    let mut target = FlexTensor::zeros(shape, held.rows.dtype());
    let planes = target.storage_mut::<F>().par_chunks_mut(channels * cells);
    planes.enumerate().for_each(|(index, planes)| {
        let row = &source[index * features..][..features];
        let winners = &winners[index % held.points * features..][..features];
        let shift = held.shift_of::<F>(index);
        for (entry, (&value, &cell)) in row.iter().zip(winners).enumerate() {
            let value = shift.map_or(value, |shift| value + shift[entry]);
            planes[entry / windows * cells + cell as usize] += value;
        }
    });
    target
}

pub(super) fn row_maxima(scores: Tensor<2>, bias: Tensor<2>) -> (Vec<f64>, Vec<usize>) {
    let (scores, bias) = (held(scores), held(bias));
    for_float!(scores.dtype(), row_maxima_in(&scores, &bias))
}

fn row_maxima_in<F: Float>(scores: &FlexTensor, bias: &FlexTensor) -> (Vec<f64>, Vec<usize>) {
    let bias = bias.storage::<F>();
    let rows = scores.storage::<F>().par_chunks_exact(bias.len());
    rows.map(|row| {
        let sums = row.iter().zip(bias).map(|(&score, &bias)| score + bias).enumerate();
        let first = (0, row[0] + bias[0]);
        let (column, value) =
            sums.fold(first, |best, next| if next.1 > best.1 { next } else { best });
        (value.double(), column)
    })
    .unzip()
}

pub(super) fn lowest(rows: &Rows) -> Vec<f64> {
    let held = held(rows.tensor().clone());
    for_float!(held.dtype(), lowest_in(&held, rows.points()))
}

fn lowest_in<F: Float>(held: &FlexTensor, points: usize) -> Vec<f64> {
    let features = held.layout().shape()[1];
    let (linear, negative) = {
        let rows = held.storage::<F>();
        rows.split_at(rows.len() - points * features)
    };
    let starts: Vec<usize> = (0..points).step_by(LOWEST_BLOCK).collect();
    let lowest = starts.into_par_iter().map(|start| {
        let mut lowest = negative[start * features..][..features].to_vec();
        let mut below = vec![F::ZERO; features];
        for point in start..points.min(start + LOWEST_BLOCK) {
            let row = |rows: usize| rows * points * features + point * features;
            below.fill(F::ZERO);
            for group in 0..linear.len() / (points * features) {
                lower(&mut below, linear[row(group)..].iter().copied());
            }
            let sums = below.iter().zip(&negative[row(0)..]).map(|(&below, &value)| below + value);
            lower(&mut lowest, sums);
        }
        lowest
    });
    let lowest = lowest.reduce_with(|mut a, b| {
        lower(&mut a, b.into_iter());
        a
    });
    lowest.into_iter().flatten().map(Float::double).collect()
}

/// Lowers numbers to others that are smaller.
fn lower<F: Float>(numbers: &mut [F], others: impl Iterator<Item = F>) {
    for (number, other) in numbers.iter_mut().zip(others) {
        *number = if other < *number { other } else { *number };
    }
}

//! The implementations for Burn's `flex` backend, compared with the generic ones and with plain
//! loops.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::in_place::holds_rows;
use super::weight;
use crate::attempt::Attempt;
use crate::simd::PackedMatrix;
use crate::simd::holds;
use crate::{
    AffineRows, Columns, ComputeTarget, Constant, PoolingWindows, Precision, Slope, generic,
};

/// Rows of several groups with or without a pending shift.
#[derive(Clone, Debug)]
struct RowsProblem {
    seed: u64,
    dtype: DType,
    groups: usize,
    points: usize,
    shifted: bool,
}

fn problems() -> impl Strategy<Value = RowsProblem> {
    let dtype = prop_oneof![Just(DType::F32), Just(DType::F64)];
    // Some problems have more rows than one task.
    (any::<u64>(), dtype, 1..4_usize, 1..12_usize, any::<bool>()).prop_map(
        |(seed, dtype, groups, points, shifted)| RowsProblem {
            seed,
            dtype,
            groups,
            points,
            shifted,
        },
    )
}

/// Small whole numbers, so that sums are exact, and zeros and ties occur.
fn numbers<const D: usize>(random: &mut ChaCha8Rng, shape: [usize; D], dtype: DType) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|_| f64::from(random.random_range(-3..=3_i8))).collect();
    let data = TensorData::new(values, shape).convert_dtype(dtype);
    Tensor::from_data(data, (&Device::flex(), dtype))
}

impl RowsProblem {
    fn random(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    fn rows(&self, random: &mut ChaCha8Rng, features: usize) -> AffineRows {
        let tensor = numbers(random, [self.groups * self.points, features], self.dtype);
        let shift = self.shifted.then(|| numbers(random, [1, features], self.dtype));
        AffineRows::new(tensor, self.points).with_shift(shift.as_ref())
    }
}

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

fn winners(random: &mut ChaCha8Rng, shape: [usize; 3], cells: usize) -> Tensor<3, Int> {
    let count = shape.iter().product();
    let winners: Vec<i32> = (0..count).map(|_| random.random_range(0..cells as i32)).collect();
    Tensor::from_data(TensorData::new(winners, shape), &Device::flex())
}

fn target(dtype: DType) -> ComputeTarget {
    let precision = if dtype == DType::F64 { Precision::F64 } else { Precision::F32 };
    ComputeTarget::new(&Device::flex(), precision).expect("flex has both")
}

/// Multiples of 1/4 from 0 to 1, so that products are exact.
fn slopes(features: usize, dtype: DType) -> Constant<2> {
    let slopes: Vec<f64> = (0..features).map(|feature| (feature % 5) as f64 / 4.0).collect();
    Constant::new(TensorData::new(slopes, [1, features]), &target(dtype))
}

/// Indices of source columns in a matrix of a width. Some columns are missing and some occur twice.
fn columns(random: &mut ChaCha8Rng, width: usize, count: usize) -> Vec<Option<usize>> {
    let column = |_| Some(random.random_range(0..=width)).filter(|&column| column < width);
    (0..count).map(column).collect()
}

/// The result of a `flex` implementation that must not decline.
fn done<T>(attempt: Attempt<T>) -> T {
    match attempt {
        Attempt::Break(result) => result,
        Attempt::Continue(_) => panic!("the flex implementation declined"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn masks_equal_the_generic_implementation(
        problem in problems(),
        features in 1..9_usize,
        slope in 0..=5_u8,
    ) {
        let mut random = problem.random();
        let rows = problem.rows(&mut random, features);
        let sign = numbers(&mut random, [problem.points, features], problem.dtype);
        let slope = match slope {
            5 => Slope::PerUnit(slopes(features, problem.dtype)),
            slope => Slope::Uniform(f64::from(slope) / 4.0),
        };
        prop_assert!(holds_rows(&rows) && holds(&sign));
        let generic = generic::mask(rows.clone(), &sign, &slope).into_tensor();
        let in_place = done(super::mask(rows, &sign, &slope)).into_tensor();
        prop_assert_eq!(in_place.dtype(), problem.dtype);
        prop_assert_eq!(values(in_place), values(generic));
    }

    #[test]
    fn masking_does_not_change_shared_rows(problem in problems()) {
        let mut random = problem.random();
        let rows = problem.rows(&mut random, 5);
        let before = values(rows.tensor().unwrap().clone());
        let sign = numbers(&mut random, [problem.points, 5], problem.dtype);
        done(super::mask(rows.clone(), &sign, &Slope::Uniform(0.0)));
        prop_assert_eq!(values(rows.tensor().unwrap().clone()), before);
    }

    #[test]
    fn scatters_equal_the_generic_implementation(
        problem in problems(),
        channels in 1..4_usize,
        windows in 1..6_usize,
        cells in 1..7_usize,
    ) {
        let mut random = problem.random();
        let rows = problem.rows(&mut random, channels * windows);
        let winner = winners(&mut random, [problem.points, channels, windows], cells);
        prop_assert!(holds_rows(&rows));
        let generic = generic::scatter(rows.clone(), &winner, cells).into_tensor();
        let in_place = done(super::scatter(rows, &winner, cells, true)).into_tensor();
        prop_assert_eq!(in_place.dims(), generic.dims());
        prop_assert_eq!(values(in_place), values(generic));
    }

    #[test]
    fn picks_equal_a_plain_loop(
        problem in problems(),
        channels in 1..4_usize,
        windows in 1..6_usize,
        cells in 1..7_usize,
    ) {
        let mut random = problem.random();
        let count = problem.groups * problem.points;
        let tensor = numbers(&mut random, [count, channels * cells], problem.dtype);
        let winner = winners(&mut random, [problem.points, channels, windows], cells);
        let of: Vec<i64> = winner.to_data().iter().collect();
        let from = values(tensor.clone());
        let expected = (0..count * channels * windows).map(|index| {
            let (plane, window) = (index / windows, index % windows);
            let winner = plane % (problem.points * channels) * windows + window;
            from[plane * cells + of[winner] as usize]
        });
        let expected: Vec<f64> = expected.collect();
        prop_assert!(holds(&tensor));
        prop_assert_eq!(&values(crate::pick(tensor.clone(), &winner, cells)), &expected);
        prop_assert_eq!(&values(generic::pick(tensor, &winner, cells)), &expected);
    }

    #[test]
    fn the_first_of_the_largest_cells_of_a_window_wins(
        problem in problems(),
        channels in 1..4_usize,
        windows in prop::collection::vec(prop::collection::vec(0..9_usize, 1..5), 1..7),
    ) {
        let mut random = problem.random();
        let tensor = numbers::<2>(&mut random, [problem.points, channels * 9], problem.dtype);
        let windows_of = PoolingWindows::new(&windows).expect("every window has a cell");
        let (largest, cells) = crate::largest(&tensor, channels, &windows_of).expect("on flex");
        prop_assert_eq!(cells.dims(), [problem.points, channels, windows.len()]);
        let all = values(tensor);
        let expected = all.chunks_exact(9).flat_map(|plane| windows.iter().map(|window| {
            window.iter().fold((f64::NEG_INFINITY, 0), |best, &cell| {
                if plane[cell] > best.0 { (plane[cell], cell as i64) } else { best }
            })
        }));
        let (expected, at): (Vec<f64>, Vec<i64>) = expected.unzip();
        prop_assert_eq!(values(largest), expected);
        prop_assert_eq!(cells.into_data().iter::<i64>().collect::<Vec<_>>(), at);
    }

    #[test]
    fn lowest_coefficients_equal_the_generic_implementation(problem in problems(), features in 1..9_usize) {
        // At least one group of linear rows, and more points than one task takes.
        let problem = RowsProblem { groups: problem.groups + 1, shifted: false, ..problem };
        let problem = RowsProblem { points: problem.points * 17, ..problem };
        let rows = problem.rows(&mut problem.random(), features);
        prop_assert!(holds_rows(&rows));
        prop_assert_eq!(super::lowest(&rows), Some(generic::lowest(&rows)));
    }

    #[test]
    fn extremes_equal_a_plain_loop(problem in problems(), features in 1..9_usize) {
        let problem = RowsProblem { groups: problem.groups + 1, ..problem };
        let rows = problem.rows(&mut problem.random(), features);
        let all = values(rows.clone().into_tensor());
        let at = |row: usize, feature: usize| all[row * features + feature];
        let expected = (0..problem.points).map(|point| {
            let negative = (problem.groups - 1) * problem.points + point;
            let coefficients = (0..problem.groups).flat_map(|group| {
                let row = group * problem.points + point;
                (0..features).map(move |feature| match row == negative {
                    true => at(row, feature),
                    false => at(row, feature) + at(negative, feature),
                })
            });
            coefficients.fold((f64::INFINITY, 0.0_f64), |(smallest, largest), value| {
                (smallest.min(value), largest.max(value.abs()))
            })
        });
        prop_assert_eq!(crate::extremes(rows), expected.collect::<Vec<_>>());
    }

    #[test]
    fn gathered_and_scattered_columns_equal_a_plain_loop(
        problem in problems(),
        width in 1..9_usize,
        count in 1..12_usize,
    ) {
        let mut random = problem.random();
        let numbers_of = |random: &mut _, width| {
            numbers(random, [problem.points, width], problem.dtype)
        };
        let source = columns(&mut random, width, count);
        let columns = Columns::new(&source, &target(problem.dtype));
        let tensor = numbers_of(&mut random, width);
        let rows = values(tensor.clone());
        let gathered: Vec<f64> = rows
            .chunks_exact(width)
            .flat_map(|row| source.iter().map(|from| from.map_or(0.0, |from| row[from])))
            .collect();
        prop_assert!(holds(&tensor));
        prop_assert_eq!(&values(crate::gather(tensor.clone(), &columns)), &gathered);
        prop_assert_eq!(&values(generic::gather(tensor, &columns)), &gathered);

        let tensor = numbers_of(&mut random, count);
        let mut scattered = vec![0.0; problem.points * width];
        let rows = values(tensor.clone());
        for (to, row) in scattered.chunks_exact_mut(width).zip(rows.chunks(count)) {
            for (value, to_column) in row.iter().zip(&source) {
                to_column.iter().for_each(|&column| to[column] += value);
            }
        }
        prop_assert_eq!(&values(crate::scatter_add(tensor.clone(), &columns, width)), &scattered);
        prop_assert_eq!(&values(generic::scatter_add(tensor, &columns, width)), &scattered);
    }

    #[test]
    fn both_implementations_visit_the_rows_with_large_entries(
        problem in problems(),
        columns in 1..90_usize,
        at_least in -6..7_i8,
    ) {
        let mut random = problem.random();
        let scores = numbers(&mut random, [problem.points, columns], DType::F32);
        let bias = numbers(&mut random, [1, columns], DType::F32);
        prop_assert!(holds(&scores) && holds(&bias));
        let sums = values(scores.clone() + bias.clone());
        let expected: Vec<Option<Vec<f64>>> = sums.chunks(columns).map(|row| {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (largest >= f64::from(at_least)).then(|| row.to_vec())
        }).collect();
        let wanted = |_: &Option<Vec<f64>>, peak| peak >= f32::from(at_least);
        let visit = |seen: &mut Option<Vec<f64>>, row: &[f32]| {
            *seen = Some(row.iter().copied().map(f64::from).collect());
        };
        let mut in_place = vec![None; problem.points];
        super::visit_rows(scores.clone(), bias.clone(), &mut in_place, wanted, visit);
        prop_assert_eq!(&in_place, &expected);
        let mut generic = vec![None; problem.points];
        generic::visit_rows(scores, bias, &mut generic, wanted, visit);
        prop_assert_eq!(&generic, &expected);
    }
}

#[test]
fn tensors_with_gaps_are_left_to_the_generic_implementation() {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let wide = numbers::<2>(&mut random, [4, 6], DType::F32);
    let narrow = wide.clone().narrow(1, 0, 3);
    let sign = numbers(&mut random, [4, 3], DType::F32);
    let rows = AffineRows::new(narrow.clone(), 4);
    let half = Slope::Uniform(0.5);
    let masked = values(crate::mask(rows.clone(), &sign, &half).into_tensor());
    assert_eq!(masked, values(generic::mask(rows, &sign, &half).into_tensor()));
    let mut peaks = vec![0.0; 6];
    let bias = numbers(&mut random, [1, 4], DType::F32);
    let transposed = wide.transpose();
    let note = |peak: &mut f64, row: &[f32]| {
        *peak = row.iter().copied().map(f64::from).fold(f64::NEG_INFINITY, f64::max);
    };
    crate::visit_rows(transposed.clone(), bias.clone(), &mut peaks, |_, _| true, note);
    assert_eq!(peaks, values((transposed + bias).max_dim(1)));
}

/// Rows with few nonzero features, different ones for each point.
fn mostly_zero(problem: &RowsProblem, inputs: usize, every: usize) -> Tensor<2> {
    let mut random = problem.random();
    let rows = numbers(&mut random, [problem.groups * problem.points, inputs], problem.dtype);
    let lottery = numbers(&mut random, [problem.points, inputs * every], problem.dtype);
    let chosen = lottery.reshape([problem.points, inputs, every]).abs().sum_dim(2).equal_elem(0);
    let chosen = chosen.reshape([1, problem.points, inputs]);
    let rows = rows.reshape([problem.groups, problem.points, inputs]);
    let kept = rows.zeros_like().mask_where(chosen.repeat_dim(0, problem.groups), rows);
    kept.reshape([problem.groups * problem.points, inputs])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Tests any number of columns, more groups than a register tile has rows, rows of any density,
    /// and more points than a task takes.
    #[test]
    fn packed_products_equal_products_of_the_backend(
        problem in problems(),
        groups in 1..12_usize,
        more in prop_oneof![3 => Just(1_usize), 1 => Just(60)],
        (inputs, outputs) in (1..200_usize, 1..60_usize),
        every in 1..4_usize,
        biased: bool,
    ) {
        let problem = RowsProblem { groups, points: problem.points * more, ..problem };
        let rows = mostly_zero(&problem, inputs, every);
        let mut random = problem.random();
        let weight = numbers(&mut random, [inputs, outputs], problem.dtype);
        let bias = biased.then(|| numbers(&mut random, [1, outputs], problem.dtype));
        let packed = PackedMatrix::new(weight.clone());
        let found = weight::multiply(&rows, problem.points, &packed, bias.as_ref());
        let product = rows.matmul(weight);
        let expected = match bias {
            None => product,
            Some(bias) => product + bias,
        };
        prop_assert_eq!(values(found), values(expected));
    }
}

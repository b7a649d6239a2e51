use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{flex, lowest_anywhere, mask_anywhere, row_maxima_anywhere, scatter_anywhere};
use crate::rows::Rows;

/// Rows of several groups with or without a pending shift.
#[derive(Clone, Debug)]
struct Problem {
    seed: u64,
    dtype: DType,
    groups: usize,
    points: usize,
    shifted: bool,
}

fn problems() -> impl Strategy<Value = Problem> {
    let dtype = prop_oneof![Just(DType::F32), Just(DType::F64)];
    // More rows than one task of the in-place forms handles.
    (any::<u64>(), dtype, 1..4_usize, 1..12_usize, any::<bool>()).prop_map(
        |(seed, dtype, groups, points, shifted)| Problem { seed, dtype, groups, points, shifted },
    )
}

/// Small whole numbers, zero among them: sums are exact, and ties occur.
fn numbers<const D: usize>(random: &mut ChaCha8Rng, shape: [usize; D], dtype: DType) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|_| f64::from(random.random_range(-3..=3_i8))).collect();
    let data = TensorData::new(values, shape).convert_dtype(dtype);
    Tensor::from_data(data, (&Device::flex(), dtype))
}

impl Problem {
    fn random(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    fn rows(&self, random: &mut ChaCha8Rng, features: usize) -> Rows {
        let tensor = numbers(random, [self.groups * self.points, features], self.dtype);
        let shift = self.shifted.then(|| numbers(random, [1, features], self.dtype));
        Rows::new(tensor, self.points).with_shift(shift.as_ref())
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

fn winners(random: &mut ChaCha8Rng, shape: [usize; 3], cells: usize) -> Tensor<3, Int> {
    let count = shape.iter().product();
    let winners: Vec<i32> = (0..count).map(|_| random.random_range(0..cells as i32)).collect();
    Tensor::from_data(TensorData::new(winners, shape), &Device::flex())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn masks_agree(problem in problems(), features in 1..9_usize, slope in 0..=4_u8) {
        let mut random = problem.random();
        let rows = problem.rows(&mut random, features);
        let sign = numbers(&mut random, [problem.points, features], problem.dtype);
        let slope = f64::from(slope) / 4.0;
        prop_assert!(flex::holds_rows(&rows) && flex::holds(&sign));
        let generic = mask_anywhere(rows.clone(), &sign, slope);
        let in_place = flex::mask(rows, &sign, slope);
        prop_assert_eq!(in_place.dtype(), problem.dtype);
        prop_assert_eq!(values(in_place), values(generic));
    }

    #[test]
    fn masking_leaves_other_owners_of_the_rows_alone(problem in problems()) {
        let mut random = problem.random();
        let rows = problem.rows(&mut random, 5);
        let before = values(rows.tensor().clone());
        let sign = numbers(&mut random, [problem.points, 5], problem.dtype);
        flex::mask(rows.clone(), &sign, 0.0);
        prop_assert_eq!(values(rows.tensor().clone()), before);
    }

    #[test]
    fn scatters_agree(
        problem in problems(),
        channels in 1..4_usize,
        windows in 1..6_usize,
        cells in 1..7_usize,
    ) {
        let mut random = problem.random();
        let rows = problem.rows(&mut random, channels * windows);
        let winner = winners(&mut random, [problem.points, channels, windows], cells);
        prop_assert!(flex::holds_rows(&rows));
        let generic = scatter_anywhere(rows.clone(), &winner, cells);
        let in_place = flex::scatter(rows, &winner, cells);
        prop_assert_eq!(in_place.dims(), generic.dims());
        prop_assert_eq!(values(in_place), values(generic));
    }

    #[test]
    fn lowest_coefficients_agree(problem in problems(), features in 1..9_usize) {
        // One group of linear rows at least, and more points than one task handles.
        let problem = Problem { groups: problem.groups + 1, shifted: false, ..problem };
        let problem = Problem { points: problem.points * 17, ..problem };
        let rows = problem.rows(&mut problem.random(), features);
        prop_assert!(flex::holds_rows(&rows));
        prop_assert_eq!(flex::lowest(&rows), lowest_anywhere(&rows));
    }

    #[test]
    fn extremes_are_those_of_a_loop(problem in problems(), features in 1..9_usize) {
        let problem = Problem { groups: problem.groups + 1, ..problem };
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
        prop_assert_eq!(super::extremes(rows), expected.collect::<Vec<_>>());
    }

    #[test]
    fn row_maxima_agree_on_ties_too(problem in problems(), columns in 1..40_usize) {
        let mut random = problem.random();
        let scores = numbers(&mut random, [problem.points, columns], problem.dtype);
        let bias = numbers(&mut random, [1, columns], problem.dtype);
        prop_assert!(flex::holds(&scores) && flex::holds(&bias));
        let generic = row_maxima_anywhere(scores.clone(), bias.clone());
        prop_assert_eq!(flex::row_maxima(scores, bias), generic);
    }
}

#[test]
fn the_first_of_equal_maxima_counts() {
    let scores = |dtype| {
        let data = TensorData::new(vec![0.0_f64, 2.0, 1.0, 2.0], [1, 4]).convert_dtype(dtype);
        Tensor::<2>::from_data(data, (&Device::flex(), dtype))
    };
    for dtype in [DType::F32, DType::F64] {
        let bias = scores(dtype) * 0.0;
        let found = flex::row_maxima(scores(dtype), bias.clone());
        assert_eq!(found, (vec![2.0], vec![1]));
        assert_eq!(row_maxima_anywhere(scores(dtype), bias), found);
    }
}

#[test]
fn tensors_with_gaps_are_left_to_the_generic_forms() {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let wide = numbers::<2>(&mut random, [4, 6], DType::F32);
    let narrow = wide.clone().narrow(1, 0, 3);
    let sign = numbers(&mut random, [4, 3], DType::F32);
    let rows = Rows::new(narrow.clone(), 4);
    let masked = values(super::mask(rows.clone(), &sign, 0.5));
    assert_eq!(masked, values(mask_anywhere(rows, &sign, 0.5)));
    let turned = wide.transpose();
    let bias = numbers(&mut random, [1, 4], DType::F32);
    let found = super::row_maxima(turned.clone(), bias.clone());
    assert_eq!(found, row_maxima_anywhere(turned, bias));
}

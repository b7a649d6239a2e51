use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{flex, mask_anywhere, scatter_anywhere, visit};
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
    fn the_same_rows_are_visited(problem in problems(), columns in 1..90_usize, at_least in -6..7_i8) {
        let mut random = problem.random();
        let scores = numbers(&mut random, [problem.points, columns], DType::F32);
        let bias = numbers(&mut random, [1, columns], DType::F32);
        prop_assert!(flex::holds(&scores) && flex::holds(&bias));
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
        visit::in_place(scores.clone(), bias.clone(), &mut in_place, wanted, visit);
        prop_assert_eq!(&in_place, &expected);
        let mut generic = vec![None; problem.points];
        visit::visit_anywhere(scores, bias, &mut generic, wanted, visit);
        prop_assert_eq!(&generic, &expected);
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
    let mut peaks = vec![0.0; 6];
    let bias = numbers(&mut random, [1, 4], DType::F32);
    let turned = wide.transpose();
    let note = |peak: &mut f64, row: &[f32]| {
        *peak = row.iter().copied().map(f64::from).fold(f64::NEG_INFINITY, f64::max);
    };
    super::visit_rows(turned.clone(), bias.clone(), &mut peaks, |_, _| true, note);
    assert_eq!(peaks, values((turned + bias).max_dim(1)));
}

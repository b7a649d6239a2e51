use burn::backend::Flex;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::flex::gemm::product_of_interleaved;
use crate::flex::tests::values;
use crate::simd::PackedMatrix;
use crate::{Slope, generic, mask, scatter};

/// A random linear map of planes, and rows to pull back through it.
#[derive(Clone, Debug)]
struct MaskedGemmProblem {
    seed: u64,
    dtype: DType,
    groups: usize,
    points: usize,
    channels: [usize; 2],
    /// Cells of input, output and kernel.
    cells: [usize; 3],
}

fn problems() -> impl Strategy<Value = MaskedGemmProblem> {
    let dtype = prop_oneof![Just(DType::F32), Just(DType::F64)];
    // Some problems have more groups than three vectors hold.
    let groups = prop_oneof![4..12_usize, 12..40_usize];
    let channels = [1..20_usize, 1..20];
    let cells = [1..8_usize, 1..8, 1..5];
    (any::<u64>(), dtype, groups, 1..9_usize, channels, cells).prop_map(
        |(seed, dtype, groups, points, channels, cells)| MaskedGemmProblem {
            seed,
            dtype,
            groups,
            points,
            channels,
            cells,
        },
    )
}

/// The absence of a bias.
const NONE: Option<Tensor<1>> = None;

/// An alternative product that costs more than any masked product.
fn slow() -> AlternativeProduct<fn(f64) -> f64> {
    AlternativeProduct { cost: |_| f64::INFINITY, reads_interleaved: false }
}

/// Whole numbers, about half of them zero, so that sums are exact.
fn numbers<const D: usize>(random: &mut ChaCha8Rng, shape: [usize; D], dtype: DType) -> Tensor<D> {
    let number = |_| match random.random_range(-6..=6_i8) {
        number @ -3..=3 => f64::from(number),
        _ => 0.0,
    };
    let values: Vec<f64> = (0..shape.iter().product()).map(number).collect();
    let data = TensorData::new(values, shape).convert_dtype(dtype);
    Tensor::from_data(data, (&Device::flex(), dtype))
}

impl MaskedGemmProblem {
    fn random(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    /// Random taps.
    fn taps(&self, random: &mut ChaCha8Rng) -> Vec<[u32; 3]> {
        let [inputs, outputs, kernel] = self.cells.map(|cells| cells as u32);
        let all = (0..outputs).flat_map(|output| (0..kernel).map(move |tap| (output, tap)));
        all.filter_map(|(output, tap)| {
            let input = random.random_range(0..=inputs);
            (input < inputs).then_some([output, tap, input])
        })
        .collect()
    }

    /// Rows with features at which a point is zero in all groups.
    fn rows(&self, random: &mut ChaCha8Rng) -> Tensor<2> {
        let features = self.channels[0] * self.cells[0];
        let present = numbers(random, [1, self.points, features], self.dtype);
        let rows = numbers(random, [self.groups, self.points, features], self.dtype);
        let absent = present.equal_elem(0).repeat_dim(0, self.groups);
        rows.mask_fill(absent, 0).reshape([self.groups * self.points, features])
    }

    /// The product by a plain loop.
    fn expected(&self, rows: &[f64], taps: &[[u32; 3]], weights: &[f64]) -> Vec<f64> {
        let ([inputs, outputs], [seen, made, kernel]) = (self.channels, self.cells);
        let mut sums = vec![0.0; self.groups * self.points * outputs * made];
        for (row, sums) in rows.chunks(inputs * seen).zip(sums.chunks_mut(outputs * made)) {
            for [output, tap, input] in taps.iter().map(|it| it.map(|cell| cell as usize)) {
                for to in 0..outputs {
                    for from in 0..inputs {
                        let weight = weights[(to * kernel + tap) * inputs + from];
                        sums[to * made + output] += weight * row[from * seen + input];
                    }
                }
            }
        }
        sums
    }
}

/// The values of rows where the active mask of the point is positive, and zeros elsewhere.
fn masked(rows: &[f64], active: &[f64]) -> Vec<f64> {
    let active = active.iter().cycle();
    rows.iter().zip(active).map(|(&row, &active)| if active > 0.0 { row } else { 0.0 }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Tests products with a mask and without. The result then goes through a ReLU, a pooling and a
    /// second map.
    #[test]
    fn masked_products_equal_a_plain_loop(problem in problems(), overlap: bool) {
        let mut random = problem.random();
        let MaskedGemmProblem { groups, points, channels: [inputs, outputs], cells, .. } = problem;
        let [seen, made, kernel] = cells;
        let taps = problem.taps(&mut random);
        // Without taps the masked product is not chosen.
        prop_assume!(!taps.is_empty());
        let pattern = SparsityPattern::new([made, seen], taps.clone());
        let weights = numbers(&mut random, [outputs, kernel * inputs], problem.dtype);
        let bias = numbers(&mut random, [inputs], problem.dtype);
        let rows = problem.rows(&mut random);
        let map = || LinearMap {
            pattern: &pattern,
            channels: problem.channels,
            weights: held(weights.clone()),
        };
        let (flat, loads) = (values(rows.clone()), values(weights.clone()));
        let expected = problem.expected(&flat, &taps, &loads);
        let offsets: Vec<f64> = flat
            .chunks(inputs * seen)
            .map(|row| {
                let load = |(at, value): (usize, &f64)| value * values(bias.clone())[at / seen];
                row.iter().enumerate().map(load).sum()
            })
            .collect();

        let open = AffineRows::new(rows.clone(), points);
        let (found, offset) =
            pullback(&open, map, slow(), Some(bias.clone())).unwrap();
        prop_assert!(found.interleaved().is_none());
        prop_assert_eq!(values(found.into_tensor()), expected.clone());
        prop_assert_eq!(values(offset.unwrap()), offsets);

        let active = numbers(&mut random, [points, outputs * made], problem.dtype);
        let rows = AffineRows::new(rows, points).with_active_mask(Some(active.clone()));
        let (found, offset) = pullback(&rows, map, slow(), NONE).unwrap();
        prop_assert!(found.interleaved().is_some() && offset.is_none());
        prop_assert_eq!((found.points(), found.groups()), (points, groups));
        let expected = masked(&expected, &values(active));
        prop_assert_eq!(values(found.clone().into_tensor()), expected.clone());

        let sign = numbers(&mut random, [points, outputs * made], problem.dtype);
        let tensor = AffineRows::new(found.clone().into_tensor(), points);
        let masked = mask(found.clone(), &sign, &Slope::Uniform(0.0));
        let expected_rows = generic::mask(tensor.clone(), &sign, &Slope::Uniform(0.0));
        prop_assert_eq!(values(masked.into_tensor()), values(expected_rows.into_tensor()));
        let leaky = mask(found.clone(), &sign, &Slope::Uniform(0.5));
        let expected_rows = generic::mask(tensor.clone(), &sign, &Slope::Uniform(0.5));
        prop_assert_eq!(values(leaky.into_tensor()), values(expected_rows.into_tensor()));

        // Every window has two cells that belong to no other window.
        let winner: Vec<i32> = (0..points * outputs * made)
            .map(|window| (window % made * 2) as i32 + random.random_range(0..2))
            .collect();
        let winner = TensorData::new(winner, [points, outputs, made]);
        let winner = Tensor::<3, Int>::from_data(winner, &Device::flex());
        let scattered = scatter(found, &winner, 2 * made, overlap);
        prop_assert_eq!(scattered.interleaved().is_none(), overlap);
        let generic = values(generic::scatter(tensor, &winner, 2 * made).into_tensor());
        prop_assert_eq!(values(scattered.clone().into_tensor()), generic.clone());

        // A fully-connected layer, whose input planes have one cell.
        let single = SparsityPattern::single();
        let features = outputs * 2 * made;
        let weights = numbers(&mut random, [3, features], problem.dtype);
        let map = || LinearMap {
            pattern: &single,
            channels: [features, 3],
            weights: held(weights.clone()),
        };
        let (channels, cells) = ([features, 3], [1, 1, 1]);
        let second = MaskedGemmProblem { channels, cells, ..problem.clone() };
        let expected = second.expected(&generic, &[[0, 0, 0]], &values(weights.clone()));
        let (found, _) = pullback(&scattered, map, slow(), NONE).unwrap();
        prop_assert_eq!(values(found.into_tensor()), expected.clone());
        if let Some(rows) = scattered.interleaved() {
            let found = product_of_interleaved(rows, &PackedMatrix::transposed(weights));
            let found = Tensor::<2>::from_primitive::<Flex>(found);
            prop_assert_eq!(values(found), expected);
        }
    }
}

#[test]
fn a_product_that_costs_more_is_left_to_the_alternative() {
    let rows = Tensor::<2>::ones([8, 30], &Device::flex());
    let weights = Tensor::<2>::ones([20, 30], &Device::flex());
    let single = SparsityPattern::single();
    let weights = weights.try_into_primitive::<Flex>().unwrap();
    let map = || LinearMap { pattern: &single, channels: [30, 20], weights: weights.clone() };
    let rows = |groups: usize| AffineRows::new(rows.clone(), 8 / groups);
    let as_dense = AlternativeProduct { cost: |share| share, reads_interleaved: false };
    assert!(pullback(&rows(8), map, as_dense, NONE).is_none());
    assert!(pullback(&rows(8), map, slow(), NONE).is_some());
    assert!(pullback(&rows(2), map, slow(), NONE).is_none());
}

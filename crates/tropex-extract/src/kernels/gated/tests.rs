use burn::backend::Flex;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::kernels::flex::product_of_lanes;
use crate::kernels::tests::values;
use crate::kernels::{Panels, Slope, mask, mask_anywhere, scatter, scatter_anywhere};

/// Planes that see planes, and rows on their way back.
#[derive(Clone, Debug)]
struct Problem {
    seed: u64,
    dtype: DType,
    groups: usize,
    points: usize,
    channels: [usize; 2],
    /// Of input, output and kernel.
    cells: [usize; 3],
}

fn problems() -> impl Strategy<Value = Problem> {
    let dtype = prop_oneof![Just(DType::F32), Just(DType::F64)];
    // Up to more groups than three vectors hold.
    let groups = prop_oneof![4..12_usize, 12..40_usize];
    let channels = [1..20_usize, 1..20];
    let cells = [1..8_usize, 1..8, 1..5];
    (any::<u64>(), dtype, groups, 1..9_usize, channels, cells).prop_map(
        |(seed, dtype, groups, points, channels, cells)| Problem {
            seed,
            dtype,
            groups,
            points,
            channels,
            cells,
        },
    )
}

/// No bias.
const NONE: Option<Tensor<1>> = None;

/// A way that costs more than any.
fn slow() -> Other<fn(f64) -> f64> {
    Other { cost: |_| f64::INFINITY, takes_lanes: false }
}

/// Whole numbers, of which a share is zero: sums are exact.
fn numbers<const D: usize>(random: &mut ChaCha8Rng, shape: [usize; D], dtype: DType) -> Tensor<D> {
    let number = |_| match random.random_range(-6..=6_i8) {
        number @ -3..=3 => f64::from(number),
        _ => 0.0,
    };
    let values: Vec<f64> = (0..shape.iter().product()).map(number).collect();
    let data = TensorData::new(values, shape).convert_dtype(dtype);
    Tensor::from_data(data, (&Device::flex(), dtype))
}

impl Problem {
    fn random(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    /// Pairs of output and input that meet through a cell of the kernel.
    fn meetings(&self, random: &mut ChaCha8Rng) -> Vec<[u32; 3]> {
        let [inputs, outputs, kernel] = self.cells.map(|cells| cells as u32);
        let all = (0..outputs).flat_map(|output| (0..kernel).map(move |tap| (output, tap)));
        all.filter_map(|(output, tap)| {
            let input = random.random_range(0..=inputs);
            (input < inputs).then_some([output, tap, input])
        })
        .collect()
    }

    /// Rows where all groups of a point have their entries at the same places.
    fn rows(&self, random: &mut ChaCha8Rng) -> Tensor<2> {
        let features = self.channels[0] * self.cells[0];
        let present = numbers(random, [1, self.points, features], self.dtype);
        let rows = numbers(random, [self.groups, self.points, features], self.dtype);
        let absent = present.equal_elem(0).repeat_dim(0, self.groups);
        rows.mask_fill(absent, 0).reshape([self.groups * self.points, features])
    }

    /// A plain loop over all that meets.
    fn expected(&self, rows: &[f64], meetings: &[[u32; 3]], weights: &[f64]) -> Vec<f64> {
        let ([inputs, outputs], [seen, made, kernel]) = (self.channels, self.cells);
        let mut sums = vec![0.0; self.groups * self.points * outputs * made];
        for (row, sums) in rows.chunks(inputs * seen).zip(sums.chunks_mut(outputs * made)) {
            for [output, tap, input] in meetings.iter().map(|it| it.map(|cell| cell as usize)) {
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

/// The values of rows where the gate of their point is positive, and zeros.
fn behind(rows: &[f64], gate: &[f64]) -> Vec<f64> {
    let gates = gate.iter().cycle();
    rows.iter().zip(gates).map(|(&row, &gate)| if gate > 0.0 { row } else { 0.0 }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// With a gate and without; and what comes out goes through a ReLU, a pooling and a second map.
    #[test]
    fn what_a_gate_lets_through_is_what_a_loop_says(problem in problems(), overlap: bool) {
        let mut random = problem.random();
        let Problem { groups, points, channels: [inputs, outputs], cells, .. } = problem;
        let [seen, made, kernel] = cells;
        let meetings = problem.meetings(&mut random);
        // Where nothing meets, nothing is gained.
        prop_assume!(!meetings.is_empty());
        let neighbours = Neighbours::new([made, seen], meetings.clone());
        let weights = numbers(&mut random, [outputs, kernel * inputs], problem.dtype);
        let bias = numbers(&mut random, [inputs], problem.dtype);
        let rows = problem.rows(&mut random);
        let map = || Map {
            neighbours: &neighbours,
            channels: problem.channels,
            weights: held(weights.clone()),
        };
        let (flat, loads) = (values(rows.clone()), values(weights.clone()));
        let expected = problem.expected(&flat, &meetings, &loads);
        let offsets: Vec<f64> = flat
            .chunks(inputs * seen)
            .map(|row| {
                let load = |(at, value): (usize, &f64)| value * values(bias.clone())[at / seen];
                row.iter().enumerate().map(load).sum()
            })
            .collect();

        let open = Rows::new(rows.clone(), points);
        let (found, offset) =
            pull(&open, map, slow(), Some(bias.clone())).unwrap();
        prop_assert!(found.lanes().is_none());
        prop_assert_eq!(values(found.into_tensor()), expected.clone());
        prop_assert_eq!(values(offset.unwrap()), offsets);

        let gate = numbers(&mut random, [points, outputs * made], problem.dtype);
        let rows = Rows::new(rows, points).with_gate(Some(gate.clone()));
        let (found, offset) = pull(&rows, map, slow(), NONE).unwrap();
        prop_assert!(found.lanes().is_some() && offset.is_none());
        prop_assert_eq!((found.points(), found.groups()), (points, groups));
        let expected = behind(&expected, &values(gate));
        prop_assert_eq!(values(found.clone().into_tensor()), expected.clone());

        let sign = numbers(&mut random, [points, outputs * made], problem.dtype);
        let tensor = Rows::new(found.clone().into_tensor(), points);
        let masked = mask(found.clone(), &sign, &Slope::One(0.0));
        let generic = mask_anywhere(tensor.clone(), &sign, &Slope::One(0.0));
        prop_assert_eq!(values(masked.into_tensor()), values(generic));
        let leaky = mask(found.clone(), &sign, &Slope::One(0.5));
        let generic = mask_anywhere(tensor.clone(), &sign, &Slope::One(0.5));
        prop_assert_eq!(values(leaky.into_tensor()), values(generic));

        // Every window has two cells of its own.
        let winner: Vec<i32> = (0..points * outputs * made)
            .map(|window| (window % made * 2) as i32 + random.random_range(0..2))
            .collect();
        let winner = TensorData::new(winner, [points, outputs, made]);
        let winner = Tensor::<3, Int>::from_data(winner, &Device::flex());
        let scattered = scatter(found, &winner, 2 * made, overlap);
        prop_assert_eq!(scattered.lanes().is_none(), overlap);
        let generic = values(scatter_anywhere(tensor, &winner, 2 * made));
        prop_assert_eq!(values(scattered.clone().into_tensor()), generic.clone());

        // As to a fully-connected layer, to which planes are one cell.
        let single = Neighbours::single();
        let features = outputs * 2 * made;
        let weights = numbers(&mut random, [3, features], problem.dtype);
        let map = || Map {
            neighbours: &single,
            channels: [features, 3],
            weights: held(weights.clone()),
        };
        let second = Problem { channels: [features, 3], cells: [1, 1, 1], ..problem.clone() };
        let expected = second.expected(&generic, &[[0, 0, 0]], &values(weights.clone()));
        let (found, _) = pull(&scattered, map, slow(), NONE).unwrap();
        prop_assert_eq!(values(found.into_tensor()), expected.clone());
        if let Some(lanes) = scattered.lanes() {
            let found = product_of_lanes(lanes, &Panels::of_transposed(weights));
            prop_assert_eq!(values(found), expected);
        }
    }
}

#[test]
fn what_costs_more_is_left_to_others() {
    let rows = Tensor::<2>::ones([8, 30], &Device::flex());
    let weights = Tensor::<2>::ones([20, 30], &Device::flex());
    let single = Neighbours::single();
    let weights = weights.try_into_primitive::<Flex>().unwrap();
    let map = || Map { neighbours: &single, channels: [30, 20], weights: weights.clone() };
    let rows = |groups: usize| Rows::new(rows.clone(), 8 / groups);
    let as_dense = Other { cost: |share| share, takes_lanes: false };
    assert!(pull(&rows(8), map, as_dense, NONE).is_none());
    assert!(pull(&rows(8), map, slow(), NONE).is_some());
    assert!(pull(&rows(2), map, slow(), NONE).is_none());
}

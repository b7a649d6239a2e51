use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData, module};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::planes::{PlaneShape, in_planes, in_rows};
use crate::simd::held;

type Pair<const D: usize> = [Tensor<D>; 2];

/// Equal leaves of two records.
fn leaves<const D: usize>(random: &mut ChaCha8Rng, shape: [usize; D], dtype: DType) -> Pair<D> {
    let numbers: Vec<f64> =
        (0..shape.iter().product()).map(|_| random.random_range(-1.0..1.0)).collect();
    let data = TensorData::new(numbers, shape).convert_dtype(dtype);
    let device = Device::flex().autodiff();
    [(); 2].map(|()| Tensor::from_data(data.clone(), (&device, dtype)).require_grad())
}

fn assert_close<const D: usize>([own, other]: Pair<D>, dtype: DType, case: &str) {
    let tolerance = if dtype == DType::F64 { 1e-11 } else { 2e-4 };
    let [own, other] = [own, other].map(|tensor| tensor.into_data());
    assert_eq!(own.shape(), other.shape(), "{case}");
    let scale = other.iter::<f64>().fold(1.0_f64, |scale, number| scale.max(number.abs()));
    for (own, other) in own.iter::<f64>().zip(other.iter::<f64>()) {
        assert!((own - other).abs() <= tolerance * scale, "{own} and {other}: {case}");
    }
}

/// Gradients of a weighted sum of the outputs.
fn gradients<const D: usize>(random: &mut ChaCha8Rng, outputs: &Pair<D>) -> [Gradients; 2] {
    let dtype = outputs[0].dtype();
    let weights = leaves(random, outputs[0].dims(), dtype);
    [0, 1].map(|side| (outputs[side].clone() * weights[side].clone()).sum().backward())
}

fn assert_equal_gradients<const D: usize>(
    leaves: &Pair<D>,
    gradients: &[Gradients; 2],
    dtype: DType,
    case: &str,
) {
    let found = [0, 1].map(|side| leaves[side].grad(&gradients[side]).expect("is tracked"));
    assert_close(found, dtype, case);
}

#[test]
fn convolutions_and_their_gradients_equal_those_of_burn() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for round in 0..60 {
        let mut pick = |range: std::ops::RangeInclusive<usize>| random.random_range(range);
        let dtype = if pick(0..=3) == 0 { DType::F64 } else { DType::F32 };
        let (points, channels, filters) = (pick(8..=40), pick(1..=9), pick(1..=9));
        let kernel = [pick(1..=3), pick(1..=3)];
        let (stride, dilation) = ([pick(1..=3), pick(1..=2)], [pick(1..=2), pick(1..=2)]);
        let padding = [(pick(0..=2), pick(0..=2)), (pick(0..=2), pick(0..=2))];
        let size = [5 + pick(0..=6), 5 + pick(0..=20)];
        let slope = [None, Some(0.0), Some(0.1)][round % 3];
        let options = ConvOptions::new_with_padding(stride, padding, dilation, 1);
        let case =
            format!("{dtype:?} {points} {channels} {filters} {size:?} {kernel:?} {options:?}");
        let input = leaves(&mut random, [points, channels, size[0], size[1]], dtype);
        let weight = leaves(&mut random, [filters, channels, kernel[0], kernel[1]], dtype);
        let bias = leaves(&mut random, [filters], dtype);
        let own = super::conv2d(&input[0], &weight[0], &bias[0], &options, slope).expect(&case);
        let burn = module::conv2d(
            input[1].clone(),
            weight[1].clone(),
            Some(bias[1].clone()),
            options.clone(),
        );
        let burn = match slope {
            None => burn,
            Some(0.0) => relu(burn),
            Some(slope) => leaky_relu(burn, slope),
        };
        let outputs = [own, burn];
        let found = gradients(&mut random, &outputs);
        assert_close(outputs, dtype, &case);
        assert_equal_gradients(&input, &found, dtype, &format!("input, {case}"));
        assert_equal_gradients(&weight, &found, dtype, &format!("weight, {case}"));
        assert_equal_gradients(&bias, &found, dtype, &format!("bias, {case}"));
    }
}

#[test]
fn poolings_and_their_gradients_equal_those_of_burn() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for round in 0..40 {
        let mut pick = |range: std::ops::RangeInclusive<usize>| random.random_range(range);
        let dtype = if round % 4 == 0 { DType::F64 } else { DType::F32 };
        let (points, channels) = (pick(8..=40), pick(1..=9));
        let kernel = [pick(2..=3), pick(2..=3)];
        let options = MaxPoolOptions::new(kernel)
            .with_stride([pick(1..=3), pick(1..=3)])
            .with_padding_pairs([(pick(0..=1), pick(0..=1)), (pick(0..=1), pick(0..=1))]);
        let size = [5 + pick(0..=6), 5 + pick(0..=6)];
        let case = format!("{points} {channels} {size:?} {options:?}");
        // Few values, so that many cells are equal.
        let input = leaves(&mut random, [points, channels, size[0], size[1]], dtype);
        let input = input.map(|input| input.inner().mul_scalar(2.0).round());
        let input = input.map(|input| Tensor::from_inner(input).require_grad());
        let own = super::max_pool2d(&input[0], &options).expect(&case);
        let outputs = [own, module::max_pool2d(input[1].clone(), options.clone())];
        let found = gradients(&mut random, &outputs);
        assert_close(outputs, dtype, &case);
        assert_equal_gradients(&input, &found, dtype, &case);
    }
}

#[test]
fn layers_in_a_row_and_flattening_equal_those_of_burn() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for points in [9, 16, 33] {
        let dtype = DType::F32;
        let input = leaves(&mut random, [points, 2, 7, 7], dtype);
        let weights = [(); 2].map(|()| leaves(&mut random, [2, 2, 3, 3], dtype));
        let bias = leaves(&mut random, [2], dtype);
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        let pool = MaxPoolOptions::new([2, 2]).with_stride([2, 2]);
        let [own, burn] = [0, 1].map(|side| {
            let mut values = input[side].clone();
            for weight in &weights {
                let (weight, bias) = (weight[side].clone(), bias[side].clone());
                values = match side {
                    0 => crate::conv2d(values, weight, bias, &options, Some(0.0)),
                    _ => relu(module::conv2d(values, weight, Some(bias), options.clone())),
                };
            }
            match side {
                0 => crate::flatten(crate::max_pool2d(crate::row_major(values), &pool)),
                _ => module::max_pool2d(values, pool.clone()).flatten::<2>(1, 3),
            }
        });
        let outputs = [own, burn];
        let found = gradients(&mut random, &outputs);
        assert_close(outputs, dtype, "output");
        assert_equal_gradients(&input, &found, dtype, "input");
        assert_equal_gradients(&weights[0], &found, dtype, "first weight");
        assert_equal_gradients(&weights[1], &found, dtype, "second weight");
        assert_equal_gradients(&bias, &found, dtype, "bias");
    }
}

#[test]
fn gradients_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut random = ChaCha8Rng::seed_from_u64(4);
            let [input, _] = leaves(&mut random, [33, 5, 9, 8], DType::F32);
            let [weight, _] = leaves(&mut random, [7, 5, 3, 3], DType::F32);
            let [bias, _] = leaves(&mut random, [7], DType::F32);
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
            let output = super::conv2d(&input, &weight, &bias, &options, Some(0.0)).unwrap();
            let gradients = output.clone().sum().backward();
            let found = (input.grad(&gradients), weight.grad(&gradients), bias.grad(&gradients));
            let data = |tensor: Option<Tensor<4>>| tensor.unwrap().into_data();
            (output.into_data(), data(found.0), data(found.1), found.2.unwrap().into_data())
        })
    };
    assert!(run(1) == run(3));
}

#[test]
fn planes_and_rows_hold_equal_numbers() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for shape in [[1, 1, 1, 1], [9, 3, 5, 5], [64, 4, 8, 8], [17, 1, 3, 11]] {
        let [tensor, _] = leaves(&mut random, shape, DType::F32);
        let rows = held(tensor.inner());
        let planes = in_planes::<f32>(rows.clone());
        assert_eq!(planes.storage::<f32>().len(), PlaneShape::of::<f32>(&rows).len());
        let data = rows.clone().into_data();
        assert_eq!(planes.clone().into_data(), data);
        assert_eq!(in_rows::<f32>(planes).into_data(), data);
    }
}

#[test]
fn groups_of_channels_and_few_points_are_left_to_burn() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 2);
    let [grouped, _] = leaves(&mut random, [16, 4, 5, 5], DType::F32);
    let [weight, _] = leaves(&mut random, [4, 2, 3, 3], DType::F32);
    let [bias, _] = leaves(&mut random, [4], DType::F32);
    assert!(super::conv2d(&grouped, &weight, &bias, &options, None).is_none());
    let output = crate::conv2d(grouped, weight, bias, &options, Some(0.5));
    assert_eq!(output.dims(), [16, 4, 3, 3]);
    let [single, _] = leaves(&mut random, [1, 2, 5, 5], DType::F32);
    assert!(super::max_pool2d(&single, &MaxPoolOptions::new([2, 2])).is_none());
    assert_eq!(crate::max_pool2d(single, &MaxPoolOptions::new([2, 2])).dims(), [1, 2, 2, 2]);
}

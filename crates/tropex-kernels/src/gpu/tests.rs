//! The implementations for GPUs, compared with plain loops in f64 and with the generic ones. They
//! run if `TROPEX_TEST_DEVICE` names a GPU.

#[path = "../../../../tests/common/device.rs"]
mod device;

use std::ops::ControlFlow;

use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::attempt::Attempt;
use crate::{AffineRows, Slope, generic};

/// The tested device, if it is a GPU of this crate's implementations.
fn gpu() -> Option<Device> {
    let name = device::device_name();
    let is_gpu = std::env::var_os("TROPEX_TEST_DEVICE").is_some()
        && ["cuda", "wgpu"].iter().any(|backend| name.starts_with(backend));
    is_gpu.then(device::device)
}

/// A convolution of planes `[count, inputs, extents..]`.
#[derive(Clone, Debug)]
struct ConvolutionProblem<const S: usize> {
    seed: u64,
    count: usize,
    inputs: usize,
    outputs: usize,
    axes: [Axis; S],
}

/// A convolution along one axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: (usize, usize),
}

impl Axis {
    fn output(&self) -> usize {
        let reach = self.dilation * (self.kernel - 1) + 1;
        (self.input + self.padding.0 + self.padding.1 - reach) / self.stride + 1
    }

    /// The input cell that an output cell reads through a cell of the kernel.
    fn cell(&self, output: usize, kernel: usize) -> Option<usize> {
        let cell = output * self.stride + kernel * self.dilation;
        cell.checked_sub(self.padding.0).filter(|&cell| cell < self.input)
    }
}

fn axis() -> impl Strategy<Value = Axis> {
    let window = (1..5_usize, 1..4_usize, 1..3_usize);
    (window, (0..4_usize, 0..4_usize), 0..6_usize).prop_map(
        |((kernel, stride, dilation), padding, more)| {
            let reach = dilation * (kernel - 1) + 1;
            let input = reach.saturating_sub(padding.0 + padding.1).max(1) + more;
            Axis { input, kernel, stride, dilation, padding }
        },
    )
}

/// Numbers of channels that do and do not fill vectors and tiles.
fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 1..10_usize, 2 => Just(64), 1 => Just(33), 1 => Just(136)]
}

fn problems<const S: usize>() -> impl Strategy<Value = ConvolutionProblem<S>> {
    let axes: [_; S] = std::array::from_fn(|_| axis());
    (any::<u64>(), 1..7_usize, channels(), channels(), axes).prop_map(
        |(seed, count, inputs, outputs, axes)| ConvolutionProblem {
            seed,
            count,
            inputs,
            outputs,
            axes,
        },
    )
}

/// Small whole numbers, so that sums are exact.
fn whole(random: &mut ChaCha8Rng, count: usize) -> Vec<f64> {
    (0..count).map(|_| f64::from(random.random_range(-3..=3_i8))).collect()
}

/// Numbers of -1 to 1 with all digits of f32.
fn fractions(random: &mut ChaCha8Rng, count: usize) -> Vec<f64> {
    (0..count).map(|_| f64::from(random.random_range(-1.0..1.0_f32))).collect()
}

fn on<const D: usize>(values: &[f64], shape: [usize; D], device: &Device) -> Tensor<D> {
    let data = TensorData::new(values.to_vec(), shape).convert_dtype(DType::F32);
    Tensor::from_data(data, (device, DType::F32))
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

impl<const S: usize> ConvolutionProblem<S> {
    fn options(&self) -> ConvOptions<S> {
        let [stride, dilation] =
            [|axis: Axis| axis.stride, |axis: Axis| axis.dilation].map(|size| self.axes.map(size));
        ConvOptions::new_with_padding(stride, self.axes.map(|axis| axis.padding), dilation, 1)
    }

    /// `[count, channels, extents..]`
    fn shape<const D: usize>(
        &self,
        count: usize,
        channels: usize,
        size: fn(Axis) -> usize,
    ) -> [usize; D] {
        let mut shape = [count; D];
        shape[1] = channels;
        shape[2..].copy_from_slice(&self.axes.map(size));
        shape
    }

    /// All taps: an output cell, a cell of the kernel and the input cell that they multiply.
    fn taps(&self) -> Vec<[usize; 3]> {
        self.axes.iter().fold(vec![[0; 3]], |taps, axis| {
            let along = |[output, kernel, input]: [usize; 3]| {
                let pairs = (0..axis.output()).flat_map(|o| (0..axis.kernel).map(move |k| (o, k)));
                let taps = pairs.filter_map(move |(o, k)| {
                    let i = axis.cell(o, k)?;
                    let cells = [output * axis.output(), kernel * axis.kernel, input * axis.input];
                    Some([cells[0] + o, cells[1] + k, cells[2] + i])
                });
                taps.collect::<Vec<_>>()
            };
            taps.into_iter().flat_map(along).collect()
        })
    }

    fn cells(&self, size: fn(Axis) -> usize) -> usize {
        self.axes.map(size).iter().product()
    }

    /// Calls `add` with positions in the output, the weight and the input for every product.
    fn products(&self, mut add: impl FnMut(usize, usize, usize)) {
        let outputs = self.cells(|axis| axis.output());
        let (kernels, inputs) = (self.cells(|axis| axis.kernel), self.cells(|axis| axis.input));
        for [output, kernel, input] in self.taps() {
            for point in 0..self.count {
                for to in 0..self.outputs {
                    for from in 0..self.inputs {
                        add(
                            (point * self.outputs + to) * outputs + output,
                            (to * self.inputs + from) * kernels + kernel,
                            (point * self.inputs + from) * inputs + input,
                        );
                    }
                }
            }
        }
    }

    /// Compares both directions with loops. The error of every number is at most `tolerance` times
    /// the sum of the absolute values of its products.
    fn check<const D: usize>(
        &self,
        device: &Device,
        numbers: fn(&mut ChaCha8Rng, usize) -> Vec<f64>,
        tolerance: f64,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let large: [usize; D] = self.shape(self.count, self.inputs, |axis| axis.input);
        let small: [usize; D] = self.shape(self.count, self.outputs, |axis| axis.output());
        let kernel: [usize; D] = self.shape(self.outputs, self.inputs, |axis| axis.kernel);
        let mut draw = |shape: [usize; D]| numbers(&mut random, shape.iter().product());
        let (input, rows, weight) = (draw(large), draw(small), draw(kernel));
        let mut bias = |count| numbers(&mut random, count);
        let (down_bias, up_bias) = (bias(self.outputs), bias(self.inputs));
        let mut down = Sums::new(&down_bias, small);
        let mut up = Sums::new(&up_bias, large);
        self.products(|to, at, from| {
            down.add(to, weight[at] * input[from]);
            up.add(from, weight[at] * rows[to]);
        });
        let kernel = on(&weight, kernel, device);
        let bias = |bias: &[f64]| on(bias, [bias.len()], device);
        let (extents, options) = (self.axes.map(|axis| axis.output()), self.options());
        let planes = on(&input, large, device);
        let bias_down = bias(&down_bias);
        let found = crate::convolve(&planes, &kernel, Some(&bias_down), &options, extents);
        down.compare(found.expect("a kernel for the convolution"), tolerance);
        let (planes, extents) = (on(&rows, small, device), self.axes.map(|axis| axis.input));
        let bias_up = bias(&up_bias);
        let found = crate::convolve_transposed(&planes, &kernel, Some(&bias_up), &options, extents);
        match self.axes.iter().map(|axis| axis.stride).product::<usize>() {
            1..=4 => up.compare(found.expect("a kernel for the transpose"), tolerance),
            _ => assert!(found.is_none()),
        }
    }
}

/// Sums of products in f64, and the sums of their absolute values.
struct Sums<const D: usize> {
    shape: [usize; D],
    sums: Vec<f64>,
    sizes: Vec<f64>,
}

impl<const D: usize> Sums<D> {
    fn new(bias: &[f64], shape: [usize; D]) -> Self {
        let cells = shape[2..].iter().product();
        let plane = bias.iter().flat_map(|&bias| std::iter::repeat_n(bias, cells));
        let plane = plane.collect::<Vec<_>>();
        let sums = plane.repeat(shape[0]);
        let sizes = sums.iter().map(|sum| sum.abs()).collect();
        Self { shape, sums, sizes }
    }

    fn add(&mut self, at: usize, product: f64) {
        self.sums[at] += product;
        self.sizes[at] += product.abs();
    }

    fn compare(&self, found: Tensor<D>, tolerance: f64) {
        assert_eq!(found.dims(), self.shape);
        let expected = self.sums.iter().zip(&self.sizes).enumerate();
        for ((at, (sum, size)), found) in expected.zip(values(found)) {
            assert!((found - sum).abs() <= tolerance * size, "{at}: {found} instead of {sum}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn convolutions_over_two_axes_equal_loops(problem in problems::<2>()) {
        if let Some(device) = gpu() {
            problem.check::<4>(&device, whole, 0.0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn convolutions_over_three_axes_equal_loops(problem in problems::<3>()) {
        if let Some(device) = gpu() {
            let narrow = ConvolutionProblem {
                inputs: problem.inputs % 10 + 1,
                outputs: problem.outputs % 10 + 1,
                count: problem.count.min(2),
                ..problem
            };
            narrow.check::<5>(&device, whole, 0.0);
        }
    }

    /// A product of numbers rounded to TF32 or f16 has an error of about a thousandth.
    #[test]
    fn convolutions_use_all_digits(seed: u64, outputs in 1..80_usize) {
        if let Some(device) = gpu() {
            let axis = Axis { input: 7, kernel: 3, stride: 1, dilation: 1, padding: (1, 1) };
            let axes = [axis; 2];
            let problem = ConvolutionProblem { seed, count: 3, inputs: 64, outputs, axes };
            problem.check::<4>(&device, fractions, 32.0 * f64::from(f32::EPSILON));
        }
    }
}

/// Rows of groups, a sign for every point, and a shift of the last group.
#[derive(Clone, Debug)]
struct RowsProblem {
    seed: u64,
    groups: usize,
    points: usize,
    shifted: bool,
}

fn rows_problems() -> impl Strategy<Value = RowsProblem> {
    (any::<u64>(), 1..4_usize, 1..40_usize, any::<bool>())
        .prop_map(|(seed, groups, points, shifted)| RowsProblem { seed, groups, points, shifted })
}

impl RowsProblem {
    fn rows(&self, random: &mut ChaCha8Rng, features: usize, device: &Device) -> AffineRows {
        let count = self.groups * self.points;
        let tensor = on(&whole(random, count * features), [count, features], device);
        let shift = self.shifted.then(|| on(&whole(random, features), [1, features], device));
        AffineRows::new(tensor, self.points).with_shift(shift.as_ref())
    }

    /// A winner for each of `windows` windows of `size` cells, which do not overlap.
    fn winners(
        &self,
        random: &mut ChaCha8Rng,
        [channels, windows, size]: [usize; 3],
        device: &Device,
    ) -> Tensor<3, Int> {
        let shape = [self.points, channels, windows];
        let cells = (0..shape.iter().product::<usize>())
            .map(|window| (window % windows * size + random.random_range(0..size)) as i32);
        Tensor::from_data(TensorData::new(cells.collect::<Vec<i32>>(), shape), device)
    }
}

/// The result of an implementation that must not decline.
fn done<T>(attempt: Attempt<T>) -> T {
    match attempt {
        ControlFlow::Break(result) => result,
        ControlFlow::Continue(_) => panic!("the implementation for GPUs declined"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn masks_equal_the_generic_implementation(
        problem in rows_problems(),
        features in 1..50_usize,
        quarters in 0..=4_u8,
    ) {
        let Some(device) = gpu() else { return Ok(()) };
        let mut random = ChaCha8Rng::seed_from_u64(problem.seed);
        let rows = problem.rows(&mut random, features, &device);
        let shape = [problem.points, features];
        let sign = on(&whole(&mut random, shape.iter().product()), shape, &device);
        let slope = Slope::Uniform(f64::from(quarters) / 4.0);
        let expected = generic::mask(rows.clone(), &sign, &slope).into_tensor();
        let found = done(super::mask(rows, &sign, &slope)).into_tensor();
        prop_assert_eq!(values(found), values(expected));
    }

    #[test]
    fn poolings_equal_the_generic_implementation(
        problem in rows_problems(),
        (channels, windows, size) in (1..5_usize, 1..6_usize, 1..5_usize),
    ) {
        let Some(device) = gpu() else { return Ok(()) };
        let mut random = ChaCha8Rng::seed_from_u64(problem.seed);
        let winner = problem.winners(&mut random, [channels, windows, size], &device);
        let rows = problem.rows(&mut random, channels * windows, &device);
        let cells = windows * size;
        let expected = generic::scatter(rows.clone(), &winner, cells).into_tensor();
        let found = done(super::scatter(rows, &winner, cells, false)).into_tensor();
        prop_assert_eq!(values(found), values(expected));
        let planes = problem.rows(&mut random, channels * cells, &device).into_tensor();
        let expected = generic::pick(planes.clone(), &winner, cells);
        let found = done(super::pick(planes, &winner, cells));
        prop_assert_eq!(values(found), values(expected));
    }
}

#[test]
fn overlapping_windows_and_groups_of_channels_are_left_to_the_backend() {
    let Some(device) = gpu() else { return };
    let planes = |shape: [usize; 4]| Tensor::<4>::ones(shape, (&device, DType::F32));
    let options = ConvOptions::new([1; 2], [0; 2], [1; 2], 2);
    let (input, weight) = (planes([1, 2, 3, 3]), planes([2, 1, 3, 3]));
    assert!(crate::convolve(&input, &weight, None, &options, [1, 1]).is_none());
    assert!(
        crate::convolve_transposed(&planes([1, 2, 1, 1]), &weight, None, &options, [3, 3])
            .is_none()
    );
    let rows = AffineRows::new(Tensor::ones([1, 2], (&device, DType::F32)), 1);
    let winner = Tensor::<3, Int>::zeros([1, 1, 2], &device);
    assert_eq!(values(crate::scatter(rows, &winner, 3, true).into_tensor()), [2.0, 0.0, 0.0]);
}

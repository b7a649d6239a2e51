//! Values of planes between their cells: interpolation, and sampling at constant places.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Tensor;
use burn::tensor::module::{deform_conv2d, interpolate};
use burn::tensor::ops::{
    DeformConvOptions, GridSampleOptions, GridSamplePaddingMode, InterpolateMode,
    InterpolateOptions,
};
use tropex::{Network, capture};

use crate::common::{device, device_name, difference, of_modules, tensor, values};

/// A module with a parameter. The parameter determines the device.
#[derive(Module, Debug)]
struct Head {
    weight: Param<Tensor<1>>,
}

impl Head {
    fn new() -> Self {
        Self { weight: Param::from_tensor(tensor(&[-1.5], [1], &device())) }
    }

    fn end(&self, planes: Tensor<4>) -> Tensor<2> {
        planes.flatten::<2>(1, 3) * self.weight.val().reshape([1, 1])
    }
}

const SHAPE: [usize; 3] = [2, 5, 4];

fn points() -> Vec<f32> {
    (0..6 * 40).map(|n| (n as f32 * 0.618_034).fract() * 2.0 - 1.0).collect()
}

/// Asserts that the network computes what Burn computes.
#[track_caller]
fn captured(name: &str, forward: impl Fn(&Head, Tensor<4>) -> Tensor<2>) -> Network {
    let head = Head::new();
    let network = capture(&head, SHAPE, &forward).unwrap_or_else(|e| panic!("{name}: {e}"));
    let expected = values(forward(&head, tensor(&points(), [6, 2, 5, 4], &device())));
    let found = network.logits(&points()).expect("whole points");
    assert!(difference(&found, &expected) < of_modules(1e-5), "{name}");
    network
}

/// Whether the device supports a function. Some modes are missing on some of Burn's devices.
fn is_there(function: impl Fn(Tensor<4>) -> Tensor<4>) -> bool {
    let planes = tensor(&points(), [6, 2, 5, 4], &device());
    catch_unwind(AssertUnwindSafe(|| values(function(planes)))).is_ok()
}

#[test]
fn interpolation_of_every_kind() {
    use InterpolateMode::{Bicubic, Bilinear, Lanczos3, Nearest, NearestExact};
    for mode in [Nearest, NearestExact, Bilinear, Bicubic, Lanczos3] {
        for align_corners in [false, true] {
            for size in [[1, 1], [3, 2], [5, 4], [9, 11], [2, 16]] {
                let options = InterpolateOptions::new(mode.clone())
                    .with_align_corners(align_corners)
                    .with_output_size(size);
                let of = |x: Tensor<4>| interpolate(x, options.clone());
                if is_there(of) {
                    let name = format!("{mode:?} {align_corners} {size:?}");
                    captured(&name, |head, x| head.end(of(x)));
                }
            }
        }
    }
}

/// Places inside and outside of a plane, `[rows, columns, 2]`.
const PLACES: [f32; 24] = [
    -1.0, -1.0, 0.0, 0.0, 1.0, 1.0, -0.3, 0.7, 0.9, -0.95, 1.3, 0.2, //
    -1.7, 0.1, 0.35, 0.35, -0.5, -2.5, 0.125, -0.625, 0.6, 0.8, -0.99, 0.99,
];

fn sampled(x: Tensor<4>, options: GridSampleOptions) -> Tensor<4> {
    let grid = tensor(&PLACES, [1, 3, 4, 2], &device()).to_device(&x.device());
    let points = x.dims()[0];
    x.grid_sample_2d(grid.expand([points, 3, 4, 2]), options)
}

#[test]
fn sampling_at_constant_places_of_every_kind() {
    use GridSamplePaddingMode::{Border, Reflection, Zeros};
    for mode in [InterpolateMode::Nearest, InterpolateMode::Bilinear, InterpolateMode::Bicubic] {
        for padding in [Zeros, Border, Reflection] {
            for align_corners in [false, true] {
                let options = GridSampleOptions::new(mode.clone())
                    .with_padding_mode(padding)
                    .with_align_corners(align_corners);
                let of = |x: Tensor<4>| sampled(x, options.clone());
                if is_there(of) {
                    let name = format!("{mode:?} {padding:?} {align_corners}");
                    captured(&name, |head, x| head.end(of(x)));
                }
            }
        }
    }
}

#[test]
fn sampling_equals_a_plain_loop() {
    let network =
        captured("bilinear", |head, x| head.end(sampled(x, GridSampleOptions::default())));
    let found = network.logits(&points()).expect("whole points");
    let mut expected = Vec::new();
    for plane in points().chunks_exact(20) {
        let cell = |row: f64, column: f64| {
            let inside = (0.0..5.0).contains(&row) && (0.0..4.0).contains(&column);
            if inside { f64::from(plane[row as usize * 4 + column as usize]) } else { 0.0 }
        };
        for place in PLACES.chunks_exact(2) {
            let column = ((f64::from(place[0]) + 1.0) * 4.0 - 1.0) / 2.0;
            let row = ((f64::from(place[1]) + 1.0) * 5.0 - 1.0) / 2.0;
            let (top, left) = (row.floor(), column.floor());
            let (down, right) = (row - top, column - left);
            let upper = (1.0 - right) * cell(top, left) + right * cell(top, left + 1.0);
            let lower = (1.0 - right) * cell(top + 1.0, left) + right * cell(top + 1.0, left + 1.0);
            expected.push(-1.5 * ((1.0 - down) * upper + down * lower));
        }
    }
    assert!(difference(&found, &expected) < 1e-5);
}

#[test]
fn places_that_depend_on_the_input_are_refused() {
    let error = capture(&Head::new(), [2, 5, 4], |head: &Head, x: Tensor<4>| {
        let points = x.dims()[0];
        let grid = x.clone().narrow(1, 0, 1).reshape([points, 5, 2, 2]);
        head.end(x.grid_sample_2d(grid, GridSampleOptions::default()))
    });
    let error = error.expect_err("a function of two values").to_string();
    assert!(error.contains("`GridSample2d`") && error.contains("not piecewise linear"), "{error}");
}

/// A convolution at constant places is linear.
#[test]
fn deformable_convolutions_with_constant_offsets() {
    captured("deformable", |head, x| {
        let points = x.dims()[0];
        let numbers = |count: usize, shape: [usize; 4]| {
            let numbers: Vec<f32> = (1..=count).map(|n| (n as f32 * 0.37).fract() - 0.5).collect();
            tensor(&numbers, shape, &device()).to_device(&x.device())
        };
        let weight = numbers(3 * 2 * 4, [3, 2, 2, 2]);
        let offset = numbers(8 * 12, [1, 8, 4, 3]).expand([points, 8, 4, 3]);
        let options = DeformConvOptions::new([1, 1], [0, 0], [1, 1], 1, 1);
        head.end(deform_conv2d(x, offset, weight, None, None, options))
    });
}

const BOUNDED: &str = "TROPEX_TEST_BOUNDED_MEMORY";

/// The weights along an axis of 1024 cells take kilobytes, so a capture fits into 3 GB of memory.
/// The test runs in a process of its own, because memory is limited per process.
#[test]
#[cfg(target_os = "linux")]
fn interpolating_large_planes_takes_little_memory() {
    // GPU drivers reserve more addresses than there is memory.
    if !["flex", "ndarray"].contains(&device_name().as_str()) {
        return;
    }
    if std::env::var_os(BOUNDED).is_some() {
        return interpolate_large_planes();
    }
    let test = std::env::current_exe().expect("a path");
    let name = concat!(module_path!(), "::interpolating_large_planes_takes_little_memory");
    let name = name.split_once("::").expect("the crate first").1;
    let child = Command::new("sh")
        .args(["-c", "ulimit -v 3000000 && exec \"$0\" --exact \"$1\" --test-threads 1"])
        .arg(test)
        .arg(name)
        .env(BOUNDED, "1")
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .expect("a shell");
    let output = String::from_utf8_lossy(&child.stdout);
    let errors = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{output}{errors}");
    assert!(output.contains("1 passed"), "{output}");
}

fn interpolate_large_planes() {
    for mode in [InterpolateMode::Bilinear, InterpolateMode::Bicubic, InterpolateMode::Nearest] {
        for [height, width] in [[1024, 1024], [1, 8000]] {
            let head: Linear = LinearConfig::new(1024, 3).init(&device());
            let options = InterpolateOptions::new(mode.clone()).with_output_size([32, 32]);
            let forward = |head: &Linear, x: Tensor<4>| {
                head.forward(interpolate(x, options.clone()).flatten::<2>(1, 3))
            };
            let network = capture(&head, [1, height, width], forward).expect("supported");
            assert_eq!(network.features(), height * width);
        }
    }
}

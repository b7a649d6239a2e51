//! Shared by the benchmarks.

#![allow(dead_code)] // no benchmark uses everything

pub(crate) mod peer;

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use safetensors::tensor::{Dtype, TensorView};
use tropex::device;

/// The device named by `TROPEX_BENCH_DEVICE`, or the default one, and its name.
pub(crate) fn device() -> (String, Device) {
    let name = std::env::var("TROPEX_BENCH_DEVICE").unwrap_or_else(|_| device::default_name());
    let device = device::find(&name).expect("TROPEX_BENCH_DEVICE names a device of this build");
    (name, device)
}

/// Number of threads that a CPU device uses.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The arguments of the benchmark, without cargo's options.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect()
}

/// The seconds that some work takes, and its result.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

/// Writes points `[count, shape..]` for a Python script.
pub(crate) fn write_points(file: &Path, points: &[f32], count: usize, shape: &[usize]) {
    let shape: Vec<usize> = [count].iter().chain(shape).copied().collect();
    let bytes: Vec<u8> = points.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view =
        TensorView::new(Dtype::F32, shape, &bytes).expect("the bytes are those of the shape");
    safetensors::serialize_to_file([("points", view)], None, file).expect("the disk has room");
}

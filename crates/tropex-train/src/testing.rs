//! Helpers of the tests of this crate.

#[path = "../../../tests/common/device.rs"]
mod device;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::data::Images;

pub(crate) use device::{device, device_name};

/// Whether the tested device rounds `f32` to 11 binary digits in matrix products, as NVIDIA GPUs
/// do.
pub(crate) fn rounds_products() -> bool {
    device_name().contains("cuda")
}

/// Images that are easy to classify: images of class k are bright in the k-th part and dim
/// elsewhere.
pub(crate) fn separable_images(shape: [usize; 3], classes: usize, count: usize) -> Images {
    let features: usize = shape.iter().product();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let labels: Vec<u32> = (0..count).map(|index| (index % classes) as u32).collect();
    let pixels = labels
        .iter()
        .flat_map(|&label| (0..features).map(move |pixel| (label, pixel)))
        .map(|(label, pixel)| {
            let bright = pixel * classes / features == label as usize;
            (random.next_u32() % 100) as u8 + if bright { 150 } else { 0 }
        })
        .collect();
    Images::from_bytes(shape, classes, pixels, labels).unwrap()
}

//! What the tests of this crate share.

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::data::Images;

/// The device that tests run on: `TROPEX_TEST_DEVICE`, or the first one compiled.
pub(crate) fn device() -> Device {
    let wanted = std::env::var("TROPEX_TEST_DEVICE").ok();
    let compiled = compiled_devices();
    let found = compiled.iter().find(|(name, _)| wanted.as_deref().is_none_or(|w| w == *name));
    match found {
        Some((_, make)) => make(),
        None => panic!("device {wanted:?} is not compiled in"),
    }
}

type MakeDevice = fn() -> Device;

#[allow(deprecated)] // ndarray and tch are, and are supported all the same
fn compiled_devices() -> Vec<(&'static str, MakeDevice)> {
    vec![
        #[cfg(feature = "flex")]
        ("flex", Device::flex),
        #[cfg(feature = "ndarray")]
        ("ndarray", Device::ndarray),
        #[cfg(feature = "tch")]
        ("tch", Device::libtorch),
        #[cfg(feature = "cuda")]
        ("cuda:0", || Device::cuda(0)),
        #[cfg(feature = "wgpu")]
        ("wgpu", || Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
    ]
}

/// Images of `classes` kinds: class k is bright in the k-th part of the image, dim elsewhere.
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

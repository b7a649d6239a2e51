//! The device names of every backend, compiled into this build or not.
//!
//! This file uses only Burn, so that the unit tests of other crates can include it. A device
//! therefore has one name everywhere.

#![allow(deprecated)] // Burn 0.22 deprecates ndarray and tch; they are supported and tested here

use burn::tensor::Device;
#[cfg(feature = "wgpu")]
use burn::tensor::DeviceKind;

/// A device name, and the backend behind it.
pub(crate) struct NamedBackend {
    /// Name on the command line.
    pub(crate) name: &'static str,
    /// Cargo feature that compiles the backend.
    pub(crate) feature: &'static str,
    /// Whether there can be several devices, told apart by a number as in `cuda:1`.
    pub(crate) is_numbered: bool,
    /// Device with a number; `None` if this build lacks the backend.
    pub(crate) make: fn(usize) -> Option<Device>,
    /// Whether this build has the backend.
    pub(crate) is_compiled: bool,
}

macro_rules! backend {
    ($name:literal, $feature:literal, $is_numbered:literal, $make:expr) => {{
        #[cfg(feature = $feature)]
        let make: fn(usize) -> Option<Device> = |number| Some($make(number));
        #[cfg(not(feature = $feature))]
        let make: fn(usize) -> Option<Device> = |_| None;
        NamedBackend {
            name: $name,
            feature: $feature,
            is_numbered: $is_numbered,
            make,
            is_compiled: cfg!(feature = $feature),
        }
    }};
}

/// All backends, the fastest first.
pub(crate) fn backends() -> [NamedBackend; 6] {
    [
        backend!("cuda", "cuda", true, Device::cuda),
        backend!("tch-cuda", "tch", true, Device::libtorch_cuda),
        backend!("wgpu", "wgpu", false, |_| Device::wgpu(DeviceKind::DefaultDevice)),
        backend!("flex", "flex", false, |_| Device::flex()),
        backend!("tch", "tch", false, |_| Device::libtorch()),
        backend!("ndarray", "ndarray", false, |_| Device::ndarray()),
    ]
}

/// Device names of this build, the default first. `cuda:0` stands for all numbered devices.
pub(crate) fn device_names() -> Vec<String> {
    let compiled = backends().into_iter().filter(|backend| backend.is_compiled);
    let mut names: Vec<_> = compiled
        .map(|backend| match backend.is_numbered {
            true => format!("{}:0", backend.name),
            false => backend.name.to_owned(),
        })
        .collect();
    // The build does not determine whether LibTorch finds a GPU, so its GPU is never the default.
    names.sort_by_key(|name| name.starts_with("tch-cuda"));
    names
}

/// The backend and the number in a device name such as `flex` or `cuda:1`; `None` if there is no
/// such name.
pub(crate) fn parse_device_name(name: &str) -> Option<(NamedBackend, usize)> {
    let (base, number) = match name.split_once(':') {
        None => (name, None),
        Some((base, number)) => (base, Some(number.parse().ok()?)),
    };
    let backend = backends().into_iter().find(|backend| backend.name == base)?;
    (number.is_none() || backend.is_numbered).then(|| (backend, number.unwrap_or(0)))
}

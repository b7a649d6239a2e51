//! Devices by name.

#![allow(deprecated)] // ndarray and tch are, in Burn 0.22, and are supported here all the same

use burn::tensor::Device;
#[cfg(feature = "wgpu")]
use burn::tensor::DeviceKind;
use thiserror::Error;
use tropex_extract::Devices;
use tropex_train::messages::hint;

/// A kind of device that this crate knows, compiled in or not.
struct BackendKind {
    /// Its name, and the feature that compiles it.
    name: &'static str,
    feature: &'static str,
    /// Whether there may be several, told apart by a number.
    numbered: bool,
    /// The device of a number, if the kind is compiled in.
    make: fn(usize) -> Option<Device>,
}

macro_rules! compiled {
    ($feature:literal, $make:expr) => {{
        #[cfg(feature = $feature)]
        let make: fn(usize) -> Option<Device> = |number| Some($make(number));
        #[cfg(not(feature = $feature))]
        let make: fn(usize) -> Option<Device> = |_| None;
        make
    }};
}

/// All kinds, the fastest first: the first one compiled in is the default.
fn kinds() -> [BackendKind; 6] {
    let kind = |name, feature, numbered, make| BackendKind { name, feature, numbered, make };
    [
        kind("cuda", "cuda", true, compiled!("cuda", Device::cuda)),
        kind("tch-cuda", "tch", true, compiled!("tch", Device::libtorch_cuda)),
        kind("wgpu", "wgpu", false, compiled!("wgpu", |_| Device::wgpu(DeviceKind::DefaultDevice))),
        kind("flex", "flex", false, compiled!("flex", |_| Device::flex())),
        kind("tch", "tch", false, compiled!("tch", |_| Device::libtorch())),
        kind("ndarray", "ndarray", false, compiled!("ndarray", |_| Device::ndarray())),
    ]
}

/// Why a name is no device.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DeviceError {
    /// There is no such device.
    #[error("unknown device `{name}`{}, expected one of {}", hint(name, known()), names().join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The device exists, but this build was made without it.
    #[error(
        "device `{name}` is not part of this build, which has {}; build with --features {feature}",
        names().join(", ")
    )]
    NotCompiled {
        /// The name asked for.
        name: String,
        /// The feature to build with.
        feature: &'static str,
    },
    /// A list with nothing where a device should be.
    #[error(
        "`{list}` lacks a device before or after a comma, expected a list such as {}",
        example()
    )]
    Missing {
        /// The list.
        list: String,
    },
}

/// Names without numbers, of this build and of others.
fn known() -> impl Iterator<Item = &'static str> {
    kinds().into_iter().map(|kind| kind.name)
}

fn example() -> String {
    let name = default_name();
    match name.split_once(':') {
        Some((base, _)) => format!("{base}:0,{base}:1"),
        None => format!("{name},{name}"),
    }
}

/// Names of the devices of this build, the default first. Numbered ones stand for all of their
/// kind: `cuda:0` means that `cuda:1` is understood too.
pub fn names() -> Vec<String> {
    let compiled = kinds().into_iter().filter(is_compiled);
    let mut names: Vec<_> = compiled
        .map(|kind| if kind.numbered { format!("{}:0", kind.name) } else { kind.name.into() })
        .collect();
    // LibTorch on a GPU needs a GPU, which the build cannot know: never the default.
    names.sort_by_key(|name| name.starts_with("tch-cuda"));
    names
}

/// The fastest device of this build.
///
/// # Panics
/// Never: a build without any backend does not compile.
pub fn default_name() -> String {
    names().swap_remove(0)
}

/// The device of a name such as `flex`, `cuda:0` or `tch`.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::Device;
///
/// assert_eq!(tropex::device::find("flex"), Ok(Device::flex()));
/// # }
/// assert!(tropex::device::find("abacus").is_err());
/// ```
///
/// # Errors
/// Names that mean nothing, or a device that this build lacks.
pub fn find(name: &str) -> Result<Device, DeviceError> {
    let unknown = || DeviceError::Unknown { name: name.to_owned() };
    let (base, number) = match name.split_once(':') {
        None => (name, None),
        Some((base, number)) => (base, Some(number.parse().map_err(|_| unknown())?)),
    };
    let kind = kinds().into_iter().find(|kind| kind.name == base).ok_or_else(unknown)?;
    if number.is_some() && !kind.numbered {
        return Err(unknown());
    }
    let feature = kind.feature;
    (kind.make)(number.unwrap_or(0))
        .ok_or_else(|| DeviceError::NotCompiled { name: name.to_owned(), feature })
}

/// The devices of names with commas between them, such as `cuda:0,cuda:1`. A device may be named
/// more than once, see [`Devices::new`].
///
/// # Errors
/// A name that is missing, or as for [`find`].
pub fn find_all(list: &str) -> Result<Devices, DeviceError> {
    if list.contains(',') && list.split(',').any(str::is_empty) {
        return Err(DeviceError::Missing { list: list.to_owned() });
    }
    let (first, further) = list.split_once(',').unwrap_or((list, ""));
    let further = further.split(',').filter(|name| !name.is_empty());
    Ok(Devices::new(find(first)?, further.map(find).collect::<Result<_, _>>()?))
}

fn is_compiled(kind: &BackendKind) -> bool {
    #[allow(clippy::match_like_matches_macro)] // which arms are true differs from build to build
    match kind.feature {
        "cuda" => cfg!(feature = "cuda"),
        "tch" => cfg!(feature = "tch"),
        "wgpu" => cfg!(feature = "wgpu"),
        "flex" => cfg!(feature = "flex"),
        _ => cfg!(feature = "ndarray"),
    }
}

#[cfg(not(any(
    feature = "flex",
    feature = "ndarray",
    feature = "tch",
    feature = "cuda",
    feature = "wgpu"
)))]
compile_error!("build with at least one backend: flex (default), ndarray, tch, cuda or wgpu");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_device_is_found() {
        for name in names().iter().filter(|name| !name.contains("cuda") && *name != "wgpu") {
            assert!(find(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_list_has_devices_in_its_order() {
        let name = names().into_iter().find(|name| !name.contains("cuda") && name != "wgpu");
        let Some(name) = name else { return };
        let device = find(&name).unwrap();
        for count in 1..4 {
            let found = find_all(&vec![&*name; count].join(",")).unwrap();
            assert_eq!((found.first(), found.further().len()), (&device, count - 1));
            assert!(found.further().iter().all(|further| *further == device));
        }
        let lacking = |list: &str| Err(DeviceError::Missing { list: list.into() });
        let found = |list: &str| find_all(list).map(|devices| devices.first().clone());
        for list in [format!("{name},"), format!(",{name}"), format!("{name},,{name}"), ",".into()]
        {
            assert_eq!(found(&list), lacking(&list));
        }
        let unknown = Err(DeviceError::Unknown { name: "abacus".into() });
        assert_eq!(found(&format!("{name},abacus")), unknown);
        assert_eq!(found(""), Err(DeviceError::Unknown { name: String::new() }));
    }

    #[test]
    fn what_is_wrong_with_a_name_is_said() {
        assert_eq!(find("gpu"), Err(DeviceError::Unknown { name: "gpu".into() }));
        assert_eq!(find("flex:0"), Err(DeviceError::Unknown { name: "flex:0".into() }));
        assert_eq!(find("cuda:x"), Err(DeviceError::Unknown { name: "cuda:x".into() }));
        if !cfg!(feature = "cuda") {
            let error = find("cuda:1").unwrap_err().to_string();
            assert!(error.starts_with("device `cuda:1` is not part of this build"), "{error}");
            assert!(error.ends_with("build with --features cuda"), "{error}");
        }
    }
}

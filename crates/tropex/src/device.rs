//! Devices by name.

mod backends;

use burn::tensor::Device;
use thiserror::Error;
use tropex_extract::Devices;
use tropex_train::messages::hint;

use backends::{backends, device_names, parse_device_name};

/// Why a text does not name a device of this build.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceNameError {
    /// There is no such device.
    #[error(
        "unknown device `{name}`{}, expected one of {}",
        hint(name, known_names()), names().join(", ")
    )]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The device exists, but this build lacks its backend.
    #[error(
        "device `{name}` is not part of this build, which has {}; build with the Cargo feature \
         {feature}",
        names().join(", ")
    )]
    NotCompiled {
        /// The name asked for.
        name: String,
        /// The Cargo feature that adds the device.
        feature: &'static str,
    },
    /// A list with a comma that has no device before or after it.
    #[error(
        "`{list}` lacks a device before or after a comma, expected a list such as {}",
        example_list()
    )]
    Missing {
        /// The list.
        list: String,
    },
}

/// Names without numbers, of this build and of others.
fn known_names() -> impl Iterator<Item = &'static str> {
    backends().into_iter().map(|backend| backend.name)
}

fn example_list() -> String {
    let name = default_name();
    match name.split_once(':') {
        Some((base, _)) => format!("{base}:0,{base}:1"),
        None => format!("{name},{name}"),
    }
}

/// Names of the devices of this build, the default first. `cuda:0` stands for all CUDA devices:
/// `cuda:1` is valid too.
pub fn names() -> Vec<String> {
    device_names()
}

/// Name of the fastest device of this build.
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
/// [`DeviceNameError::Unknown`] or [`DeviceNameError::NotCompiled`].
pub fn find(name: &str) -> Result<Device, DeviceNameError> {
    let (backend, number) = parse_device_name(name)
        .ok_or_else(|| DeviceNameError::Unknown { name: name.to_owned() })?;
    let feature = backend.feature;
    (backend.make)(number)
        .ok_or_else(|| DeviceNameError::NotCompiled { name: name.to_owned(), feature })
}

/// The devices of names with commas between them, such as `cuda:0,cuda:1`. A device may be named
/// more than once, see [`Devices::new`].
///
/// # Errors
/// [`DeviceNameError::Missing`], or an error of [`find`].
pub fn find_all(list: &str) -> Result<Devices, DeviceNameError> {
    if list.contains(',') && list.split(',').any(str::is_empty) {
        return Err(DeviceNameError::Missing { list: list.to_owned() });
    }
    let (first, further) = list.split_once(',').unwrap_or((list, ""));
    let further = further.split(',').filter(|name| !name.is_empty());
    Ok(Devices::new(find(first)?, further.map(find).collect::<Result<_, _>>()?))
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
            assert_eq!((found.first(), found.others().len()), (&device, count - 1));
            assert!(found.others().iter().all(|further| *further == device));
        }
        let lacking = |list: &str| Err(DeviceNameError::Missing { list: list.into() });
        let found = |list: &str| find_all(list).map(|devices| devices.first().clone());
        for list in [format!("{name},"), format!(",{name}"), format!("{name},,{name}"), ",".into()]
        {
            assert_eq!(found(&list), lacking(&list));
        }
        let unknown = Err(DeviceNameError::Unknown { name: "abacus".into() });
        assert_eq!(found(&format!("{name},abacus")), unknown);
        assert_eq!(found(""), Err(DeviceNameError::Unknown { name: String::new() }));
    }

    #[test]
    fn unknown_and_missing_devices_have_different_errors() {
        assert_eq!(find("gpu"), Err(DeviceNameError::Unknown { name: "gpu".into() }));
        assert_eq!(find("flex:0"), Err(DeviceNameError::Unknown { name: "flex:0".into() }));
        assert_eq!(find("cuda:x"), Err(DeviceNameError::Unknown { name: "cuda:x".into() }));
        if !cfg!(feature = "cuda") {
            let error = find("cuda:1").unwrap_err().to_string();
            assert!(error.starts_with("device `cuda:1` is not part of this build"), "{error}");
            assert!(error.ends_with("build with the Cargo feature cuda"), "{error}");
        }
    }
}

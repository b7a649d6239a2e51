//! The device that tests run on. The tests of other crates include this file too.

#[path = "../../crates/tropex/src/device/backends.rs"]
mod backends;

use burn::tensor::Device;

/// The device that `TROPEX_TEST_DEVICE` names.
pub(crate) fn chosen_device() -> Option<String> {
    std::env::var("TROPEX_TEST_DEVICE").ok()
}

/// Name of the tested device: the chosen device, or the default device of this build.
pub(crate) fn device_name() -> String {
    chosen_device().unwrap_or_else(|| backends::device_names().swap_remove(0))
}

/// The tested device.
pub(crate) fn device() -> Device {
    let name = device_name();
    let Some((backend, number)) = backends::parse_device_name(&name) else {
        panic!("TROPEX_TEST_DEVICE={name} is not the name of a device")
    };
    (backend.make)(number)
        .unwrap_or_else(|| panic!("{name} needs the Cargo feature {}", backend.feature))
}

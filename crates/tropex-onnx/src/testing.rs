//! Helpers of the unit tests, shared with other crates.

#[path = "../../../tests/common/device.rs"]
mod device;
#[path = "../../../tests/common/python.rs"]
mod python;

pub(crate) use device::device;
pub(crate) use python::{output_of, python};

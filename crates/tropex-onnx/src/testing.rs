//! Helpers of the unit tests, which other crates have too.

#[path = "../../../tests/common/device.rs"]
mod device;
#[path = "../../../tests/common/python.rs"]
mod python;

pub(crate) use device::device;
pub(crate) use python::{output_of, python};

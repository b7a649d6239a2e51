//! Where work is done that can be shared.

use burn::tensor::Device;

/// One device or several, which share batches of points: whoever is free takes the next one. The
/// first does what is not shared.
#[derive(Clone, Debug)]
pub struct Devices {
    first: Device,
    further: Vec<Device>,
}

impl Devices {
    /// A device and those that it shares work with. The same one may be named several times; it
    /// then works on so many batches at a time.
    pub fn new(first: Device, further: Vec<Device>) -> Self {
        Self { first, further }
    }

    /// The device of what is not shared.
    pub fn first(&self) -> &Device {
        &self.first
    }

    /// The others.
    pub fn further(&self) -> &[Device] {
        &self.further
    }
}

impl From<Device> for Devices {
    fn from(device: Device) -> Self {
        Self::new(device, Vec::new())
    }
}

impl From<&Device> for Devices {
    fn from(device: &Device) -> Self {
        device.clone().into()
    }
}

impl From<&Devices> for Devices {
    fn from(devices: &Self) -> Self {
        devices.clone()
    }
}

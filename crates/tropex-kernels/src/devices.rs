//! The devices that share a computation.

use burn::tensor::Device;

/// One or more devices that share batches of points: a free device takes the next batch. The first
/// device does the work that is not shared.
#[derive(Clone, Debug)]
pub struct Devices {
    first: Device,
    others: Vec<Device>,
}

impl Devices {
    /// A device and the devices that it shares work with. A device that is listed `n` times works
    /// on `n` batches at a time.
    pub fn new(first: Device, others: Vec<Device>) -> Self {
        Self { first, others }
    }

    /// The device that does the work that is not shared.
    pub fn first(&self) -> &Device {
        &self.first
    }

    /// The devices after the first.
    pub fn others(&self) -> &[Device] {
        &self.others
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

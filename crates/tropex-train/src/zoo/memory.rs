//! The memory that a network needs.

use burn::tensor::Device;
use thiserror::Error;
use tropex_files::free_memory;

use super::Architecture;
use super::error::ArchitectureError;
use crate::memory::ByteCount;
use crate::training_config::OptimizerConfig;

/// Bytes of a parameter.
const NUMBER: u64 = 4;

/// A network that does not fit into memory.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{architecture} on images of {}x{}x{} has {}, {}; {} of memory are free: take smaller images \
     or a smaller architecture, or free memory",
    shape[0], shape[1], shape[2], in_millions(*parameters), self.needs(), ByteCount(*free)
)]
pub struct NetworkTooLarge {
    /// The architecture: its name, or its layers in a line.
    pub architecture: String,
    /// `[channels, height, width]` of the images.
    pub shape: [usize; 3],
    /// Trained parameters.
    pub parameters: u64,
    /// Numbers that the optimizer stores per parameter; `None` without training.
    pub moments: Option<u64>,
    /// Bytes of free memory.
    pub free: u64,
}

impl NetworkTooLarge {
    /// Bytes of the weights, the moments of the optimizer, and the gradients.
    fn bytes(&self) -> u64 {
        let gradients = u64::from(self.moments.is_some());
        self.parameters.saturating_mul(NUMBER * (1 + self.moments.unwrap_or(0) + gradients))
    }

    /// Describes the memory of weights, optimizer and gradients.
    fn needs(&self) -> String {
        let of = |numbers: u64| ByteCount(self.parameters.saturating_mul(NUMBER * numbers));
        match self.moments {
            None => of(1).to_string(),
            Some(moments) => {
                format!("{} with the optimizer and {} of gradients", of(1 + moments), of(1))
            }
        }
    }
}

impl Architecture {
    /// Checks that the weights and, for training, the state of the optimizer and the gradients fit
    /// into free memory. Activations are not counted.
    ///
    /// Memory of devices that have their own is not checked.
    ///
    /// # Errors
    /// [`ArchitectureError::TooLarge`], or an error of building the architecture for these images.
    pub fn require_memory(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
        optimizer: Option<&OptimizerConfig>,
    ) -> Result<(), ArchitectureError> {
        let parameters = self.parameters(shape, classes, device)? as u64;
        if !is_cpu(device) {
            return Ok(());
        }
        let moments = optimizer.map(|optimizer| match optimizer {
            OptimizerConfig::Adam { .. } => 2,
            OptimizerConfig::Sgd { .. } => 1,
        });
        let free = free_memory() as u64;
        let architecture = self.to_string();
        let needed = NetworkTooLarge { architecture, shape, parameters, moments, free };
        if needed.bytes() > free { Err(needed.into()) } else { Ok(()) }
    }
}

#[allow(deprecated)] // Burn 0.22 deprecates ndarray and tch
fn is_cpu(device: &Device) -> bool {
    let cpus: &[fn() -> Device] = &[
        #[cfg(feature = "flex")]
        Device::flex,
        #[cfg(feature = "ndarray")]
        Device::ndarray,
        #[cfg(feature = "tch")]
        Device::libtorch,
    ];
    cpus.iter().any(|cpu| *device == cpu())
}

/// `784 M parameters`, `500 parameters`
fn in_millions(parameters: u64) -> String {
    match parameters {
        0..1_000_000 => format!("{parameters} parameters"),
        _ => format!("{:.0} M parameters", parameters as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::device;

    fn refused(shape: [usize; 3], optimizer: Option<&OptimizerConfig>) -> ArchitectureError {
        let architecture = Architecture::find("fcn4").unwrap();
        architecture.require_memory(shape, 3, &device(), optimizer).unwrap_err()
    }

    #[test]
    fn the_error_tells_the_needed_memory() {
        let large = NetworkTooLarge {
            architecture: "fcn4".into(),
            shape: [1, 1, 1_000_000],
            parameters: 784_174_000,
            moments: Some(2),
            free: 4_100_000_000,
        };
        assert_eq!(
            large.to_string(),
            "fcn4 on images of 1x1x1000000 has 784 M parameters, 9.4 GB with the optimizer and \
             3.1 GB of gradients; 4.1 GB of memory are free: take smaller images or a smaller \
             architecture, or free memory"
        );
        assert_eq!(large.bytes(), 16 * 784_174_000);
        let untrained =
            NetworkTooLarge { moments: None, parameters: 999, free: 3_400_000, ..large.clone() };
        assert!(
            untrained.to_string().contains("has 999 parameters, 0 MB; 3 MB of memory are free")
        );
        assert_eq!(untrained.bytes(), 4 * 999);
    }

    #[test]
    fn networks_beyond_any_memory_are_refused() {
        if !is_cpu(&device()) {
            return;
        }
        for optimizer in
            [None, Some(OptimizerConfig::ADAM), Some(OptimizerConfig::Sgd { momentum: 0.9 })]
        {
            let error = refused([1, 1 << 10, 1 << 22], optimizer.as_ref());
            assert!(matches!(error, ArchitectureError::TooLarge(_)), "{error}");
        }
        for shape in [[usize::MAX, 2, 2], [1 << 20, 1 << 20, 1 << 20], [1, 1, (1 << 32) + 1]] {
            let expected = ArchitectureError::ImagesTooLarge { shape };
            assert_eq!(refused(shape, None), expected);
        }
        let small = Architecture::find("fcn4").unwrap();
        small.require_memory([1, 8, 8], 3, &device(), Some(&OptimizerConfig::ADAM)).unwrap();
    }
}

//! The memory that a network needs.

use burn::tensor::Device;
use tropex_files::free_memory;
use tropex_kernels::is_cpu;

use super::Architecture;
use super::error::ArchitectureError;
use super::network_too_large::NetworkTooLarge;
use crate::training_config::OptimizerConfig;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::device;

    fn refused(shape: [usize; 3], optimizer: Option<&OptimizerConfig>) -> ArchitectureError {
        let architecture = Architecture::find("fcn4").unwrap();
        architecture.require_memory(shape, 3, &device(), optimizer).unwrap_err()
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

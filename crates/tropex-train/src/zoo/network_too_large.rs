//! The error of a network that does not fit into memory.

use thiserror::Error;

use crate::memory::ByteCount;

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
    pub(super) fn bytes(&self) -> u64 {
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
}

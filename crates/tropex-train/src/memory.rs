//! Checks that data fit into free memory, and the error if they do not.

use std::fmt;

use thiserror::Error;
use tropex_files::free_memory;

/// A number of bytes for people: `12 MB`, `9.4 GB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteCount(pub(crate) u64);

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000_000_000 => write!(f, "{:.0} MB", self.0 as f64 / 1e6),
            _ => write!(f, "{:.1} GB", self.0 as f64 / 1e9),
        }
    }
}

/// Data need more memory than is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("takes {}, but only {} of memory are free", ByteCount(*needed), ByteCount(*free))]
pub struct InsufficientMemory {
    /// Bytes needed.
    pub needed: u64,
    /// Bytes that are free.
    pub free: u64,
}

impl InsufficientMemory {
    /// Compares a need with the free memory.
    ///
    /// # Errors
    /// More bytes are needed than are free.
    pub fn require(needed: u64) -> Result<(), Self> {
        let free = free_memory() as u64;
        if needed > free { Err(Self { needed, free }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_beyond_the_free_memory_are_refused() {
        assert_eq!(InsufficientMemory::require(0), Ok(()));
        let text = InsufficientMemory::require(u64::MAX).unwrap_err().to_string();
        assert!(text.starts_with("takes 18446744073.7 GB, but only "), "{text}");
        assert_eq!(ByteCount(999_499_999).to_string(), "999 MB");
    }
}

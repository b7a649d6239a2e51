//! Pieces in compressed form: one bit per sign, one to four bytes per winner.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;
use tropex_kernels::read;

use super::bundle::TensorBundle;
use super::spill_buffer::{SpillBuffer, Spilled};
use crate::ops::Piece;
use crate::{ComputeTarget, Error};

/// Bytes that one task compresses.
const BLOCK: usize = 1 << 12;

/// The pieces of a node at the points of a batch.
pub(super) enum CompressedPieces {
    Affine,
    /// `[points, features]`, eight signs per byte.
    Sign {
        extents: [usize; 2],
        bits: Spilled,
    },
    /// `[points, channels, windows]`, every winner in the number of bytes that the largest needs.
    Winner {
        extents: [usize; 3],
        bytes: Spilled,
    },
}

impl CompressedPieces {
    /// Compresses pieces into a buffer.
    pub(super) fn new(piece: Piece, buffer: &SpillBuffer) -> Result<Self, Error> {
        Ok(match piece {
            Piece::Affine => Self::Affine,
            Piece::Sign(sign) => {
                let extents = sign.dims();
                let signs = read(sign)?;
                let bits = match signs.as_slice::<f32>() {
                    Ok(signs) => bits(signs),
                    Err(_) => bits(signs.as_slice::<f64>().unwrap_or(&[])),
                };
                Self::Sign { extents, bits: buffer.put(flat(bits))? }
            }
            Piece::Winner(winner) => {
                let extents = winner.dims();
                let winners: Vec<u32> =
                    read(winner)?.iter::<i64>().map(|cell| cell as u32).collect();
                Self::Winner { extents, bytes: buffer.put(flat(bytes(&winners)))? }
            }
        })
    }

    /// Takes the pieces out of the buffer and decompresses them.
    pub(super) fn unpack(
        self,
        target: &ComputeTarget,
        buffer: &SpillBuffer,
    ) -> Result<Piece, Error> {
        Ok(match self {
            Self::Affine => Piece::Affine,
            Self::Sign { extents, bits } => {
                let bits = buffer.take(bits)?;
                let signs = signs(bits.as_bytes(), extents.iter().product());
                Piece::Sign(target.tensor(TensorData::new(signs, extents)))
            }
            Self::Winner { extents, bytes } => {
                let bytes = buffer.take(bytes)?;
                let winners = winners(bytes.as_bytes(), extents.iter().product());
                let winners = TensorData::new(winners, extents);
                Piece::Winner(Tensor::from_data(winners, target.device()))
            }
        })
    }

    /// Takes the pieces of a node out of the buffer and puts them into a bundle.
    pub(super) fn put_into(
        self,
        bundle: &mut TensorBundle,
        node: usize,
        buffer: &SpillBuffer,
    ) -> Result<(), Error> {
        match self {
            Self::Affine => {}
            Self::Sign { extents, bits } => {
                bundle.put_sizes(extents_of(node), &extents);
                bundle.put(bits_of(node), buffer.take(bits)?);
            }
            Self::Winner { extents, bytes } => {
                bundle.put_sizes(extents_of(node), &extents);
                bundle.put(winners_of(node), buffer.take(bytes)?);
            }
        }
        Ok(())
    }

    /// The pieces of a node from a bundle; `None` if they contradict each other. Nodes without
    /// pieces in the bundle are affine, or no row passes them again.
    pub(super) fn take_from(bundle: &mut TensorBundle, node: usize) -> Option<Self> {
        let Some(extents) = bundle.take_sizes(&extents_of(node)) else { return Some(Self::Affine) };
        match (bundle.take(&bits_of(node)), bundle.take(&winners_of(node))) {
            (Some(bits), None) => Some(Self::Sign {
                extents: extents.try_into().ok()?,
                bits: Spilled::InMemory(bits),
            }),
            (None, Some(bytes)) => Some(Self::Winner {
                extents: extents.try_into().ok()?,
                bytes: Spilled::InMemory(bytes),
            }),
            _ => None,
        }
    }
}

fn extents_of(node: usize) -> String {
    format!("extents.{node}")
}

fn bits_of(node: usize) -> String {
    format!("bits.{node}")
}

fn winners_of(node: usize) -> String {
    format!("winners.{node}")
}

fn flat(bytes: Vec<u8>) -> TensorData {
    let count = bytes.len();
    TensorData::new(bytes, [count])
}

/// One bit per number, set if the number is positive.
fn bits<F: Copy + Default + PartialOrd + Sync>(numbers: &[F]) -> Vec<u8> {
    let mut bits = vec![0_u8; numbers.len().div_ceil(8)];
    let blocks = bits.par_chunks_mut(BLOCK).zip(numbers.par_chunks(8 * BLOCK));
    blocks.for_each(|(bits, numbers)| {
        for (byte, numbers) in bits.iter_mut().zip(numbers.chunks(8)) {
            let set =
                |byte, (bit, number): (usize, &F)| byte | u8::from(*number > F::default()) << bit;
            *byte = numbers.iter().enumerate().fold(0, set);
        }
    });
    bits
}

/// 1 for every set bit and 0 for the others.
fn signs(bits: &[u8], count: usize) -> Vec<f32> {
    let mut signs = vec![0.0; count];
    let blocks = signs.par_chunks_mut(8 * BLOCK).zip(bits.par_chunks(BLOCK));
    blocks.for_each(|(signs, bits)| {
        for (signs, &byte) in signs.chunks_mut(8).zip(bits) {
            signs.iter_mut().enumerate().for_each(|(bit, sign)| *sign = f32::from(byte >> bit & 1));
        }
    });
    signs
}

/// Little-endian numbers, each in the number of bytes that the largest needs.
fn bytes(numbers: &[u32]) -> Vec<u8> {
    let largest = numbers.iter().copied().max().unwrap_or(0);
    let size = size_of::<u32>() - largest.leading_zeros() as usize / 8;
    let size = size.max(1);
    numbers.iter().flat_map(|number| number.to_le_bytes().into_iter().take(size)).collect()
}

fn winners(bytes: &[u8], count: usize) -> Vec<i32> {
    let size = bytes.len() / count.max(1);
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | i32::from(byte));
    bytes.chunks_exact(size.max(1)).map(number).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn signs_are_restored(numbers in prop::collection::vec(-2..3_i8, 0..99)) {
            let numbers: Vec<f32> = numbers.into_iter().map(f32::from).collect();
            let expected: Vec<f32> = numbers.iter().map(|n| f32::from(*n > 0.0)).collect();
            let bits = bits(&numbers);
            prop_assert_eq!(bits.len(), numbers.len().div_ceil(8));
            prop_assert_eq!(signs(&bits, numbers.len()), expected);
        }

        #[test]
        fn winners_are_restored(
            numbers in prop::collection::vec(any::<u32>(), 1..9),
            shift in 1..32,
        ) {
            let numbers: Vec<u32> = numbers.into_iter().map(|number| number >> shift).collect();
            let expected: Vec<i32> = numbers.iter().map(|&number| number as i32).collect();
            prop_assert_eq!(winners(&bytes(&numbers), numbers.len()), expected);
        }
    }

    #[test]
    fn numbers_are_stored_in_as_few_bytes_as_the_largest_needs() {
        let sizes = [0, 255, 256, 65_535, 65_536, 1 << 24].map(|number| bytes(&[number]).len());
        assert_eq!(sizes, [1, 1, 2, 2, 3, 4]);
    }

    #[test]
    fn signs_of_several_tasks_are_restored() {
        let numbers: Vec<f64> =
            (0..8 * BLOCK + 11).map(|i| f64::from((i % 3) as u8) - 1.0).collect();
        let expected: Vec<f32> = numbers.iter().map(|n| f32::from(*n > 0.0)).collect();
        assert_eq!(signs(&bits(&numbers), numbers.len()), expected);
    }
}

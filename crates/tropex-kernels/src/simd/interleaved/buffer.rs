//! Memory for numbers that a thread uses again.

use std::cell::RefCell;

use bytemuck::Pod;

thread_local! {
    /// Rows of points are large and short-lived: fresh memory for each costs more than what is computed.
    static SPARE: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

/// Buffers that a thread keeps at most.
const BUFFERS: usize = 4;

/// Words of a buffer that is kept at most, 8 MiB.
const WORDS: usize = 1 << 20;

/// Numbers of one type.
#[derive(Debug)]
pub(crate) struct Buffer {
    words: Vec<u64>,
    /// Bytes that are in use.
    length: usize,
}

impl Buffer {
    /// So many numbers of whatever values.
    pub(crate) fn new<F: Pod>(count: usize) -> Self {
        let length = count * size_of::<F>();
        let mut words = SPARE.with_borrow_mut(|spare| spare.pop().unwrap_or_default());
        let needed = length.div_ceil(size_of::<u64>());
        if words.len() < needed {
            words.resize(needed, 0);
        }
        Self { words, length }
    }

    pub(crate) fn numbers<F: Pod>(&self) -> &[F] {
        bytemuck::cast_slice(&bytemuck::cast_slice::<_, u8>(&self.words)[..self.length])
    }

    pub(crate) fn numbers_mut<F: Pod>(&mut self) -> &mut [F] {
        let bytes = bytemuck::cast_slice_mut::<_, u8>(&mut self.words);
        bytemuck::cast_slice_mut(&mut bytes[..self.length])
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut buffer = Self::new::<u8>(self.length);
        buffer.numbers_mut::<u8>().copy_from_slice(self.numbers());
        buffer
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let words = std::mem::take(&mut self.words);
        if words.len() <= WORDS {
            // A thread that ends has no place for spare memory any more.
            let _ = SPARE.try_with(|spare| {
                if let Ok(mut spare) = spare.try_borrow_mut()
                    && spare.len() < BUFFERS
                {
                    spare.push(words);
                }
            });
        }
    }
}

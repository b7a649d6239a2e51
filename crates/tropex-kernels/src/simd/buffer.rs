//! Scratch memory for numbers, which a thread reuses.

use std::cell::RefCell;

use bytemuck::Pod;

thread_local! {
    /// Memory of dropped buffers. Rows of points and packed tiles are large and short-lived, so that
    /// allocating memory for each would take longer than computing them.
    static SPARE: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

/// Largest number of buffers that a thread keeps for reuse.
const MAX_BUFFERS: usize = 5;

/// Largest size of a buffer that is kept for reuse, in words of 8 bytes (16 MiB).
const MAX_WORDS: usize = 2 << 20;

/// A buffer for numbers of one type.
#[derive(Debug)]
pub(crate) struct Buffer {
    words: Vec<u64>,
    /// Number of bytes in use.
    length: usize,
}

impl Buffer {
    /// A buffer for `count` numbers of arbitrary values.
    pub(crate) fn new<F: Pod>(count: usize) -> Self {
        let length = count * size_of::<F>();
        let needed = length.div_ceil(size_of::<u64>());
        let words = SPARE.with_borrow_mut(|spare| {
            let fitting = spare.iter().rposition(|words| words.len() >= needed);
            fitting.map(|index| spare.swap_remove(index)).or_else(|| spare.pop())
        });
        let mut words = words.unwrap_or_default();
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

/// Calls a function with memory for `count` numbers of arbitrary values.
pub(crate) fn with_scratch<F: Pod, T>(count: usize, work: impl FnOnce(&mut [F]) -> T) -> T {
    work(Buffer::new::<F>(count).numbers_mut())
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
        if words.len() <= MAX_WORDS {
            // This fails in a thread that is ending; its memory is freed.
            let _ = SPARE.try_with(|spare| {
                if let Ok(mut spare) = spare.try_borrow_mut()
                    && spare.len() < MAX_BUFFERS
                {
                    spare.push(words);
                }
            });
        }
    }
}

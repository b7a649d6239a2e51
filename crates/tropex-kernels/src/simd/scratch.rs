//! Scratch memory that a thread reuses.

use std::cell::Cell;

use bytemuck::Pod;

thread_local! {
    /// The scratch memory. Allocating it for every use would take longer than filling it.
    static SPACE: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// Largest size of the scratch memory of a thread between two uses, in words of 8 bytes (16 MiB).
const MAX_WORDS: usize = 2 << 20;

/// Calls a function with memory for `count` numbers of arbitrary values.
pub(crate) fn with_scratch<F: Pod, T>(count: usize, work: impl FnOnce(&mut [F]) -> T) -> T {
    // A thread that waits inside `work` may take up a task that asks for scratch memory too. It
    // finds an empty cell and allocates.
    let mut space = SPACE.take();
    let words = (count * size_of::<F>()).div_ceil(size_of::<u64>());
    if space.len() < words {
        space.resize(words, 0);
    }
    let result = work(&mut bytemuck::cast_slice_mut(&mut space)[..count]);
    if space.len() <= MAX_WORDS {
        SPACE.set(space);
    }
    result
}

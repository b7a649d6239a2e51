//! Memory that a thread uses again.

use std::cell::Cell;

use bytemuck::Pod;

thread_local! {
    /// Fresh memory costs more than what is written to it.
    static SPACE: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// Words that a thread keeps at most, 16 MiB.
const KEPT: usize = 2 << 20;

/// Calls a function with room for so many numbers, of whatever values.
pub(crate) fn with_scratch<F: Pod, T>(count: usize, work: impl FnOnce(&mut [F]) -> T) -> T {
    // A thread that waits may start on a second one: it finds none, and makes its own.
    let mut space = SPACE.take();
    let words = (count * size_of::<F>()).div_ceil(size_of::<u64>());
    if space.len() < words {
        space.resize(words, 0);
    }
    let result = work(&mut bytemuck::cast_slice_mut(&mut space)[..count]);
    if space.len() <= KEPT {
        SPACE.set(space);
    }
    result
}

//! How points are divided among threads.

use crate::Placement;

/// Bytes of a layer's values that stay in the caches of a core.
const CACHED: usize = 1 << 20;

/// Rows at least, so that weights are read for many.
const ROWS: usize = 160;

/// Points at least: as many as fill the vectors of any machine.
const LEAST: usize = 16;

/// Points that a thread takes through the network by itself, of so many; `numbers` is what a point
/// has in its widest layer, in all groups. All of them where each operation is better divided among
/// the threads, or the device is not `flex`.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn part(placement: &Placement, points: usize, numbers: usize, groups: usize) -> usize {
    #[cfg(feature = "flex")]
    #[allow(deprecated)]
    if *placement.device() == burn::tensor::Device::flex() {
        return part_of(threads(), points, numbers * placement.precision().bytes(), groups);
    }
    points
}

/// Threads that work on one operation: those of the pool, but inside of one of them only itself, since
/// the others have parts of their own.
#[cfg(feature = "flex")]
pub(super) fn threads() -> usize {
    match rayon::current_thread_index() {
        Some(_) => 1,
        None => rayon::current_num_threads(),
    }
}

#[cfg(feature = "flex")]
fn part_of(threads: usize, points: usize, bytes: usize, groups: usize) -> usize {
    if points < threads * LEAST {
        return points;
    }
    let most = (ROWS / groups).max(LEAST);
    let size = (CACHED / bytes.max(1)).clamp(LEAST, most);
    let parts = points.div_ceil(size).next_multiple_of(threads);
    points.div_ceil(parts)
}

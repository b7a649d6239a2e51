//! The division of points among threads.
//!
//! On the `flex` backend each thread takes chunks of points through the whole network, so that the
//! values of a chunk stay in the cache of a core. Other backends divide every operation.

use crate::backend::is_flex;
use crate::data::MIN_INTERLEAVED_GROUPS;
use crate::target::ComputeTarget;

// `cargo bench --bench extraction` measures the effect of these constants.

/// Bytes of a layer's values that stay in the caches of one core.
const CACHED_BYTES: usize = 1 << 20;

/// Bytes of weights that stay in the shared cache, so that they can be read again for every chunk.
const SHARED_CACHE_BYTES: usize = 1 << 22;

/// Largest number of bytes of a layer's values in a chunk. A chunk takes several times as much
/// memory, and every thread has one: `tropex extract` of 40 points of ResNet-18 at 224x224 pixels
/// takes 1.4 GiB without this limit, and 1.1 GiB with it (two threads).
const CHUNK_BYTES: usize = 1 << 26;

/// Smallest number of rows per chunk, so that every weight is used for many rows.
const MIN_ROWS: usize = 160;

/// Smallest number of points per chunk. It fills the SIMD vectors of any machine.
const MIN_POINTS: usize = 16;

/// Smallest number of points per chunk if weights come from main memory and a point uses each
/// weight once.
const MIN_POINTS_PER_WEIGHT: usize = 160;

/// The sizes of a network on which the division of points depends.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// The largest number of values of one point anywhere in the network.
    pub widest: usize,
    /// Number of weights and biases.
    pub parameters: usize,
    /// Number of weights and biases of the largest layer.
    pub largest_layer: usize,
    /// Multiplications for one point.
    pub multiplications: usize,
}

/// Number of points that a thread takes through the network at a time, with `groups` rows per
/// point. `None` if the device divides its operations itself.
pub fn points_per_thread(
    target: &ComputeTarget,
    workload: &Workload,
    groups: usize,
) -> Option<usize> {
    let least = min_points(target, workload, groups);
    let most = (MIN_ROWS / groups).max(least);
    let bytes = workload.widest * groups * target.precision().bytes();
    is_flex(target.device()).then(|| (CACHED_BYTES / bytes.max(1)).clamp(least, most))
}

/// Points per chunk. With too few points for all threads, one chunk holds all points, and every
/// operation is divided among the threads.
pub fn points_per_chunk(
    target: &ComputeTarget,
    workload: &Workload,
    points: usize,
    groups: usize,
) -> usize {
    let threads = rayon::current_num_threads();
    let least = min_points(target, workload, groups);
    match points_per_thread(target, workload, groups) {
        Some(size) if points >= threads * least => {
            let most = points / least / threads * threads;
            let chunks = points.div_ceil(size).next_multiple_of(threads).min(most);
            points.div_ceil(chunks)
        }
        _ => points,
    }
}

/// Smallest number of points per chunk. If a point uses each weight only a few times, more points
/// share one reading of the weights, while their values take less memory than the weights. There
/// are fewer points if their values are large.
fn min_points(target: &ComputeTarget, workload: &Workload, groups: usize) -> usize {
    let bytes = target.precision().bytes();
    let fitting = (CHUNK_BYTES / (workload.widest * groups * bytes).max(1)).max(1);
    if workload.parameters * bytes <= SHARED_CACHE_BYTES {
        return MIN_POINTS.min(fitting);
    }
    let most = workload.parameters / (workload.widest * groups).max(1);
    let shared = MIN_POINTS_PER_WEIGHT * workload.parameters;
    shared.div_ceil(workload.multiplications.max(1)).min(most).max(MIN_POINTS).min(fitting)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::precision::Precision;

    #[test]
    fn chunks_of_large_images_have_few_points() {
        let target = ComputeTarget::new(&Device::flex(), Precision::F32).unwrap();
        // VGG-16 at 3x224x224, and a small network.
        let large = Workload {
            widest: 64 * 224 * 224,
            parameters: 138_357_544,
            largest_layer: 102_764_544,
            multiplications: 15_470_264_320,
        };
        let small = Workload {
            widest: 784,
            parameters: 300_000,
            largest_layer: 200_000,
            multiplications: 300_000,
        };
        assert_eq!(points_per_thread(&target, &large, 2), Some(2));
        assert_eq!(points_per_chunk(&target, &large, 1, 2), 1);
        assert!(points_per_thread(&target, &small, 2).is_some_and(|points| points >= MIN_POINTS));
        // One point is the least, even if its rows are larger than the limit.
        assert_eq!(points_per_thread(&target, &large, 1001), Some(1));
    }
}

/// Number of points of a chunk whose rows are pulled back at a time. Their interleaved rows fit
/// into the caches of a core. If the weights are too large to be read again, it is the number of
/// points of the chunk.
pub fn points_per_pullback(
    target: &ComputeTarget,
    workload: &Workload,
    points: usize,
    groups: usize,
) -> usize {
    if !is_flex(target.device()) || groups < MIN_INTERLEAVED_GROUPS {
        return points;
    }
    let bytes = target.precision().bytes();
    if workload.largest_layer * bytes > SHARED_CACHE_BYTES {
        return points;
    }
    let most = (CACHED_BYTES / (workload.widest * groups * bytes).max(1)).max(1);
    points.div_ceil(points.div_ceil(most))
}

/// Number of batches that a device works on at a time: one per thread on the `flex` backend, else
/// one.
pub fn batches_at_a_time(target: &ComputeTarget) -> usize {
    if is_flex(target.device()) { rayon::current_num_threads() } else { 1 }
}

/// Runs the work on one batch. If there are several batches at a time, it runs in a thread of the
/// pool, so that the work is not divided further.
pub fn on_batch<R: Send>(target: &ComputeTarget, work: impl FnOnce() -> R + Send) -> R {
    match batches_at_a_time(target) {
        1 => work(),
        _ => rayon::join(work, || ()).0,
    }
}

//! How points are divided among threads.

use super::is_flex;
use crate::network::Node;
use crate::{Network, Placement};

/// Bytes of a layer's values that stay in the caches of a core.
const CACHED: usize = 1 << 20;

/// Bytes of weights that are near enough to be read once for values that stay in the caches.
const NEAR: usize = 1 << 22;

/// Rows at least, so that weights are read for many.
const ROWS: usize = 160;

/// Points at least: as many as fill the vectors of any machine.
const LEAST: usize = 16;

/// Points at least where weights come from far, and each is used once for a point.
const MANY: usize = 160;

/// Groups from which on rows may lie side by side.
pub(super) const GROUPS: usize = 4;

/// Points that a thread takes through the network by itself, with rows in so many groups, if threads of
/// its device are to do that.
pub(crate) fn points_of_a_thread(network: &Network, groups: usize) -> Option<usize> {
    let (placement, least) = (network.placement(), least(network, groups));
    let most = (ROWS / groups).max(least);
    let bytes = network.widest() * groups * placement.precision().bytes();
    is_flex(placement.device()).then(|| (CACHED / bytes.max(1)).clamp(least, most))
}

/// The same of so many points: all of them where they are too few for all threads, so that each
/// operation is better divided.
pub(crate) fn part(network: &Network, points: usize, groups: usize) -> usize {
    let (threads, least) = (rayon::current_num_threads(), least(network, groups));
    match points_of_a_thread(network, groups) {
        Some(size) if points >= threads * least => {
            let most = points / least / threads * threads;
            let parts = points.div_ceil(size).next_multiple_of(threads).min(most);
            points.div_ceil(parts)
        }
        _ => points,
    }
}

/// Points at least that a thread takes: the fewer times a point uses a weight, the more points must
/// share in reading it, as long as they take no more memory than all weights.
fn least(network: &Network, groups: usize) -> usize {
    let weights = network.parameters();
    if weights * network.placement().precision().bytes() <= NEAR {
        return LEAST;
    }
    let uses: usize = network.nodes().iter().map(Node::multiplications).sum();
    let most = weights / (network.widest() * groups).max(1);
    (MANY * weights).div_ceil(uses.max(1)).min(most).max(LEAST)
}

/// Points whose rows in so many groups are pulled back together, one such part after the other: as few
/// as stay in the caches, where rows lie side by side and weights are small enough to be read for each.
pub(crate) fn points_pulled(network: &Network, points: usize, groups: usize) -> usize {
    let placement = network.placement();
    if !is_flex(placement.device()) || groups < GROUPS {
        return points;
    }
    let bytes = placement.precision().bytes();
    let weights = network.nodes().iter().map(|node| node.op().parameters()).max().unwrap_or(0);
    if weights * bytes > NEAR {
        return points;
    }
    let most = (CACHED / (network.widest() * groups * bytes).max(1)).max(1);
    points.div_ceil(points.div_ceil(most))
}

/// Batches of a device that are worked on at a time: where every thread takes one by itself, and
/// another one is to be taken out of their hands.
pub(crate) fn workers(placement: &Placement) -> usize {
    if is_flex(placement.device()) { rayon::current_num_threads() } else { 1 }
}

/// Does the work of one of [these](workers): in a thread of the pool, where there are several, so
/// that it is divided no further.
pub(crate) fn at_work<R: Send>(placement: &Placement, work: impl FnOnce() -> R + Send) -> R {
    match workers(placement) {
        1 => work(),
        _ => rayon::join(work, || ()).0,
    }
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

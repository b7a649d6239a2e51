//! Starts of consecutive lists.

/// Replaces the lengths of consecutive lists by their starts, and returns the sum of the lengths.
pub(crate) fn starts(lengths: &mut [u32]) -> usize {
    let mut count = 0;
    for length in lengths {
        count += std::mem::replace(length, count);
    }
    count as usize
}

//! The free regions of a file.

use std::collections::BTreeMap;

/// The free regions of a file as start and length; adjacent regions are merged.
#[derive(Debug, Default)]
pub(super) struct FreeList {
    free: BTreeMap<u64, u64>,
    end: u64,
}

impl FreeList {
    /// Allocates a region: the first free region that is large enough, or a new one at the end.
    /// Returns the start.
    pub(super) fn allocate(&mut self, length: u64) -> u64 {
        let fitting = self.free.iter().find(|&(_, &free)| free >= length);
        let Some((start, free)) = fitting.map(|(&start, &free)| (start, free)) else {
            self.end += length;
            return self.end - length;
        };
        self.free.remove(&start);
        if free > length {
            self.free.insert(start + length, free - length);
        }
        start
    }

    /// Frees a region.
    pub(super) fn release(&mut self, start: u64, length: u64) {
        let (mut start, mut end) = (start, start + length);
        let before = self.free.range(..start).next_back().map(|(&start, &free)| (start, free));
        if let Some((first, _)) = before.filter(|(first, free)| first + free == start) {
            self.free.remove(&first);
            start = first;
        }
        if let Some(after) = self.free.remove(&end) {
            end += after;
        }
        if end == self.end {
            self.end = start;
        } else {
            self.free.insert(start, end - start);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn free_regions_are_used_before_the_file_grows() {
        let mut regions = FreeList::default();
        let starts = [10, 20, 30].map(|length| regions.allocate(length));
        assert_eq!(starts, [0, 10, 30]);
        regions.release(10, 20);
        assert_eq!([5, 16, 15].map(|length| regions.allocate(length)), [10, 60, 15]);
        regions.release(0, 10);
        regions.release(10, 5);
        assert_eq!(regions.allocate(15), 0);
    }

    #[test]
    fn a_file_without_regions_in_use_is_empty() {
        let mut regions = FreeList::default();
        for length in [10, 20, 30] {
            regions.allocate(length);
        }
        for (start, length) in [(10, 20), (30, 30), (0, 10)] {
            regions.release(start, length);
        }
        assert_eq!((regions.free.len(), regions.end), (0, 0));
    }

    proptest! {
        #[test]
        fn regions_in_use_never_overlap(
            steps in prop::collection::vec((1..9_u64, any::<bool>()), 99),
        ) {
            let mut regions = FreeList::default();
            let mut used: HashMap<u64, u64> = HashMap::new();
            for (length, gives_back) in steps {
                match used.keys().next().copied().filter(|_| gives_back) {
                    Some(start) => regions.release(start, used.remove(&start).unwrap()),
                    None => {
                        let start = regions.allocate(length);
                        for (&other, &other_length) in &used {
                            prop_assert!(start + length <= other || other + other_length <= start);
                        }
                        used.insert(start, length);
                    }
                }
                let all: u64 = used.values().chain(regions.free.values()).sum();
                prop_assert_eq!(all, regions.end);
            }
        }
    }
}

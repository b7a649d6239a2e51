//! The number of regions of the hyperplane arrangement of one convolution.
//!
//! At every position `(i, j)` there are `d_1` hyperplanes, which depend only on the inputs `S_ij`
//! of the window. Xiong et al. 2020 count the regions as the sum of `prod C(d_1, t_ij)` over all
//! `t_ij >= 0` with `sum_P t_ij <= |union_P S_ij|` for every set `P` of positions. These are the
//! sets of hyperplanes that can be matched to different inputs.
//!
//! The sum is an upper bound: the number of regions is at most the number of sets of hyperplanes
//! with independent normals, and independent normals can be matched. If windows overlap along one
//! axis at most, the sum is attained, as published and as counting confirms. If windows overlap
//! along both axes, it need not be attained, because the positions share their weights. Two filters
//! `f` and `g` on one channel satisfy `f * g = g * f`. For two 2x2 filters on a 3x3 image this
//! makes the eight normals dependent, and there are 255 regions instead of 256.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use super::enumeration::enumerate;
use super::window_arrangement::WindowArrangement;
use crate::BoundError;
use crate::binomial::{Binomials, zaslavsky};
use crate::deadline::Deadline;
use crate::structure::WindowAxis;

impl WindowAxis {
    fn is_disjoint(&self) -> bool {
        self.positions == 1 || self.stride >= self.kernel
    }

    /// Number of cells that at least one window covers.
    fn covered(&self) -> usize {
        let step = self.stride.min(self.kernel);
        (self.positions - 1) * step + self.kernel
    }

    /// If only every `gap`-th window is used: the number of windows, and the number of cells of
    /// each window that no later window covers. The last window has all of its cells.
    fn exclusive_cells(&self, gap: usize) -> (usize, usize) {
        (self.positions.div_ceil(gap), self.kernel.min(gap * self.stride))
    }

    /// The gaps up to the first one with disjoint windows.
    fn gaps(&self) -> std::ops::RangeInclusive<usize> {
        1..=self.kernel.div_ceil(self.stride)
    }
}

impl WindowArrangement {
    /// The number of regions, if windows overlap along one axis at most.
    pub(super) fn exact(&self, deadline: &Deadline) -> Result<BigUint, BoundError> {
        let [down, across] = self.axes;
        let lines = |line: WindowAxis, other: WindowAxis| {
            let regions = self.line(line, other.kernel * self.channels, deadline)?;
            Ok(power(&regions, other.positions))
        };
        if down.is_disjoint() {
            lines(across, down)
        } else if across.is_disjoint() {
            lines(down, across)
        } else {
            Err(BoundError::not_applicable("windows overlap along both axes"))
        }
    }

    /// The number of regions, or a lower bound.
    pub(super) fn at_least(&self, deadline: &Deadline) -> Result<BigUint, BoundError> {
        match self.exact(deadline) {
            Err(BoundError::NotApplicable(_)) => self.lower(deadline),
            other => other,
        }
    }

    /// The published sum, or an upper bound of it if the sum takes too long.
    pub(super) fn at_most(&self, deadline: &Deadline) -> Result<BigUint, BoundError> {
        match self.exact(deadline) {
            Err(BoundError::NotApplicable(_)) => {}
            other => return other,
        }
        match enumerate(self, deadline)? {
            Some(regions) => Ok(regions),
            None => self.all_general(deadline),
        }
    }

    /// The smaller of two upper bounds: all hyperplanes in general position, or all windows
    /// disjoint.
    fn all_general(&self, deadline: &Deadline) -> Result<BigUint, BoundError> {
        let [down, across] = self.axes;
        let inputs = down.covered() * across.covered() * self.channels;
        let general = zaslavsky(self.positions() * self.filters, inputs, deadline)?;
        let window =
            zaslavsky(self.filters, down.kernel * across.kernel * self.channels, deadline)?;
        Ok(general.min(power(&window, self.positions())))
    }

    /// A lower bound from a regular subset of the windows. Each window of the subset has inputs at
    /// its first corner that no later window covers. For any values of the other inputs, the
    /// filters cut these inputs generically, so that the numbers of regions of the windows
    /// multiply. The best of all regular subsets is taken.
    pub(super) fn lower(&self, deadline: &Deadline) -> Result<BigUint, BoundError> {
        let mut best = BigUint::ZERO;
        for gap_down in self.axes[0].gaps() {
            for gap_across in self.axes[1].gaps() {
                deadline.step()?;
                best = best.max(self.disjoint([gap_down, gap_across], deadline)?);
            }
        }
        Ok(best)
    }

    fn disjoint(&self, gaps: [usize; 2], deadline: &Deadline) -> Result<BigUint, BoundError> {
        let [down, across] = self.axes;
        let (rows, height) = down.exclusive_cells(gaps[0]);
        let (columns, width) = across.exclusive_cells(gaps[1]);
        let windows = [
            ((rows - 1) * (columns - 1), height * width),
            (rows - 1, height * across.kernel),
            (columns - 1, down.kernel * width),
            (1, down.kernel * across.kernel),
        ];
        let regions = windows.map(|(count, cells)| {
            Ok(power(&zaslavsky(self.filters, cells * self.channels, deadline)?, count))
        });
        regions.into_iter().product()
    }

    /// The number of regions of windows in a line whose cells hold `inputs` inputs each.
    ///
    /// The windows are in the order of their ends, so that each can take the first free inputs. The
    /// state after a window is the index of the last input taken.
    fn line(
        &self,
        axis: WindowAxis,
        inputs: usize,
        deadline: &Deadline,
    ) -> Result<BigUint, BoundError> {
        deadline.expect(axis.positions);
        let mut sets = BTreeMap::from([(0, BigUint::from(1_u32))]);
        for position in 0..axis.positions {
            deadline.step()?;
            let start = position * axis.stride * inputs;
            let end = start + axis.kernel * inputs;
            let mut after = BTreeMap::<usize, BigUint>::new();
            for (taken, count) in merge_below(sets, start) {
                let most = self.filters.min(end - taken);
                for (t, ways) in Binomials::new(self.filters).take(most + 1).enumerate() {
                    *after.entry(taken + t).or_default() += &count * ways;
                }
            }
            sets = after;
        }
        Ok(sets.into_values().sum())
    }
}

/// Merges the states that differ only in inputs before `start`, which later windows do not cover.
fn merge_below(sets: BTreeMap<usize, BigUint>, start: usize) -> BTreeMap<usize, BigUint> {
    let mut merged = BTreeMap::<usize, BigUint>::new();
    for (taken, count) in sets {
        *merged.entry(taken.max(start)).or_default() += count;
    }
    merged
}

fn power(base: &BigUint, exponent: usize) -> BigUint {
    // `Structure` limits the number of units to 32 bits, and a position has at least one unit.
    base.pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}

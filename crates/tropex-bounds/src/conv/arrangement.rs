//! The hyperplanes of one convolution with generic weights.
//!
//! At every position `(i, j)` there are `d_1` of them, which depend on the inputs `S_ij` of the
//! window alone. Xiong et al. 2020 count the regions as the sum of `prod C(d_1, t_ij)` over all
//! `t_ij >= 0` with `sum_P t_ij <= |union_P S_ij|` for every set `P` of positions: the sets of
//! hyperplanes that can be matched to inputs of their own.
//!
//! Regions are at most as many as there are sets of hyperplanes with independent normals, and
//! independent normals can be matched, so the sum is an upper bound. Where windows overlap along one
//! axis it is attained, as published (and as counting shows). Where they overlap along both it need
//! not be, for the positions share their weights: two filters `f` and `g` on one channel satisfy `f * g = g * f`, which makes the
//! eight normals of a 3x3 image under two 2x2 filters dependent (255 regions, and not 256).

use std::collections::BTreeMap;

use num_bigint::BigUint;

use super::enumeration::enumerate;
use crate::binomial::{Binomials, zaslavsky};
use crate::{Absent, Watch};

/// Windows along one axis of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) positions: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
}

/// `filters` on every window of planes of so many `channels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrangement {
    pub(super) channels: usize,
    pub(super) filters: usize,
    pub(super) axes: [Axis; 2],
}

impl Axis {
    fn is_disjoint(&self) -> bool {
        self.positions == 1 || self.stride >= self.kernel
    }

    /// Cells that some window sees.
    fn seen(&self) -> usize {
        let step = self.stride.min(self.kernel);
        (self.positions - 1) * step + self.kernel
    }

    /// With every `gap`-th window alone: how many there are, and the cells that each but the last
    /// may have for its own; the last has its whole window.
    fn own(&self, gap: usize) -> (usize, usize) {
        (self.positions.div_ceil(gap), self.kernel.min(gap * self.stride))
    }

    /// The gaps worth trying: beyond the last one windows are disjoint anyway.
    fn gaps(&self) -> std::ops::RangeInclusive<usize> {
        1..=self.kernel.div_ceil(self.stride)
    }
}

impl Arrangement {
    pub(super) fn positions(&self) -> usize {
        self.axes[0].positions * self.axes[1].positions
    }

    /// The number of regions, where windows overlap along one axis at most.
    pub(super) fn exact(&self, watch: &Watch) -> Result<BigUint, Absent> {
        let [down, across] = self.axes;
        let lines = |line: Axis, other: Axis| {
            let regions = self.line(line, other.kernel * self.channels, watch)?;
            Ok(power(&regions, other.positions))
        };
        if down.is_disjoint() {
            lines(across, down)
        } else if across.is_disjoint() {
            lines(down, across)
        } else {
            Err(Absent::not_applicable("windows overlap along both axes"))
        }
    }

    /// The number of regions, or a lower bound.
    pub(super) fn at_least(&self, watch: &Watch) -> Result<BigUint, Absent> {
        match self.exact(watch) {
            Err(Absent::NotApplicable(_)) => self.lower(watch),
            other => other,
        }
    }

    /// The published sum where it can be computed, or else an upper bound of it.
    pub(super) fn at_most(&self, watch: &Watch) -> Result<BigUint, Absent> {
        match self.exact(watch) {
            Err(Absent::NotApplicable(_)) => {}
            other => return other,
        }
        match enumerate(self, watch)? {
            Some(regions) => Ok(regions),
            None => self.all_general(watch),
        }
    }

    /// All hyperplanes in general position, or all windows disjoint, whichever is less.
    fn all_general(&self, watch: &Watch) -> Result<BigUint, Absent> {
        let [down, across] = self.axes;
        let seen = down.seen() * across.seen() * self.channels;
        let general = zaslavsky(self.positions() * self.filters, seen, watch)?;
        let window = zaslavsky(self.filters, down.kernel * across.kernel * self.channels, watch)?;
        Ok(general.min(power(&window, self.positions())))
    }

    /// The best of all regular ways to leave windows out and to give each that stays inputs for its
    /// own, at its first corner, that no later window sees. Whatever the other inputs are, the
    /// filters cut these generically, so going from the last window to the first multiplies.
    pub(super) fn lower(&self, watch: &Watch) -> Result<BigUint, Absent> {
        let mut best = BigUint::ZERO;
        for gap_down in self.axes[0].gaps() {
            for gap_across in self.axes[1].gaps() {
                watch.step()?;
                best = best.max(self.disjoint([gap_down, gap_across], watch)?);
            }
        }
        Ok(best)
    }

    fn disjoint(&self, gaps: [usize; 2], watch: &Watch) -> Result<BigUint, Absent> {
        let [down, across] = self.axes;
        let ((rows, height), (columns, width)) = (down.own(gaps[0]), across.own(gaps[1]));
        let windows = [
            ((rows - 1) * (columns - 1), height * width),
            (rows - 1, height * across.kernel),
            (columns - 1, down.kernel * width),
            (1, down.kernel * across.kernel),
        ];
        let regions = windows.map(|(count, cells)| {
            Ok(power(&zaslavsky(self.filters, cells * self.channels, watch)?, count))
        });
        regions.into_iter().product()
    }

    /// Windows in a line, each cell of which holds `inputs`.
    ///
    /// Windows come in the order of their ends, so the first free inputs can be taken for each:
    /// all that matters is up to where they are taken.
    fn line(&self, axis: Axis, inputs: usize, watch: &Watch) -> Result<BigUint, Absent> {
        watch.expect(axis.positions);
        let mut sets = BTreeMap::from([(0, BigUint::from(1_u32))]);
        for position in 0..axis.positions {
            watch.step()?;
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

/// Whatever is taken before `start` makes no difference any more.
fn merge_below(sets: BTreeMap<usize, BigUint>, start: usize) -> BTreeMap<usize, BigUint> {
    let mut merged = BTreeMap::<usize, BigUint>::new();
    for (taken, count) in sets {
        *merged.entry(taken.max(start)).or_default() += count;
    }
    merged
}

fn power(base: &BigUint, exponent: usize) -> BigUint {
    // Positions are units, which fit into 32 bits: `Structure` sees to that.
    base.pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}

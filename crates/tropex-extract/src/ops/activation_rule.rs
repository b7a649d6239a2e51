//! How the units of a maximum choose between their pieces, and where they change their mind.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::Piece;
use crate::{ComputeTarget, Precision};

/// How the units of a node choose their pieces. Pieces have numbers: 0 and 1 below and above zero,
/// or positions in a window.
#[derive(Clone, Debug)]
pub struct ActivationRule {
    by: By,
    /// Parts of the node's input that are treated alike, one after the other.
    parts: usize,
}

/// The rule of one part.
#[derive(Clone, Debug)]
enum By {
    /// The sign of the input of the same number, where the unit bends at zero at all.
    Sign(Vec<bool>),
    /// The largest cell of a window, the first of several. Every channel's plane of so many cells
    /// has the same windows.
    Largest { channels: usize, cells: usize, windows: Vec<Vec<usize>> },
}

/// A difference of two features of a node's input, or of one and zero, that is not negative as long
/// as a unit keeps its piece: the unit goes over to a rival piece where it becomes negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The unit, a feature of the node's output.
    pub unit: usize,
    /// The piece beyond.
    pub rival: u32,
    /// The feature that the difference is taken from; none is zero.
    pub above: Option<usize>,
    /// The feature that is subtracted; none is zero.
    pub below: Option<usize>,
}

impl Gap {
    /// The difference in these features of the node's input, or in a direction at them.
    pub fn of(&self, features: &[f64]) -> f64 {
        difference(features, self.above, self.below)
    }
}

/// The difference of two features; none is zero.
pub fn difference(features: &[f64], above: Option<usize>, below: Option<usize>) -> f64 {
    let feature = |index: Option<usize>| index.map_or(0.0, |index| features[index]);
    feature(above) - feature(below)
}

impl ActivationRule {
    /// Units that bend at zero where it is said so, and nowhere else.
    pub(crate) fn by_sign(bends: Vec<bool>) -> Self {
        Self { by: By::Sign(bends), parts: 1 }
    }

    /// A unit for each window of each channel; windows name cells of their channel's plane.
    pub(crate) fn by_largest([channels, cells]: [usize; 2], windows: Vec<Vec<usize>>) -> Self {
        Self { by: By::Largest { channels, cells, windows }, parts: 1 }
    }

    /// The same choice in each of several parts of the input.
    pub(crate) fn repeated(self, parts: usize) -> Self {
        Self { parts: self.parts * parts, ..self }
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.parts
            * match &self.by {
                By::Sign(bends) => bends.len(),
                By::Largest { channels, windows, .. } => channels * windows.len(),
            }
    }

    /// The most pieces that a unit has.
    pub fn pieces(&self) -> usize {
        match &self.by {
            By::Sign(_) => 2,
            By::Largest { windows, .. } => windows.iter().map(Vec::len).max().unwrap_or(1),
        }
    }

    /// Whether a unit has more than one piece.
    pub fn bends(&self, unit: usize) -> bool {
        match &self.by {
            By::Sign(bends) => bends[unit % bends.len()],
            By::Largest { windows, .. } => windows[unit % windows.len()].len() > 1,
        }
    }

    /// Writes the pieces that the units of one point choose where `exceeds` says which of two features
    /// of the input is larger; no feature stands for zero.
    pub fn choose(
        &self,
        numbers: &mut [u32],
        exceeds: impl Fn(Option<usize>, Option<usize>) -> bool,
    ) {
        match &self.by {
            By::Sign(bends) => {
                let units = numbers.iter_mut().zip(bends.iter().cycle()).enumerate();
                units.for_each(|(unit, (number, &bends))| {
                    *number = u32::from(bends && exceeds(Some(unit), None));
                });
            }
            By::Largest { cells, windows, .. } => {
                for (plane, numbers) in numbers.chunks_exact_mut(windows.len()).enumerate() {
                    for (number, window) in numbers.iter_mut().zip(windows) {
                        let feature = |position: usize| Some(plane * cells + window[position]);
                        let better = |best, position| {
                            if exceeds(feature(position), feature(best)) { position } else { best }
                        };
                        *number = (0..window.len()).fold(0, better) as u32;
                    }
                }
            }
        }
    }

    /// The pieces of all points by number, `[points, units]` row by row. Units that do not bend
    /// have piece 0 always.
    pub fn numbers(&self, piece: &Piece) -> Vec<u32> {
        match (&self.by, piece) {
            (By::Sign(bends), Piece::Sign(sign)) => {
                let signs = sign.to_data();
                match signs.as_slice::<f32>() {
                    Ok(signs) => above_zero(signs, bends),
                    Err(_) => above_zero(signs.as_slice::<f64>().unwrap_or(&[]), bends),
                }
            }
            (By::Largest { windows, .. }, Piece::Winner(winner)) => {
                let winners = winner.to_data();
                let position = |(winner, window): (i64, &Vec<usize>)| {
                    let position = window.iter().position(|&cell| cell == winner as usize);
                    position.unwrap_or_default() as u32
                };
                winners.iter::<i64>().zip(windows.iter().cycle()).map(position).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The reverse of [`ActivationRule::numbers`]: what the operation takes for its piece.
    pub fn piece(&self, numbers: &[u32], target: &ComputeTarget) -> Piece {
        match &self.by {
            By::Sign(bends) => {
                let shape = [numbers.len() / bends.len(), bends.len()];
                Piece::Sign(target.tensor(match target.precision() {
                    Precision::F32 => TensorData::new(signs::<f32>(numbers), shape),
                    Precision::F64 => TensorData::new(signs::<f64>(numbers), shape),
                }))
            }
            By::Largest { channels, windows, .. } => {
                let rows = numbers.len() / (channels * windows.len());
                let cells = numbers.iter().zip(windows.iter().cycle());
                let cells = cells.map(|(&number, window)| window[number as usize] as i32);
                let cells =
                    TensorData::new(cells.collect::<Vec<i32>>(), [rows, *channels, windows.len()]);
                Piece::Winner(Tensor::from_data(cells, target.device()))
            }
        }
    }

    /// Visits the contenders of every unit, the features of the node's input of which it passes on
    /// the largest, up to slopes; no feature is zero. Units without a choice are left out.
    pub fn visit_contenders(&self, mut visit: impl FnMut(&[Option<usize>])) {
        match &self.by {
            By::Sign(bends) => {
                for unit in (0..self.parts * bends.len()).filter(|unit| bends[unit % bends.len()]) {
                    visit(&[None, Some(unit)]);
                }
            }
            By::Largest { channels, cells, windows } => {
                for plane in 0..self.parts * channels {
                    for window in windows.iter().filter(|window| window.len() > 1) {
                        let features = window.iter().map(|cell| Some(plane * cells + cell));
                        visit(&features.collect::<Vec<_>>());
                    }
                }
            }
        }
    }

    /// Visits every gap of a point that chose these pieces, by their numbers.
    pub fn visit_gaps(&self, numbers: &[u32], mut visit: impl FnMut(Gap)) {
        match &self.by {
            By::Sign(bends) => {
                let units = numbers.iter().zip(bends.iter().cycle()).enumerate();
                for (unit, (&number, _)) in units.filter(|(_, (_, bends))| **bends) {
                    let (above, below) = match number {
                        0 => (None, Some(unit)),
                        _ => (Some(unit), None),
                    };
                    visit(Gap { unit, rival: 1 - number, above, below });
                }
            }
            By::Largest { cells, windows, .. } => {
                for (plane, numbers) in numbers.chunks_exact(windows.len()).enumerate() {
                    for (at, (&number, window)) in numbers.iter().zip(windows).enumerate() {
                        let unit = plane * windows.len() + at;
                        let feature = |position: usize| Some(plane * cells + window[position]);
                        let above = feature(number as usize);
                        for rival in (0..window.len()).filter(|&rival| rival != number as usize) {
                            visit(Gap { unit, rival: rival as u32, above, below: feature(rival) });
                        }
                    }
                }
            }
        }
    }
}

/// The pieces of units that bend at zero, those of many points in a row.
fn above_zero<F: Copy + Default + PartialOrd + Sync>(signs: &[F], bends: &[bool]) -> Vec<u32> {
    let mut numbers = vec![0; signs.len()];
    let points = numbers.par_chunks_mut(bends.len()).zip(signs.par_chunks(bends.len()));
    points.for_each(|(numbers, signs)| {
        for ((number, sign), bends) in numbers.iter_mut().zip(signs).zip(bends) {
            *number = u32::from(*bends && *sign > F::default());
        }
    });
    numbers
}

/// One for active units and zero for the others.
fn signs<F: From<u8>>(numbers: &[u32]) -> Vec<F> {
    numbers.iter().map(|&number| F::from(u8::from(number > 0))).collect()
}

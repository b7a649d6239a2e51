//! Activation rules: how the units of a maximum choose their pieces, and where the choice changes.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::Piece;
use crate::{ComputeTarget, Precision};

/// The rule by which the units of a node choose their pieces. Pieces are numbered: 0 and 1 for
/// negative and positive inputs, or the positions in a window.
#[derive(Clone, Debug)]
pub struct ActivationRule {
    rule: PieceRule,
    /// Number of consecutive equal parts of the input, each with this rule.
    parts: usize,
}

/// The rule of one part of the input.
#[derive(Clone, Debug)]
enum PieceRule {
    /// The unit `i` chooses by the sign of input feature `i`, if entry `i` is true. Otherwise it
    /// has one piece.
    Sign(Vec<bool>),
    /// A unit chooses the largest cell of its window; the first cell wins a tie. All channels have
    /// planes of `cells` cells with these windows.
    Largest { channels: usize, cells: usize, windows: Vec<Vec<usize>> },
}

/// A difference of two features of a node's input that is non-negative while a unit chooses its
/// piece. The unit changes to the piece `rival` where the difference becomes negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The unit, a feature of the node's output.
    pub unit: usize,
    /// The piece on the other side.
    pub rival: u32,
    /// The minuend, a feature of the node's input; `None` stands for 0.
    pub above: Option<usize>,
    /// The subtrahend, a feature of the node's input; `None` stands for 0.
    pub below: Option<usize>,
}

impl Gap {
    /// The difference for values or directions of the node's input, `[features]`.
    pub fn of(&self, features: &[f64]) -> f64 {
        feature_difference(features, self.above, self.below)
    }
}

/// The difference of two features; `None` stands for 0.
pub fn feature_difference(features: &[f64], above: Option<usize>, below: Option<usize>) -> f64 {
    let feature = |index: Option<usize>| index.map_or(0.0, |index| features[index]);
    feature(above) - feature(below)
}

impl ActivationRule {
    /// Units that choose by the sign of their input where `bends` is true, and have one piece
    /// elsewhere.
    pub(crate) fn by_sign(bends: Vec<bool>) -> Self {
        Self { rule: PieceRule::Sign(bends), parts: 1 }
    }

    /// One unit per window and channel. A window lists cells of its channel's plane.
    pub(crate) fn by_largest([channels, cells]: [usize; 2], windows: Vec<Vec<usize>>) -> Self {
        Self { rule: PieceRule::Largest { channels, cells, windows }, parts: 1 }
    }

    /// The rule, applied to each of `parts` consecutive parts of the input.
    pub(crate) fn repeated(self, parts: usize) -> Self {
        Self { parts: self.parts * parts, ..self }
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.parts
            * match &self.rule {
                PieceRule::Sign(bends) => bends.len(),
                PieceRule::Largest { channels, windows, .. } => channels * windows.len(),
            }
    }

    /// Largest number of pieces of a unit.
    pub fn pieces(&self) -> usize {
        match &self.rule {
            PieceRule::Sign(_) => 2,
            PieceRule::Largest { windows, .. } => windows.iter().map(Vec::len).max().unwrap_or(1),
        }
    }

    /// Whether a unit has more than one piece.
    pub fn bends(&self, unit: usize) -> bool {
        match &self.rule {
            PieceRule::Sign(bends) => bends[unit % bends.len()],
            PieceRule::Largest { windows, .. } => windows[unit % windows.len()].len() > 1,
        }
    }

    /// Writes the pieces that the units choose at one point. `exceeds(a, b)` says whether input
    /// feature `a` is larger than `b`; `None` stands for 0.
    ///
    /// # Shapes
    /// - `numbers`: `[units]`
    pub fn choose(
        &self,
        numbers: &mut [u32],
        exceeds: impl Fn(Option<usize>, Option<usize>) -> bool,
    ) {
        match &self.rule {
            PieceRule::Sign(bends) => {
                let units = numbers.iter_mut().zip(bends.iter().cycle()).enumerate();
                units.for_each(|(unit, (number, &bends))| {
                    *number = u32::from(bends && exceeds(Some(unit), None));
                });
            }
            PieceRule::Largest { cells, windows, .. } => {
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

    /// The numbers of the pieces at all points, `[points, units]` row by row. Units with one piece
    /// have the number 0.
    pub fn numbers(&self, piece: &Piece) -> Vec<u32> {
        match (&self.rule, piece) {
            (PieceRule::Sign(bends), Piece::Sign(sign)) => {
                let signs = sign.to_data();
                match signs.as_slice::<f32>() {
                    Ok(signs) => above_zero(signs, bends),
                    Err(_) => above_zero(signs.as_slice::<f64>().unwrap_or(&[]), bends),
                }
            }
            (PieceRule::Largest { windows, .. }, Piece::Winner(winner)) => {
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

    /// The piece with the given numbers; the inverse of [`ActivationRule::numbers`].
    ///
    /// # Shapes
    /// - `numbers`: `[points, units]`, row by row
    pub fn piece(&self, numbers: &[u32], target: &ComputeTarget) -> Piece {
        match &self.rule {
            PieceRule::Sign(bends) => {
                let shape = [numbers.len() / bends.len(), bends.len()];
                Piece::Sign(target.tensor(match target.precision() {
                    Precision::F32 => TensorData::new(signs::<f32>(numbers), shape),
                    Precision::F64 => TensorData::new(signs::<f64>(numbers), shape),
                }))
            }
            PieceRule::Largest { channels, windows, .. } => {
                let rows = numbers.len() / (channels * windows.len());
                let cells = numbers.iter().zip(windows.iter().cycle());
                let cells = cells.map(|(&number, window)| window[number as usize] as i32);
                let cells =
                    TensorData::new(cells.collect::<Vec<i32>>(), [rows, *channels, windows.len()]);
                Piece::Winner(Tensor::from_data(cells, target.device()))
            }
        }
    }

    /// Visits the candidates of every unit: the input features among which the unit chooses the
    /// largest (before it applies a slope). `None` stands for 0. Units with one piece are skipped.
    pub fn visit_candidates(&self, mut visit: impl FnMut(&[Option<usize>])) {
        match &self.rule {
            PieceRule::Sign(bends) => {
                for unit in (0..self.parts * bends.len()).filter(|unit| bends[unit % bends.len()]) {
                    visit(&[None, Some(unit)]);
                }
            }
            PieceRule::Largest { channels, cells, windows } => {
                for plane in 0..self.parts * channels {
                    for window in windows.iter().filter(|window| window.len() > 1) {
                        let features = window.iter().map(|cell| Some(plane * cells + cell));
                        visit(&features.collect::<Vec<_>>());
                    }
                }
            }
        }
    }

    /// Visits every gap of a point with the given piece numbers.
    pub fn visit_gaps(&self, numbers: &[u32], mut visit: impl FnMut(Gap)) {
        match &self.rule {
            PieceRule::Sign(bends) => {
                let units = numbers.iter().zip(bends.iter().cycle()).enumerate();
                for (unit, (&number, _)) in units.filter(|(_, (_, bends))| **bends) {
                    let (above, below) = match number {
                        0 => (None, Some(unit)),
                        _ => (Some(unit), None),
                    };
                    visit(Gap { unit, rival: 1 - number, above, below });
                }
            }
            PieceRule::Largest { cells, windows, .. } => {
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

/// The piece numbers of sign units at several points, `[points, units]`.
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

/// 1 for active units and 0 for the others.
fn signs<F: From<u8>>(numbers: &[u32]) -> Vec<F> {
    numbers.iter().map(|&number| F::from(u8::from(number > 0))).collect()
}

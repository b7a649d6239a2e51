//! Draws rearrangements.

use crate::common::grow::Grower;
use crate::common::plan::{Range, Rearrange, Shape, Window};

impl Grower {
    pub(crate) fn rearrange(&mut self, shape: &[usize]) -> Option<Rearrange> {
        let rank = shape.len();
        let axis = self.axis(shape);
        let extent = shape[axis];
        Some(match self.between(0, 18) {
            0 | 1 => Rearrange::Reshape(self.other_shape(shape)),
            2 if rank > 1 => {
                let first = self.between(0, rank - 2);
                Rearrange::Flatten { first, last: self.between(first + 1, rank - 1) }
            }
            3 if rank > 1 => Rearrange::Permute(self.permutation(rank)),
            4 if rank > 1 => Rearrange::SwapAxes(axis, (axis + self.between(1, rank - 1)) % rank),
            5 => Rearrange::Slice(shape.iter().map(|&extent| self.range(extent)).collect()),
            6 => {
                let start = self.between(0, extent - 1);
                Rearrange::Narrow { axis, start, length: self.between(1, extent - start) }
            }
            7 => self.pad(shape),
            8 => Rearrange::Repeat { axis, times: self.between(2, 3) },
            9 | 10 => Rearrange::Expand(self.expanded(shape)?),
            11 => {
                let count = self.between(1, extent + 1);
                let indices = (0..count).map(|_| self.between(0, extent - 1)).collect();
                Rearrange::Select { axis, indices }
            }
            12 => {
                let axes: Vec<_> =
                    (0..rank).filter(|&other| other == axis || self.chance(40)).collect();
                Rearrange::Flip(axes)
            }
            13 if rank > 1 => Rearrange::Squeeze(shape.iter().position(|&extent| extent == 1)?),
            14 if rank < 4 => Rearrange::Unsqueeze(self.between(0, rank)),
            15 if rank < 4 => {
                let size = self.between(1, extent.min(3));
                Rearrange::Windows { axis, size, step: self.between(1, 2) }
            }
            16 if rank == 3 => Rearrange::Unfold(self.unfolding(&shape[1..])?),
            17 if rank == 3 && shape[0].is_multiple_of(4) => Rearrange::PixelShuffle(2),
            18 if rank == 3 && shape[1..].iter().all(|extent| extent.is_multiple_of(2)) => {
                Rearrange::PixelUnshuffle(2)
            }
            _ => return None,
        })
    }

    /// Another shape of one to four axes for the values of a shape.
    fn other_shape(&mut self, shape: &[usize]) -> Shape {
        let mut rest: usize = shape.iter().product();
        let mut extents = Vec::new();
        for _ in 1..self.between(1, 4) {
            let divisors: Vec<usize> = (1..=rest).filter(|d| rest.is_multiple_of(*d)).collect();
            extents.push(self.one_of(&divisors));
            rest /= extents[extents.len() - 1];
        }
        extents.push(rest);
        extents
    }

    fn permutation(&mut self, rank: usize) -> Vec<usize> {
        let mut axes: Vec<_> = (0..rank).collect();
        for last in (1..rank).rev() {
            axes.swap(last, self.between(0, last));
        }
        axes
    }

    fn range(&mut self, extent: usize) -> Range {
        if self.chance(50) {
            return Range { start: 0, end: extent, step: 1 };
        }
        let start = self.between(0, extent - 1);
        Range { start, end: self.between(start + 1, extent), step: self.one_of(&[1, 2, 3, -1, -2]) }
    }

    fn pad(&mut self, shape: &[usize]) -> Rearrange {
        let filler = if self.chance(60) { 0.0 } else { self.number(1.0) };
        let side = |grower: &mut Self| if grower.chance(40) { grower.between(1, 2) } else { 0 };
        Rearrange::Pad { padding: shape.iter().map(|_| (side(self), side(self))).collect(), filler }
    }

    fn expanded(&mut self, shape: &[usize]) -> Option<Shape> {
        let longer = |&extent: &usize| if extent == 1 { self.between(1, 3) } else { extent };
        Some(shape.iter().map(longer).collect::<Shape>()).filter(|longer| longer != shape)
    }

    fn unfolding(&mut self, extents: &[usize]) -> Option<Window> {
        let mut window = Window::new(&[self.between(1, 2), self.between(1, 3)]);
        for axis in [0, 1] {
            let padding = self.between(0, 1);
            window.padding[axis] = (padding, padding);
            window.stride[axis] = self.between(1, 2);
            window.dilation[axis] = self.one_of(&[1, 1, 2]);
        }
        window.fits(extents).then_some(window)
    }
}

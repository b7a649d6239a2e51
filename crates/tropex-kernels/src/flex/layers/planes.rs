//! The memory layout of layers that are trained: the points of a batch are neighbours in memory.
//!
//! A tensor `[points, channels, height, width]` is stored as `[height, width, channels, points]`,
//! with the points filled up to whole SIMD vectors. A vector then holds one number of several
//! points, whatever the number of channels. Burn's operations read such a tensor through its
//! strides. Places without a point hold arbitrary numbers, which no operation reads.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Shape, TensorData};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::simd::{SimdFloat, lanes, with_simd};

/// Points and cells of a tile that is transposed in registers.
const TILE: usize = 8;

/// Fewest points of a batch that the kernels take.
const FEWEST: usize = 8;

/// The shape of planes, and the distance of their cells in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlaneShape {
    pub(super) points: usize,
    pub(super) channels: usize,
    /// Height and width.
    pub(super) size: [usize; 2],
    /// Number of points, filled up to whole vectors.
    pub(super) pitch: usize,
}

impl PlaneShape {
    pub(super) fn new<F: SimdFloat>(points: usize, channels: usize, size: [usize; 2]) -> Self {
        Self { points, channels, size, pitch: points.next_multiple_of(lanes::<F>()) }
    }

    /// The shape of a tensor `[points, channels, height, width]`.
    pub(super) fn of<F: SimdFloat>(tensor: &FlexTensor) -> Self {
        let [points, channels, height, width] = tensor.layout().shape().dims();
        Self::new::<F>(points, channels, [height, width])
    }

    pub(super) fn cells(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Numbers of all channels of a cell.
    pub(super) fn cell_len(&self) -> usize {
        self.channels * self.pitch
    }

    /// Numbers of all cells.
    pub(super) fn len(&self) -> usize {
        self.cells() * self.cell_len()
    }

    /// Whether there are enough points to fill half of a vector of any machine.
    pub(super) fn is_dense(&self) -> bool {
        self.points >= FEWEST
    }

    fn layout(&self) -> Layout {
        let [height, width] = self.size;
        let shape = Shape::new([self.points, self.channels, height, width]);
        let strides = [1, self.pitch, width * self.cell_len(), self.cell_len()];
        Layout::new(shape, strides.map(|stride| stride as isize).into(), 0)
    }

    /// The tensor of numbers in this layout.
    pub(super) fn tensor<F: SimdFloat>(&self, numbers: Vec<F>) -> FlexTensor {
        let count = numbers.len();
        FlexTensor::from_data(TensorData::new(numbers, [count])).with_layout(self.layout())
    }

    fn is_of(&self, tensor: &FlexTensor) -> bool {
        *tensor.layout() == self.layout()
    }
}

/// A tensor `[points, channels, height, width]` in the layout of planes.
pub(super) fn in_planes<F: SimdFloat>(tensor: FlexTensor) -> FlexTensor {
    let shape = PlaneShape::of::<F>(&tensor);
    if shape.is_of(&tensor) {
        return tensor;
    }
    let rows = tensor.to_contiguous();
    let rows = numbers::<F>(&rows);
    let mut planes = vec![F::ZERO; shape.len()];
    let tasks = planes.par_chunks_mut(TILE * shape.cell_len()).enumerate();
    tasks.for_each(|(task, planes)| with_simd(Pack { shape, rows, first: task * TILE, planes }));
    shape.tensor(planes)
}

/// A tensor `[points, channels, height, width]` in row-major order.
pub(super) fn in_rows<F: SimdFloat>(tensor: FlexTensor) -> FlexTensor {
    let shape = PlaneShape::of::<F>(&tensor);
    if !shape.is_of(&tensor) {
        return tensor.to_contiguous();
    }
    let planes = tensor.storage::<F>();
    let features = shape.channels * shape.cells();
    let mut rows = vec![F::ZERO; shape.points * features];
    let tasks = rows.par_chunks_mut(TILE * features).enumerate();
    tasks.for_each(|(task, rows)| with_simd(Unpack { shape, planes, first: task * TILE, rows }));
    FlexTensor::from_data(TensorData::new(rows, tensor.layout().shape().clone()))
}

/// The numbers of a contiguous tensor.
pub(super) fn numbers<F: SimdFloat>(tensor: &FlexTensor) -> &[F] {
    let (start, end) = tensor.layout().contiguous_offsets().expect("the tensor is contiguous");
    &tensor.storage::<F>()[start..end]
}

/// Packs the cells from `first` on.
struct Pack<'a, F> {
    shape: PlaneShape,
    rows: &'a [F],
    first: usize,
    planes: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for Pack<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { shape, rows, first, planes } = self;
        let (cells, count) = (shape.cells(), planes.len() / shape.cell_len());
        for channel in 0..shape.channels {
            for point in (0..shape.points).step_by(TILE) {
                let row = |index: usize| {
                    &rows[((point + index) * shape.channels + channel) * cells + first..][..count]
                };
                let place = |cell: usize| (cell * shape.channels + channel) * shape.pitch + point;
                let lines = TILE.min(shape.points - point);
                transpose([lines, count], row, planes, place);
            }
        }
    }
}

/// Unpacks the points from `first` on.
struct Unpack<'a, F> {
    shape: PlaneShape,
    planes: &'a [F],
    first: usize,
    rows: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for Unpack<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { shape, planes, first, rows } = self;
        let cells = shape.cells();
        let count = rows.len() / (shape.channels * cells);
        for cell in (0..cells).step_by(TILE) {
            for channel in 0..shape.channels {
                let line = |index: usize| {
                    let start = ((cell + index) * shape.channels + channel) * shape.pitch + first;
                    &planes[start..][..count]
                };
                let place = |point: usize| (point * shape.channels + channel) * cells + cell;
                transpose([TILE.min(cells - cell), count], line, rows, place);
            }
        }
    }
}

/// Transposes a tile of lines of `count` numbers, at most [`TILE`] of both: number `at` of line
/// `index` goes to `place(at) + index`.
#[inline(always)]
fn transpose<'a, F: SimdFloat>(
    [lines, count]: [usize; 2],
    line: impl Fn(usize) -> &'a [F],
    target: &mut [F],
    place: impl Fn(usize) -> usize,
) {
    if [lines, count] == [TILE; 2] {
        let tile: [&[F; TILE]; TILE] = std::array::from_fn(|index| whole(line(index)));
        for at in 0..TILE {
            let turned: [F; TILE] = std::array::from_fn(|index| tile[index][at]);
            target[place(at)..][..TILE].copy_from_slice(&turned);
        }
    } else {
        for index in 0..lines {
            for (at, &number) in line(index).iter().enumerate() {
                target[place(at) + index] = number;
            }
        }
    }
}

#[inline(always)]
fn whole<F>(numbers: &[F]) -> &[F; TILE] {
    numbers.first_chunk().expect("tiles lie inside of their planes")
}

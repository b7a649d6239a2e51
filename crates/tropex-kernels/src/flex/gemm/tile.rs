//! Packed tiles of rows, and the micro-kernel: a tile of rows times a panel of weights.

use std::hint::black_box;
use std::ops::Range;

use crate::simd::{
    MAX_ROWS, PANEL_VECTORS, RegisterTile, SimdFloat, WeightPanel, add_product, with_rows,
};
use pulp::Simd;

/// Rows that are multiplied together, before they are packed.
pub(super) struct RowTile<'u, 'a, 's, F> {
    /// The features at which at least one of the rows is not zero, a bit each.
    union: &'u [u64],
    rows: [&'a [F]; MAX_ROWS],
    slots: [u32; MAX_ROWS],
    count: usize,
    values: &'s mut [F],
    entries: &'s mut [u32],
}

/// Packed rows that are multiplied together, entry by entry (the packed A of BLIS, without zeros).
pub(super) struct PackedTile<'s, F> {
    /// The numbers of the rows, `[entries, rows]`.
    values: &'s [F],
    /// The features of the entries.
    entries: &'s [u32],
    /// The row of the product for each of the rows.
    slots: [u32; MAX_ROWS],
    count: usize,
}

/// A packed tile, and the scratch memory that is left.
type PackedAndRest<'s, F> = (PackedTile<'s, F>, &'s mut [F], &'s mut [u32]);

impl<'a, 's, F: SimdFloat> RowTile<'_, 'a, 's, F> {
    /// A tile without rows, and scratch memory for packing.
    pub(super) fn new<'u>(
        union: &'u [u64],
        values: &'s mut [F],
        entries: &'s mut [u32],
    ) -> RowTile<'u, 'a, 's, F> {
        let (rows, slots) = ([&[] as &[F]; MAX_ROWS], [0; MAX_ROWS]);
        RowTile { union, rows, slots, count: 0, values, entries }
    }

    /// Adds a row, and the number of its row in the product.
    #[inline(always)]
    pub(super) fn add(&mut self, row: &'a [F], slot: usize) {
        self.rows[self.count] = row;
        self.slots[self.count] = slot as u32;
        self.count += 1;
    }

    #[inline(always)]
    pub(super) fn pack(self) -> PackedAndRest<'s, F> {
        with_rows!(self.count, ROWS => self.pack_rows::<ROWS>())
    }

    #[inline(always)]
    fn pack_rows<const COUNT: usize>(self) -> PackedAndRest<'s, F> {
        let features = self.rows[0].len();
        let mut rows = [&[] as &[F]; COUNT];
        for (to, row) in rows.iter_mut().zip(self.rows) {
            *to = &row[..features];
        }
        let (numbers, features) = (self.values.as_chunks_mut::<COUNT>().0, &mut *self.entries);
        let mut entries = 0;
        for (word, &bits) in self.union.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let feature = word * u64::BITS as usize + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                features[entries] = feature as u32;
                for (number, row) in numbers[entries].iter_mut().zip(rows) {
                    *number = row[feature];
                }
                entries += 1;
            }
        }
        let (values, room) = self.values.split_at_mut(entries * COUNT);
        let (entries, more) = self.entries.split_at_mut(entries);
        (PackedTile { values, entries, slots: self.slots, count: COUNT }, room, more)
    }
}

/// Packs some groups of the interleaved rows of a point.
///
/// # Shapes
/// - units: `[units]`
/// - numbers: `[units, width]`
/// - at: the index of the point in the task, and the number of points of the task
#[inline(always)]
pub(super) fn pack_interleaved<'s, F: SimdFloat>(
    units: &[u32],
    numbers: &[F],
    at: [usize; 2],
    groups: Range<usize>,
    values: &'s mut [F],
    entries: &'s mut [u32],
) -> PackedAndRest<'s, F> {
    let (count, width) = (groups.len(), numbers.len() / units.len().max(1));
    let (values, room) = values.split_at_mut(units.len() * count);
    let (entries, more) = entries.split_at_mut(units.len());
    entries.copy_from_slice(units);
    with_rows!(count, COUNT => {
        let values = values.as_chunks_mut::<COUNT>().0;
        for (to, numbers) in values.iter_mut().zip(numbers.chunks_exact(width.max(1))) {
            to.copy_from_slice(&numbers[groups.start..][..COUNT]);
        }
    });
    let mut slots = [0; MAX_ROWS];
    for (slot, group) in slots.iter_mut().zip(groups) {
        *slot = (group * at[1] + at[0]) as u32;
    }
    (PackedTile { values, entries, slots, count }, room, more)
}

/// A panel of weights, and a bias for each of its columns.
pub(super) struct PanelColumns<'a, F: SimdFloat, S: Simd> {
    /// The columns of every input, `[inputs]`.
    weights: &'a [Vectors<F, S>],
    bias: Vectors<F, S>,
    /// The place of the columns in the rows of the product.
    span: Range<usize>,
}

type Vectors<F, S> = [<F as SimdFloat>::Vector<S>; PANEL_VECTORS];

impl<'a, F: SimdFloat, S: Simd> PanelColumns<'a, F, S> {
    /// The columns of a panel, and their place in the rows of the product.
    #[inline(always)]
    pub(super) fn new(
        simd: S,
        panel: &WeightPanel<'a, F>,
        bias: Option<&[F]>,
        span: Range<usize>,
    ) -> Self {
        let mut padded = vec![F::ZERO; panel.width];
        if let Some(bias) = bias {
            padded[..span.len()].copy_from_slice(&bias[panel.columns.clone()]);
        }
        // Tiles read rows of the panel in an irregular order, which hardware prefetchers do not
        // follow. Reading one number of every row in order first brings the panel into the cache.
        for line in panel.weights.chunks(panel.width) {
            black_box(line[0]);
        }
        let bias = F::vectors::<S>(&padded).first_chunk().copied();
        let bias = bias.unwrap_or([F::ZERO.splat(simd); PANEL_VECTORS]);
        Self { weights: F::vectors::<S>(panel.weights).as_chunks().0, bias, span }
    }

    /// Writes the product of a tile and the panel to the rows of the product.
    #[inline(always)]
    pub(super) fn multiply(
        &self,
        simd: S,
        tile: &PackedTile<'_, F>,
        rows: &mut [&mut [F]],
        spare: &mut [F],
    ) {
        with_rows!(tile.count, ROWS => self.multiply_rows::<ROWS>(simd, tile, rows, spare));
    }

    #[inline(always)]
    fn multiply_rows<const COUNT: usize>(
        &self,
        simd: S,
        tile: &PackedTile<'_, F>,
        rows: &mut [&mut [F]],
        spare: &mut [F],
    ) {
        let mut block: RegisterTile<F, S, COUNT, PANEL_VECTORS> = [self.bias; COUNT];
        let numbers = tile.values.as_chunks::<COUNT>().0;
        for (numbers, &entry) in numbers.iter().zip(tile.entries) {
            add_product(simd, &mut block, numbers, &self.weights[entry as usize]);
        }
        let width = self.span.len();
        for (sums, &slot) in block.iter().zip(&tile.slots) {
            let to = &mut rows[slot as usize][self.span.clone()];
            let whole = width == spare.len();
            let vectors = F::vectors_mut::<S>(if whole { &mut *to } else { &mut *spare });
            for (vector, &sum) in vectors.iter_mut().zip(sums) {
                *vector = sum;
            }
            if !whole {
                to.copy_from_slice(&spare[..width]);
            }
        }
    }
}

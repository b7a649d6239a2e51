//! Planes of several points, transposed so that a vector holds one number of every point.

use crate::simd::SimdFloat;

/// Points and cells of a tile that is transposed in registers.
const TILE: usize = 8;

/// Two layouts of planes of at most `width` points: by row, `[points, channels, cells]`, and
/// packed, `[cells, channels, width]`.
pub(super) struct PlaneLayout {
    pub(super) channels: usize,
    pub(super) cells: usize,
    pub(super) width: usize,
}

impl PlaneLayout {
    /// Number of packed numbers.
    pub(super) fn len(&self) -> usize {
        self.cells * self.channels * self.width
    }

    /// Packs planes. Places without a point keep their old numbers, whose sums are never read.
    #[inline(always)]
    pub(super) fn pack<F: SimdFloat>(&self, rows: &[F], packed: &mut [F]) {
        for tile in self.tiles(rows.len()) {
            if tile.is_whole() {
                let from: [&[F; TILE]; TILE] =
                    std::array::from_fn(|point| whole(&rows[self.by_row(&tile, point)..]));
                for cell in 0..TILE {
                    let line: [F; TILE] = std::array::from_fn(|point| from[point][cell]);
                    packed[self.packed_start(&tile, cell)..][..TILE].copy_from_slice(&line);
                }
            } else {
                for (point, cell) in tile.places() {
                    let from = rows[self.by_row(&tile, point) + cell];
                    packed[self.packed_start(&tile, cell) + point] = from;
                }
            }
        }
    }

    /// Unpacks planes and adds a bias per channel.
    #[inline(always)]
    pub(super) fn unpack<F: SimdFloat>(&self, packed: &[F], bias: Option<&[F]>, rows: &mut [F]) {
        for tile in self.tiles(rows.len()) {
            let bias = bias.map_or(F::ZERO, |bias| bias[tile.channel]);
            if tile.is_whole() {
                let from: [&[F; TILE]; TILE] =
                    std::array::from_fn(|cell| whole(&packed[self.packed_start(&tile, cell)..]));
                for point in 0..TILE {
                    let line: [F; TILE] = std::array::from_fn(|cell| from[cell][point] + bias);
                    rows[self.by_row(&tile, point)..][..TILE].copy_from_slice(&line);
                }
            } else {
                for (point, cell) in tile.places() {
                    let from = packed[self.packed_start(&tile, cell) + point];
                    rows[self.by_row(&tile, point) + cell] = from + bias;
                }
            }
        }
    }

    /// The tiles of planes with a total of `numbers` numbers.
    fn tiles(&self, numbers: usize) -> impl Iterator<Item = TransposeTile> {
        let (cells, channels) = (self.cells, self.channels);
        let points = numbers / (channels * cells);
        (0..cells).step_by(TILE).flat_map(move |cell| {
            let cells = TILE.min(cells - cell);
            (0..channels).flat_map(move |channel| {
                (0..points).step_by(TILE).map(move |point| {
                    let points = TILE.min(points - point);
                    TransposeTile { channel, cell, cells, point, points }
                })
            })
        })
    }

    /// The start of a tile's cells in the layout by row, for one of its points.
    #[inline(always)]
    fn by_row(&self, tile: &TransposeTile, point: usize) -> usize {
        ((tile.point + point) * self.channels + tile.channel) * self.cells + tile.cell
    }

    /// The start of a tile's points in the packed layout, for one of its cells.
    #[inline(always)]
    fn packed_start(&self, tile: &TransposeTile, cell: usize) -> usize {
        ((tile.cell + cell) * self.channels + tile.channel) * self.width + tile.point
    }
}

/// Some cells and points of a channel.
struct TransposeTile {
    channel: usize,
    cell: usize,
    cells: usize,
    point: usize,
    points: usize,
}

impl TransposeTile {
    #[inline(always)]
    fn is_whole(&self) -> bool {
        self.cells == TILE && self.points == TILE
    }

    /// Points and cells, relative to the first ones.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let cells = self.cells;
        (0..self.points).flat_map(move |point| (0..cells).map(move |cell| (point, cell)))
    }
}

#[inline(always)]
fn whole<F>(numbers: &[F]) -> &[F; TILE] {
    numbers.first_chunk().expect("tiles lie inside of their planes")
}

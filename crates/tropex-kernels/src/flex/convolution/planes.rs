//! Planes of several points, side by side.

use crate::simd::SimdFloat;

/// Points and cells that are turned row_blocks, in registers.
const TILE: usize = 8;

/// Planes of at most `width` points: by row, `[points, channels, cells]`, or side by side,
/// `[cells, channels, width]`.
pub(super) struct Planes {
    pub(super) channels: usize,
    pub(super) cells: usize,
    pub(super) width: usize,
}

impl Planes {
    /// Numbers of planes side by side.
    pub(super) fn len(&self) -> usize {
        self.cells * self.channels * self.width
    }

    /// Puts planes side by side. Where no point is, whatever was there stays, and sums nobody reads.
    #[inline(always)]
    pub(super) fn pack<F: SimdFloat>(&self, rows: &[F], packed: &mut [F]) {
        for tile in self.tiles(rows.len()) {
            if tile.is_whole() {
                let from: [&[F; TILE]; TILE] =
                    std::array::from_fn(|point| whole(&rows[self.by_row(&tile, point)..]));
                for cell in 0..TILE {
                    let line: [F; TILE] = std::array::from_fn(|point| from[point][cell]);
                    packed[self.side_by_side(&tile, cell)..][..TILE].copy_from_slice(&line);
                }
            } else {
                for (point, cell) in tile.places() {
                    let from = rows[self.by_row(&tile, point) + cell];
                    packed[self.side_by_side(&tile, cell) + point] = from;
                }
            }
        }
    }

    /// The reverse, with a bias for every channel added.
    #[inline(always)]
    pub(super) fn unpack<F: SimdFloat>(&self, packed: &[F], bias: Option<&[F]>, rows: &mut [F]) {
        for tile in self.tiles(rows.len()) {
            let bias = bias.map_or(F::ZERO, |bias| bias[tile.channel]);
            if tile.is_whole() {
                let from: [&[F; TILE]; TILE] =
                    std::array::from_fn(|cell| whole(&packed[self.side_by_side(&tile, cell)..]));
                for point in 0..TILE {
                    let line: [F; TILE] = std::array::from_fn(|cell| from[cell][point] + bias);
                    rows[self.by_row(&tile, point)..][..TILE].copy_from_slice(&line);
                }
            } else {
                for (point, cell) in tile.places() {
                    let from = packed[self.side_by_side(&tile, cell) + point];
                    rows[self.by_row(&tile, point) + cell] = from + bias;
                }
            }
        }
    }

    /// Tiles of so many numbers by row.
    fn tiles(&self, numbers: usize) -> impl Iterator<Item = Tile> {
        let (cells, channels) = (self.cells, self.channels);
        let points = numbers / (channels * cells);
        (0..cells).step_by(TILE).flat_map(move |cell| {
            let cells = TILE.min(cells - cell);
            (0..channels).flat_map(move |channel| {
                (0..points).step_by(TILE).map(move |point| {
                    let points = TILE.min(points - point);
                    Tile { channel, cell, cells, point, points }
                })
            })
        })
    }

    /// Where the cells of a tile start, of one of its points.
    #[inline(always)]
    fn by_row(&self, tile: &Tile, point: usize) -> usize {
        ((tile.point + point) * self.channels + tile.channel) * self.cells + tile.cell
    }

    /// Where the points of a tile start, at one of its cells.
    #[inline(always)]
    fn side_by_side(&self, tile: &Tile, cell: usize) -> usize {
        ((tile.cell + cell) * self.channels + tile.channel) * self.width + tile.point
    }
}

/// Some cells and points of a channel.
struct Tile {
    channel: usize,
    cell: usize,
    cells: usize,
    point: usize,
    points: usize,
}

impl Tile {
    #[inline(always)]
    fn is_whole(&self) -> bool {
        self.cells == TILE && self.points == TILE
    }

    /// Points and cells, counted from the first.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let cells = self.cells;
        (0..self.points).flat_map(move |point| (0..cells).map(move |cell| (point, cell)))
    }
}

#[inline(always)]
fn whole<F>(numbers: &[F]) -> &[F; TILE] {
    numbers.first_chunk().expect("tiles lie inside of their planes")
}

//! The largest cells of a partition.

use tropex_geometry::slice::Partition;

/// Largest number of coefficients in all images of maps of a page.
const COEFFICIENTS: usize = 400_000;

/// Largest number of images of maps of a page.
const IMAGES: usize = 400;

/// Number of cells of a panel whose maps are shown as images; 0 if points are not images. `panels`
/// is the number of panels of the page.
pub(super) fn pictured_cells([channels, height, width]: [usize; 3], panels: usize) -> usize {
    if height < 2 || width < 2 {
        return 0;
    }
    ((COEFFICIENTS / (channels * height * width)).min(IMAGES) / panels.max(1)).max(1)
}

/// All cells, the largest first.
pub(super) fn by_area(partition: &Partition) -> Vec<usize> {
    let area = |cell: usize| partition.area(&partition.cells[cell].corners);
    let areas: Vec<f64> = (0..partition.cells.len()).map(area).collect();
    let mut cells: Vec<usize> = (0..areas.len()).collect();
    cells.sort_by(|left, right| areas[*right].total_cmp(&areas[*left]));
    cells
}

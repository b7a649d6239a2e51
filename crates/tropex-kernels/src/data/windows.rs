//! The windows of a pooling.

/// The cells of a plane that every window of a pooling covers, at least one for each window.
#[derive(Clone, Debug)]
pub struct PoolingWindows {
    cells: Vec<u32>,
    /// The end of every window in the list of cells.
    ends: Vec<usize>,
}

impl PoolingWindows {
    /// The windows from their cells. `None` if a window has no cells.
    pub fn new(windows: &[Vec<usize>]) -> Option<Self> {
        let mut cells = Vec::new();
        let mut ends = Vec::with_capacity(windows.len());
        for window in windows {
            if window.is_empty() {
                return None;
            }
            cells.extend(window.iter().map(|&cell| cell as u32));
            ends.push(cells.len());
        }
        Some(Self { cells, ends })
    }

    /// Number of windows.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The cells of every window.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.cells[start..end])
    }
}

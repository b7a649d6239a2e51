//! What a page of regions shows.

use super::panel::ExplorerPanel;
use crate::query::RegionView;

/// Regions of one window, as panels side by side or as frames in time.
#[derive(Debug)]
pub struct RegionExplorer<'a> {
    /// Title of the page.
    pub title: String,
    /// A sentence below the title.
    pub answer: String,
    /// The plane, its window and the data points on it.
    pub view: &'a RegionView,
    /// The panels.
    pub panels: Vec<ExplorerPanel<'a>>,
    /// Whether the panels are shown one at a time, with a slider.
    pub is_in_time: bool,
}

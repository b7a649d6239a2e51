//! Closed paths along the edges of a polygon.

use super::{Crossing, Path};
use crate::Pattern;

impl Path {
    /// The edges of a polygon in order, the last one back to the first corner.
    pub(super) fn closed(edges: Vec<Self>) -> Self {
        let end = edges.len() as f64;
        let mut crossings = Vec::new();
        let mut here: Option<Pattern> = None;
        let start = edges[0].start.clone();
        for (edge, path) in edges.into_iter().enumerate() {
            let last = path.pattern(path.crossings.len());
            crossings.extend(here.and_then(|here| at_corner(&here, &path.start, edge)));
            let along = path.crossings.into_iter();
            crossings.extend(along.map(|c| Crossing { at: c.at + edge as f64, ..c }));
            here = Some(last);
        }
        crossings.extend(here.and_then(|here| at_corner(&here, &start, end as usize)));
        Self { start, crossings, end, is_closed: true }
    }
}

/// The crossing at a corner where one edge ends in another region than the next edge begins in.
fn at_corner(from: &Pattern, to: &Pattern, corner: usize) -> Option<Crossing> {
    let facets = from.facets_to(to);
    (!facets.is_empty()).then(|| Crossing { at: corner as f64, facets, region: to.id() })
}

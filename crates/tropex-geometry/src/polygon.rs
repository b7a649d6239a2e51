//! Closed paths of straight sides.

use super::{Crossing, Path, Pattern};

impl Path {
    /// The sides of a polygon, one after the other, and from the last back to the first.
    pub(super) fn closed(sides: Vec<Self>) -> Self {
        let end = sides.len() as f64;
        let mut crossings = Vec::new();
        let mut here: Option<Pattern> = None;
        let start = sides[0].start.clone();
        for (side, path) in sides.into_iter().enumerate() {
            let last = path.pattern(path.crossings.len());
            crossings.extend(here.and_then(|here| corner(&here, &path.start, side)));
            let along = path.crossings.into_iter();
            crossings.extend(along.map(|c| Crossing { at: c.at + side as f64, ..c }));
            here = Some(last);
        }
        crossings.extend(here.and_then(|here| corner(&here, &start, end as usize)));
        Self { start, crossings, end, is_closed: true }
    }
}

/// What is crossed at a corner between the regions that two sides have there.
fn corner(from: &Pattern, to: &Pattern, corner: usize) -> Option<Crossing> {
    let facets = from.facets_to(to);
    (!facets.is_empty()).then(|| Crossing { at: corner as f64, facets, region: to.id() })
}

//! Paths through regions: the facets that they cross, and the positions of the crossings.

mod class_change;
mod closed_path;
mod region_walker;
mod tie_break;

use std::ops::ControlFlow;

use crate::{Error, Facet, Pattern, RegionId};
use tropex_extract::Network;

pub use class_change::ClassChange;
use class_change::ClassChangeSearch;
pub use region_walker::RegionSegment;
use region_walker::{Ray, RegionWalker};
pub use tie_break::RESOLUTION;

/// Finds all regions along straight lines.
///
/// In a region all values are affine in the position `t` on the line. One forward pass carries the
/// values and their derivatives, which give the position at which the first unit changes its piece,
/// without a search. A unit that is exactly between two pieces takes the one that its derivative
/// leads to. If the derivative is zero too, a ReLU counts as inactive and a pooling takes the first
/// of its largest values. Changes whose positions differ by less than [`RESOLUTION`] count as one.
///
/// Computes in f64, for networks of any precision. Every region of a line takes one forward pass,
/// which the lines of a batch share. A batch takes about 256 MiB.
#[derive(Clone, Debug)]
pub struct Paths {
    walker: RegionWalker,
}

/// A path and its crossings.
#[derive(Clone, Debug)]
pub struct Path {
    /// The pattern of the first region. If the start is on a boundary, the region just after it.
    pub start: Pattern,
    /// The crossings in order.
    pub crossings: Vec<Crossing>,
    /// The position of the end.
    pub end: f64,
    /// Whether the path ends in its first region.
    pub is_closed: bool,
}

/// A point at which a path enters another region.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// The position on the path.
    pub at: f64,
    /// The units that change there, with their new pieces, in the order of the nodes.
    pub facets: Vec<Facet>,
    /// The region that is entered.
    pub region: RegionId,
}

impl Path {
    /// Number of regions on the path. A region that the path enters again counts again.
    pub fn regions(&self) -> usize {
        if self.is_closed { self.crossings.len().max(1) } else { self.crossings.len() + 1 }
    }

    /// The segments of the path: the positions of start and end, and the region in between.
    pub fn region_segments(&self) -> impl Iterator<Item = (f64, f64, RegionId)> {
        let starts = [(0.0, self.start.id())].into_iter();
        let starts =
            starts.chain(self.crossings.iter().map(|crossing| (crossing.at, crossing.region)));
        let ends = self.crossings.iter().map(|crossing| crossing.at).chain([self.end]);
        starts.zip(ends).map(|((from, region), to)| (from, to, region))
    }

    /// The pattern after a number of crossings.
    pub fn pattern(&self, crossings: usize) -> Pattern {
        let crossed = self.crossings.iter().take(crossings);
        crossed.fold(self.start.clone(), |pattern, crossing| pattern.across(&crossing.facets))
    }
}

impl Paths {
    /// Paths through the regions of a network.
    ///
    /// # Errors
    /// The device has no f64 and this build has no `flex`.
    pub fn new(network: &Network) -> Result<Self, Error> {
        Ok(Self { walker: RegionWalker::new(network)? })
    }

    /// Sets the number of lines at a time, at least one.
    pub fn with_batch(self, batch: usize) -> Self {
        Self { walker: self.walker.with_batch(batch) }
    }

    /// The paths along straight segments between pairs of points. Positions go from 0 to 1.
    ///
    /// # Shapes
    /// - from, to: `[segments, features]`
    ///
    /// # Errors
    /// Not as many ends as starts, or values that are not whole points; values outside the range of
    /// f64.
    pub fn segments(&self, from: &[f64], to: &[f64]) -> Result<Vec<Path>, Error> {
        self.check(from, to, "values of the ends")?;
        let direction = from.iter().zip(to).map(|(from, to)| to - from).collect::<Vec<_>>();
        self.rays(from, &direction, 1.0)
    }

    /// The paths along rays up to the position `until`, which may be infinite. At position `t` a
    /// ray is at `point + t * direction`.
    ///
    /// # Shapes
    /// - points, directions: `[rays, features]`
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; an end that is not
    /// above 0; values outside the range of f64.
    pub fn rays(&self, points: &[f64], directions: &[f64], until: f64) -> Result<Vec<Path>, Error> {
        let rays = self.checked_rays(points, directions, until)?;
        let mut paths: Vec<Option<Path>> = vec![None; rays.len()];
        self.walker.walk(rays, |ray, segment| {
            match &mut paths[ray] {
                Some(path) if segment.facets.is_empty() => path.end = segment.to,
                Some(path) => {
                    path.crossings.push(segment.crossing());
                    path.end = segment.to;
                }
                path => {
                    let (start, crossings) = (segment.pattern(), Vec::new());
                    *path = Some(Path { start, crossings, end: segment.to, is_closed: false });
                }
            }
            true
        })?;
        Ok(paths.into_iter().flatten().collect())
    }

    /// The closed path around a polygon. Position `k + t` is the share `t` of the way from corner
    /// `k` to the next corner. A whole position is a corner on a boundary.
    ///
    /// # Shapes
    /// - corners: `[corners, features]`
    ///
    /// # Errors
    /// No corner, or values that are not whole points; values outside the range of f64.
    pub fn polygon(&self, corners: &[f64]) -> Result<Path, Error> {
        self.walker.network().count(corners)?;
        let mut next = corners.to_vec();
        next.rotate_left(self.walker.network().features());
        let edges = self.segments(corners, &next)?;
        Ok(Path::closed(edges))
    }

    /// The first crossing of every ray, or `None` for a ray that never leaves its region. Takes two
    /// forward passes, for any number of regions.
    ///
    /// # Shapes
    /// - points, directions: `[rays, features]`
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; values outside the
    /// range of f64.
    pub fn first_crossings(
        &self,
        points: &[f64],
        directions: &[f64],
    ) -> Result<Vec<Option<Crossing>>, Error> {
        let rays = self.checked_rays(points, directions, f64::INFINITY)?;
        let mut first = vec![None; rays.len()];
        self.walker.walk(rays, |ray, segment| {
            if !segment.facets.is_empty() {
                first[ray] = Some(segment.crossing());
            }
            segment.facets.is_empty()
        })?;
        Ok(first)
    }

    /// The first change of the predicted class along every ray before the position `until`, which
    /// may be infinite. The logits are affine in the position within each region, so that the
    /// change is exact, without a search.
    ///
    /// # Shapes
    /// - points, directions: `[rays, features]`
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; an end that is not
    /// above 0; values outside the range of f64.
    pub fn class_changes(
        &self,
        points: &[f64],
        directions: &[f64],
        until: f64,
    ) -> Result<Vec<Option<ClassChange>>, Error> {
        let classes = self.walker.network().classes();
        let rays = self.checked_rays(points, directions, until)?;
        let mut searches = vec![ClassChangeSearch::new(classes); rays.len()];
        self.walker.walk(rays, |ray, segment| searches[ray].visit(segment).is_continue())?;
        Ok(searches.into_iter().map(ClassChangeSearch::change).collect())
    }

    /// Calls `visit` with every segment of every ray, in order along each ray, and the number of
    /// the ray. A ray ends where `visit` breaks. For paths with too many regions to keep in memory.
    ///
    /// # Shapes
    /// - points, directions: `[rays, features]`
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; an end that is not
    /// above 0; values outside the range of f64.
    pub fn visit(
        &self,
        points: &[f64],
        directions: &[f64],
        until: f64,
        mut visit: impl FnMut(usize, &RegionSegment<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let rays = self.checked_rays(points, directions, until)?;
        self.walker.walk(rays, |ray, segment| visit(ray, segment).is_continue())
    }

    fn checked_rays<'a>(
        &self,
        points: &'a [f64],
        directions: &'a [f64],
        until: f64,
    ) -> Result<impl ExactSizeIterator<Item = Ray<'a>>, Error> {
        self.check(points, directions, "values of the directions")?;
        if until.is_nan() || until <= 0.0 {
            return Err(Error::shape("the end of the rays", until, "a position above 0"));
        }
        let features = self.walker.network().features();
        let pairs = points.chunks_exact(features).zip(directions.chunks_exact(features));
        Ok(pairs.map(move |(from, direction)| Ray { from, direction, until }))
    }

    /// Checks that `points` are whole points, and that `others` are as many.
    fn check(&self, points: &[f64], others: &[f64], what: &str) -> Result<(), Error> {
        self.walker.network().count(points)?;
        if others.len() == points.len() {
            return Ok(());
        }
        Err(Error::shape(what, others.len(), points.len()))
    }
}

impl RegionSegment<'_> {
    fn crossing(&self) -> Crossing {
        let region = self.pattern().id();
        Crossing { at: self.from, facets: self.facets.to_vec(), region }
    }
}

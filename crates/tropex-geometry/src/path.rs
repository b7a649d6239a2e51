//! Paths through regions: what they cross, and where.

use std::ops::ControlFlow;

use super::class::{ClassChange, ClassWatch};
use super::line::{Line, Stretch, Walker};
use super::{Facet, Pattern, RegionId};
use crate::Error;
use tropex_extract::Network;

/// Walks along straight lines and finds every region on the way.
///
/// Within a region all values are affine in the position `t`. One pass forward carries the values
/// and their derivatives, so the position at which the first of all units changes its piece follows
/// without search. Just beyond it, units that are at a change of piece have the one that their
/// derivative leads to; a unit that stays there counts as inactive, and a pooling takes the first of
/// its largest. Changes nearer to each other than [`RESOLUTION`](super::RESOLUTION) are one.
///
/// Computes in f64, whatever the network's precision, with one pass per region of a line and as
/// many lines at a time as fit about 256 MiB.
#[derive(Clone, Debug)]
pub struct Paths {
    walker: Walker,
}

/// What a path crosses.
#[derive(Clone, Debug)]
pub struct Path {
    /// The pattern of the first region: at the start, or just beyond it where the start is on a
    /// boundary.
    pub start: Pattern,
    /// From the start on.
    pub crossings: Vec<Crossing>,
    /// Where the path ends.
    pub end: f64,
    /// Whether the last region is the first again.
    pub is_closed: bool,
}

/// Where a path enters another region.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// The position.
    pub at: f64,
    /// The units that change there, with the pieces that they change to, in the order of the nodes.
    pub facets: Vec<Facet>,
    /// The region that is entered.
    pub region: RegionId,
}

impl Path {
    /// Number of regions that the path passes, one that it comes back to counted again.
    pub fn regions(&self) -> usize {
        if self.is_closed { self.crossings.len().max(1) } else { self.crossings.len() + 1 }
    }

    /// Where the path lies in which region: from, to, and the region.
    pub fn stretches(&self) -> impl Iterator<Item = (f64, f64, RegionId)> {
        let starts = [(0.0, self.start.id())].into_iter();
        let starts =
            starts.chain(self.crossings.iter().map(|crossing| (crossing.at, crossing.region)));
        let ends = self.crossings.iter().map(|crossing| crossing.at).chain([self.end]);
        starts.zip(ends).map(|((from, region), to)| (from, to, region))
    }

    /// The pattern after so many crossings.
    pub fn pattern(&self, crossings: usize) -> Pattern {
        let crossed = self.crossings.iter().take(crossings);
        crossed.fold(self.start.clone(), |pattern, crossing| pattern.beyond(&crossing.facets))
    }
}

impl Paths {
    /// Paths through the regions of a network.
    ///
    /// # Errors
    /// No f64 on the device, and no `flex` in this build.
    pub fn new(network: &Network) -> Result<Self, Error> {
        Ok(Self { walker: Walker::new(network)? })
    }

    /// The same with so many lines at a time, at least one.
    pub fn with_batch(self, batch: usize) -> Self {
        Self { walker: self.walker.with_batch(batch) }
    }

    /// What the straight ways between pairs of points `[points, features]` cross; positions go from
    /// 0 to 1.
    ///
    /// # Errors
    /// Not as many ends as starts, or values that are not whole points; numbers beyond f64.
    pub fn segments(&self, from: &[f64], to: &[f64]) -> Result<Vec<Path>, Error> {
        self.check(from, to, "values of the ends")?;
        let direction = from.iter().zip(to).map(|(from, to)| to - from).collect::<Vec<_>>();
        self.rays(from, &direction, 1.0)
    }

    /// What rays from points along directions, both `[points, features]`, cross before the position
    /// `until`, which may be infinite: at `t` a ray is at `point + t * direction`.
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; an end that is not
    /// above 0; numbers beyond f64.
    pub fn rays(&self, points: &[f64], directions: &[f64], until: f64) -> Result<Vec<Path>, Error> {
        let lines = self.lines(points, directions, until)?;
        let mut paths: Vec<Option<Path>> = vec![None; lines.len()];
        self.walker.walk(lines, |line, stretch| {
            match &mut paths[line] {
                Some(path) if stretch.facets.is_empty() => path.end = stretch.to,
                Some(path) => {
                    path.crossings.push(stretch.crossing());
                    path.end = stretch.to;
                }
                path => {
                    let (start, crossings) = (stretch.pattern(), Vec::new());
                    *path = Some(Path { start, crossings, end: stretch.to, is_closed: false });
                }
            }
            true
        })?;
        Ok(paths.into_iter().flatten().collect())
    }

    /// What a closed polygon crosses, given by its corners `[corners, features]`: at position
    /// `k + t` it is the share `t` of the way from corner `k` to the next. A position that is whole
    /// is that of a corner on a boundary.
    ///
    /// # Errors
    /// No corner, or values that are not whole points; numbers beyond f64.
    pub fn polygon(&self, corners: &[f64]) -> Result<Path, Error> {
        self.walker.network().count(corners)?;
        let mut next = corners.to_vec();
        next.rotate_left(self.walker.network().features());
        let sides = self.segments(corners, &next)?;
        Ok(Path::closed(sides))
    }

    /// The first crossing of every ray from points along directions, both `[points, features]`; none
    /// where a ray never leaves its region. Two passes, however many regions there are.
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; an end that is not
    /// above 0; numbers beyond f64.
    pub fn first_crossings(
        &self,
        points: &[f64],
        directions: &[f64],
    ) -> Result<Vec<Option<Crossing>>, Error> {
        let lines = self.lines(points, directions, f64::INFINITY)?;
        let mut first = vec![None; lines.len()];
        self.walker.walk(lines, |line, stretch| {
            if !stretch.facets.is_empty() {
                first[line] = Some(stretch.crossing());
            }
            stretch.facets.is_empty()
        })?;
        Ok(first)
    }

    /// Where the predicted class first changes along rays from points in directions, both
    /// `[points, features]`, before the position `until`, which may be infinite. In every region the
    /// logits are affine in the position, so that is exact, not a search.
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; an end that is not
    /// above 0; numbers beyond f64.
    pub fn class_changes(
        &self,
        points: &[f64],
        directions: &[f64],
        until: f64,
    ) -> Result<Vec<Option<ClassChange>>, Error> {
        let classes = self.walker.network().classes();
        let lines = self.lines(points, directions, until)?;
        let mut watches = vec![ClassWatch::new(classes); lines.len()];
        self.walker.walk(lines, |line, stretch| watches[line].look(stretch).is_continue())?;
        Ok(watches.into_iter().map(ClassWatch::found).collect())
    }

    /// Shows every stretch of rays one after the other, by the ray's number and in order along it,
    /// and stops a ray where it is told to: for paths of more regions than one likes to keep.
    ///
    /// # Errors
    /// Not as many directions as points, or values that are not whole points; an end that is not
    /// above 0; numbers beyond f64.
    pub fn visit(
        &self,
        points: &[f64],
        directions: &[f64],
        until: f64,
        mut visit: impl FnMut(usize, &Stretch<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let lines = self.lines(points, directions, until)?;
        self.walker.walk(lines, |line, stretch| visit(line, stretch).is_continue())
    }

    /// As many lines as points, which are checked.
    fn lines<'a>(
        &self,
        points: &'a [f64],
        directions: &'a [f64],
        until: f64,
    ) -> Result<impl ExactSizeIterator<Item = Line<'a>>, Error> {
        self.check(points, directions, "values of the directions")?;
        if until.is_nan() || until <= 0.0 {
            return Err(Error::shape("the end of the rays", until, "a position above 0"));
        }
        let features = self.walker.network().features();
        let pairs = points.chunks_exact(features).zip(directions.chunks_exact(features));
        Ok(pairs.map(move |(from, direction)| Line { from, direction, until }))
    }

    /// There must be whole points, and as many as others.
    fn check(&self, points: &[f64], others: &[f64], what: &str) -> Result<(), Error> {
        self.walker.network().count(points)?;
        if others.len() == points.len() {
            return Ok(());
        }
        Err(Error::shape(what, others.len(), points.len()))
    }
}

impl Stretch<'_> {
    fn crossing(&self) -> Crossing {
        let region = self.pattern().id();
        Crossing { at: self.from, facets: self.facets.to_vec(), region }
    }
}

//! All bounds of a structure.

use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::{BOUNDS, Bound, BoundError, BoundKind, BoundValue, ExactCount, Structure};

/// Options of [`evaluate`].
#[derive(Clone, Copy)]
pub struct BoundSettings<'a> {
    /// The time limit of each bound.
    pub time_limit: Option<Duration>,
    /// Receives the current bound, the number of its steps done, and the number of all its steps,
    /// from any thread. `Break` cancels the computation: every bound that is not known by then is
    /// [`BoundError::Cancelled`].
    pub progress: &'a (dyn Fn(&'static Bound, usize, usize) -> ControlFlow<()> + Sync),
}

impl<'a> BoundSettings<'a> {
    /// Sets the time limit of each bound.
    pub fn with_time_limit(self, limit: Duration) -> Self {
        Self { time_limit: Some(limit), ..self }
    }

    /// Sets the function that receives the progress.
    pub fn with_progress(
        self,
        progress: &'a (dyn Fn(&'static Bound, usize, usize) -> ControlFlow<()> + Sync),
    ) -> Self {
        Self { progress, ..self }
    }
}

impl Default for BoundSettings<'_> {
    fn default() -> Self {
        Self { time_limit: None, progress: &|_, _, _| ControlFlow::Continue(()) }
    }
}

impl fmt::Debug for BoundSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("BoundSettings");
        fields.field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

/// A bound and its outcome.
#[derive(Clone, Debug)]
pub struct BoundResult {
    bound: &'static Bound,
    outcome: Result<BoundValue, BoundError>,
}

impl BoundResult {
    /// The bound.
    pub fn bound(&self) -> &'static Bound {
        self.bound
    }

    /// Its number, or the reason why it gives none.
    pub fn outcome(&self) -> Result<&BoundValue, &BoundError> {
        self.outcome.as_ref()
    }
}

/// The best bound of a table, and its number.
#[derive(Clone, Copy, Debug)]
pub struct TightestBound<'a> {
    bound: &'static Bound,
    value: &'a BoundValue,
}

impl TightestBound<'_> {
    /// The bound.
    pub fn bound(&self) -> &'static Bound {
        self.bound
    }

    /// Its number.
    pub fn count(&self) -> &ExactCount {
        &self.value.count
    }
}

/// All bounds of [`BOUNDS`], evaluated for one structure.
#[derive(Clone, Debug)]
pub struct BoundTable {
    entries: Vec<BoundResult>,
}

/// Evaluates all bounds for a structure, one after the other.
pub fn evaluate(structure: &Structure, settings: &BoundSettings<'_>) -> BoundTable {
    let entry = |bound: &'static Bound| {
        let progress = |done, all| (settings.progress)(bound, done, all);
        let deadline = Deadline::new(settings.time_limit, &progress);
        BoundResult { bound, outcome: (bound.evaluate)(structure, &deadline) }
    };
    BoundTable { entries: BOUNDS.iter().map(entry).collect() }
}

impl BoundTable {
    /// The bounds, in the order of [`BOUNDS`].
    pub fn entries(&self) -> &[BoundResult] {
        &self.entries
    }

    /// The bound with a name and a kind, and its outcome.
    pub fn entry(&self, name: &str, kind: BoundKind) -> Option<&BoundResult> {
        let is_it = |entry: &&BoundResult| entry.bound.name == name && entry.bound.kind == kind;
        self.entries.iter().find(is_it)
    }

    /// The largest lower bound. On ties the first one.
    pub fn best_lower(&self) -> Option<TightestBound<'_>> {
        let candidates = self.of_kinds([BoundKind::Exact, BoundKind::Lower]);
        candidates.reduce(|best, next| if next.count() > best.count() { next } else { best })
    }

    /// The smallest upper bound for all weights. On ties the first one.
    pub fn best_upper(&self) -> Option<TightestBound<'_>> {
        let candidates = self.of_kinds([BoundKind::Exact, BoundKind::Upper]);
        candidates.reduce(|best, next| if next.count() < best.count() { next } else { best })
    }

    fn of_kinds(&self, kinds: [BoundKind; 2]) -> impl Iterator<Item = TightestBound<'_>> {
        let entries = self.entries.iter().filter(move |entry| kinds.contains(&entry.bound.kind));
        entries.filter_map(|entry| {
            let value = entry.outcome.as_ref().ok()?;
            Some(TightestBound { bound: entry.bound, value })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_bound_is_registered_once_and_described() {
        let names: HashSet<_> =
            BOUNDS.iter().map(|bound| (bound.name, bound.kind.name())).collect();
        assert_eq!(names.len(), BOUNDS.len());
        for bound in BOUNDS {
            let texts = [bound.name, bound.formula, bound.condition, bound.source];
            assert!(texts.iter().all(|text| !text.is_empty() && !text.contains('\n')), "{bound:?}");
            assert!(bound.name.chars().count() <= 25, "{} is too long for the table", bound.name);
        }
    }

    #[test]
    fn bounds_without_steps_are_computed_after_the_time_limit() {
        let structure = Structure::new(&[10]).unwrap().dense(20).unwrap().dense(20).unwrap();
        let settings = BoundSettings::default().with_time_limit(Duration::ZERO);
        let table = evaluate(&structure, &settings);
        let outcome = |name, kind| table.entry(name, kind).unwrap().outcome();
        assert!(outcome("all patterns", BoundKind::Upper).is_ok());
        let serra = outcome("Serra 2018, Thm 1", BoundKind::Upper).unwrap_err();
        assert_eq!(*serra, BoundError::OutOfTime);
        assert_eq!(table.best_upper().unwrap().bound().name, "all patterns");
    }
}

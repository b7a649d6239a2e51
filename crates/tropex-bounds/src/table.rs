//! All bounds of a structure.

use std::fmt;
use std::time::Duration;

use super::{Absent, BOUNDS, Bound, Count, Kind, Structure, Watch};

/// How bounds are computed.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The most time for one bound; it is not finished otherwise.
    pub time_limit: Option<Duration>,
    /// Told the bound under way, its steps done and all its steps, from any thread.
    pub progress: &'a (dyn Fn(&'static Bound, usize, usize) + Sync),
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self { time_limit: None, progress: &|_, _, _| {} }
    }
}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

/// The number that a bound gives.
#[derive(Clone, Debug)]
pub struct Found {
    /// The number.
    pub count: Count,
    /// How many inputs it uses, the rest being ignored; channels where inputs are images.
    pub inputs: Option<usize>,
    /// Ranks of the weights it is computed from, layer by layer.
    pub ranks: Option<Vec<usize>>,
}

/// A bound and what came of it.
#[derive(Clone, Debug)]
pub struct Entry {
    bound: &'static Bound,
    outcome: Result<Found, Absent>,
}

/// A bound that gave a number.
#[derive(Clone, Copy, Debug)]
pub struct Best<'a> {
    bound: &'static Bound,
    found: &'a Found,
}

impl Best<'_> {
    /// The bound.
    pub fn bound(&self) -> &'static Bound {
        self.bound
    }

    /// Its number.
    pub fn count(&self) -> &Count {
        &self.found.count
    }
}

impl Entry {
    /// The bound.
    pub fn bound(&self) -> &'static Bound {
        self.bound
    }

    /// Its number, or why there is none.
    pub fn outcome(&self) -> Result<&Found, &Absent> {
        self.outcome.as_ref()
    }
}

/// Every bound of [`BOUNDS`], evaluated.
#[derive(Clone, Debug)]
pub struct Table {
    entries: Vec<Entry>,
}

/// Evaluates every bound for a structure, one after the other.
pub fn evaluate(structure: &Structure, settings: &Settings) -> Table {
    let entry = |bound: &'static Bound| {
        let report = |done, all| (settings.progress)(bound, done, all);
        let watch = Watch::new(settings.time_limit, &report);
        let outcome = (bound.evaluate)(structure, &watch).map(|value| Found {
            count: value.number.into(),
            inputs: value.inputs,
            ranks: value.ranks,
        });
        Entry { bound, outcome }
    };
    Table { entries: BOUNDS.iter().map(entry).collect() }
}

impl Table {
    /// The bounds, in the order of [`BOUNDS`].
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The bound of a name and kind, and what came of it.
    pub fn entry(&self, name: &str, kind: Kind) -> Option<&Entry> {
        let is_it = |entry: &&Entry| entry.bound.name == name && entry.bound.kind == kind;
        self.entries.iter().find(is_it)
    }

    /// The largest number of regions that some weights surely have, by the first bound that gives it.
    pub fn best_lower(&self) -> Option<Best<'_>> {
        let candidates = self.of_kinds([Kind::Exact, Kind::Lower]);
        candidates.reduce(|best, next| if next.count() > best.count() { next } else { best })
    }

    /// The least number of regions that no weights exceed, by the first bound that gives it.
    pub fn best_upper(&self) -> Option<Best<'_>> {
        let candidates = self.of_kinds([Kind::Exact, Kind::Upper]);
        candidates.reduce(|best, next| if next.count() < best.count() { next } else { best })
    }

    fn of_kinds(&self, kinds: [Kind; 2]) -> impl Iterator<Item = Best<'_>> {
        let entries = self.entries.iter().filter(move |entry| kinds.contains(&entry.bound.kind));
        entries.filter_map(|entry| {
            let found = entry.outcome.as_ref().ok()?;
            Some(Best { bound: entry.bound, found })
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
            assert!(bound.name.chars().count() <= 25, "{} spoils the table", bound.name);
        }
    }

    #[test]
    fn time_that_has_run_out_leaves_what_needs_none() {
        let structure = Structure::new(&[10]).unwrap().dense(20).unwrap().dense(20).unwrap();
        let settings = Settings { time_limit: Some(Duration::ZERO), ..Settings::default() };
        let table = evaluate(&structure, &settings);
        let outcome = |name, kind| table.entry(name, kind).unwrap().outcome();
        assert!(outcome("all patterns", Kind::Upper).is_ok());
        let serra = outcome("Serra 2018, Thm 1", Kind::Upper).unwrap_err();
        assert_eq!(*serra, Absent::OutOfTime);
        assert_eq!(table.best_upper().unwrap().bound().name, "all patterns");
    }
}

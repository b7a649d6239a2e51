//! The class `PatternCounts`.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use rayon::prelude::*;
use tropex_extract::{Cancelled, Network};
use tropex_geometry::{Error, NodeStability, Patterns, RegionCount, StableUnits};

use crate::arrays::integers;
use crate::batches::{Batches, numbers_of};
use crate::points::{Number, Points, with_numbers};
use crate::progress::{Display, Reporter};
use crate::stream::{self, is_array};
use crate::work::{Watch, detached};

/// Counts of the activation patterns of many points: regions, and units that never change.
///
/// Patterns are not kept. A region takes at most 40 bytes, whatever the number of units.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct PatternCounts {
    points: u64,
    regions: usize,
    units: usize,
    stable: Vec<NodeStability>,
}

impl PatternCounts {
    /// The counts of an array of points, or of all items of an iterable, in the precision of the
    /// network.
    ///
    /// # Errors
    /// Points of another type or shape; a signal of Python; the error of the progress function.
    pub(crate) fn new(
        network: &Network,
        x: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let display = Display::of(x.py(), progress, false)?;
        let mut counter = Counter::new(network);
        let outcome = counter.read(x, &display);
        display.close(x.py())?;
        outcome.map(|()| counter.finish())
    }
}

const TASK: &str = "counting regions";

/// Counts under construction.
struct Counter<'a> {
    network: &'a Network,
    patterns: Patterns,
    regions: RegionCount,
    stable: StableUnits,
}

impl<'a> Counter<'a> {
    fn new(network: &'a Network) -> Self {
        let patterns = Patterns::new(network);
        let stable = StableUnits::new(&patterns);
        Self { network, patterns, regions: RegionCount::default(), stable }
    }

    fn read(&mut self, x: &Bound<'_, PyAny>, display: &Display) -> PyResult<()> {
        let shape = self.network.input_shape();
        if !is_array(x)? {
            let quiet = Display::none();
            return stream::visit(x, shape, (TASK, display), |item| {
                self.add(x.py(), &item.points, &quiet)
            });
        }
        self.add(x.py(), &Points::batch(x, "x", shape)?, display)
    }

    fn add(&mut self, py: Python<'_>, points: &Points<'_>, display: &Display) -> PyResult<()> {
        with_numbers!(points, numbers => {
            detached(py, |watch| self.count(numbers, &Reporter::new(watch, display), watch))
        })
    }

    fn count<T: Number>(
        &mut self,
        numbers: &[T],
        reporter: &Reporter<'_>,
        watch: &Watch,
    ) -> Result<(), Error> {
        let features = self.network.features();
        let points = numbers.len() / features;
        for batch in Batches::new(self.network, points, 0) {
            Cancelled::check(watch.look())?;
            let done = batch.end as f64 / points as f64;
            let patterns = self.patterns.of(numbers_of(&batch, numbers, features))?;
            let ids: Vec<_> = patterns.par_iter().map(|pattern| pattern.id()).collect();
            self.regions.extend(ids);
            patterns.iter().for_each(|pattern| self.stable.add(pattern));
            Cancelled::check(reporter.report(TASK, done))?;
        }
        Ok(())
    }

    fn finish(self) -> PatternCounts {
        PatternCounts {
            points: self.regions.points(),
            regions: self.regions.regions(),
            units: self.patterns.units(),
            stable: self.stable.by_node(),
        }
    }
}

#[pymethods]
impl PatternCounts {
    /// int: Number of points.
    #[getter]
    fn points(&self) -> u64 {
        self.points
    }

    /// int: Number of different regions that contain the points.
    #[getter]
    fn regions(&self) -> usize {
        self.regions
    }

    /// int: Number of units with more than one linear piece.
    #[getter]
    fn units(&self) -> usize {
        self.units
    }

    /// dict of str to ndarray, int64: The units that have one piece at all points: columns ``node``
    /// (as ``print(net)`` numbers them), ``unit`` and ``piece``. A ReLU is dead with piece 0 and
    /// always active with piece 1.
    #[getter]
    fn stable<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let rows = || self.stable.iter().flat_map(|node| &node.stable);
        let nodes = self.stable.iter().flat_map(|node| node.stable.iter().map(|_| node.node + 1));
        let columns = PyDict::new(py);
        columns.set_item("node", integers(py, nodes))?;
        columns.set_item("unit", integers(py, rows().map(|&(unit, _)| unit)))?;
        columns.set_item("piece", integers(py, rows().map(|&(_, piece)| piece as usize)))?;
        Ok(columns)
    }

    fn __repr__(&self) -> String {
        format!("<tropex.PatternCounts: {} points in {} regions>", self.points, self.regions)
    }
}

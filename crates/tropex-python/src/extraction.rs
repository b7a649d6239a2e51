//! Extraction of points into a folder.

use std::path::PathBuf;

use pyo3::prelude::*;
use tropex_extract::job::ExtractOptions;
use tropex_extract::{Classes, Extractor, Gauge, Precision, TermStore};

use crate::choices::{ClassChoice, by_name};
use crate::errors::{ToException, error, input_error};
use crate::network::Network;
use crate::progress::{Display, Reporter};
use crate::source::GivenPoints;
use crate::store::TermStore as Store;
use crate::work::detached;

/// What to extract, and where to.
pub(crate) struct Request<'a, 'py> {
    pub(crate) points: &'a Bound<'py, PyAny>,
    pub(crate) labels: Option<&'a Bound<'py, PyAny>>,
    pub(crate) folder: PathBuf,
    pub(crate) gauge: &'a str,
    pub(crate) classes: Option<&'a Bound<'py, PyAny>>,
    pub(crate) precision: Precision,
    pub(crate) shifts_of: Option<&'a Bound<'py, Store>>,
    pub(crate) progress: Option<&'a Bound<'py, PyAny>>,
    pub(crate) options: ExtractOptions,
}

impl Request<'_, '_> {
    /// Extracts the terms, or continues an earlier extraction.
    ///
    /// # Errors
    /// Points or options that do not fit the network; a folder with other terms; a self-check that
    /// fails.
    pub(crate) fn extract(self, network: &Bound<'_, Network>) -> PyResult<Store> {
        let display = Display::of(network.py(), self.progress, true)?;
        let outcome = self.extract_with(network, &display);
        display.close(network.py())?;
        let store = outcome?;
        check(&store)?;
        Ok(Store::new(store, Some(network.clone().unbind())))
    }

    fn extract_with(&self, network: &Bound<'_, Network>, display: &Display) -> PyResult<TermStore> {
        let extractor = self.extractor(network.get())?;
        let network = extractor.network();
        let shape = network.input_shape();
        let points = GivenPoints::read(self.points, self.labels, shape, &self.folder, display)?;
        let (py, folder, options) = (self.points.py(), &self.folder, &self.options);
        points.with_source(network.features(), |source| {
            detached(py, |watch| {
                let reporter = Reporter::new(watch, display);
                let show = |progress| reporter.extraction(progress);
                TermStore::extract(folder, &extractor, source, options, &show)
            })
        })
    }

    fn extractor(&self, network: &Network) -> PyResult<Extractor> {
        let network = network.in_precision(self.precision).map_err(ToException::to_exception)?;
        let gauge = by_name::<Gauge>(self.gauge)?;
        let classes = match ClassChoice::of(self.classes, network.classes())? {
            ClassChoice::Single(classes) => classes,
            ClassChoice::All => Classes::All,
            ClassChoice::List(_) => {
                return Err(input_error(
                    "classes is a list, but a folder has the terms of \"predicted\", \"all\" or one \
                     class",
                ));
            }
        };
        let extractor = match self.shifts_of {
            None => Extractor::new(network, gauge, classes),
            Some(store) => {
                let shifts = store.get().terms().shifts(network);
                shifts.and_then(|shifts| Extractor::with_shifts(network, &shifts, classes))
            }
        };
        extractor.map_err(ToException::to_exception)
    }
}

/// Refuses terms whose self-check fails.
fn check(store: &TermStore) -> PyResult<()> {
    let manifest = store.manifest();
    let precision = manifest.terms.precision;
    let failures = manifest.check.as_ref().map_or(Vec::new(), |check| check.failures(precision));
    if failures.is_empty() {
        return Ok(());
    }
    Err(error(&format!(
        "the self-check of the terms in {} failed: {}; do not rely on them, extract them again with \
         precision=\"f64\" and replace=True",
        store.folder().display(),
        failures.join("; ")
    )))
}

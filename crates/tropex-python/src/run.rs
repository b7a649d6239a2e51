//! The classes `Run` and `Finding`.

use std::path::PathBuf;

use burn::tensor::Device;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tropex_experiments::experiments::find;
use tropex_experiments::report::{Table, TableCell, Unit, read_finding, report_folder};
use tropex_experiments::{EXPERIMENTS, Split, TrainedEpoch, pipeline};
use tropex_extract::Gauge;

use crate::choices::by_name;
use crate::errors::{ToException, file_error};
use crate::json::to_python;
use crate::network::Network;
use crate::origin::Origin;
use crate::store::TermStore;
use crate::work::detached;

/// A run of the command ``tropex``: a network, its terms, and findings of experiments.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Run(tropex_train::run::Run);

impl Run {
    /// Opens the folder of a run.
    ///
    /// # Errors
    /// A folder without a complete run.
    pub(crate) fn open(folder: PathBuf) -> PyResult<Self> {
        tropex_train::run::Run::open(&folder).map(Self).map_err(ToException::to_exception)
    }
}

#[pymethods]
impl Run {
    /// pathlib.Path: The folder.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// dict: What the run was made with, and its metrics after every epoch.
    #[getter]
    fn config<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.0.config())
    }

    /// The network with the final weights.
    ///
    /// Returns
    /// -------
    /// Network
    fn network(&self, py: Python<'_>) -> PyResult<Network> {
        let captured = detached(py, |_| pipeline::network(&self.0, &Device::default()))?;
        Ok(Network::new(captured, Origin::Path(self.folder())))
    }

    /// The terms of the run's images.
    ///
    /// Parameters
    /// ----------
    /// gauge : "worst-case", "tight" or "calibrated", default "worst-case"
    ///     Gauge of the terms.
    /// split : "train" or "test", default "train"
    ///     The images.
    ///
    /// Returns
    /// -------
    /// TermStore
    #[pyo3(signature = (gauge = "worst-case", split = "train"))]
    fn terms(&self, py: Python<'_>, gauge: &str, split: &str) -> PyResult<TermStore> {
        let (gauge, split) = (by_name::<Gauge>(gauge)?, by_name::<Split>(split)?);
        let folder = pipeline::terms_folder(&self.0, TrainedEpoch::Final, split, gauge);
        let terms = detached(py, |_| tropex_extract::TermStore::open(&folder))?;
        Ok(TermStore::new(terms, Some(Py::new(py, self.network(py)?)?)))
    }

    /// list of str: Names of all experiments that ``tropex experiment`` knows.
    #[getter]
    fn experiments(&self) -> Vec<&'static str> {
        EXPERIMENTS.iter().map(|entry| entry.name).collect()
    }

    /// What an experiment found. ``tropex experiment NAME RUN`` computes it.
    ///
    /// Parameters
    /// ----------
    /// name : str
    ///     Name of the experiment.
    /// gauge : "worst-case", "tight" or "calibrated", default "worst-case"
    ///     Gauge of the terms that it looked at.
    ///
    /// Returns
    /// -------
    /// Finding
    ///
    /// Raises
    /// ------
    /// FileError
    ///     If there is no finding, or a damaged one.
    #[pyo3(signature = (name, gauge = "worst-case"))]
    fn experiment(&self, py: Python<'_>, name: &str, gauge: &str) -> PyResult<Finding> {
        let entry = find(name).map_err(ToException::to_exception)?;
        let gauge = by_name::<Gauge>(gauge)?;
        let folder = report_folder(self.0.path(), entry.name, gauge);
        let finding = detached(py, |_| read_finding(&folder))?;
        let path = self.0.path().display();
        finding.map(Finding).ok_or_else(|| {
            file_error(&format!(
                "{path} has no finding of {name} with the {gauge} gauge; `tropex experiment {name} \
                 {path}` computes it"
            ))
        })
    }

    fn __repr__(&self) -> String {
        let config = self.0.config();
        format!("<tropex.Run: {} on {}>", config.architecture, config.dataset)
    }
}

/// What an experiment found about a run: an answer in words, numbers and tables.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Finding(tropex_experiments::report::Finding);

#[pymethods]
impl Finding {
    /// str: Name of the experiment.
    #[getter]
    fn experiment(&self) -> &str {
        &self.0.experiment
    }

    /// str: The question.
    #[getter]
    fn question(&self) -> &str {
        &self.0.question
    }

    /// str: The answer in words.
    #[getter]
    fn text(&self) -> &str {
        &self.0.answer.text
    }

    /// dict of str to float or None: Numbers by name; None if there was nothing to measure.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(py);
        for measure in &self.0.answer.values {
            values.set_item(&measure.name, measure.value)?;
        }
        Ok(values)
    }

    /// dict of str to dict: Tables by name, each a dict of columns: ndarrays of numbers, with NaN
    /// for missing ones, and lists of texts. ``pandas.DataFrame(finding.tables[name])``
    #[getter]
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tables = PyDict::new(py);
        for table in &self.0.answer.tables {
            tables.set_item(&table.name, columns(py, table)?)?;
        }
        Ok(tables)
    }

    /// list of str: What a reader needs to know to interpret the numbers.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.answer.notes.clone()
    }

    /// Everything, as in ``finding.json``.
    ///
    /// Returns
    /// -------
    /// dict
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }

    fn __repr__(&self) -> String {
        format!("<tropex.Finding: {}>", self.0.experiment)
    }
}

/// The columns of a table by their names.
fn columns<'py>(py: Python<'py>, table: &Table) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    for (index, column) in table.columns.iter().enumerate() {
        let cells = table.rows.iter().map(|row| &row[index]);
        if column.unit == Unit::Text {
            let texts = cells.map(|cell| cell.format(column.unit));
            columns.set_item(&column.name, PyList::new(py, texts.collect::<Vec<_>>())?)?;
            continue;
        }
        let numbers = cells.map(|cell| match cell {
            TableCell::Number(number) => *number,
            TableCell::Text(_) | TableCell::Missing => f64::NAN,
        });
        columns.set_item(&column.name, PyArray1::from_iter(py, numbers))?;
    }
    Ok(columns)
}

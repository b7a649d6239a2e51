//! Progress of long work, shown by a function of Python.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use tropex_extract::job::{Estimate, Progress};

use crate::errors::input_error;
use crate::work::Watch;

/// Time between two calls of the function.
const PAUSE: Duration = Duration::from_millis(100);

/// The function that shows progress. It receives the task and the completed share.
pub(crate) struct Display(Option<Py<PyAny>>);

impl Display {
    /// `True` stands for a progress bar, `False` for nothing; a function is called. `default`
    /// stands for an argument that was left out.
    ///
    /// # Errors
    /// Anything else.
    pub(crate) fn of(
        py: Python<'_>,
        progress: Option<&Bound<'_, PyAny>>,
        default: bool,
    ) -> PyResult<Self> {
        let bar = || py.import("tropex._progress")?.call_method0("bar");
        match progress {
            None if default => Ok(Self(Some(bar()?.unbind()))),
            None => Ok(Self::none()),
            Some(progress) if progress.is_callable() => Ok(Self(Some(progress.clone().unbind()))),
            Some(progress) => match progress.extract::<bool>() {
                Ok(true) => Ok(Self(Some(bar()?.unbind()))),
                Ok(false) => Ok(Self::none()),
                Err(_) => Err(input_error(format!(
                    "progress is {progress}, expected True, False or a function of a task and the \
                     completed share"
                ))),
            },
        }
    }

    /// Shows nothing.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Removes a progress bar.
    ///
    /// # Errors
    /// The error of the bar.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Some(show) = &self.0 else { return Ok(()) };
        py.import("tropex._progress")?.call_method1("close", (show,))?;
        Ok(())
    }

    /// Shows progress at once.
    ///
    /// # Errors
    /// The error of the function.
    pub(crate) fn show(&self, py: Python<'_>, task: &str, share: f64) -> PyResult<()> {
        let Some(show) = &self.0 else { return Ok(()) };
        show.call1(py, (task, share))?;
        Ok(())
    }
}

/// Reports the progress of work that runs without the global interpreter lock.
pub(crate) struct Reporter<'a> {
    watch: &'a Watch,
    display: &'a Display,
    estimate: RefCell<Estimate>,
    shown: Cell<Option<Instant>>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(watch: &'a Watch, display: &'a Display) -> Self {
        Self { watch, display, estimate: RefCell::default(), shown: Cell::new(None) }
    }

    /// Shows a task and its completed share, unless that happened just now. Cancels the work on
    /// Ctrl-C, and if the function fails.
    pub(crate) fn report(&self, task: &str, share: f64) -> ControlFlow<()> {
        let answer = self.watch.look();
        let is_shown = self.shown.get().is_some_and(|shown| shown.elapsed() < PAUSE);
        if answer.is_break() || is_shown || self.display.0.is_none() {
            return answer;
        }
        self.shown.set(Some(Instant::now()));
        self.watch.call(|py| self.display.show(py, task, share))
    }

    /// Shows the progress of an extraction.
    pub(crate) fn extraction(&self, progress: Progress) -> ControlFlow<()> {
        let share = self.estimate.borrow_mut().share(progress);
        let task = match progress {
            Progress::Trial { .. } | Progress::Shifted { .. } => "finding shifts",
            Progress::Extracted { .. } => "extracting terms",
            _ => "checking terms",
        };
        self.report(task, share)
    }
}

//! Extraction of a run in parts: the tasks of a plan, and the work of one task.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use burn::tensor::Device;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tropex_experiments::run::parts;
use tropex_experiments::run::pipeline::ExtractSettings;
use tropex_experiments::{Error, Split};
use tropex_extract::job::{ExtractOptions, PartNumber, PartTask, PlanStep, PlanTask, StepWork};
use tropex_extract::{Classes, Gauge, Precision};
use tropex_train::data::{Dataset, OpenOptions};
use tropex_train::run::Run;

use crate::choices::by_name;
use crate::errors::input_error;
use crate::progress::{Display, Reporter};
use crate::work::detached;

/// What is extracted, as `tropex._cluster.plans` writes it into a task.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct PartSettings {
    run: PathBuf,
    gauge: String,
    split: String,
    classes: String,
    precision: String,
    shard_megabytes: usize,
    check: usize,
    limit: Option<usize>,
    data_dir: Option<PathBuf>,
    replace: bool,
}

impl PartSettings {
    fn extraction(&self) -> PyResult<ExtractSettings> {
        let options = ExtractOptions::default()
            .with_dominance_points(self.check)
            .with_shard_bytes(self.shard_megabytes.saturating_mul(1_000_000))
            .with_replace(self.replace);
        Ok(ExtractSettings::default()
            .with_gauge(by_name::<Gauge>(&self.gauge)?)
            .with_split(by_name::<Split>(&self.split)?)
            .with_classes(by_name::<Classes>(&self.classes)?)
            .with_precision(by_name::<Precision>(&self.precision)?)
            .with_limit(self.limit)
            .with_options(options))
    }

    fn open(&self) -> Result<(Run, Dataset), Error> {
        let run = Run::open(&self.run)?;
        let config = run.config();
        let options = OpenOptions::default().with_data_dir(self.data_dir.clone());
        let data = tropex_train::data::open(&config.dataset, &config.open_options(options))?;
        let data = config.as_used(data);
        Ok((run, data))
    }
}

/// The tasks of an extraction in parts.
///
/// Parameters
/// ----------
/// settings : dict
///     What is extracted.
/// parts : int
///     Number of parts.
///
/// Returns
/// -------
/// list of dict
///     ``id``, ``step``, ``part`` (such as ``"2/4"``, or None for a task of all parts), ``after``
///     (the tasks that end before), ``inputs`` and ``outputs`` (files).
#[pyfunction]
pub(crate) fn _part_tasks<'py>(
    py: Python<'py>,
    settings: PartSettings,
    parts: usize,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let extraction = settings.extraction()?;
    let parts = NonZeroUsize::new(parts)
        .ok_or_else(|| input_error("parts is 0, expected at least one part"))?;
    let plan = detached(py, |_| {
        let (run, data) = settings.open()?;
        parts::plan(&run, &data, Device::default(), &extraction, parts)
    })?;
    let tasks = plan.steps.iter().flat_map(|step| step.tasks.iter().map(move |task| (step, task)));
    let entry = |(step, task): (&PlanStep, &PlanTask)| {
        let entry = PyDict::new(py);
        entry.set_item("id", task.id)?;
        entry.set_item("step", step_name(step.work))?;
        entry.set_item("part", task.part.map(|part| part.to_string()))?;
        entry.set_item("after", task.after.clone().collect::<Vec<_>>())?;
        entry.set_item("inputs", &task.inputs)?;
        entry.set_item("outputs", &task.outputs)?;
        Ok(entry)
    };
    tasks.map(entry).collect()
}

/// Do one task of an extraction in parts. A task that is done already is not repeated.
///
/// Parameters
/// ----------
/// settings : dict
///     What is extracted.
/// parts : int
///     Number of parts.
/// step : str
///     Step of the task.
/// part : str, optional
///     Part of the task.
#[pyfunction]
#[pyo3(signature = (settings, parts, step, part = None))]
pub(crate) fn _run_part_task(
    py: Python<'_>,
    settings: PartSettings,
    parts: usize,
    step: &str,
    part: Option<&str>,
) -> PyResult<()> {
    let extraction = settings.extraction()?;
    let work = step_of(step)
        .ok_or_else(|| input_error(format!("step is {step}, which is no step of an extraction")))?;
    let task = part.map(by_name::<PartNumber>).transpose()?.map(PartTask::of);
    let display = Display::none();
    detached(py, |watch| {
        let reporter = Reporter::new(watch, &display);
        let show = |progress| reporter.extraction(progress);
        let (run, data) = settings.open()?;
        let device = Device::default();
        match (work, task) {
            (StepWork::Stage(stage), Some(task)) => {
                let task = task.with_stage(stage);
                parts::extract_part(&run, &data, device, &extraction, task, &show).map(drop)
            }
            (StepWork::Reduce(stage), None) => {
                parts::reduce_stage(&run, &data, device, &extraction, (stage, parts))
            }
            (StepWork::Terms, Some(task)) => {
                parts::extract_part(&run, &data, device, &extraction, task, &show).map(drop)
            }
            _ => parts::merge(&run, &data, device, &extraction, &show).map(drop),
        }
    })
}

fn step_name(work: StepWork) -> String {
    match work {
        StepWork::Stage(stage) => format!("stage-{stage}"),
        StepWork::Reduce(stage) => format!("reduce-{stage}"),
        StepWork::Terms => "terms".into(),
        _ => "merge".into(),
    }
}

/// The step that [`step_name`] names.
fn step_of(name: &str) -> Option<StepWork> {
    match (name, name.split_once('-')) {
        ("terms", _) => Some(StepWork::Terms),
        ("merge", _) => Some(StepWork::Merge),
        (_, Some(("stage", stage))) => stage.parse().ok().map(StepWork::Stage),
        (_, Some(("reduce", stage))) => stage.parse().ok().map(StepWork::Reduce),
        _ => None,
    }
}

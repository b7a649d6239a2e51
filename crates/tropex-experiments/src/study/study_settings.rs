//! The settings of a study.

use std::collections::BTreeMap;
use std::path::Path;

use tropex_extract::Devices;
use tropex_train::data::Dataset;

use super::plan::StudyPlan;

/// A study, and where it is executed.
#[derive(Clone, Copy, Debug)]
pub struct Study<'a> {
    /// Networks, seeds and experiments.
    pub plan: &'a StudyPlan,
    /// Folder of runs and report.
    pub folder: &'a Path,
    /// The devices of all computations. The first one trains; several devices share extractions and
    /// assignments.
    pub devices: &'a Devices,
    /// Name of the first device on the command line.
    pub device_name: &'a str,
    /// The datasets of the networks, by their names in the plan. Runs record the names of the
    /// datasets themselves, which contain complete paths.
    pub datasets: &'a BTreeMap<String, Dataset>,
    /// Number of runs that are executed in parallel. Each may use all threads of the backend; more
    /// runs use the time in which one run leaves threads idle.
    pub jobs: usize,
}

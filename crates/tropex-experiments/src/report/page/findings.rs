//! The findings that a page shows.

use std::path::Path;

use tropex_files::kept_at;

use crate::Error;
use crate::report::description::ExperimentDescription;
use crate::report::finding::Finding;
use crate::report::folder::{folders_of, read_finding};
use crate::report::summary::StudySummary;

/// A page of findings.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Headline.
    pub title: String,
    /// Name of the study, which the names of saved files start with; empty without one.
    pub name: String,
    /// Subtitle; a default text if it is empty.
    pub about: String,
    /// Summary of a study.
    pub summary: Option<StudySummary>,
    /// The experiments in the order of their sections.
    pub experiments: Vec<ExperimentDescription>,
    /// The findings in any order; each appears in the section of its experiment.
    pub findings: Vec<Finding>,
    /// Why some findings cannot be shown, a line per finding.
    pub left_out: Vec<String>,
}

impl Page {
    /// All findings in the folder of a run.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn of_run(run: &Path, experiments: Vec<ExperimentDescription>) -> Result<Self, Error> {
        let title = format!("Linear terms of {}", kept_at(run));
        let mut page = Self { title, experiments, ..Self::default() };
        for folder in folders_of(run)? {
            match read_finding(&folder) {
                Ok(finding) => page.findings.extend(finding),
                Err(error) => page.left_out.push(error.to_string()),
            }
        }
        Ok(page)
    }
}

//! Executes a study and writes its report.

use std::path::PathBuf;

use tropex_files::{FolderLock, kept_at};

use super::numbers::StudyNumbers;
use super::schedule::{StudyProgressFn, StudySchedule, merge_findings};
use super::study_settings::Study;
use super::summarize::summarize;
use crate::Error;
use crate::experiments::descriptions;
use crate::report::{Finding, Page, PageFiles, StudySummary, last_part};

/// A study that is complete.
#[derive(Clone, Debug)]
pub struct FinishedStudy {
    /// The file of the report.
    pub report: PathBuf,
    /// The first part of the report.
    pub summary: StudySummary,
    /// A finding for every network, gauge and experiment.
    pub findings: Vec<Finding>,
    /// All numbers of the findings.
    pub numbers: StudyNumbers,
}

impl Study<'_> {
    /// Executes all unfinished steps and writes the report. After a failure or a kill, the next
    /// call continues the work and writes the report of an uninterrupted study.
    ///
    /// # Errors
    /// [`Error::OtherContent`] for a folder with another study or something else;
    /// [`Error::Locked`]; errors of training, extracting, experiments and writing;
    /// [`Error::Cancelled`].
    pub fn run(&self, progress: StudyProgressFn<'_>) -> Result<FinishedStudy, Error> {
        let _lock = FolderLock::create(self.folder)?;
        self.plan.claim(self.folder)?;
        let found = StudySchedule::of(self)?.execute(progress)?;
        let findings = merge_findings(self.plan, &found);
        let summary = summarize(&findings);
        let page = Page {
            title: self.plan.title.clone(),
            name: last_part(&kept_at(self.folder)).to_owned(),
            about: self.plan.about.clone(),
            summary: Some(summary.clone()),
            experiments: descriptions(),
            findings: findings.clone(),
            left_out: Vec::new(),
        };
        let files = PageFiles::within(self.folder);
        files.write(&page)?;
        let report = files.first().to_owned();
        let numbers = StudyNumbers::of(&findings);
        numbers.write(&self.folder.join("numbers.jsonl"))?;
        Ok(FinishedStudy { report, summary, findings, numbers })
    }
}

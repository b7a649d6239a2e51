//! Executes a study and writes its report.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use tropex_files::{FolderLock, replace};

use super::numbers::StudyNumbers;
use super::schedule::{StudyProgressFn, StudySchedule, merge_findings};
use super::study_settings::Study;
use super::summarize::summarize;
use crate::Error;
use crate::experiments::descriptions;
use crate::report::{Finding, Page, PageFiles, StudySummary};

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
        self.claim_folder()?;
        let found = StudySchedule::of(self)?.execute(progress)?;
        let findings = merge_findings(self.plan, &found);
        let summary = summarize(&findings);
        let page = Page {
            title: self.plan.title.clone(),
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

    /// Writes the plan into the folder, unless the folder contains another one or something else.
    fn claim_folder(&self) -> Result<(), Error> {
        let path = self.folder.join("plan.json");
        let json = |error: serde_json::Error| Error::io("write", &path)(error.into());
        let text = serde_json::to_string_pretty(self.plan).map_err(json)? + "\n";
        let refused =
            |content: String| Err(Error::OtherContent { folder: self.folder.to_owned(), content });
        match fs::read(&path) {
            Ok(found) if found == text.as_bytes() => Ok(()),
            Ok(_) => refused("another study".into()),
            Err(error) if error.kind() == ErrorKind::NotFound => match self.other_file()? {
                Some(file) => refused(format!("no study, and is not empty ({file} is in it)")),
                None => replace(&path, text.as_bytes()).map_err(Error::io("write", &path)),
            },
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// A file in the folder that is not hidden.
    fn other_file(&self) -> Result<Option<String>, Error> {
        let failed = || Error::io("read folder", self.folder);
        for entry in fs::read_dir(self.folder).map_err(failed())? {
            let name = entry.map_err(failed())?.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

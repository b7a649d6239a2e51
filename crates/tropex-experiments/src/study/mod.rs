//! Whole studies: from a plan to one report. What is done is reused, and what was interrupted goes on.
//!
//! ```text
//! FOLDER/plan.json                       the plan, complete: the folder holds this study and no other
//!       runs/<network>-seed<n>/          a run for every network and seed, with terms and findings
//!       runs/<network>-shuffled/         the same on shuffled labels
//!       index.html, index.md             the report
//!       numbers.jsonl                    its numbers by name, to compare other studies with
//! ```

mod contradiction;
mod numbers;
mod plan;
mod seeds;
mod summary;
mod tolerance;
mod work;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tropex_extract::Devices;
use tropex_files::{FolderLock, replace};
use tropex_train::data::Dataset;

use crate::Error;
use crate::report::{Finding, Page, PageFiles};

pub use numbers::{Comparison, Difference, Number, Numbers};
pub use plan::{ExperimentsPlan, NetworkPlan, Plan};
pub use summary::{Claim, Summary};
pub use tolerance::Tolerance;
pub use work::Stage;
use work::{Work, together};

/// The plans that come with the program.
pub const PLANS: &[(&str, &str)] = &[
    ("quick", include_str!("../../assets/studies/quick.toml")),
    ("fashion", include_str!("../../assets/studies/fashion.toml")),
    ("paper", include_str!("../../assets/studies/paper.toml")),
];

/// A study that is carried out in a folder.
#[derive(Clone, Copy, Debug)]
pub struct Study<'a> {
    /// What it is made of.
    pub plan: &'a Plan,
    /// Where everything goes.
    pub folder: &'a Path,
    /// Where everything is computed. Several devices share extractions and assignments; the first
    /// trains.
    pub devices: &'a Devices,
    /// The name of the first, as on the command line.
    pub device_name: &'a str,
    /// The datasets of its networks, by their names in the plan. Runs record the names of the
    /// datasets themselves, which hold whole paths.
    pub datasets: &'a BTreeMap<String, Dataset>,
    /// Runs that are worked on side by side. Each uses all threads of the backend when it can; two
    /// or more fill the gaps that one leaves.
    pub jobs: usize,
}

/// A study that is done.
#[derive(Clone, Debug)]
pub struct Done {
    /// Where the report is.
    pub report: PathBuf,
    /// Its first part.
    pub summary: Summary,
    /// What was found, a finding for every network, gauge and experiment.
    pub findings: Vec<Finding>,
    /// Its numbers by name.
    pub numbers: Numbers,
}

impl Study<'_> {
    /// Does what is still to be done, and writes the report. Called again after it was killed or
    /// failed, it goes on where it was and ends with the same report.
    ///
    /// # Errors
    /// A folder with another study or something else, or that another process works in; whatever
    /// hinders training, extracting, an experiment or writing.
    pub fn run(&self, watch: &(dyn Fn(Stage<'_>) + Sync)) -> Result<Done, Error> {
        let _lock = FolderLock::create(self.folder)?;
        self.claim_folder()?;
        let work = Work::of(self)?;
        let found = work.carry_out(watch)?;
        let findings = together(self.plan, &found);
        let summary = Summary::of(&findings);
        let page = Page {
            title: self.plan.title.clone(),
            about: self.plan.about.clone(),
            summary: Some(summary.clone()),
            findings: findings.clone(),
            left_out: Vec::new(),
        };
        let files = PageFiles::within(self.folder);
        files.write(&page)?;
        let report = files.first().to_owned();
        let numbers = Numbers::of(&findings);
        numbers.write(&self.folder.join("numbers.jsonl"))?;
        Ok(Done { report, summary, findings, numbers })
    }

    /// Writes the plan into the folder, unless it holds another one or something else.
    fn claim_folder(&self) -> Result<(), Error> {
        let path = self.folder.join("plan.json");
        let json = |error: serde_json::Error| Error::io("write", &path)(error.into());
        let text = serde_json::to_string_pretty(self.plan).map_err(json)? + "\n";
        let refused = |what: &str| {
            let origin = self.folder.display().to_string();
            let reason = format!("the folder holds {what}; choose another one with --out");
            Err(Error::Study { origin, reason })
        };
        match fs::read(&path) {
            Ok(found) if found == text.as_bytes() => Ok(()),
            Ok(_) => refused("another study"),
            Err(error) if error.kind() == ErrorKind::NotFound => match self.something_else()? {
                Some(file) => refused(&format!("no study, and is not empty ({file} is in it)")),
                None => replace(&path, text.as_bytes()).map_err(Error::io("write", &path)),
            },
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// A file in the folder; hidden ones do not matter.
    fn something_else(&self) -> Result<Option<String>, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_that_come_with_the_program_can_be_read() {
        for (name, text) in PLANS {
            let plan = Plan::read(text, name).unwrap();
            assert!(!plan.about.is_empty() && plan.seeds.len() >= 2, "{name}");
            let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../../studies");
            assert!(Path::new(files).join(format!("{name}.toml")).exists());
        }
        let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../studies")).unwrap();
        let paths = files.map(|entry| entry.unwrap().path());
        let plans = paths.filter(|path| path.extension().is_some_and(|end| end == "toml"));
        assert_eq!(plans.count(), PLANS.len(), "every file is in the list");
    }
}

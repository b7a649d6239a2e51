//! The folder of a study, which contains one study only.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tropex_files::replace;

use super::plan::{ALL, ExperimentsPlan, StudyPlan};
use crate::Error;

/// Name of the file with the plan.
const PLAN: &str = "plan.json";

impl StudyPlan {
    /// Writes the plan into an existing folder, unless the folder contains another one or something
    /// else. Several processes may claim a folder for one plan. A plan takes over the folder of one
    /// that lacks some of its last seeds, gauges or networks, or some of its experiments.
    ///
    /// # Errors
    /// [`Error::OtherContent`]; a file that cannot be read or written.
    pub fn claim(&self, folder: &Path) -> Result<(), Error> {
        match self.plan_in(folder)? {
            FolderPlan::Own => Ok(()),
            FolderPlan::Extended => self.write(folder),
            FolderPlan::None => match other_file(folder)? {
                None => self.write(folder),
                // Another process may have claimed the folder meanwhile.
                Some(_) if self.plan_in(folder)? == FolderPlan::Own => Ok(()),
                Some(file) => {
                    let content = format!("no study, and is not empty ({file} is in it)");
                    Err(Error::OtherContent { folder: folder.to_owned(), content })
                }
            },
        }
    }

    fn plan_in(&self, folder: &Path) -> Result<FolderPlan, Error> {
        let path = folder.join(PLAN);
        let found = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(FolderPlan::None),
            found => found.map_err(Error::io("read", &path))?,
        };
        if found == self.text(&path)?.as_bytes() {
            return Ok(FolderPlan::Own);
        }
        match serde_json::from_slice::<Self>(&found) {
            Ok(plan) if self.extends(&plan) => Ok(FolderPlan::Extended),
            _ => {
                let content = "another study; a study is continued with the same plan, or with \
                               further seeds, gauges, networks or experiments in its lists";
                Err(Error::OtherContent { folder: folder.to_owned(), content: content.into() })
            }
        }
    }

    /// Whether this plan extends another one: by seeds, gauges and networks at the ends of their
    /// lists, by experiments, or by another headline.
    fn extends(&self, other: &Self) -> bool {
        let names = &self.experiments.names;
        let has = |name: &String| names.contains(name) || names.iter().any(|name| name == ALL);
        let experiments = ExperimentsPlan { names: names.clone(), ..other.experiments.clone() };
        self.seeds.starts_with(&other.seeds)
            && self.gauges.starts_with(&other.gauges)
            && self.networks.starts_with(&other.networks)
            && self.precision == other.precision
            && self.experiments == experiments
            && other.experiments.names.iter().all(has)
    }

    fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(PLAN);
        replace(&path, self.text(&path)?.as_bytes()).map_err(Error::io("write", &path))
    }

    fn text(&self, path: &Path) -> Result<String, Error> {
        let json = |error: serde_json::Error| Error::io("write", path)(error.into());
        Ok(serde_json::to_string_pretty(self).map_err(json)? + "\n")
    }
}

/// The plan that a folder contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FolderPlan {
    None,
    Own,
    /// One that the own plan extends.
    Extended,
}

/// A file in the folder that is not hidden.
fn other_file(folder: &Path) -> Result<Option<String>, Error> {
    let failed = || Error::io("read folder", folder);
    for entry in fs::read_dir(folder).map_err(failed())? {
        let name = entry.map_err(failed())?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

//! The folder of a study, which contains one study only.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tropex_files::replace;

use super::plan::StudyPlan;
use crate::Error;

/// Name of the file with the plan.
const PLAN: &str = "plan.json";

impl StudyPlan {
    /// Writes the plan into an existing folder, unless the folder contains another one or something
    /// else. Several processes may claim a folder for one plan.
    ///
    /// # Errors
    /// [`Error::OtherContent`]; a file that cannot be read or written.
    pub fn claim(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(PLAN);
        let json = |error: serde_json::Error| Error::io("write", &path)(error.into());
        let text = serde_json::to_string_pretty(self).map_err(json)? + "\n";
        if self.is_claimed(folder, &text)? {
            return Ok(());
        }
        match other_file(folder)? {
            None => replace(&path, text.as_bytes()).map_err(Error::io("write", &path)),
            // Another process may have claimed the folder meanwhile.
            Some(_) if self.is_claimed(folder, &text)? => Ok(()),
            Some(file) => {
                Err(other_content(folder, format!("no study, and is not empty ({file} is in it)")))
            }
        }
    }

    /// Whether the folder contains the plan with this text.
    fn is_claimed(&self, folder: &Path, text: &str) -> Result<bool, Error> {
        let path = folder.join(PLAN);
        match fs::read(&path) {
            Ok(found) if found == text.as_bytes() => Ok(true),
            Ok(_) => Err(other_content(folder, "another study".into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }
}

fn other_content(folder: &Path, content: String) -> Error {
    Error::OtherContent { folder: folder.to_owned(), content }
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

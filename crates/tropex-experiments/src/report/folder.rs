//! Where findings are kept.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tropex_extract::Gauge;
use tropex_train::files::{remove_leftovers, write_atomically};

use super::{FORMAT, Finding, csv};
use crate::Error;

const FINDING: &str = "finding.json";

/// Folder of what an experiment found about a run. Other gauges than the published one have
/// folders of their own.
pub fn report_folder(run: &Path, experiment: &str, gauge: Gauge) -> PathBuf {
    let folder = match gauge {
        Gauge::WorstCase => experiment.to_owned(),
        Gauge::Tight | Gauge::Calibrated => format!("{experiment}-{}", gauge.name()),
    };
    run.join("reports").join(folder)
}

/// The finding in a folder, if there is one.
///
/// # Errors
/// One that cannot be read, of another version, or that no experiment can have written.
pub fn read_finding(folder: &Path) -> Result<Option<Finding>, Error> {
    let path = folder.join(FINDING);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    match parse(&text) {
        Ok(finding) => Ok(Some(finding)),
        Err(reason) => Err(Error::Finding { path, reason }),
    }
}

fn parse(text: &[u8]) -> Result<Finding, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if value.get("format").and_then(Value::as_u64) != Some(FORMAT.into()) {
        return Err(format!("it does not have format {FORMAT}"));
    }
    let finding: Finding = serde_json::from_value(value).map_err(|error| error.to_string())?;
    match finding.fault() {
        None => Ok(finding),
        Some(fault) => Err(fault),
    }
}

/// Writes a finding with its tables and figures, in place of the one that is there. As long as
/// there is a `finding.json`, the other files belong to it.
///
/// # Errors
/// Whatever hinders writing.
pub fn write_finding(folder: &Path, finding: &Finding) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::io("create folder", folder))?;
    remove_old(folder)?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        write_atomically(&path, text.as_bytes()).map_err(Error::io("write", &path))
    };
    for table in &finding.answer.tables {
        write(&format!("{}.csv", table.name), &csv(table))?;
    }
    for figure in &finding.answer.figures {
        write(&format!("{}.csv", figure.name), &csv(&figure.table()))?;
        write(&format!("{}.svg", figure.name), &figure.file())?;
    }
    let path = folder.join(FINDING);
    let text = serde_json::to_string_pretty(finding).map_err(|error| Error::Io {
        action: "write",
        path: path.clone(),
        source: error.into(),
    })?;
    write(FINDING, &(text + "\n"))
}

/// Removes the files of an older finding, the one that vouches for the others first.
fn remove_old(folder: &Path) -> Result<(), Error> {
    remove_leftovers(folder);
    let first = folder.join(FINDING);
    let entries = fs::read_dir(folder).map_err(Error::io("read folder", folder))?;
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| {
        path.extension().is_some_and(|extension| extension == "csv" || extension == "svg")
    });
    for path in std::iter::once(first).chain(files) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("remove", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

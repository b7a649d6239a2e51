//! Folders of findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tropex_extract::Gauge;
use tropex_files::{FolderLock, is_absent, remove_leftovers, replace};
use tropex_train::run::Run;

use super::csv::csv;
use super::figure_table::figure_table;
use super::finding::{FORMAT, Finding};
use crate::Error;

const FINDING: &str = "finding.json";

/// Names of the files of the old and of the new finding, while they are replaced.
const UNDER_WAY: &str = ".files.json";

/// Folder of the findings of a run.
fn reports(run: &Path) -> PathBuf {
    run.join("reports")
}

/// Folder of the finding of an experiment about a run. Gauges other than the published one have
/// separate folders.
pub fn report_folder(run: &Path, experiment: &str, gauge: Gauge) -> PathBuf {
    let folder = match gauge {
        Gauge::WorstCase => experiment.to_owned(),
        _ => format!("{experiment}-{}", gauge.name()),
    };
    reports(run).join(folder)
}

/// The exclusive right to write findings of some runs, until it is dropped.
#[derive(Debug)]
pub struct ReportLocks {
    _locks: Vec<FolderLock>,
}

impl ReportLocks {
    /// Locks the reports of runs. A run may be listed several times.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process writes findings of a run; a folder that cannot be
    /// created.
    pub fn acquire<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Result<Self, Error> {
        let name = |run: &'a Run| {
            let path = run.path();
            (path.canonicalize().unwrap_or_else(|_| path.to_owned()), path)
        };
        // All processes take the locks in one order.
        let folders: BTreeMap<PathBuf, &Path> = runs.into_iter().map(name).collect();
        let locks = folders.values().map(|run| FolderLock::create(&reports(run)));
        Ok(Self { _locks: locks.collect::<Result<_, _>>()? })
    }
}

/// The folders of all findings of a run, sorted.
pub(super) fn folders_of(run: &Path) -> Result<Vec<PathBuf>, Error> {
    let folder = reports(run);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("read folder", &folder))?,
    };
    let mut folders: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(Error::io("read folder", &folder))?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}

/// Reads the finding in a folder, if there is one.
///
/// # Errors
/// A file that cannot be read; [`Error::Finding`] for a damaged file and for another version.
pub fn read_finding(folder: &Path) -> Result<Option<Finding>, Error> {
    let path = folder.join(FINDING);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if is_absent(&error) => return Ok(None),
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

/// The content of a JSON file; `None` if there is no file, or if it is not JSON.
fn read_value(path: &Path) -> Result<Option<Value>, Error> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Writes a finding with its tables and figures, and removes the files of the previous finding.
/// Whenever `finding.json` exists, all files that it lists belong to it. Other files are kept.
///
/// # Errors
/// A file that cannot be written.
pub fn write_finding(folder: &Path, finding: &Finding) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::io("create folder", folder))?;
    let mut files = Vec::new();
    for table in &finding.answer.tables {
        files.push((format!("{}.csv", table.name), csv(table)));
    }
    for figure in &finding.answer.figures {
        files.push((format!("{}.csv", figure.name), csv(&figure_table(figure))));
        files.push((format!("{}.svg", figure.name), figure.svg_file()));
    }
    remove_old(folder, files.iter().map(|(name, _)| name.clone()).collect())?;
    files.push((FINDING.into(), json(&folder.join(FINDING), finding)?));
    for (name, text) in files {
        write(&folder.join(name), &text)?;
    }
    remove(&folder.join(UNDER_WAY))
}

/// Removes the leftovers of a process that was killed after it had written the last file of a
/// finding.
pub(crate) fn finish_writing(folder: &Path) -> Result<(), Error> {
    remove_leftovers(folder);
    remove(&folder.join(UNDER_WAY))
}

fn json(path: &Path, value: &impl serde::Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|error| Error::io("write", path)(error.into()))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    replace(path, text.as_bytes()).map_err(Error::io("write", path))
}

fn remove(path: &Path) -> Result<(), Error> {
    tropex_files::remove(path).map_err(Error::io("remove", path))
}

/// Removes the files of the previous finding, `finding.json` first. Until the new finding is
/// written, a list of old and new files exists, so that the next process removes them after a kill.
fn remove_old(folder: &Path, new: BTreeSet<String>) -> Result<(), Error> {
    remove_leftovers(folder);
    let under_way = folder.join(UNDER_WAY);
    let mut old = BTreeSet::new();
    if let Some(finding) = read_value(&folder.join(FINDING))? {
        old.extend(listed(&finding));
    }
    if let Some(Value::Array(names)) = read_value(&under_way)? {
        old.extend(names.iter().filter_map(|name| own_file(name.as_str()?)));
    }
    write(&under_way, &json(&under_way, &old.union(&new).collect::<Vec<_>>())?)?;
    remove(&folder.join(FINDING))?;
    old.iter().try_for_each(|name| remove(&folder.join(name)))
}

/// The files of a finding of any version.
fn listed(finding: &Value) -> Vec<String> {
    let names = |of: &str| {
        let all = finding.get(of).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|one| one.get("name")?.as_str()).collect::<Vec<_>>()
    };
    let files = ["tables", "figures"].map(names).concat();
    let files = files.iter().flat_map(|name| [format!("{name}.csv"), format!("{name}.svg")]);
    files.filter_map(|name| own_file(&name)).collect()
}

/// A name, if it is a CSV or SVG file in the folder: any program may have written the list.
fn own_file(name: &str) -> Option<String> {
    let path = Path::new(name);
    let is_own = path.extension().is_some_and(|end| end == "csv" || end == "svg");
    (is_own && path.file_name() == Some(path.as_os_str())).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::answer::Answer;
    use super::super::table::Table;
    use super::*;
    use crate::unit::Unit;

    fn finding(tables: &[&str]) -> Finding {
        let table = |name: &&str| {
            let mut table = Table::new(name, "A table", &[("a", Unit::Text)]);
            table.push(vec!["b".into()]);
            table
        };
        let answer = tables.iter().map(table).fold(Answer::new("text"), Answer::table);
        Finding::in_tests("run", answer)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_finding_replaces_another_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("subset");
        write_finding(&folder, &finding(&["first", "both"])).unwrap();
        for name in ["edited.svg", "mine.csv", "notes.md"] {
            fs::write(folder.join(name), "my own").unwrap();
        }
        write_finding(&folder, &finding(&["both", "second"])).unwrap();
        let mine = ["edited.svg", "finding.json", "mine.csv", "notes.md", "second.csv"];
        assert_eq!(names(&folder), [&["both.csv"][..], &mine].concat());
        assert_eq!(read_finding(&folder).unwrap(), Some(finding(&["both", "second"])));
    }

    #[test]
    fn files_of_a_killed_process_are_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("subset");
        write_finding(&folder, &finding(&["first"])).unwrap();
        remove_old(&folder, ["half.csv".to_owned()].into()).unwrap();
        fs::write(folder.join("half.csv"), "half").unwrap();
        fs::write(folder.join("mine.csv"), "my own").unwrap();
        write_finding(&folder, &finding(&["second"])).unwrap();
        assert_eq!(names(&folder), ["finding.json", "mine.csv", "second.csv"]);
        fs::write(folder.join(UNDER_WAY), "[]").unwrap();
        finish_writing(&folder).unwrap();
        assert_eq!(names(&folder).len(), 3);
    }

    #[test]
    fn a_forged_list_removes_no_other_files() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, outside) = (parent.path().join("subset"), parent.path().join("thesis.csv"));
        fs::create_dir(&folder).unwrap();
        fs::write(&outside, "text").unwrap();
        let absolute = outside.with_extension("").display().to_string();
        let table = |name: &str| serde_json::json!({ "name": name });
        let forged = serde_json::json!({ "tables": [table("../thesis"), table(&absolute)] });
        fs::write(folder.join(FINDING), forged.to_string()).unwrap();
        fs::write(folder.join(UNDER_WAY), r#"["../thesis.csv", "finding.json", 1]"#).unwrap();
        write_finding(&folder, &finding(&["first"])).unwrap();
        assert!(outside.exists());
        assert_eq!(names(&folder), ["finding.json", "first.csv"]);
    }
}

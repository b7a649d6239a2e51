//! Where findings are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tropex_extract::Gauge;
use tropex_files::{FolderLock, remove_leftovers, replace};
use tropex_train::run::Run;

use super::{FORMAT, Finding, csv};
use crate::Error;

const FINDING: &str = "finding.json";

/// While files are replaced: the names of those of the old finding and of the new one.
const UNDER_WAY: &str = ".files.json";

/// Folder of what was found about a run.
fn reports(run: &Path) -> PathBuf {
    run.join("reports")
}

/// Folder of what an experiment found about a run. Other gauges than the published one have
/// folders of their own.
pub fn report_folder(run: &Path, experiment: &str, gauge: Gauge) -> PathBuf {
    let folder = match gauge {
        Gauge::WorstCase => experiment.to_owned(),
        Gauge::Tight | Gauge::Calibrated => format!("{experiment}-{}", gauge.name()),
    };
    reports(run).join(folder)
}

/// The only right to write findings about some runs, until it is dropped.
#[derive(Debug)]
pub struct ReportLocks {
    _locks: Vec<FolderLock>,
}

impl ReportLocks {
    /// Locks the reports of runs, each of which may be named several times.
    ///
    /// # Errors
    /// Another process that writes findings about one of them; a folder that cannot be made.
    pub fn acquire<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Result<Self, Error> {
        let name = |run: &'a Run| {
            let path = run.path();
            (path.canonicalize().unwrap_or_else(|_| path.to_owned()), path)
        };
        // In the same order for everybody, whatever the order of the runs.
        let folders: BTreeMap<PathBuf, &Path> = runs.into_iter().map(name).collect();
        let locks = folders.values().map(|run| FolderLock::create(&reports(run)));
        Ok(Self { _locks: locks.collect::<Result<_, _>>()? })
    }
}

/// The folders of all findings about a run, in order.
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

/// The content of a file of JSON; `None` where there is no file, or other content.
fn read_value(path: &Path) -> Result<Option<Value>, Error> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Writes a finding with its tables and figures, in place of the one that is there. As long as
/// there is a `finding.json`, the files that it lists belong to it. Other files stay.
///
/// # Errors
/// Whatever hinders writing.
pub fn write_finding(folder: &Path, finding: &Finding) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::io("create folder", folder))?;
    let mut files = Vec::new();
    for table in &finding.answer.tables {
        files.push((format!("{}.csv", table.name), csv(table)));
    }
    for figure in &finding.answer.figures {
        files.push((format!("{}.csv", figure.name), csv(&figure.table())));
        files.push((format!("{}.svg", figure.name), figure.file()));
    }
    remove_old(folder, files.iter().map(|(name, _)| name.clone()).collect())?;
    files.push((FINDING.into(), json(&folder.join(FINDING), finding)?));
    for (name, text) in files {
        write(&folder.join(name), &text)?;
    }
    remove(&folder.join(UNDER_WAY))
}

/// Clears what was left when the last files of a finding were just written.
pub(crate) fn settle(folder: &Path) -> Result<(), Error> {
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
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes the files of an older finding, the one that vouches for the others first. A list of them,
/// and of those that come, lies there meanwhile: whoever comes after a kill removes these.
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

/// The files beside a finding of any version.
fn listed(finding: &Value) -> Vec<String> {
    let names = |of: &str| {
        let all = finding.get(of).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|one| one.get("name")?.as_str()).collect::<Vec<_>>()
    };
    let files = ["tables", "figures"].map(names).concat();
    let files = files.iter().flat_map(|name| [format!("{name}.csv"), format!("{name}.svg")]);
    files.filter_map(|name| own_file(&name)).collect()
}

/// The name of a file in the same folder. A list from elsewhere may say anything.
fn own_file(name: &str) -> Option<String> {
    let path = Path::new(name);
    let is_own = path.extension().is_some_and(|end| end == "csv" || end == "svg");
    (is_own && path.file_name() == Some(path.as_os_str())).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Table, Unit};
    use super::*;

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
    fn what_a_kill_left_is_replaced_too() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("subset");
        write_finding(&folder, &finding(&["first"])).unwrap();
        remove_old(&folder, ["half.csv".to_owned()].into()).unwrap();
        fs::write(folder.join("half.csv"), "half").unwrap();
        fs::write(folder.join("mine.csv"), "my own").unwrap();
        write_finding(&folder, &finding(&["second"])).unwrap();
        assert_eq!(names(&folder), ["finding.json", "mine.csv", "second.csv"]);
        fs::write(folder.join(UNDER_WAY), "[]").unwrap();
        settle(&folder).unwrap();
        assert_eq!(names(&folder).len(), 3);
    }

    #[test]
    fn a_list_from_elsewhere_removes_nothing_elsewhere() {
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

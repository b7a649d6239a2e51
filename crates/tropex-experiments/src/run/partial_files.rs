//! The files in which parts keep results for their points.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tropex_extract::TermStore;
use tropex_extract::job::PartNumber;
use tropex_files::{checked, sha256, with_checksum};
use tropex_train::run::Run;

use super::pointwise::{PointwiseWork, range_of};
use crate::Error;

/// The files of all parts of one work, in a folder of its own whose name depends on everything that
/// decides the results. A file appears complete and is written once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartialFiles {
    folder: PathBuf,
    of: usize,
}

/// Letters of a checksum in the name of a folder.
const LETTERS: usize = 16;

impl PartialFiles {
    /// The files of a work on the terms of a store of a run. `settings` is everything that decides
    /// the results, except terms, data and labels.
    pub(crate) fn new(
        run: &Run,
        store: &TermStore,
        (name, settings): (&str, &Value),
        of: usize,
    ) -> Result<Self, Error> {
        let failed = |error: serde_json::Error| Error::io("read", store.folder())(error.into());
        let manifest = serde_json::to_vec(store.manifest()).map_err(failed)?;
        let config = run.config();
        let decisive = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "name": name,
            "terms": sha256(&manifest),
            "data": config.data,
            "labels": config.shuffled_labels,
            "settings": settings,
        });
        let key = sha256(decisive.to_string().as_bytes());
        let terms = run.path().join("terms");
        let of_store = store.folder().strip_prefix(&terms).unwrap_or(Path::new("terms"));
        let name = format!("{name}-{}", &key[..LETTERS]);
        Ok(Self { folder: run.path().join("partial").join(of_store).join(name), of })
    }

    /// The folder of the files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, part: PartNumber) -> PathBuf {
        self.folder.join(format!("part-{}-of-{}.part", part.number(), self.of))
    }

    /// The results of a part; `None` if the part is not finished or its file is damaged.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub(crate) fn read(&self, part: PartNumber) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(part);
        match tropex_files::read(&path) {
            Ok(content) => Ok(checked(&content).map(<[u8]>::to_vec)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Writes the results of a part in place of a damaged file. An intact file stays.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, part: PartNumber, results: &[u8]) -> Result<(), Error> {
        let (path, content) = (self.path(part), with_checksum(&[results]));
        fs::create_dir_all(&self.folder).map_err(Error::io("create folder", &self.folder))?;
        let is_new = tropex_files::create(&path, &content).map_err(Error::io("write", &path))?;
        if is_new || self.read(part)?.is_some() {
            return Ok(());
        }
        tropex_files::replace(&path, &content).map_err(Error::io("write", &path))
    }

    /// The results of a part of a work: those in its file, or new ones, which are written. Also
    /// whether the file was there.
    ///
    /// # Errors
    /// Errors of the work; a file that cannot be read or written.
    pub(crate) fn find_or_compute(
        &self,
        part: PartNumber,
        work: &dyn PointwiseWork,
    ) -> Result<(Vec<u8>, bool), Error> {
        if let Some(found) = self.read(part)? {
            return Ok((found, true));
        }
        let range = range_of(part, work);
        let results = if range.is_empty() { Vec::new() } else { work.compute(range)? };
        self.write(part, &results)?;
        Ok((results, false))
    }

    /// The results of all parts, in their order. Parts without points are left out.
    ///
    /// # Errors
    /// [`tropex_extract::Error::MissingParts`].
    pub(crate) fn join(&self) -> Result<Vec<Vec<u8>>, Error> {
        let (mut results, mut missing) = (Vec::new(), Vec::new());
        for part in PartNumber::all(self.of) {
            match self.read(part)? {
                Some(found) => results.push(found),
                None => missing.push(part),
            }
        }
        if !missing.is_empty() {
            let folder = self.folder.clone();
            return Err(tropex_extract::Error::MissingParts { folder, missing, stage: None }.into());
        }
        results.retain(|found| !found.is_empty());
        Ok(results)
    }

    /// The error of a part whose file does not hold results of this work.
    pub(crate) fn damaged(&self) -> Error {
        let missing = PartNumber::all(self.of).collect();
        let folder = self.folder.clone();
        tropex_extract::Error::MissingParts { folder, missing, stage: None }.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_written_once_and_repaired() {
        let folder = tempfile::tempdir().unwrap();
        let files = PartialFiles { folder: folder.path().join("work"), of: 3 };
        let part = |number| PartNumber::new(number, 3).unwrap();
        let says = |files: &PartialFiles| files.join().unwrap_err().to_string();
        assert!(says(&files).ends_with("work: parts 1-3 of 3 are not finished"));
        files.write(part(1), b"one").unwrap();
        files.write(part(1), b"other").unwrap();
        files.write(part(2), b"").unwrap();
        assert!(says(&files).ends_with("part 3 of 3 is not finished"));
        files.write(part(3), b"three\nlines").unwrap();
        assert_eq!(files.join().unwrap(), [b"one".to_vec(), b"three\nlines".to_vec()]);
        fs::write(files.path(part(1)), "one").unwrap();
        assert!(says(&files).ends_with("part 1 of 3 is not finished"));
        files.write(part(1), b"again").unwrap();
        assert_eq!(files.join().unwrap()[0], b"again");
    }
}

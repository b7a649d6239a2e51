//! Runs in object stores: a folder of this machine mirrors them while the command runs.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The folder on this machine of a folder on the command line, which may be a URL.
///
/// # Errors
/// A URL that cannot be opened, or a build without object stores.
pub fn local_folder(given: &Path) -> anyhow::Result<PathBuf> {
    match given.to_str().filter(|text| is_url(text)) {
        None => Ok(given.to_owned()),
        Some(url) => mirror::open(url.trim_end_matches('/')),
    }
}

/// The folder in which `jobs` with the files of a job is made: the run itself, or a folder with the
/// name of the run if the run is elsewhere.
pub fn folder_for_jobs(given: &Path) -> PathBuf {
    match given.to_str().filter(|text| is_url(text)) {
        None => given.to_owned(),
        Some(url) => name_of(url.trim_end_matches('/')).into(),
    }
}

/// A text with the URLs of folders instead of their mirrors.
pub fn with_urls(text: &str) -> Cow<'_, str> {
    mirror::with_urls(text)
}

/// Ends all mirrors and removes their folders.
pub fn close() {
    mirror::close();
}

fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The last folder of a URL.
fn name_of(url: &str) -> &str {
    url.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("run")
}

#[cfg(feature = "object-store")]
mod mirror {
    use std::borrow::Cow;
    use std::fs;
    use std::io::ErrorKind;
    use std::path::PathBuf;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use anyhow::Context;
    use tropex::extract::store::stays_remote;
    use tropex_files::{MirroredFolder, ScratchFolder, remove_leftovers};
    use tropex_object_store::ObjectFolder;

    use super::name_of;

    /// Attempts to remove a folder to which other threads write at an interrupt.
    const TRIES: usize = 10;

    /// The open mirrors, the folders that hold them, and all mirrors that were open: folder and URL.
    struct Mirrors {
        open: Vec<MirroredFolder>,
        scratch: Vec<ScratchFolder>,
        names: Vec<(String, String)>,
    }

    static MIRRORS: Mutex<Mirrors> =
        Mutex::new(Mirrors { open: Vec::new(), scratch: Vec::new(), names: Vec::new() });

    fn mirrors() -> MutexGuard<'static, Mirrors> {
        MIRRORS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(url: &str) -> anyhow::Result<PathBuf> {
        if let Some(found) = mirrors().open.iter().find(|found| found.url() == url) {
            return Ok(found.path().to_owned());
        }
        let remote = ObjectFolder::open(url)?;
        let parent = std::env::temp_dir();
        remove_leftovers(&parent);
        let scratch = ScratchFolder::within(&parent)
            .with_context(|| format!("cannot create a folder in {}", parent.display()))?;
        let folder = scratch.path().join(name_of(url));
        fs::create_dir(&folder)
            .with_context(|| format!("cannot create folder {}", folder.display()))?;
        {
            // Known before the download, which an interrupt can end.
            let mut mirrors = mirrors();
            mirrors.scratch.push(scratch);
            mirrors.names.push((folder.display().to_string(), url.to_owned()));
        }
        let mirror = MirroredFolder::new(&folder, url, Box::new(remote), stays_remote)
            .with_context(|| format!("cannot read {url}"))?;
        mirrors().open.push(mirror);
        Ok(folder)
    }

    pub(super) fn with_urls(text: &str) -> Cow<'_, str> {
        mirrors().names.iter().fold(Cow::Borrowed(text), |text, (folder, url)| {
            match text.contains(folder) {
                true => text.replace(folder, url).into(),
                false => text,
            }
        })
    }

    pub(super) fn close() {
        let mut mirrors = mirrors();
        mirrors.open.clear();
        for scratch in mirrors.scratch.drain(..) {
            let folder = scratch.path().to_owned();
            drop(scratch);
            for _ in 0..TRIES {
                match fs::remove_dir_all(&folder) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {}
                    _ => break,
                }
            }
        }
    }
}

#[cfg(not(feature = "object-store"))]
mod mirror {
    use std::borrow::Cow;
    use std::path::PathBuf;

    pub(super) fn open(url: &str) -> anyhow::Result<PathBuf> {
        anyhow::bail!(
            "{url}: this build does not read object stores; build it with `--features object-store`"
        )
    }

    pub(super) fn with_urls(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }

    pub(super) fn close() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_and_urls_have_names() {
        for path in ["runs/fcn4", "C:/runs", "", "odd://", "a b://c"] {
            let is_path = !is_url(path);
            assert_eq!(is_path, path != "odd://", "{path}");
        }
        assert_eq!(local_folder(Path::new("runs/fcn4")).unwrap(), Path::new("runs/fcn4"));
        assert_eq!(folder_for_jobs(Path::new("s3://bucket/runs/fcn4/")), Path::new("fcn4"));
        assert_eq!(folder_for_jobs(Path::new("runs/fcn4")), Path::new("runs/fcn4"));
        assert_eq!(name_of("s3://"), "run");
    }

    #[cfg(not(feature = "object-store"))]
    #[test]
    fn a_build_without_object_stores_says_so() {
        let error = local_folder(Path::new("s3://bucket/run")).unwrap_err().to_string();
        assert!(error.contains("--features object-store"), "{error}");
    }
}

//! Runs in object stores: a folder of this machine mirrors them while the command runs.

#[cfg(feature = "object-store")]
mod mirrors;
#[cfg(not(feature = "object-store"))]
#[path = "remote/no_mirrors.rs"]
mod mirrors;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use tropex_files::is_url;

/// The folder on this machine of a folder on the command line, which may be a URL.
///
/// # Errors
/// A URL that cannot be opened, or a build without object stores.
pub fn local_folder(given: &Path) -> anyhow::Result<PathBuf> {
    match url_of(given) {
        None => Ok(given.to_owned()),
        Some(url) => mirrors::open(url, name_of(url)),
    }
}

/// The folder in which `jobs` with the files of a job is made: the run itself, or a folder with the
/// name of the run if the run is elsewhere.
pub fn folder_for_jobs(given: &Path) -> PathBuf {
    url_of(given).map_or_else(|| given.to_owned(), |url| name_of(url).into())
}

/// A text with the URLs of folders instead of their mirrors.
pub fn with_urls(text: &str) -> Cow<'_, str> {
    mirrors::with_urls(text)
}

/// Ends all mirrors and removes their folders.
pub fn close() {
    mirrors::close();
}

/// The URL on the command line, without slashes at its end; `None` for a path.
fn url_of(given: &Path) -> Option<&str> {
    given.to_str().filter(|text| is_url(text)).map(|url| url.trim_end_matches('/'))
}

/// The last folder of a URL.
fn name_of(url: &str) -> &str {
    url.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_and_urls_have_names() {
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

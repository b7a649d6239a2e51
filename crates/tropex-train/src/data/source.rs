//! The search for the files of a dataset.
//!
//! A folder given by the user is the only folder that is searched. Otherwise the cache folder is
//! searched, then the folder of the system's package, and then the files are downloaded into the
//! cache.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::OpenOptions;
use super::download::{DownloadError, Downloader, RemoteFile};
use super::error::DataError;

/// The files of a dataset, and where to find or download them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DatasetSource<'a> {
    pub(crate) name: &'a str,
    /// Subfolders of a user's folder that may contain the files.
    pub(crate) subfolders: &'a [&'a str],
    /// Folder of the operating system's package.
    pub(crate) system: Option<&'a str>,
    /// Base addresses ending in `/`, in the order in which they are tried.
    pub(crate) mirrors: &'a [&'a str],
    pub(crate) files: &'a [RemoteFile<'a>],
}

/// Result of the search of a folder for a dataset.
#[derive(Debug)]
pub(crate) enum FileLookup<T> {
    /// The folder has all files.
    Found(T),
    /// Names of the missing files.
    Missing(Vec<String>),
}

/// A search: the folders, and the downloader if downloads are allowed.
pub(crate) struct FileSearch<'a> {
    data_dir: Option<PathBuf>,
    cache: Option<PathBuf>,
    /// `None` if downloads are forbidden.
    downloader: Option<Downloader<'a>>,
}

impl<'a> FileSearch<'a> {
    /// A search with the options and the environment variables `TROPEX_DATA` and `TROPEX_OFFLINE`.
    pub(crate) fn new(dataset: &str, options: &OpenOptions<'a>) -> Self {
        Self::with_variables(dataset, options, |name| env::var_os(name))
    }

    /// A search with given environment variables; an empty variable counts as absent.
    fn with_variables(
        dataset: &str,
        options: &OpenOptions<'a>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let root = variable("TROPEX_DATA")
            .map(PathBuf::from)
            .or_else(|| dirs::cache_dir().map(|folder| folder.join("tropex")));
        let offline = options.offline || variable("TROPEX_OFFLINE").is_some_and(|v| v != "0");
        Self {
            data_dir: options.data_dir.clone(),
            cache: root.map(|folder| folder.join(dataset)),
            downloader: (!offline).then(|| Downloader::new(options.progress)),
        }
    }

    /// Calls `find` on one folder after another, and returns its result for the first folder with
    /// all files.
    pub(crate) fn run<T>(
        &self,
        source: &DatasetSource<'_>,
        find: impl Fn(&Path) -> Result<FileLookup<T>, DataError>,
    ) -> Result<T, DataError> {
        if let Some(folder) = &self.data_dir {
            return find_in_user_folder(source, folder, find);
        }
        let cache = self.cache.as_deref();
        let system = source.system.map(Path::new);
        for folder in cache.into_iter().chain(system) {
            if let FileLookup::Found(found) = find(folder)? {
                return Ok(found);
            }
        }
        let cache = cache.ok_or_else(|| DataError::NoCache { dataset: source.name.to_string() })?;
        self.download(source, cache)?;
        match find(cache)? {
            FileLookup::Found(found) => Ok(found),
            FileLookup::Missing(files) => Err(missing(source, cache, files)),
        }
    }

    fn download(&self, source: &DatasetSource<'_>, folder: &Path) -> Result<(), DataError> {
        let unavailable = |reason| DataError::Unavailable {
            dataset: source.name.to_string(),
            reason,
            files: source.files.iter().map(|file| file.name.to_string()).collect(),
            folder: folder.to_path_buf(),
        };
        let Some(downloader) = &self.downloader else {
            return Err(unavailable("downloads are switched off".to_string()));
        };
        for file in source.files {
            downloader.fetch(file, source.mirrors, folder).map_err(|error| match error {
                DownloadError::Cancelled => {
                    DataError::Cancelled { dataset: source.name.to_string() }
                }
                error => unavailable(error.to_string()),
            })?;
        }
        Ok(())
    }
}

fn find_in_user_folder<T>(
    source: &DatasetSource<'_>,
    folder: &Path,
    find: impl Fn(&Path) -> Result<FileLookup<T>, DataError>,
) -> Result<T, DataError> {
    let inner = source.subfolders.iter().map(|name| folder.join(name));
    let mut lacking: Option<(PathBuf, Vec<String>)> = None;
    for candidate in std::iter::once(folder.to_path_buf()).chain(inner) {
        match find(&candidate)? {
            FileLookup::Found(found) => return Ok(found),
            // The error is about the folder with the fewest missing files.
            FileLookup::Missing(files)
                if lacking.as_ref().is_none_or(|(_, least)| files.len() < least.len()) =>
            {
                lacking = Some((candidate, files));
            }
            FileLookup::Missing(_) => {}
        }
    }
    let (folder, files) = lacking.unwrap_or_default();
    Err(missing(source, &folder, files))
}

fn missing(source: &DatasetSource<'_>, folder: &Path, files: Vec<String>) -> DataError {
    DataError::Missing { dataset: source.name.to_string(), folder: folder.to_path_buf(), files }
}

#[cfg(test)]
impl FileSearch<'_> {
    /// A search that ignores environment variables and never downloads.
    pub(crate) fn offline(data_dir: Option<&Path>, cache: &Path) -> Self {
        let data_dir = data_dir.map(Path::to_path_buf);
        Self { data_dir, cache: Some(cache.to_path_buf()), downloader: None }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::super::download::tests::{Answer, Server, content, local_downloader};
    use super::super::regular_file;
    use super::*;

    fn find(folder: &Path) -> Result<FileLookup<PathBuf>, DataError> {
        let path = folder.join("name");
        let lacking = || FileLookup::Missing(vec!["name".to_string()]);
        Ok(if regular_file::exists(&path)? { FileLookup::Found(path) } else { lacking() })
    }

    fn run(mirrors: &[&str], search: &FileSearch<'_>) -> Result<PathBuf, DataError> {
        let (bytes, sha256) = content();
        let files = [RemoteFile { name: "name", size: bytes.len() as u64, sha256: &sha256 }];
        let system = None;
        let source = DatasetSource {
            name: "digits",
            subfolders: &["inner"],
            system,
            mirrors,
            files: &files,
        };
        search.run(&source, find)
    }

    #[test]
    fn downloads_into_the_cache_once() {
        let dir = TempDir::new().unwrap();
        let cache = dir.path().join("deep/cache");
        let server = Server::start(content().0, vec![Answer::Serve]);
        let online = || Some(local_downloader(None));
        let search = FileSearch { downloader: online(), ..FileSearch::offline(None, &cache) };
        for _ in 0..2 {
            assert_eq!(run(&[&server.address], &search).unwrap(), cache.join("name"));
        }
        assert_eq!(server.starts().len(), 1);
    }

    #[test]
    fn a_users_folder_is_the_only_place_searched() {
        let dir = TempDir::new().unwrap();
        let (given, cache) = (dir.path().join("given"), dir.path().join("cache"));
        fs::create_dir_all(&cache).unwrap();
        fs::write(cache.join("name"), "cached").unwrap();
        let search = FileSearch {
            downloader: Some(local_downloader(None)),
            ..FileSearch::offline(Some(&given), &cache)
        };
        let error = run(&[], &search).unwrap_err().to_string();
        assert!(error.starts_with("digits: no name in "), "{error}");
        fs::create_dir_all(given.join("inner")).unwrap();
        fs::write(given.join("inner/name"), "given").unwrap();
        assert_eq!(run(&[], &search).unwrap(), given.join("inner/name"));
    }

    #[test]
    fn a_failed_download_says_where_to_put_the_files() {
        let dir = TempDir::new().unwrap();
        let server = Server::start(content().0, vec![Answer::NotFound]);
        let search = FileSearch {
            downloader: Some(local_downloader(None)),
            ..FileSearch::offline(None, dir.path())
        };
        let error = run(&[&server.address], &search).unwrap_err().to_string();
        assert!(error.starts_with("cannot download digits (127.0.0.1:"), "{error}");
        assert!(error.contains("status 404): put name into "), "{error}");
    }

    #[test]
    fn the_environment_names_the_cache_and_forbids_downloads() {
        let search = |offline: bool, variables: [&str; 2]| {
            let options = OpenOptions::default().with_offline(offline);
            let [data, switch] = variables.map(OsString::from);
            FileSearch::with_variables("digits", &options, move |name| match name {
                "TROPEX_DATA" => Some(data.clone()),
                _ => Some(switch.clone()),
            })
        };
        assert_eq!(search(false, ["/data", ""]).cache.unwrap(), Path::new("/data/digits"));
        let default = search(false, ["", ""]).cache;
        assert!(default.is_none_or(|folder| folder.ends_with("tropex/digits")));
        for (offline, switch, allowed) in
            [(false, "", true), (false, "0", true), (false, "1", false), (true, "", false)]
        {
            assert_eq!(search(offline, ["", switch]).downloader.is_some(), allowed);
        }
    }

    #[test]
    fn a_system_without_cache_folder_needs_a_hint() {
        let search = FileSearch { data_dir: None, cache: None, downloader: None };
        let error = run(&[], &search).unwrap_err().to_string();
        assert!(error.ends_with("set TROPEX_DATA to a folder"), "{error}");
    }
}

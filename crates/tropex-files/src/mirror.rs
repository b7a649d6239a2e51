//! Folders whose files are kept elsewhere, such as in an object store.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

use crate::atomic_write::{PREFIX, folder_of, replace_local};

/// Files that are downloaded at once.
const DOWNLOADS: usize = 8;

/// Files that are kept elsewhere. Their names are relative paths with `/` between folders. Errors
/// of files that do not exist have the kind [`ErrorKind::NotFound`].
pub trait RemoteFiles: Send + Sync {
    /// Names and lengths in bytes of all files in a folder and in the folders in it; the empty name
    /// stands for all files. A folder that does not exist has no files.
    ///
    /// # Errors
    /// They cannot be listed.
    fn list(&self, folder: &str) -> io::Result<Vec<(String, u64)>>;

    /// Length of a file in bytes.
    ///
    /// # Errors
    /// The file does not exist or cannot be examined.
    fn length(&self, name: &str) -> io::Result<u64>;

    /// Writes the content of a file to the end of another one.
    ///
    /// # Errors
    /// The file does not exist or cannot be read.
    fn download(&self, name: &str, to: &mut File) -> io::Result<()>;

    /// Replaces a file by a local one. Readers see the old or the new content.
    ///
    /// # Errors
    /// It cannot be read or written.
    fn upload(&self, name: &str, from: &Path) -> io::Result<()>;

    /// Writes a new file. Returns `false`, and changes nothing, if the name exists.
    ///
    /// # Errors
    /// It cannot be written.
    fn create(&self, name: &str, content: &[u8]) -> io::Result<bool>;

    /// Replaces the file `to` by a copy of `from`.
    ///
    /// # Errors
    /// The file does not exist or cannot be copied.
    fn copy(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes files. Names that do not exist are left out.
    ///
    /// # Errors
    /// They cannot be removed.
    fn remove(&self, names: &[String]) -> io::Result<()>;
}

/// All mirrored folders of this process.
static MIRRORS: RwLock<Vec<Arc<Mirror>>> = RwLock::new(Vec::new());

/// A folder that mirrors files kept elsewhere, until this value is dropped.
///
/// What this crate writes to the folder or removes from it, is written or removed elsewhere before
/// the call returns. Files that are read with [`read()`](crate::read) or [`open()`](crate::open)
/// may be elsewhere only. Locks do not reach beyond this machine.
pub struct MirroredFolder(Arc<Mirror>);

impl MirroredFolder {
    /// Copies all files into a folder, except those whose names `stays` selects: they stay
    /// elsewhere, and are fetched while they are read. `url` is the place of the files in texts.
    ///
    /// # Errors
    /// A file that cannot be copied; a name that is not a path within a folder.
    pub fn new(
        folder: &Path,
        url: &str,
        remote: Box<dyn RemoteFiles>,
        stays: fn(&str) -> bool,
    ) -> io::Result<Self> {
        let (folder, url) = (folder.to_owned(), url.to_owned());
        let mirror = Mirror { folder, url, remote, stays, lengths: Mutex::default() };
        let mut files = mirror.remote.list("")?;
        files.iter().try_for_each(|(name, _)| require_inside(name))?;
        mirror.lengths().extend(files.iter().cloned());
        files.retain(|(name, _)| !stays(name));
        thread::scope(|scope| {
            let copy =
                |files: &[(String, u64)]| files.iter().try_for_each(|(n, _)| mirror.bring(n));
            let share = files.len().div_ceil(DOWNLOADS).max(1);
            let copies: Vec<_> =
                files.chunks(share).map(|files| scope.spawn(move || copy(files))).collect();
            let join = |copy: thread::ScopedJoinHandle<'_, io::Result<()>>| {
                copy.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            copies.into_iter().try_for_each(join)
        })?;
        let mirror = Arc::new(mirror);
        MIRRORS.write().unwrap_or_else(PoisonError::into_inner).push(mirror.clone());
        Ok(Self(mirror))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0.folder
    }

    /// The place of its files.
    pub fn url(&self) -> &str {
        &self.0.url
    }
}

impl Drop for MirroredFolder {
    fn drop(&mut self) {
        let mut mirrors = MIRRORS.write().unwrap_or_else(PoisonError::into_inner);
        mirrors.retain(|mirror| !Arc::ptr_eq(mirror, &self.0));
    }
}

/// A mirrored folder, and what is known about the files elsewhere.
struct Mirror {
    folder: PathBuf,
    url: String,
    remote: Box<dyn RemoteFiles>,
    stays: fn(&str) -> bool,
    /// Lengths of the files elsewhere that were seen or written.
    lengths: Mutex<BTreeMap<String, u64>>,
}

impl Mirror {
    fn lengths(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.lengths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name elsewhere of a path in the folder; `None` for other paths, and for temporary files
    /// and locks.
    fn name_of(&self, path: &Path) -> Option<String> {
        let inside = path.strip_prefix(&self.folder).ok()?;
        let names = inside.components().map(|part| match part {
            Component::Normal(part) => part.to_str().filter(|part| !part.starts_with(PREFIX)),
            _ => None,
        });
        let names: Vec<&str> = names.collect::<Option<_>>()?;
        Some(names.join("/"))
    }

    /// Copies a file to its path in the folder.
    fn bring(&self, name: &str) -> io::Result<()> {
        let path = self.folder.join(name);
        fs::create_dir_all(folder_of(&path))?;
        replace_local(&path, |file| self.remote.download(name, file))
    }
}

/// Refuses a name that is not a path within a folder.
fn require_inside(name: &str) -> io::Result<()> {
    let is_inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    match is_inside && !name.is_empty() {
        true => Ok(()),
        false => {
            let reason = format!("{name:?} is not the name of a file within a folder");
            Err(io::Error::new(ErrorKind::InvalidData, reason))
        }
    }
}

/// Where a file or folder is kept, as text: its path, or its URL if it is in a mirrored folder.
pub fn kept_at(path: &Path) -> String {
    match MirroredPath::of(path) {
        None => path.display().to_string(),
        Some(MirroredPath { mirror, name, .. }) if name.is_empty() => mirror.url.clone(),
        Some(MirroredPath { mirror, name, .. }) => format!("{}/{name}", mirror.url),
    }
}

/// A path in a mirrored folder.
pub(crate) struct MirroredPath<'a> {
    mirror: Arc<Mirror>,
    name: String,
    path: &'a Path,
}

impl<'a> MirroredPath<'a> {
    /// `None` for a path that is not in a mirrored folder, and for temporary files.
    pub(crate) fn of(path: &'a Path) -> Option<Self> {
        let mirrors = MIRRORS.read().unwrap_or_else(PoisonError::into_inner);
        let named = |mirror: &Arc<Mirror>| Some((mirror.clone(), mirror.name_of(path)?));
        let (mirror, name) = mirrors.iter().find_map(named)?;
        Some(Self { mirror, name, path })
    }

    fn stays(&self) -> bool {
        (self.mirror.stays)(&self.name)
    }

    /// The content of a file that is elsewhere only: a file without a name, if it stays there.
    pub(crate) fn fetch(&self) -> io::Result<File> {
        if self.stays() {
            let mut file = tempfile::tempfile_in(&self.mirror.folder)?;
            self.mirror.remote.download(&self.name, &mut file)?;
            file.rewind()?;
            return Ok(file);
        }
        self.mirror.bring(&self.name)?;
        File::open(self.path)
    }

    /// Publishes a file that was written.
    pub(crate) fn written(&self) -> io::Result<()> {
        self.mirror.remote.upload(&self.name, self.path)?;
        self.known(fs::metadata(self.path)?.len());
        match self.stays() {
            true => fs::remove_file(self.path),
            false => Ok(()),
        }
    }

    /// Writes a new file elsewhere: see [`RemoteFiles::create`].
    pub(crate) fn create(&self, content: &[u8]) -> io::Result<bool> {
        let is_new = self.mirror.remote.create(&self.name, content)?;
        if is_new {
            self.known(content.len() as u64);
        }
        Ok(is_new)
    }

    /// Copies a file that is elsewhere only to another path of the same folder. Returns `false` if
    /// that is not so.
    pub(crate) fn copy(&self, to: &Path) -> io::Result<bool> {
        let Some(to) = self.mirror.name_of(to).filter(|_| !self.path.exists()) else {
            return Ok(false);
        };
        self.mirror.remote.copy(&self.name, &to)?;
        let length = self.length()?;
        self.mirror.lengths().insert(to, length);
        Ok(true)
    }

    /// Removes a file elsewhere.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.mirror.remote.remove(std::slice::from_ref(&self.name))?;
        self.mirror.lengths().remove(&self.name);
        Ok(())
    }

    /// Removes a folder with its content elsewhere.
    pub(crate) fn remove_folder(&self) -> io::Result<()> {
        let files = self.mirror.remote.list(&self.name)?;
        let names: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
        self.mirror.remote.remove(&names)?;
        self.mirror.lengths().retain(|name, _| !names.contains(name));
        Ok(())
    }

    /// Names of the files and folders in this folder elsewhere.
    pub(crate) fn entries(&self) -> io::Result<Vec<String>> {
        let first = |(name, _): (String, u64)| {
            let inside = name.strip_prefix(&self.name)?.trim_start_matches('/');
            inside.split('/').next().map(str::to_owned)
        };
        Ok(self.mirror.remote.list(&self.name)?.into_iter().filter_map(first).collect())
    }

    /// Length of a file elsewhere, in bytes.
    pub(crate) fn length(&self) -> io::Result<u64> {
        if let Some(&length) = self.mirror.lengths().get(&self.name) {
            return Ok(length);
        }
        let length = self.mirror.remote.length(&self.name)?;
        self.known(length);
        Ok(length)
    }

    fn known(&self, length: u64) {
        self.mirror.lengths().insert(self.name.clone(), length);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::testing::OtherFolder;
    use crate::{
        create, entries, length, link_or_copy, open, read, remove, remove_folder, replace,
    };

    fn is_large(name: &str) -> bool {
        name.ends_with(".large")
    }

    /// A mirrored folder with two files, and the folder that it mirrors.
    fn mirrored(at: &Path) -> (MirroredFolder, PathBuf) {
        let [here, there] = ["here", "there"].map(|name| at.join(name));
        fs::create_dir(&here).unwrap();
        fs::create_dir_all(there.join("inner")).unwrap();
        fs::write(there.join("inner/small"), "small").unwrap();
        fs::write(there.join("inner/1.large"), "large").unwrap();
        let folder =
            MirroredFolder::new(&here, "url", Box::new(OtherFolder(there.clone())), is_large);
        (folder.unwrap(), there)
    }

    #[test]
    fn small_files_are_copied_and_large_ones_fetched_while_they_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (mirror, there) = mirrored(folder.path());
        let [small, large] = ["inner/small", "inner/1.large"].map(|name| mirror.path().join(name));
        assert!(small.exists() && !large.exists());
        for (path, content) in [(&small, "small"), (&large, "large")] {
            assert_eq!(read(path).unwrap(), content.as_bytes());
            assert_eq!(length(path).unwrap(), 5);
            let mut text = String::new();
            open(path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, content);
        }
        assert!(!large.exists());
        assert_eq!(
            (kept_at(mirror.path()), kept_at(&large)),
            ("url".into(), "url/inner/1.large".into())
        );
        assert_eq!(kept_at(Path::new("a/b")), "a/b");
        // Another machine writes a file.
        fs::write(there.join("inner/later"), "later").unwrap();
        assert_eq!(read(&mirror.path().join("inner/later")).unwrap(), b"later");
        let names = entries(&mirror.path().join("inner")).unwrap();
        assert!(names.into_iter().eq(["1.large", "later", "small"]));
        assert!(entries(mirror.path()).unwrap().into_iter().eq(["inner"]));
        let none = mirror.path().join("inner/none");
        assert_eq!(read(&none).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(length(&none).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(entries(&none).is_err());
    }

    #[test]
    fn what_is_written_and_removed_is_so_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (mirror, there) = mirrored(folder.path());
        let at = |name: &str| mirror.path().join(name);
        let elsewhere = |name: &str| fs::read(there.join(name)).ok();
        replace(&at("inner/small"), b"new").unwrap();
        replace(&at("inner/2.large"), b"second").unwrap();
        assert_eq!(elsewhere("inner/small"), Some(b"new".to_vec()));
        assert_eq!(elsewhere("inner/2.large"), Some(b"second".to_vec()));
        assert!(at("inner/small").exists() && !at("inner/2.large").exists());
        link_or_copy(&at("inner/2.large"), &at("2.large")).unwrap();
        assert_eq!(read(&at("2.large")).unwrap(), b"second");
        assert_eq!(length(&at("2.large")).unwrap(), 6);
        remove(&at("2.large")).unwrap();
        remove(&at("inner/small")).unwrap();
        assert_eq!((elsewhere("2.large"), elsewhere("inner/small")), (None, None));
        remove_folder(&at("inner")).unwrap();
        assert!(OtherFolder(there.clone()).list("").unwrap().is_empty());
        drop(crate::ScratchFolder::within(mirror.path()).unwrap());
        drop(mirror);
        replace(&folder.path().join("here/alone"), b"").unwrap();
        assert_eq!(elsewhere("alone"), None);
    }

    #[test]
    fn one_of_two_machines_creates_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (mirror, there) = mirrored(folder.path());
        let path = mirror.path().join("record");
        fs::write(there.join("record"), "theirs").unwrap();
        assert!(!create(&path, b"mine").unwrap());
        assert_eq!(read(&path).unwrap(), b"theirs");
        assert!(create(&mirror.path().join("other"), b"mine").unwrap());
        assert_eq!(fs::read(there.join("other")).unwrap(), b"mine");
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for name in ["../file", "/file", "a/../../file", ""] {
            assert!(require_inside(name).is_err(), "{name:?}");
        }
        assert!(require_inside("a/file").is_ok());
    }
}

//! A folder of this machine in the place of an object store.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tropex_files::RemoteFiles;

/// Files in a folder on the same machine.
pub(crate) struct OtherFolder(pub(crate) PathBuf);

impl RemoteFiles for OtherFolder {
    fn list(&self, within: &str) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push((name, fs::metadata(path)?.len())),
                }
            }
        }
        files.retain(|(name, _)| Path::new(name).starts_with(within));
        Ok(files)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.0.join(name))?.len())
    }

    fn download(&self, name: &str, to: &mut File) -> io::Result<()> {
        io::copy(&mut File::open(self.0.join(name))?, to).map(|_| ())
    }

    fn upload(&self, name: &str, from: &Path) -> io::Result<()> {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap())?;
        fs::copy(from, path).map(|_| ())
    }

    fn create(&self, name: &str, content: &[u8]) -> io::Result<bool> {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap())?;
        match path.exists() {
            true => Ok(false),
            false => fs::write(path, content).map(|()| true),
        }
    }

    fn copy(&self, from: &str, to: &str) -> io::Result<()> {
        fs::copy(self.0.join(from), self.0.join(to)).map(|_| ())
    }

    fn remove(&self, names: &[String]) -> io::Result<()> {
        for name in names {
            match fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

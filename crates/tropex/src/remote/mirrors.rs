//! The open mirrors of runs in object stores.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use tropex::extract::store::stays_remote;
use tropex_files::{MirroredFolder, ScratchFolder, remove_leftovers};
use tropex_object_store::ObjectFolder;

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

pub(super) fn open(url: &str, name: &str) -> anyhow::Result<PathBuf> {
    if let Some(found) = mirrors().open.iter().find(|found| found.url() == url) {
        return Ok(found.path().to_owned());
    }
    let remote = ObjectFolder::open(url)?;
    let parent = std::env::temp_dir();
    remove_leftovers(&parent);
    let scratch = ScratchFolder::within(&parent)
        .with_context(|| format!("cannot create a folder in {}", parent.display()))?;
    let folder = scratch.path().join(name);
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
            if tropex_files::remove_folder(&folder).is_ok() {
                break;
            }
        }
    }
}

//! Downloads from several mirrors that resume after an interruption.
//!
//! A file is downloaded as `NAME.part`, and renamed when its size and SHA-256 are right: a file
//! with its final name is complete. A lock on the folder keeps two processes from one `.part`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;
use tropex_files::{FolderLock, Holder, LockError, sha256_of};
use tropex_kernels::Cancelled;

#[cfg(test)]
pub(super) mod tests;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections to one mirror before the next mirror is tried. A broken download is resumed.
const ATTEMPTS: usize = 8;
const CHUNK: usize = 1 << 16;
/// Time between two attempts to lock the folder.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Smallest accepted speed of a server: 1 MB in two minutes.
const MINIMUM_SPEED: MinimumSpeed =
    MinimumSpeed { bytes: 1_000_000, time: Duration::from_secs(120) };

/// Progress of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownloadProgress<'a> {
    /// Another process downloads into the folder; reported repeatedly.
    Waiting {
        /// The process.
        holder: Holder,
    },
    /// Bytes arrive.
    Received {
        /// Name of the file.
        file: &'a str,
        /// Bytes received, including those of an earlier, interrupted download.
        received: u64,
        /// Bytes of the whole file.
        total: u64,
    },
}

/// A speed below which a server is given up.
#[derive(Debug, Clone, Copy)]
struct MinimumSpeed {
    /// Bytes that must arrive in this time.
    bytes: u64,
    /// Time for these bytes.
    time: Duration,
}

/// Called for every piece of a download; `Break` cancels the download.
pub type DownloadCallback<'a> = dyn Fn(DownloadProgress<'_>) -> ControlFlow<()> + 'a;

/// A file that mirrors offer under one name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemoteFile<'a> {
    pub(crate) name: &'a str,
    /// Bytes.
    pub(crate) size: u64,
    /// Checksum in lower-case hexadecimal.
    pub(crate) sha256: &'a str,
}

/// Why a file cannot be downloaded.
#[derive(Debug, Error)]
pub(crate) enum DownloadError {
    #[error("cannot write {path}: {error}")]
    Disk { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Lock(LockError),
    #[error("{}", .0.join("; "))]
    Mirrors(Vec<String>),
    #[error("cancelled")]
    Cancelled,
}

/// Why a connection did not complete a file.
#[derive(Debug, Error)]
enum TransferError {
    #[error("no connection: {0}")]
    Network(ureq::Error),
    #[error("the server answers with status {0}")]
    Status(u16),
    #[error("the server does not resume where asked")]
    Range,
    #[error("the server sends more or less than the {expected} bytes expected")]
    Size { expected: u64 },
    #[error("the connection broke after {received} of {expected} bytes")]
    Broken { received: u64, expected: u64 },
    #[error(
        "the server sent only {received} bytes in {} seconds, expected {}",
        patience.time.as_secs(), patience.bytes
    )]
    Slow { received: u64, patience: MinimumSpeed },
    #[error("SHA-256 is {found}, expected {expected}")]
    Checksum { found: String, expected: String },
    #[error("cannot write the file: {0}")]
    Disk(#[from] io::Error),
    #[error("cancelled")]
    Cancelled,
}

/// Downloads files into folders.
pub(crate) struct Downloader<'a> {
    agent: ureq::Agent,
    progress: Option<&'a DownloadCallback<'a>>,
    /// Time since the downloader was made.
    clock: Box<dyn Fn() -> Duration + 'a>,
}

impl<'a> Downloader<'a> {
    pub(crate) fn new(progress: Option<&'a DownloadCallback<'a>>) -> Self {
        Self::with_config(settings(CONNECT_TIMEOUT, READ_TIMEOUT).build(), progress)
    }

    fn with_config(
        config: ureq::config::Config,
        progress: Option<&'a DownloadCallback<'a>>,
    ) -> Self {
        let start = Instant::now();
        Self { agent: config.into(), progress, clock: Box::new(move || start.elapsed()) }
    }

    /// Puts `file` into `folder`, from the first of `mirrors` (addresses that end in `/`) that
    /// delivers it, unless it is there already.
    pub(crate) fn fetch(
        &self,
        file: &RemoteFile<'_>,
        mirrors: &[&str],
        folder: &Path,
    ) -> Result<PathBuf, DownloadError> {
        let disk = |error| DownloadError::Disk { path: folder.to_path_buf(), error };
        fs::create_dir_all(folder).map_err(disk)?;
        let _lock = self.lock(folder)?;
        let target = folder.join(file.name);
        if target.is_file() {
            return Ok(target);
        }
        let part = folder.join(format!("{}.part", file.name));
        let mut failures = Vec::new();
        for mirror in mirrors {
            match self.complete(file, mirror, &part) {
                Ok(()) => {
                    fs::rename(&part, &target).map_err(disk)?;
                    return Ok(target);
                }
                // Another mirror does not help against a full disk.
                Err(TransferError::Disk(error)) => return Err(disk(error)),
                Err(TransferError::Cancelled) => return Err(DownloadError::Cancelled),
                Err(problem) => failures.push(format!("{}: {problem}", host(mirror))),
            }
        }
        Err(DownloadError::Mirrors(failures))
    }

    /// Completes `part` from one mirror, with new connections as long as they make progress.
    fn complete(
        &self,
        file: &RemoteFile<'_>,
        mirror: &str,
        part: &Path,
    ) -> Result<(), TransferError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let before = size_of(part);
            let outcome = self.transfer(file, mirror, part).and_then(|()| verify(file, part));
            let Err(problem) = outcome else { return Ok(()) };
            let repeat = match problem {
                TransferError::Broken { received, .. } => received > before,
                // The rest of an earlier download was wrong and has been removed.
                TransferError::Range | TransferError::Checksum { .. } => before > 0,
                _ => false,
            };
            if !repeat || attempt == ATTEMPTS {
                return Err(problem);
            }
        }
    }

    /// One connection: appends the missing bytes to `part`, or starts it again.
    fn transfer(
        &self,
        file: &RemoteFile<'_>,
        mirror: &str,
        part: &Path,
    ) -> Result<(), TransferError> {
        let mut start = size_of(part);
        if start == file.size {
            return Ok(());
        }
        if start > file.size {
            start = 0;
        }
        let mut request = self.agent.get(format!("{mirror}{}", file.name));
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        let response = request.call().map_err(TransferError::Network)?;
        if let Err(problem) = resumes(&response, start) {
            remove(part)?;
            return Err(problem);
        }
        if response.status() == 200 {
            start = 0;
        } else if response.status() != 206 {
            return Err(TransferError::Status(response.status().as_u16()));
        }
        let announced = response.body().content_length();
        if announced.is_some_and(|length| length != file.size - start) {
            return Err(TransferError::Size { expected: file.size });
        }
        let mut output = OpenOptions::new().create(true).truncate(false).write(true).open(part)?;
        output.set_len(start)?;
        output.seek(SeekFrom::Start(start))?;
        self.copy(file, start, response.into_body().into_reader(), &mut output)?;
        Ok(output.sync_all()?)
    }

    /// Waits until no other process downloads into `folder`.
    fn lock(&self, folder: &Path) -> Result<FolderLock, DownloadError> {
        loop {
            match FolderLock::acquire(folder) {
                Err(LockError::Held { holder, .. }) => {
                    self.report(DownloadProgress::Waiting { holder })
                        .map_err(|Cancelled| DownloadError::Cancelled)?;
                    thread::sleep(LOCK_POLL_INTERVAL);
                }
                acquired => return acquired.map_err(DownloadError::Lock),
            }
        }
    }

    fn report(&self, progress: DownloadProgress<'_>) -> Result<(), Cancelled> {
        self.progress.map_or(Ok(()), |callback| Cancelled::check(callback(progress)))
    }

    /// Appends the body of a response to a file of `received` bytes.
    fn copy(
        &self,
        file: &RemoteFile<'_>,
        mut received: u64,
        mut body: impl Read,
        output: &mut File,
    ) -> Result<(), TransferError> {
        let mut chunk = vec![0; CHUNK];
        let (mut begun, mut before) = ((self.clock)(), received);
        loop {
            let total = file.size;
            self.report(DownloadProgress::Received { file: file.name, received, total })
                .map_err(|Cancelled| TransferError::Cancelled)?;
            let now = (self.clock)();
            if received - before >= MINIMUM_SPEED.bytes {
                (begun, before) = (now, received);
            } else if now.saturating_sub(begun) > MINIMUM_SPEED.time {
                return Err(TransferError::Slow {
                    received: received - before,
                    patience: MINIMUM_SPEED,
                });
            }
            // After a broken connection the received bytes are kept.
            let length = body.read(&mut chunk).unwrap_or(0);
            if length == 0 {
                break;
            }
            if received + length as u64 > file.size {
                output.set_len(0)?;
                return Err(TransferError::Size { expected: file.size });
            }
            output.write_all(&chunk[..length])?;
            received += length as u64;
        }
        if received < file.size {
            return Err(TransferError::Broken { received, expected: file.size });
        }
        Ok(())
    }
}

fn settings(
    connect: Duration,
    read: Duration,
) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        // Sizes and checksums are those of the stored files.
        .accept_encoding("identity")
        .user_agent("tropex")
        .timeout_resolve(Some(connect))
        .timeout_connect(Some(connect))
        .timeout_recv_response(Some(read))
        .timeout_per_read(Some(read))
}

/// Checks that a response to a request from byte `start` continues there or starts from zero.
fn resumes(response: &ureq::http::Response<ureq::Body>, start: u64) -> Result<(), TransferError> {
    let range = response.headers().get("content-range").and_then(|value| value.to_str().ok());
    let continues = range.is_some_and(|range| range.starts_with(&format!("bytes {start}-")));
    match response.status().as_u16() {
        206 if !continues => Err(TransferError::Range),
        416 => Err(TransferError::Range),
        _ => Ok(()),
    }
}

/// Verifies the checksum of a complete file; a wrong file is removed.
fn verify(file: &RemoteFile<'_>, part: &Path) -> Result<(), TransferError> {
    let found = sha256_of(File::open(part)?)?;
    if found == file.sha256 {
        return Ok(());
    }
    remove(part)?;
    Err(TransferError::Checksum { found, expected: file.sha256.to_string() })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn size_of(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

/// The name of the server in an address.
fn host(mirror: &str) -> &str {
    mirror.split('/').nth(2).unwrap_or(mirror)
}

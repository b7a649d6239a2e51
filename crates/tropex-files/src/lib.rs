//! Files, locks and memory, for all other crates.
//!
//! - [`replace()`] and [`replace_with`] write a file atomically: readers see the old or the new
//!   content.
//! - [`create`] writes a file that no later writer changes, and [`link_or_copy`] publishes a file
//!   under a second path; neither needs locks.
//! - [`open()`], [`read()`], [`length`], [`entries`], [`remove`] and [`remove_folder`] are for files
//!   that may be in a [`MirroredFolder`]: a folder whose files are kept elsewhere, [`kept_at`] a URL.
//! - [`remove_leftovers`] removes the temporary files of killed processes, and [`remove_own_files`]
//!   those of this process before it ends.
//! - [`FolderLock`] allows one process at a time to write to a folder.
//! - [`ScratchFolder`] is a temporary folder.
//! - [`sha256`], [`sha256_of`] and [`hex`] compute checksums.
//! - [`with_checksum`] makes content that carries its checksum, and [`checked()`] reads it.
//! - [`is_url`] tells a URL from a path.
//! - [`lfs_pointer`] recognises a pointer file of Git LFS.
//! - [`free_memory`] is the number of free bytes.

#[cfg(test)]
extern crate self as tropex_files; // for the files that tests of the whole share

mod access;
mod atomic_write;
mod checked;
mod checksum;
mod leftovers;
mod lfs;
mod lock;
mod memory;
mod mirror;
mod own;
mod publish;
mod replace;
mod scratch;
#[cfg(test)]
mod testing;
mod url;

pub use access::{entries, is_absent, length, open, read, remove, remove_folder};
pub use checked::{checked, with_checksum};
pub use checksum::{hex, sha256, sha256_of};
pub use leftovers::remove_leftovers;
pub use lfs::lfs_pointer;
pub use lock::{FolderLock, Holder, LockError, holder};
pub use memory::free_memory;
pub use mirror::{MirroredFolder, RemoteFiles, kept_at};
pub use own::remove_own_files;
pub use publish::{create, link_or_copy, publish_written};
pub use replace::{replace, replace_with};
pub use scratch::ScratchFolder;
pub use url::is_url;

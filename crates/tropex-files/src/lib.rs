//! What every other crate does with files, in one place.
//!
//! - [`replace()`] and [`replace_with`] write a file so that readers see the old content or the new
//!   one; [`remove_leftovers`] clears what killed processes were writing.
//! - [`remove_own_files`] does so for this process, which is about to end.
//! - [`FolderLock`] keeps two processes from writing to one folder.
//! - [`ScratchFolder`] is gone when it is no longer needed.
//! - [`sha256`], [`sha256_of`] and [`hex`] are the checksums of all formats.
//! - [`lfs_pointer`] tells a file that Git LFS left in place of the content.
//! - [`free_memory`] says how many bytes may still be taken.

mod checksum;
mod leftovers;
mod lfs;
mod lock;
mod memory;
mod own;
mod replace;
mod scratch;

pub use checksum::{hex, sha256, sha256_of};
pub use leftovers::remove_leftovers;
pub use lfs::lfs_pointer;
pub use lock::{FolderLock, Holder, LockError, holder};
pub use memory::free_memory;
pub use own::remove_own_files;
pub use replace::{replace, replace_with};
pub use scratch::ScratchFolder;

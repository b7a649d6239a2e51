//! Folders in S3 and compatible object stores.
//!
//! [`ObjectFolder::open`] finds the folder of a URL, and [`MirroredFolder`](tropex_files::MirroredFolder)
//! makes a folder of this machine its mirror:
//!
//! ```no_run
//! use tropex_files::{MirroredFolder, ScratchFolder};
//! use tropex_object_store::ObjectFolder;
//!
//! let remote = ObjectFolder::open("s3://bucket/runs/fcn4")?;
//! let scratch = ScratchFolder::within(&std::env::temp_dir())?;
//! let folder = MirroredFolder::new(scratch.path(), "s3://bucket/runs/fcn4", Box::new(remote), |_| false)?;
//! tropex_files::replace(&folder.path().join("file"), b"written to the bucket")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod object_folder;
mod url;

pub use error::OpenError;
pub use object_folder::ObjectFolder;

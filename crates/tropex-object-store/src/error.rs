//! Errors.

use std::io::{self, ErrorKind};

use object_store::Error as StoreError;
use thiserror::Error;

/// Why a URL cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not that of a folder in an object store.
    #[error("{url}: {reason}; expected s3://BUCKET/FOLDER")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A setting in the environment is wrong, or the runtime cannot start.
    #[error("cannot use {url}: {source}")]
    Setup {
        /// The URL.
        url: String,
        /// The cause.
        source: io::Error,
    },
}

/// An error of an object store, with the kind that a file system would give it and in one line.
pub(crate) fn io_error(error: StoreError) -> io::Error {
    let kind = match &error {
        StoreError::NotFound { .. } => ErrorKind::NotFound,
        StoreError::AlreadyExists { .. } => ErrorKind::AlreadyExists,
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            ErrorKind::PermissionDenied
        }
        StoreError::InvalidPath { .. } => ErrorKind::InvalidInput,
        _ => ErrorKind::Other,
    };
    let words: Vec<String> = error.to_string().split_whitespace().map(str::to_owned).collect();
    io::Error::new(kind, words.join(" ").trim_end_matches([':', ' ']))
}

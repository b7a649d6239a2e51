//! Labelled images: datasets, their files, and the options for opening them.
//!
//! [`open`] turns a name of [`DATASETS`] or `file:PATH` into a [`Dataset`]. To add a dataset: one
//! file in this folder with an `ENTRY`, and one line in [`DATASETS`] of `registry.rs`.

mod cifar;
mod dataset;
mod dataset_name;
mod download;
mod embedded;
mod entry;
mod error;
mod fashion_mnist;
mod fashion_mnist_32;
mod file;
mod file_error;
mod gzip;
mod idx;
mod idx_dataset;
mod idx_error;
mod image_layout;
mod images;
mod missing_classes;
mod mnist;
#[cfg(test)]
mod mutations;
mod open_options;
mod published;
mod registry;
mod regular_file;
mod shapes;
mod source;
mod subset;

pub use cifar::CifarError;
pub use dataset::Dataset;
pub use dataset_name::{FILE_PREFIX, is_relative, relative_to};
pub use download::{DownloadCallback, DownloadProgress};
pub use entry::DatasetEntry;
pub use error::DataError;
pub use file::as_planes;
pub use file_error::FileError;
pub use idx_error::IdxError;
pub use image_layout::looks_like_channels_last;
pub use image_layout::{ImageLayout, ParseImageLayoutError};
pub use images::{Images, ImagesError};
pub use open_options::{FileReadOptions, HoldOut, OpenOptions, ValueRange};
pub use registry::{DATASETS, open};
pub use shapes::Shapes;
pub use subset::{ParseSubsetRuleError, Subset, SubsetRule, SubsetSummary};

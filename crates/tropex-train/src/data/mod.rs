//! Labelled images, where they come from, and how they are read.

mod images;

pub use images::{Images, ImagesError};

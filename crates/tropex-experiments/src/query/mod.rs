//! Queries about the terms and regions of a run.

mod assign;
mod augmented_terms;
mod inspect_regions;
mod precision;
pub mod rays;
mod region_view;
mod similarity_tables;

pub use assign::{
    AssignSettings, AssignedImage, AssignedImages, RankedImage, assign, assign_joined, assign_part,
};
pub(crate) use augmented_terms::{classes_with_moved_terms, classes_with_summed_terms};
pub use inspect_regions::{
    InspectOptions, NearestBoundary, PathToImage, RegionInspection, RegionProgress, RegionShape,
    TouchingSides, inspect_regions,
};
pub use precision::{PrecisionCheck, PrecisionOutcome, precision};
pub use region_view::{RegionView, RegionViewSettings, SlicePlane};
pub(crate) use similarity_tables::{
    MEAN_ANGLE, NOTE, add_measures, angle_text, mean_angle, with_angle,
};

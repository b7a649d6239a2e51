//! Checks before a training or an evaluation.

use super::error::TrainError;
use crate::data::Images;
use crate::zoo::Classifier;

/// Refuses images that the network cannot read or classify.
pub(super) fn check_images(classifier: &Classifier, images: &Images) -> Result<(), TrainError> {
    let (shape, classes) = (images.shape(), images.classes());
    let (expected, expected_classes) = (classifier.input_shape(), classifier.classes());
    if shape == expected && classes == expected_classes {
        return Ok(());
    }
    Err(TrainError::Images { shape, classes, expected, expected_classes })
}

//! A dataset in memory.

use super::images::{Images, ImagesError};
use super::open_options::{FileReadOptions, HoldOut};
use super::subset::{SubsetRule, SubsetSummary};

/// Images for training and for testing, of one shape and with the same classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Name that it was opened by.
    pub name: String,
    /// Images to train on.
    pub train: Images,
    /// Images to test on.
    pub test: Images,
    /// Names of the classes; empty if they are not known.
    pub class_names: Vec<String>,
    /// Options that a `file:PATH` was read with; `None` for other datasets.
    pub reading: Option<FileReadOptions>,
    /// Warnings that a user should read before relying on the dataset.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// Describes the held-out test images; `None` if the dataset has a test split of its own.
    pub fn held_out(&self) -> Option<String> {
        let of = self.train.len() + self.test.len();
        let taken = |rule| SubsetSummary { count: self.test.len(), of, rule: Some(rule) };
        Some(match self.reading?.held_out? {
            HoldOut::Stratified => taken(SubsetRule::DEFAULT).describe("images"),
            HoldOut::Last => format!("the last {} of {of} images", self.test.len()),
        })
    }

    /// The dataset with the labels of its training images in a random order. The labels of the test
    /// images stay true.
    pub fn with_shuffled_labels(self, seed: u64) -> Self {
        Self { train: self.train.with_shuffled_labels(seed), ..self }
    }

    /// The dataset with more classes, for a network with more outputs than there are labels.
    ///
    /// # Errors
    /// [`ImagesError::LabelRange`]: the network has fewer outputs than there are labels.
    pub fn with_classes(self, classes: usize) -> Result<Self, ImagesError> {
        let (train, test) = (self.train.with_classes(classes)?, self.test.with_classes(classes)?);
        Ok(Self { train, test, ..self })
    }

    /// Name of a class, or its number if the name is not known.
    pub fn class_name(&self, class: usize) -> String {
        self.class_names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_without_names_are_numbers() {
        let images = Images::from_bytes([1, 1, 1], 2, vec![0, 1], vec![0, 1]).unwrap();
        let class_names = vec!["zero".to_string()];
        let data = Dataset {
            name: "d".into(),
            train: images.clone(),
            test: images,
            class_names,
            reading: None,
            warnings: Vec::new(),
        };
        assert_eq!((data.class_name(0), data.class_name(1)), ("zero".into(), "1".into()));
    }
}

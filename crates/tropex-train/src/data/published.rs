//! Properties of the published datasets, to recognise other files with their names.
//!
//! Several datasets use the file names of MNIST, and a folder may contain a part or a variant of a
//! dataset.

use std::path::Path;

use super::Dataset;

/// Properties of a published dataset.
#[derive(Debug)]
pub(super) struct PublishedDataset {
    name: &'static str,
    /// Numbers of training and test images.
    counts: [usize; 2],
    /// First labels of both splits.
    labels: [[u32; 10]; 2],
    /// Mean of all pixels of the training images, to four digits.
    mean: f64,
}

/// The labels are those of the published files. The means are those of the usual normalisation; for
/// CIFAR-10, the mean of 0.4914, 0.4822 and 0.4465.
static PUBLISHED: [PublishedDataset; 3] = [
    PublishedDataset {
        name: "mnist",
        counts: [60_000, 10_000],
        labels: [[5, 0, 4, 1, 9, 2, 1, 3, 1, 4], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]],
        mean: 0.1307,
    },
    PublishedDataset {
        name: "fashion-mnist",
        counts: [60_000, 10_000],
        labels: [[9, 0, 0, 3, 0, 2, 7, 2, 5, 5], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]],
        mean: 0.2860,
    },
    PublishedDataset {
        name: "cifar10",
        counts: [50_000, 10_000],
        labels: [[6, 9, 9, 4, 1, 1, 2, 7, 8, 3], [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]],
        mean: 0.4734,
    },
];

impl PublishedDataset {
    /// A warning if a dataset from the files in a folder is not the published dataset of its name.
    /// `None` if it is, or if the name is not in the table.
    pub(super) fn mismatch(dataset: &Dataset, folder: &Path) -> Option<String> {
        let known = PUBLISHED.iter().find(|known| known.name == dataset.name)?;
        let difference = known.difference(dataset)?;
        let other = PUBLISHED.iter().find(|other| other.difference(dataset).is_none());
        let which = match other {
            Some(other) => format!("they are those of {}", other.name),
            None => format!("results are not about {}", known.name),
        };
        let (folder, name) = (folder.display(), known.name);
        Some(format!(
            "the files in {folder} are not the published ones of {name}: {difference}; {which}"
        ))
    }

    /// Describes the first difference; `None` for the published dataset.
    fn difference(&self, dataset: &Dataset) -> Option<String> {
        let splits = [("training", &dataset.train), ("test", &dataset.test)];
        for (at, (split, images)) in splits.into_iter().enumerate() {
            let (found, expected) = (images.len(), self.counts[at]);
            if found != expected {
                return Some(format!("{found} {split} images instead of {expected}"));
            }
            let found = &images.labels()[..self.labels[at].len()];
            if found != self.labels[at] {
                return Some(format!(
                    "{split} labels {} instead of {}",
                    list(found),
                    list(&self.labels[at])
                ));
            }
        }
        let found = dataset.train.mean();
        // The published means have four digits.
        let is_near = (found - self.mean).abs() < 1.5e-4;
        (!is_near)
            .then(|| format!("mean of the training pixels {found:.4} instead of {:.4}", self.mean))
    }
}

/// The first labels, as in `5, 0, 4, ...`.
fn list(labels: &[u32]) -> String {
    let labels: Vec<_> = labels.iter().map(u32::to_string).collect();
    format!("{}, ...", labels.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::images::Images;
    use super::*;

    /// Images with the first labels and the mean of a published dataset.
    fn images(count: usize, labels: [u32; 10], mean: f64) -> Images {
        let labels = (0..count).map(|i| labels.get(i).copied().unwrap_or(0)).collect();
        let pixels = vec![mean as f32; count];
        Images::from_floats([1, 1, 1], 10, pixels, labels).unwrap()
    }

    fn dataset(name: &str, like: &PublishedDataset) -> Dataset {
        let [train, test] = [0, 1].map(|at| images(like.counts[at], like.labels[at], like.mean));
        Dataset {
            name: name.into(),
            train,
            test,
            class_names: Vec::new(),
            reading: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn published_files_are_recognised_under_any_name() {
        for known in &PUBLISHED {
            let own = dataset(known.name, known);
            assert_eq!(PublishedDataset::mismatch(&own, Path::new("data")), None);
            let unnamed = Dataset { name: "embedded".into(), ..own };
            assert_eq!(PublishedDataset::mismatch(&unnamed, Path::new("data")), None);
        }
        let sister = dataset("mnist", &PUBLISHED[1]);
        assert_eq!(
            PublishedDataset::mismatch(&sister, Path::new("data")).unwrap(),
            "the files in data are not the published ones of mnist: training labels 9, 0, 0, 3, 0, \
             2, 7, 2, 5, 5, ... instead of 5, 0, 4, 1, 9, 2, 1, 3, 1, 4, ...; they are those of \
             fashion-mnist"
        );
    }

    #[test]
    fn other_counts_labels_and_pixels_give_a_warning() {
        let mnist = &PUBLISHED[0];
        let own = dataset("mnist", mnist);
        let few = images(300, mnist.labels[1], mnist.mean);
        let dark = images(60_000, mnist.labels[0], 0.12);
        let [mut wrong, _] = mnist.labels;
        wrong[9] = 7;
        let wrong = images(60_000, wrong, mnist.mean);
        for (changed, expected) in [
            (Dataset { test: few, ..own.clone() }, ": 300 test images instead of 10000; results"),
            (Dataset { train: dark, ..own.clone() }, "pixels 0.1200 instead of 0.1307"),
            (Dataset { train: wrong, ..own.clone() }, "1, 3, 1, 7, ... instead of 5, 0, 4"),
        ] {
            let text = PublishedDataset::mismatch(&changed, Path::new("data")).unwrap();
            assert!(text.contains(expected), "{text}");
        }
    }
}

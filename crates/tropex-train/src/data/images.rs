//! Labelled images in memory, the form of every dataset.

use std::ops::Range;
use std::sync::OnceLock;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tropex_files::hex;

use super::subset::{Subset, SubsetRule};

/// Why images and labels are not a dataset.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ImagesError {
    /// The number of pixels is not that of the images.
    #[error("{pixels} pixels are not {count} images of {channels}x{height}x{width}")]
    PixelCount {
        /// Pixels in the buffer.
        pixels: usize,
        /// Number of labels.
        count: usize,
        /// Channels of an image.
        channels: usize,
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
    },
    /// A pixel is not in [0, 1].
    #[error(
        "pixel {index} is {value}, expected a number in [0, 1]; store the raw pixels, without the \
         normalisation that a network was trained with"
    )]
    PixelRange {
        /// Index of the pixel.
        index: usize,
        /// Value of the pixel.
        value: f32,
    },
    /// A value of a point is infinite or not a number.
    #[error("value {index} is {value}, expected a finite number")]
    NotFinite {
        /// Index of the value.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A label is not the number of a class.
    #[error("label {label} of image {index}, expected one of the {classes} classes 0 to {}", classes - 1)]
    LabelRange {
        /// Index of the image.
        index: usize,
        /// Label of the image.
        label: u32,
        /// Number of classes.
        classes: usize,
    },
    /// There are no images.
    #[error("no images")]
    Empty,
}

/// Stored pixels; a byte stands for `byte / 255`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pixels {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

/// Labelled images `[count, channels, height, width]` with values in [0, 1].
///
/// Bytes stay bytes until a batch is read, so 50,000 images of CIFAR-10 take 154 MB.
#[derive(Debug, Clone, PartialEq)]
pub struct Images {
    shape: [usize; 3],
    classes: usize,
    pixels: Pixels,
    labels: Vec<u32>,
    /// Labels before shuffling; `None` if the labels are not shuffled.
    true_labels: Option<Vec<u32>>,
    fingerprint: KnownFingerprint,
}

/// The fingerprint of images, once it is computed. It follows from the images, so it does not count
/// when they are compared.
#[derive(Debug, Clone, Default)]
struct KnownFingerprint(OnceLock<String>);

impl PartialEq for KnownFingerprint {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Images {
    /// Images from bytes, scaled by 1/255 when read; `shape` is `[channels, height, width]`.
    pub fn from_bytes(
        shape: [usize; 3],
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u32>,
    ) -> Result<Self, ImagesError> {
        Self::new(shape, classes, Pixels::Bytes(pixels), labels).checked()
    }

    /// Images from values in [0, 1]; `shape` is `[channels, height, width]`.
    pub fn from_floats(
        shape: [usize; 3],
        classes: usize,
        pixels: Vec<f32>,
        labels: Vec<u32>,
    ) -> Result<Self, ImagesError> {
        let outside = pixels.iter().position(|value| !(0.0..=1.0).contains(value));
        if let Some(index) = outside {
            return Err(ImagesError::PixelRange { index, value: pixels[index] });
        }
        Self::new(shape, classes, Pixels::Floats(pixels), labels).checked()
    }

    /// Points with values of any range. `shape` is `[channels, height, width]`, with leading ones
    /// for points with fewer axes.
    pub fn from_points(
        shape: [usize; 3],
        classes: usize,
        values: Vec<f32>,
        labels: Vec<u32>,
    ) -> Result<Self, ImagesError> {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(ImagesError::NotFinite { index, value: values[index] });
        }
        Self::new(shape, classes, Pixels::Floats(values), labels).checked()
    }

    /// The images with a larger number of classes. Some of these classes may have no images.
    ///
    /// # Errors
    /// [`ImagesError::LabelRange`]: a label is not below `classes`.
    pub fn with_classes(self, classes: usize) -> Result<Self, ImagesError> {
        Self { classes, fingerprint: KnownFingerprint::default(), ..self }.checked()
    }

    fn new(shape: [usize; 3], classes: usize, pixels: Pixels, labels: Vec<u32>) -> Self {
        let fingerprint = KnownFingerprint::default();
        Self { shape, classes, pixels, labels, true_labels: None, fingerprint }
    }

    /// The first channel of every image, padded with zeros to another height and width and repeated
    /// in every channel of the new shape.
    pub(super) fn zero_padded(&self, shape: [usize; 3]) -> Result<Self, ImagesError> {
        let pixels = match &self.pixels {
            Pixels::Bytes(bytes) => Pixels::Bytes(zero_padded(bytes, self.shape, shape)),
            Pixels::Floats(floats) => Pixels::Floats(zero_padded(floats, self.shape, shape)),
        };
        Self::new(shape, self.classes, pixels, self.labels.clone()).checked()
    }

    fn checked(self) -> Result<Self, ImagesError> {
        let pixels = match &self.pixels {
            Pixels::Bytes(bytes) => bytes.len(),
            Pixels::Floats(floats) => floats.len(),
        };
        let [channels, height, width] = self.shape;
        let count = self.labels.len();
        if count == 0 || self.features() == 0 {
            return Err(ImagesError::Empty);
        }
        if count.checked_mul(self.features()) != Some(pixels) {
            return Err(ImagesError::PixelCount { pixels, count, channels, height, width });
        }
        match self.labels.iter().position(|&label| label as usize >= self.classes) {
            Some(index) => Err(ImagesError::LabelRange {
                index,
                label: self.labels[index],
                classes: self.classes,
            }),
            None => Ok(self),
        }
    }

    /// Number of images.
    #[allow(clippy::len_without_is_empty)] // never empty: `checked` refuses it
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// `[channels, height, width]` of one image.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Values of one image: channels x height x width.
    pub fn features(&self) -> usize {
        self.shape.iter().product()
    }

    /// Number of classes that labels can name.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The label of every image.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The true classes: the labels before shuffling.
    pub fn true_labels(&self) -> &[u32] {
        self.true_labels.as_deref().unwrap_or(&self.labels)
    }

    /// A subset of `count` images, or of all images.
    ///
    /// The subset is stratified by the true classes: networks with true and with shuffled labels
    /// get the same images.
    pub fn subset(&self, count: Option<usize>, rule: SubsetRule) -> Subset {
        Subset::new(self.true_labels(), count, rule)
    }

    /// The images with these indices, in this order.
    ///
    /// # Panics
    /// An index is out of range.
    #[must_use]
    pub fn select(&self, indices: impl Iterator<Item = usize> + Clone) -> Self {
        let features = self.features();
        let spans = indices.clone().map(|index| index * features..(index + 1) * features);
        let pixels = match &self.pixels {
            Pixels::Bytes(bytes) => {
                Pixels::Bytes(spans.flat_map(|span| &bytes[span]).copied().collect())
            }
            Pixels::Floats(floats) => {
                Pixels::Floats(spans.flat_map(|span| &floats[span]).copied().collect())
            }
        };
        let of = |labels: &Vec<u32>| indices.clone().map(|index| labels[index]).collect();
        let true_labels = self.true_labels.as_ref().map(of);
        Self { true_labels, ..Self::new(self.shape, self.classes, pixels, of(&self.labels)) }
    }

    /// Mean of all values.
    pub(super) fn mean(&self) -> f64 {
        let sum = match &self.pixels {
            Pixels::Bytes(bytes) => {
                bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>() as f64 / 255.0
            }
            Pixels::Floats(floats) => floats.iter().map(|&value| f64::from(value)).sum(),
        };
        sum / (self.len() * self.features()) as f64
    }

    /// The images with their labels in a random order. Every class keeps its number of images, and
    /// the labels no longer depend on the images. Equal seeds give equal orders.
    pub fn with_shuffled_labels(mut self, seed: u64) -> Self {
        let true_labels = self.true_labels.take().unwrap_or_else(|| self.labels.clone());
        self.labels.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let fingerprint = KnownFingerprint::default();
        Self { true_labels: Some(true_labels), fingerprint, ..self }
    }

    /// Values in [0, 1] of a range of images, `[range.len(), features]` in row-major order.
    pub fn read(&self, range: Range<usize>) -> Vec<f32> {
        let features = self.features();
        let span = range.start * features..range.end * features;
        match &self.pixels {
            Pixels::Bytes(bytes) => bytes[span].iter().map(|&byte| scaled(byte)).collect(),
            Pixels::Floats(floats) => floats[span].to_vec(),
        }
    }

    /// Values in [0, 1] of one image.
    pub fn read_one(&self, index: usize) -> Vec<f32> {
        self.read(index..index + 1)
    }

    /// Values in [0, 1] of the images with these indices, `[indices.len(), features]`.
    pub fn gather(&self, indices: &[usize]) -> Vec<f32> {
        let images: Vec<_> = indices.iter().map(|&index| self.read_one(index)).collect();
        images.concat()
    }

    /// SHA-256 of shape, classes, pixels and labels, computed once.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.0.get_or_init(|| self.computed_fingerprint()).clone()
    }

    fn computed_fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for extent in self.shape.iter().chain([&self.classes, &self.len()]) {
            hash.update((*extent as u64).to_le_bytes());
        }
        match &self.pixels {
            Pixels::Bytes(bytes) => hash.update(bytes),
            Pixels::Floats(floats) => floats.iter().for_each(|v| hash.update(v.to_le_bytes())),
        }
        self.labels.iter().for_each(|label| hash.update(label.to_le_bytes()));
        hex(&hash.finalize())
    }
}

fn scaled(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

/// See [`Images::zero_padded`]. The new height and width are not smaller.
fn zero_padded<P: Copy + Default>(
    pixels: &[P],
    [channels, height, width]: [usize; 3],
    [planes, rows, columns]: [usize; 3],
) -> Vec<P> {
    let (above, before) = ((rows - height) / 2, (columns - width) / 2);
    let mut zero_padded =
        Vec::with_capacity(pixels.len() / (height * width) * planes * rows * columns);
    for image in pixels.chunks_exact(channels * height * width) {
        let mut plane = vec![P::default(); rows * columns];
        for (row, line) in image.chunks_exact(width).take(height).enumerate() {
            plane[(above + row) * columns + before..][..width].copy_from_slice(line);
        }
        (0..planes).for_each(|_| zero_padded.extend_from_slice(&plane));
    }
    zero_padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_padding_centres_the_image_in_every_channel() {
        let images = Images::from_bytes([1, 2, 2], 2, vec![1, 2, 3, 4, 5, 6, 7, 8], vec![0, 1]);
        let zero_padded = images.unwrap().zero_padded([2, 4, 4]).unwrap();
        let plane = |[a, b, c, d]: [u8; 4]| [0, 0, 0, 0, 0, a, b, 0, 0, c, d, 0, 0, 0, 0, 0];
        let expected: Vec<f32> = [[1, 2, 3, 4], [1, 2, 3, 4], [5, 6, 7, 8], [5, 6, 7, 8]]
            .into_iter()
            .flat_map(plane)
            .map(|byte| f32::from(byte) / 255.0)
            .collect();
        assert!((zero_padded.mean() - 36.0 / 32.0 / 2.0 / 255.0 * 2.0).abs() < 1e-12);
        assert_eq!(zero_padded.read(0..2), expected);
        assert_eq!((zero_padded.shape(), zero_padded.labels()), ([2, 4, 4], &[0, 1][..]));
    }

    #[test]
    fn subsets_are_stratified_by_true_classes() {
        let labels: Vec<u32> = (0..600).map(|image| image / 60).collect();
        let pixels = (0..1200).map(|at| (at / 2) as u8).collect();
        let images = Images::from_bytes([1, 1, 2], 10, pixels, labels).unwrap();
        let shuffled = images.clone().with_shuffled_labels(3);
        let subset = images.subset(Some(100), SubsetRule::DEFAULT);
        assert_eq!(shuffled.subset(Some(100), SubsetRule::DEFAULT), subset);
        let (part, other) = (images.select(subset.indices()), shuffled.select(subset.indices()));
        for class in 0..10 {
            let count = part.labels().iter().filter(|&&label| label == class).count();
            assert_eq!(count, 10);
        }
        assert_eq!((part.read(0..100), part.labels()), (other.read(0..100), other.true_labels()));
        assert_ne!(part.labels(), other.labels());
        assert_ne!(shuffled.fingerprint(), images.fingerprint());
        let more = images.clone().with_classes(11).unwrap();
        assert_ne!(more.fingerprint(), images.fingerprint());
        assert_eq!(images, images.clone());
        assert_eq!(part.read(7..8), images.read(subset.index(7)..subset.index(7) + 1));
    }
}

//! Images as points.

use std::ops::Range;

use tropex_extract::PointSource;
use tropex_extract::points::PointSubset;
use tropex_extract::store::TermsHeader;
use tropex_train::data::{Images, Subset, SubsetRule, SubsetSummary};

/// Images of a split as a source of points.
#[derive(Clone, Debug)]
pub struct ImagePoints<'a> {
    images: &'a Images,
    subset: Subset,
}

impl<'a> ImagePoints<'a> {
    /// All images, or `limit` of them with every class in proportion.
    pub fn new(images: &'a Images, limit: Option<usize>) -> Self {
        Self::of_subset(images, images.subset(limit, SubsetRule::DEFAULT))
    }

    /// The images of a subset.
    pub fn of_subset(images: &'a Images, subset: Subset) -> Self {
        Self { images, subset }
    }

    /// The images whose terms a store contains. A store of an earlier version contains the terms of
    /// the first images. `None` if the terms belong to other images.
    pub fn of_terms(images: &'a Images, terms: &TermsHeader) -> Option<Self> {
        let rule = match &terms.subset {
            None => SubsetRule::First,
            Some(subset) => subset.rule.parse().ok()?,
        };
        let points = Self::of_subset(images, images.subset(Some(terms.points), rule));
        let is_same = points.len() == terms.points && points.subset() == terms.subset;
        is_same.then_some(points)
    }

    /// `count` of the images with every class in proportion, or all if there are fewer.
    #[must_use]
    pub fn smaller(&self, count: usize) -> Self {
        let subset = self.subset.smaller(self.images.true_labels(), count);
        Self { images: self.images, subset }
    }

    /// Position among these images of an image of the split.
    pub fn position(&self, index: usize) -> Option<usize> {
        self.subset.position(index)
    }

    /// The subset of the split.
    pub fn chosen(&self) -> Subset {
        self.subset.clone()
    }

    /// A summary of the subset.
    pub fn summary(&self) -> SubsetSummary {
        self.subset.summary()
    }

    /// Values of some images.
    ///
    /// # Shapes
    /// - returns `[points.len(), features]`
    pub fn gather(&self, points: &[usize]) -> Vec<f32> {
        points.iter().flat_map(|&point| self.images.read_one(self.index(point))).collect()
    }

    /// Labels of the images.
    pub fn labels(&self) -> Vec<usize> {
        (0..self.len()).map(|point| self.label(point)).collect()
    }
}

impl PointSource for ImagePoints<'_> {
    fn len(&self) -> usize {
        self.subset.len()
    }

    fn features(&self) -> usize {
        self.images.features()
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        if self.subset.is_all() {
            return self.images.read(range);
        }
        range.flat_map(|point| self.images.read_one(self.index(point))).collect()
    }

    fn label(&self, point: usize) -> usize {
        self.images.labels()[self.index(point)] as usize
    }

    /// The fingerprint of all images of the split; [`PointSource::subset`] identifies the subset.
    fn fingerprint(&self) -> String {
        self.images.fingerprint()
    }

    fn index(&self, point: usize) -> usize {
        self.subset.index(point)
    }

    fn subset(&self) -> Option<PointSubset> {
        let rule = self.subset.rule();
        let is_first = self.subset.is_all() || rule == SubsetRule::First;
        let indices = self.subset.indices();
        (!is_first).then(|| PointSubset::new(rule.to_string(), self.subset.of(), indices))
    }

    /// A sample with every class in proportion.
    fn sample(&self, count: usize) -> Vec<usize> {
        let smaller = self.smaller(count).subset;
        smaller.indices().filter_map(|index| self.position(index)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten classes one after the other with 60 images each; the value of image `i` is `i / 600`.
    fn images() -> Images {
        let pixels = (0..600).map(|image| image as f32 / 600.0).collect();
        let labels = (0..600).map(|image| image / 60).collect();
        Images::from_floats([1, 1, 1], 10, pixels, labels).unwrap()
    }

    fn header(points: &ImagePoints<'_>) -> TermsHeader {
        serde_json::from_value(serde_json::json!({
            "network": "", "source": points.fingerprint(), "gauge": "worst-case",
            "subset": points.subset(), "precision": "f32", "classes": "predicted",
            "class_count": 10, "input_shape": [1], "points": points.len(), "shard_points": 8,
        }))
        .unwrap()
    }

    #[test]
    fn values_and_labels_belong_to_the_index() {
        let images = images();
        let points = ImagePoints::new(&images, Some(50));
        for point in 0..50 {
            let index = points.index(point);
            assert_eq!(points.read(point..point + 1), images.read(index..index + 1));
            assert_eq!(points.gather(&[point]), images.read(index..index + 1));
            assert_eq!(points.label(point), index / 60);
            assert_eq!(points.position(index), Some(point));
        }
        assert_eq!(points.labels().iter().filter(|&&label| label == 9).count(), 5);
    }

    #[test]
    fn samples_contain_every_class() {
        let images = images();
        let old = ImagePoints::of_subset(&images, images.subset(Some(120), SubsetRule::First));
        for (points, classes) in [
            (ImagePoints::new(&images, None), 10),
            (ImagePoints::new(&images, Some(200)), 10),
            (old, 2),
        ] {
            let chosen = points.sample(40);
            assert!(chosen.len() == 40 && chosen.is_sorted_by(|a, b| a < b));
            for class in 0..classes {
                let count = chosen.iter().filter(|&&point| points.label(point) == class).count();
                assert_eq!(count, 40 / classes);
            }
            assert_eq!(points.sample(1000), (0..points.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn terms_are_matched_with_their_images() {
        let images = images();
        for limit in [None, Some(100)] {
            let points = ImagePoints::new(&images, limit);
            let found = ImagePoints::of_terms(&images, &header(&points)).unwrap();
            assert_eq!(found.summary(), points.summary());
        }
        // A store of an earlier version.
        let old = TermsHeader { subset: None, ..header(&ImagePoints::new(&images, Some(100))) };
        let found = ImagePoints::of_terms(&images, &old).unwrap();
        assert_eq!(found.summary().describe("images"), "the first 100 of 600 images");
        assert_eq!(found.labels()[99], 1);
        let mut other = header(&ImagePoints::new(&images, Some(100)));
        other.subset.as_mut().unwrap().sha256 = "0".into();
        assert!(ImagePoints::of_terms(&images, &other).is_none());
        assert!(ImagePoints::of_terms(&images, &TermsHeader { points: 601, ..old }).is_none());
    }
}

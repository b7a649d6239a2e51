//! Generated images: ten shapes on textured backgrounds, 32 x 32 in colour.
//!
//! The class is the shape. Position, rotation, area, the two colours (the shape may be lighter or
//! darker), texture and grain are random, with one distribution for all classes. An image depends
//! on the seed, the split and its own index only: sets are generated in parallel, and a larger set
//! starts with the smaller one. Only basic IEEE arithmetic and square roots are used: a seed gives
//! equal bytes on every platform.

mod outline;
mod rng;
mod texture;

use rayon::prelude::*;

use super::error::DataError;
use super::images::Images;
use super::{Dataset, DatasetEntry, OpenOptions};
use outline::{OUTLINES, PlacedOutline};
use rng::ImageRng;
use texture::{SIDE, Texture, grain};

pub(crate) const ENTRY: DatasetEntry = DatasetEntry {
    name: "shapes",
    summary: "generated shapes on textured backgrounds, 20,000 + 4,000 colour images of 32 x 32",
    shape: SHAPE,
    classes: OUTLINES.len(),
    open,
};

const PLANE: usize = SIDE * SIDE;
const SHAPE: [usize; 3] = [3, SIDE, SIDE];
/// Smallest and largest area of a shape, in pixels.
const AREA: [f32; 2] = [70.0, 150.0];
/// Least distance of the two colours in the unit cube.
const CONTRAST: f32 = 0.45;

/// Sizes and seed of a generated set. The classes take turns: ten consecutive images have all
/// classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shapes {
    /// Seed of the images.
    pub seed: u64,
    /// Images to train on, at least one.
    pub train: usize,
    /// Images to test on, at least one.
    pub test: usize,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { seed: 0, train: 20_000, test: 4_000 }
    }
}

impl Shapes {
    /// Generates the images.
    ///
    /// # Errors
    /// A split is empty.
    pub fn generate(&self) -> Result<Dataset, DataError> {
        Ok(Dataset {
            name: ENTRY.name.to_string(),
            train: self.split(0, self.train)?,
            test: self.split(1, self.test)?,
            class_names: OUTLINES.iter().map(|figure| figure.name.to_string()).collect(),
            reading: None,
            warnings: Vec::new(),
        })
    }

    fn split(&self, split: u64, count: usize) -> Result<Images, DataError> {
        let mut pixels = vec![0; count * 3 * PLANE];
        pixels.par_chunks_mut(3 * PLANE).enumerate().for_each(|(i, image)| {
            draw(image, class_of(i), &mut ImageRng::new(self.seed, split, i as u64));
        });
        let labels = (0..count).map(|i| class_of(i) as u32).collect();
        Images::from_bytes(SHAPE, OUTLINES.len(), pixels, labels)
            .map_err(|problem| DataError::Images { place: ENTRY.name.to_string(), problem })
    }
}

fn open(_: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    Shapes::default().generate()
}

fn class_of(index: usize) -> usize {
    index % OUTLINES.len()
}

/// Fills `image` `[3, SIDE, SIDE]` with a shape of the class.
fn draw(image: &mut [u8], class: usize, random: &mut ImageRng) {
    let figure = PlacedOutline::draw(&OUTLINES[class], AREA, SIDE as f32, random);
    let (below, above) = contrasting(random);
    let below = Texture::draw(below, random);
    let above = Texture::draw(above, random);
    let salt = random.bits();
    for position in 0..PLANE {
        let [x, y] = [(position % SIDE) as f32 + 0.5, (position / SIDE) as f32 + 0.5];
        let coverage = figure.coverage(x, y);
        let color = if coverage == 0.0 {
            below.color(x, y)
        } else if coverage == 1.0 {
            above.color(x, y)
        } else {
            mixed(below.color(x, y), above.color(x, y), coverage)
        };
        let noise = grain(salt, position as u32);
        image[position] = byte(color[0] + noise[0]);
        image[PLANE + position] = byte(color[1] + noise[1]);
        image[2 * PLANE + position] = byte(color[2] + noise[2]);
    }
}

/// The nearest byte; values outside [0, 1] become 0 or 255.
fn byte(value: f32) -> u8 {
    (value * 255.0 + 0.5) as u8
}

/// Two random colours of the cube [0.1, 0.9]³ with a least distance.
fn contrasting(random: &mut ImageRng) -> ([f32; 3], [f32; 3]) {
    loop {
        let [a, b] = [(); 2].map(|()| [(); 3].map(|()| random.between(0.1, 0.9)));
        let squares: f32 = (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum();
        if squares >= CONTRAST * CONTRAST {
            return (a, b);
        }
    }
}

fn mixed(below: [f32; 3], above: [f32; 3], coverage: f32) -> [f32; 3] {
    [0, 1, 2].map(|i| below[i] + coverage * (above[i] - below[i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Shapes = Shapes { seed: 0, train: 400, test: 100 };

    #[test]
    fn the_seed_decides() {
        let first = SMALL.generate().unwrap();
        assert!(first == SMALL.generate().unwrap());
        let other = Shapes { seed: 1, ..SMALL }.generate().unwrap();
        assert_ne!(first.train.fingerprint(), other.train.fingerprint());
        assert_ne!(first.train.read(0..100), first.test.read(0..100));
    }

    #[test]
    fn the_same_bytes_everywhere() {
        let data = Shapes { train: 100, test: 10, ..SMALL }.generate().unwrap();
        assert_eq!(&data.train.fingerprint()[..16], "a43a024c9dc12a85");
    }

    #[test]
    fn a_larger_set_starts_with_the_smaller() {
        let small = Shapes { train: 37, test: 1, ..SMALL }.generate().unwrap();
        let large = SMALL.generate().unwrap();
        assert!(large.train.select(0..37) == small.train);
    }

    #[test]
    fn classes_are_balanced() {
        let data = SMALL.generate().unwrap();
        for class in 0..10 {
            assert_eq!(data.train.labels().iter().filter(|&&l| l == class).count(), 40);
            assert_eq!(data.test.labels().iter().filter(|&&l| l == class).count(), 10);
        }
    }

    #[test]
    fn brightness_and_contrast_do_not_depend_on_the_class() {
        let data = Shapes { train: 3000, test: 1, ..SMALL }.generate().unwrap().train;
        let mut means = [0.0f64; 10];
        let mut spreads = [0.0f64; 10];
        for (i, &label) in data.labels().iter().enumerate() {
            let pixels = data.read(i..i + 1);
            let mean = pixels.iter().map(|&v| f64::from(v)).sum::<f64>() / pixels.len() as f64;
            let square = pixels.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>();
            means[label as usize] += mean / 300.0;
            spreads[label as usize] += (square / pixels.len() as f64).sqrt() / 300.0;
        }
        for class in 0..10 {
            assert!((means[class] - 0.5).abs() < 0.04, "{means:?}");
            assert!((spreads[class] / spreads[0] - 1.0).abs() < 0.12, "{spreads:?}");
        }
    }

    #[test]
    fn an_empty_split_is_refused() {
        let error = Shapes { test: 0, ..SMALL }.generate().unwrap_err();
        assert!(error.to_string().starts_with("shapes: no images"));
    }
}

//! Images moved within their frame.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::ImagePoints;

/// What stands where a moved image leaves its frame empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Zero.
    Zero,
    /// The nearest pixel of the image.
    Nearest,
}

impl Fill {
    /// Name in tables and figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero fill",
            Self::Nearest => "nearest fill",
        }
    }
}

/// Moves images by the mean of several shifts: with one shift they are moved, with several also
/// blurred. Reads as a source of points, so that nothing is kept in memory.
#[derive(Clone, Debug)]
pub struct Shifted<'a> {
    points: ImagePoints<'a>,
    shape: [usize; 3],
    shifts: &'a [[i32; 2]],
    fill: Fill,
}

impl<'a> Shifted<'a> {
    /// Images `[channels, height, width]` moved by `[down, right]` pixels.
    pub fn new(
        points: ImagePoints<'a>,
        shape: [usize; 3],
        shifts: &'a [[i32; 2]],
        fill: Fill,
    ) -> Self {
        Self { points, shape, shifts, fill }
    }
}

impl PointSource for Shifted<'_> {
    fn len(&self) -> usize {
        self.points.len()
    }

    fn features(&self) -> usize {
        self.points.features()
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        let images = self.points.read(range);
        let mut sums = vec![0.0; images.len()];
        for &shift in self.shifts {
            let images = images.chunks_exact(self.features());
            for (image, sum) in images.zip(sums.chunks_exact_mut(self.features())) {
                add_shifted(image, self.shape, shift, self.fill, sum);
            }
        }
        let count = self.shifts.len() as f32;
        sums.iter_mut().for_each(|sum| *sum /= count);
        sums
    }

    fn label(&self, point: usize) -> usize {
        self.points.label(point)
    }

    /// That of the images: what is moved is known besides.
    fn fingerprint(&self) -> String {
        self.points.fingerprint()
    }
}

/// Adds an image, moved by `[down, right]` pixels, to a sum.
fn add_shifted(
    image: &[f32],
    [channels, height, width]: [usize; 3],
    [down, right]: [i32; 2],
    fill: Fill,
    sum: &mut [f32],
) {
    for channel in 0..channels {
        for row in 0..height {
            let Some(from_row) = source(row, down, height, fill) else { continue };
            let to = (channel * height + row) * width;
            let from = (channel * height + from_row) * width;
            for column in 0..width {
                if let Some(from_column) = source(column, right, width, fill) {
                    sum[to + column] += image[from + from_column];
                }
            }
        }
    }
}

/// Where a place of a moved row or column comes from; none where nothing is there.
fn source(place: usize, shift: i32, extent: usize, fill: Fill) -> Option<usize> {
    let from = place as i64 - i64::from(shift);
    let last = extent as i64 - 1;
    match fill {
        Fill::Zero => (0..=last).contains(&from).then_some(from as usize),
        Fill::Nearest => Some(from.clamp(0, last) as usize),
    }
}

/// All pairs of two of some numbers: shifts down and to the right.
pub fn square(numbers: &[i32]) -> Vec<[i32; 2]> {
    let row = |&down: &i32| numbers.iter().map(move |&right| [down, right]);
    numbers.iter().flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(shift: [i32; 2], fill: Fill) -> Vec<f32> {
        let image: Vec<f32> = (1..=6).map(|value| value as f32).collect();
        let mut sum = vec![0.0; 6];
        add_shifted(&image, [1, 2, 3], shift, fill, &mut sum);
        sum
    }

    #[test]
    fn images_move_down_and_right() {
        assert_eq!(shifted([0, 0], Fill::Zero), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(shifted([1, 0], Fill::Zero), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(shifted([0, -1], Fill::Zero), [2.0, 3.0, 0.0, 5.0, 6.0, 0.0]);
        assert_eq!(shifted([1, 1], Fill::Nearest), [1.0, 1.0, 2.0, 1.0, 1.0, 2.0]);
        assert_eq!(shifted([0, 9], Fill::Zero), [0.0; 6]);
        assert_eq!(shifted([0, -9], Fill::Nearest), [3.0, 3.0, 3.0, 6.0, 6.0, 6.0]);
    }

    #[test]
    fn a_term_on_a_moved_image_is_the_term_moved_back() {
        let term = [2.0, -1.0, 0.5, 3.0, 0.25, -4.0];
        for shift in square(&[-2, -1, 0, 1]) {
            let moved = shifted(shift, Fill::Zero);
            let mut back = vec![0.0; 6];
            add_shifted(&term, [1, 2, 3], shift.map(|pixels| -pixels), Fill::Zero, &mut back);
            let image = (1..=6).map(|value| value as f32);
            let on_moved: f32 = term.iter().zip(&moved).map(|(a, x)| a * x).sum();
            let moved_back: f32 = back.iter().zip(image).map(|(a, x)| a * x).sum();
            assert_eq!(on_moved, moved_back);
        }
    }
}

//! Images moved within their frame.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use super::image_points::ImagePoints;

/// The values of the part of the frame that a moved image no longer covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeFill {
    /// Zero.
    Zero,
    /// The nearest pixel of the image.
    Nearest,
}

impl Display for EdgeFill {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EdgeFill {
    /// Name in tables and figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero fill",
            Self::Nearest => "nearest fill",
        }
    }
}

/// Images that are moved by one shift, or replaced by the mean of copies moved by several shifts.
/// The moved images are computed when they are read.
#[derive(Clone, Debug)]
pub struct ShiftedImages<'a> {
    points: ImagePoints<'a>,
    shape: [usize; 3],
    shifts: &'a [[i32; 2]],
    fill: EdgeFill,
}

impl<'a> ShiftedImages<'a> {
    /// Images of shape `[channels, height, width]`, moved by `[down, right]` pixels.
    pub fn new(
        points: ImagePoints<'a>,
        shape: [usize; 3],
        shifts: &'a [[i32; 2]],
        fill: EdgeFill,
    ) -> Self {
        Self { points, shape, shifts, fill }
    }
}

impl PointSource for ShiftedImages<'_> {
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

    /// The fingerprint of the images that are moved.
    fn fingerprint(&self) -> String {
        self.points.fingerprint()
    }
}

/// Adds an image, moved by `[down, right]` pixels, to a sum.
fn add_shifted(
    image: &[f32],
    [channels, height, width]: [usize; 3],
    [down, right]: [i32; 2],
    fill: EdgeFill,
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

/// The source row or column of a row or column of the frame; `None` if the frame is empty there.
fn source(place: usize, shift: i32, extent: usize, fill: EdgeFill) -> Option<usize> {
    let from = place as i64 - i64::from(shift);
    let last = extent as i64 - 1;
    match fill {
        EdgeFill::Zero => (0..=last).contains(&from).then_some(from as usize),
        EdgeFill::Nearest => Some(from.clamp(0, last) as usize),
    }
}

/// All pairs of numbers, as shifts down and to the right.
pub fn shift_pairs(numbers: &[i32]) -> Vec<[i32; 2]> {
    let row = |&down: &i32| numbers.iter().map(move |&right| [down, right]);
    numbers.iter().flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(shift: [i32; 2], fill: EdgeFill) -> Vec<f32> {
        let image: Vec<f32> = (1..=6).map(|value| value as f32).collect();
        let mut sum = vec![0.0; 6];
        add_shifted(&image, [1, 2, 3], shift, fill, &mut sum);
        sum
    }

    #[test]
    fn images_move_down_and_right() {
        assert_eq!(shifted([0, 0], EdgeFill::Zero), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(shifted([1, 0], EdgeFill::Zero), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(shifted([0, -1], EdgeFill::Zero), [2.0, 3.0, 0.0, 5.0, 6.0, 0.0]);
        assert_eq!(shifted([1, 1], EdgeFill::Nearest), [1.0, 1.0, 2.0, 1.0, 1.0, 2.0]);
        assert_eq!(shifted([0, 9], EdgeFill::Zero), [0.0; 6]);
        assert_eq!(shifted([0, -9], EdgeFill::Nearest), [3.0, 3.0, 3.0, 6.0, 6.0, 6.0]);
    }

    #[test]
    fn a_term_on_a_moved_image_is_the_term_moved_back() {
        let term = [2.0, -1.0, 0.5, 3.0, 0.25, -4.0];
        for shift in shift_pairs(&[-2, -1, 0, 1]) {
            let moved = shifted(shift, EdgeFill::Zero);
            let mut back = vec![0.0; 6];
            add_shifted(&term, [1, 2, 3], shift.map(|pixels| -pixels), EdgeFill::Zero, &mut back);
            let image = (1..=6).map(|value| value as f32);
            let on_moved: f32 = term.iter().zip(&moved).map(|(a, x)| a * x).sum();
            let moved_back: f32 = back.iter().zip(image).map(|(a, x)| a * x).sum();
            assert_eq!(on_moved, moved_back);
        }
    }
}

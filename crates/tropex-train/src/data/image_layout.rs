//! The order of the axes of images in a file.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The order of the axes of images in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ImageLayout {
    /// `[count, channels, height, width]`, the layout of PyTorch.
    Nchw,
    /// `[count, height, width, channels]`, the layout of TensorFlow and of image files.
    Nhwc,
}

impl ImageLayout {
    /// Name on the command line and in `config.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nchw => "nchw",
            Self::Nhwc => "nhwc",
        }
    }

    /// `[channels, height, width]` of images whose last three axes have the given extents.
    pub(super) fn shape(self, [first, second, third]: [usize; 3]) -> [usize; 3] {
        match self {
            Self::Nchw => [first, second, third],
            Self::Nhwc => [third, first, second],
        }
    }

    /// Moves values into the order channels, rows, columns; `shape` is `[channels, height, width]`.
    pub(super) fn channels_first<T: Copy>(self, values: Vec<T>, shape: [usize; 3]) -> Vec<T> {
        let ([channels, height, width], Self::Nhwc) = (shape, self) else { return values };
        let area = height * width;
        let image = |image: usize| {
            let places = (0..channels).flat_map(move |c| (0..area).map(move |p| p * channels + c));
            places.map(move |place| image * area * channels + place)
        };
        (0..values.len() / (area * channels)).flat_map(image).map(|at| values[at]).collect()
    }
}

/// Whether `[first, second, third]` is more likely `[height, width, channels]` than `[channels,
/// height, width]`: the last extent is a number of colours, the others look like a height and a
/// width.
pub fn looks_like_channels_last([first, second, third]: [usize; 3]) -> bool {
    let is_picture = if first == second { first > third } else { first.min(second) >= 5 };
    (1..=4).contains(&third) && second > third && is_picture
}

impl fmt::Display for ImageLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is not the name of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "expected nchw ([count, channels, height, width]) or nhwc ([count, height, width, channels])"
)]
pub struct ParseImageLayoutError;

impl FromStr for ImageLayout {
    type Err = ParseImageLayoutError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "nchw" => Ok(Self::Nchw),
            "nhwc" => Ok(Self::Nhwc),
            _ => Err(ParseImageLayoutError),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pictures_with_their_colours_last_are_recognised() {
        for last in [[32, 32, 3], [28, 28, 1], [224, 224, 3], [48, 64, 4], [5, 7, 1], [4, 4, 1]] {
            assert!(looks_like_channels_last(last), "{last:?}");
        }
        for first in [
            [3, 32, 32],
            [1, 28, 28],
            [1, 1, 1],
            [784, 1, 1],
            [2, 1, 1],
            [1, 2, 2],
            [3, 3, 3],
            [3, 4, 4],
            [64, 7, 7],
            [1, 5, 4],
        ] {
            assert!(!looks_like_channels_last(first), "{first:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for layout in [ImageLayout::Nchw, ImageLayout::Nhwc] {
            assert_eq!(layout.to_string().parse(), Ok(layout));
        }
        assert!("hwc".parse::<ImageLayout>().unwrap_err().to_string().contains("nhwc"));
    }

    proptest! {
        #[test]
        fn channels_last_are_transposed(
            count in 1..4_usize,
            [height, width, channels] in [1..5_usize, 1..5_usize, 1..5_usize],
        ) {
            let values: Vec<usize> = (0..count * height * width * channels).collect();
            let shape = ImageLayout::Nhwc.shape([height, width, channels]);
            prop_assert_eq!(shape, [channels, height, width]);
            let moved = ImageLayout::Nhwc.channels_first(values.clone(), shape);
            for image in 0..count {
                for (row, column) in (0..height).flat_map(|r| (0..width).map(move |c| (r, c))) {
                    for channel in 0..channels {
                        let from = ((image * height + row) * width + column) * channels + channel;
                        let to = ((image * channels + channel) * height + row) * width + column;
                        prop_assert_eq!(moved[to], values[from]);
                    }
                }
            }
            prop_assert_eq!(ImageLayout::Nchw.channels_first(values.clone(), shape), values);
        }
    }
}

//! Grids of small images.

use serde::{Deserialize, Serialize};

use super::colour::Colour;
use super::colour_scale::diverging;
use super::drawing::{Drawing, Shape, TextAnchor, TextStyle};
use super::frame::WIDTH;
use super::png::Image;

/// Small images in rows and columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageGrid {
    /// Number of columns.
    pub columns: usize,
    /// The images, row by row.
    pub pictures: Vec<CaptionedImage>,
}

/// A small image with a caption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PictureRecord", into = "PictureRecord")]
pub struct CaptionedImage {
    /// Lines below the image.
    pub caption: Vec<String>,
    /// The image.
    pub image: Image,
}

/// An image as a file contains it. Pages include the image, so reading checks every pixel.
#[derive(Serialize, Deserialize)]
struct PictureRecord {
    caption: Vec<String>,
    width: usize,
    height: usize,
    /// A PNG file in base64.
    png: String,
}

impl TryFrom<PictureRecord> for CaptionedImage {
    type Error = String;

    fn try_from(record: PictureRecord) -> Result<Self, String> {
        let PictureRecord { caption, width, height, png } = record;
        let image = Image::read(width, height, &png);
        image
            .map(|image| Self { caption, image })
            .map_err(|reason| format!("a picture is {reason}"))
    }
}

impl From<CaptionedImage> for PictureRecord {
    fn from(CaptionedImage { caption, image }: CaptionedImage) -> Self {
        let (width, height) = (image.width(), image.height());
        Self { caption, width, height, png: image.base64() }
    }
}

impl CaptionedImage {
    /// An image with values in [0, 1]. Three channels are red, green and blue; of any other number
    /// of channels the mean is shown in grey.
    ///
    /// # Shapes
    /// - `values`: `[channels, height, width]`
    pub fn of_image(shape: [usize; 3], values: &[f32], caption: Vec<String>) -> Self {
        let byte = |value: f64| (255.0 * value.clamp(0.0, 1.0)).round() as u8;
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        let pixels = colours(shape, &values, |channels| match *channels {
            [red, green, blue] => Colour([byte(red), byte(green), byte(blue)]),
            _ => Colour([byte(channels.iter().sum::<f64>() / channels.len() as f64); 3]),
        });
        Self::of_pixels(shape, &pixels, caption)
    }

    /// Coefficients as an image, summed over channels: negative sums are blue, positive sums
    /// orange, and a sum of `largest` has the full colour.
    ///
    /// # Shapes
    /// - `coefficients`: `[channels, height, width]`
    pub fn of_coefficients(
        shape: [usize; 3],
        coefficients: &[f64],
        largest: f64,
        caption: Vec<String>,
    ) -> Self {
        let scale = largest.max(f64::MIN_POSITIVE);
        let pixels = colours(shape, coefficients, |channels| {
            diverging(channels.iter().sum::<f64>() / scale)
        });
        Self::of_pixels(shape, &pixels, caption)
    }

    fn of_pixels([_, height, width]: [usize; 3], pixels: &[u8], caption: Vec<String>) -> Self {
        Self { caption, image: Image::of_pixels(width, height, pixels) }
    }
}

/// Red, green and blue of every pixel, from its channels.
fn colours(
    [channels, height, width]: [usize; 3],
    values: &[f64],
    colour: impl Fn(&[f64]) -> Colour,
) -> Vec<u8> {
    let area = height * width;
    let mut pixel = vec![0.0; channels];
    let mut colours = Vec::with_capacity(3 * area);
    for place in 0..area {
        for (channel, value) in pixel.iter_mut().enumerate() {
            *value = values[channel * area + place];
        }
        colours.extend(colour(&pixel).0);
    }
    colours
}

/// Space between images.
const GAP: f64 = 10.0;
/// Height of a line of a caption.
const LINE: f64 = 15.0;

impl ImageGrid {
    pub(super) fn draw(&self, title: &str) -> Drawing {
        let columns = self.columns.clamp(1, self.pictures.len().max(1));
        let width = ((WIDTH - GAP) / columns as f64 - GAP).min(150.0);
        let tall = self.pictures.iter().map(|p| p.image.height() as f64 / p.image.width() as f64);
        let height = width * tall.fold(0.0, f64::max);
        let lines = self.pictures.iter().map(|picture| picture.caption.len()).max().unwrap_or(0);
        let row = height + lines as f64 * LINE + GAP + 6.0;
        let rows = self.pictures.len().div_ceil(columns);
        let mut drawing = Drawing::new(WIDTH, rows as f64 * row + GAP, title);
        let left = (WIDTH - columns as f64 * (width + GAP) + GAP) / 2.0;
        let size = (width / 9.5).clamp(8.0, 12.5);
        for (index, picture) in self.pictures.iter().enumerate() {
            let x = left + (index % columns) as f64 * (width + GAP);
            let y = GAP + (index / columns) as f64 * row;
            drawing.add(Shape::Image {
                at: [x, y],
                size: [width, height],
                image: picture.image.clone(),
                description: picture.caption.join(", "),
            });
            for (line, text) in picture.caption.iter().enumerate() {
                let place = [x + width / 2.0, y + height + (line as f64 + 1.0) * LINE - 2.0];
                drawing.text(place, TextAnchor::Middle, TextStyle::Sized(size), text);
            }
        }
        drawing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(pixels: &[u8]) -> Image {
        Image::of_pixels(pixels.len() / 3, 1, pixels)
    }

    #[test]
    fn images_are_grey_or_in_their_colours() {
        let grey = CaptionedImage::of_image([1, 1, 2], &[0.0, 1.0], vec![]);
        assert_eq!(grey.image, image(&[0, 0, 0, 255, 255, 255]));
        let colour = CaptionedImage::of_image([3, 1, 1], &[1.0, 0.0, 2.0], vec![]);
        assert_eq!(colour.image, image(&[255, 0, 255]));
        let mean = CaptionedImage::of_image([2, 1, 1], &[1.0, 0.0], vec![]);
        assert_eq!(mean.image, image(&[128; 3]));
    }

    #[test]
    fn coefficients_have_the_colour_of_their_sign() {
        let found = CaptionedImage::of_coefficients([1, 1, 3], &[-2.0, 0.0, 4.0], 2.0, vec![]);
        let colours = [-1.0, 0.0, 1.0].map(|number| diverging(number).0);
        assert_eq!(found.image, image(&colours.concat()));
    }
}

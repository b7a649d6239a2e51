//! Grids of small images.

use serde::{Deserialize, Serialize};

use super::super::{Table, Unit};
use super::palette;
use super::svg::{Anchor, Drawing, Short, WIDTH};
use crate::markup::escaped;
use crate::png::Image;

/// Small images in rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pictures {
    /// How many stand in a row.
    pub columns: usize,
    /// What they show, in the order of reading.
    pub pictures: Vec<Picture>,
}

/// A small image with what stands below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PictureRecord", into = "PictureRecord")]
pub struct Picture {
    /// Lines below it.
    pub caption: Vec<String>,
    /// What it shows.
    pub image: Image,
}

/// A picture as a file holds it. The image is part of pages, so it is read to its last pixel.
#[derive(Serialize, Deserialize)]
struct PictureRecord {
    caption: Vec<String>,
    width: usize,
    height: usize,
    /// A PNG file in base64.
    png: String,
}

impl TryFrom<PictureRecord> for Picture {
    type Error = String;

    fn try_from(record: PictureRecord) -> Result<Self, String> {
        let PictureRecord { caption, width, height, png } = record;
        let image = Image::read(width, height, &png);
        image
            .map(|image| Self { caption, image })
            .map_err(|reason| format!("a picture is {reason}"))
    }
}

impl From<Picture> for PictureRecord {
    fn from(Picture { caption, image }: Picture) -> Self {
        let (width, height) = (image.width(), image.height());
        Self { caption, width, height, png: image.base64() }
    }
}

impl Picture {
    /// An image `[channels, height, width]` with values in [0, 1]: grey, or red, green and blue.
    /// Of other numbers of channels the mean is shown.
    pub fn of_image(shape: [usize; 3], values: &[f32], caption: Vec<String>) -> Self {
        let byte = |value: f64| (255.0 * value.clamp(0.0, 1.0)).round() as u8;
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        let pixels = colours(shape, &values, |channels| match *channels {
            [red, green, blue] => [byte(red), byte(green), byte(blue)],
            _ => [byte(channels.iter().sum::<f64>() / channels.len() as f64); 3],
        });
        Self::of_pixels(shape, &pixels, caption)
    }

    /// Coefficients of an image `[channels, height, width]`, summed over channels: negative ones
    /// are blue, positive ones orange, and `largest` has the full colour.
    pub fn of_coefficients(
        shape: [usize; 3],
        coefficients: &[f64],
        largest: f64,
        caption: Vec<String>,
    ) -> Self {
        let scale = largest.max(f64::MIN_POSITIVE);
        let pixels = colours(shape, coefficients, |channels| {
            palette::diverging(channels.iter().sum::<f64>() / scale)
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
    colour: impl Fn(&[f64]) -> [u8; 3],
) -> Vec<u8> {
    let area = height * width;
    let mut pixel = vec![0.0; channels];
    let mut colours = Vec::with_capacity(3 * area);
    for place in 0..area {
        for (channel, value) in pixel.iter_mut().enumerate() {
            *value = values[channel * area + place];
        }
        colours.extend(colour(&pixel));
    }
    colours
}

const GAP: f64 = 10.0;
const LINE: f64 = 15.0;

impl Pictures {
    pub(super) fn draw(&self) -> Drawing {
        let columns = self.columns.clamp(1, self.pictures.len().max(1));
        let width = ((WIDTH - GAP) / columns as f64 - GAP).min(150.0);
        let tall = self.pictures.iter().map(|p| p.image.height() as f64 / p.image.width() as f64);
        let height = width * tall.fold(0.0, f64::max);
        let lines = self.pictures.iter().map(|picture| picture.caption.len()).max().unwrap_or(0);
        let row = height + lines as f64 * LINE + GAP + 6.0;
        let rows = self.pictures.len().div_ceil(columns);
        let mut drawing = Drawing::new(rows as f64 * row + GAP);
        let left = (WIDTH - columns as f64 * (width + GAP) + GAP) / 2.0;
        let size = (width / 9.5).clamp(8.0, 12.5);
        for (index, picture) in self.pictures.iter().enumerate() {
            let x = left + (index % columns) as f64 * (width + GAP);
            let y = GAP + (index / columns) as f64 * row;
            let (png, label) = (picture.image.base64(), escaped(&picture.caption.join(", ")));
            let [left, top, wide, high] = [x, y, width, height].map(Short);
            drawing.element(&format!(
                "<image x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\" \
                 style=\"image-rendering:pixelated\" aria-label=\"{label}\" \
                 href=\"data:image/png;base64,{png}\"/>"
            ));
            for (line, text) in picture.caption.iter().enumerate() {
                let place = [x + width / 2.0, y + height + (line as f64 + 1.0) * LINE - 2.0];
                let style = format!(r#"style="font-size:{}px""#, Short(size));
                drawing.text(place, Anchor::Middle, &style, text);
            }
        }
        drawing
    }

    pub(super) fn table(&self) -> Table {
        let columns = [("picture", Unit::Count), ("caption", Unit::Text)];
        let mut table = Table::new("", "", &columns);
        for (index, picture) in self.pictures.iter().enumerate() {
            table.push(vec![index.into(), picture.caption.join("; ").into()]);
        }
        table
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
        let grey = Picture::of_image([1, 1, 2], &[0.0, 1.0], vec![]);
        assert_eq!(grey.image, image(&[0, 0, 0, 255, 255, 255]));
        let colour = Picture::of_image([3, 1, 1], &[1.0, 0.0, 2.0], vec![]);
        assert_eq!(colour.image, image(&[255, 0, 255]));
        let mean = Picture::of_image([2, 1, 1], &[1.0, 0.0], vec![]);
        assert_eq!(mean.image, image(&[128; 3]));
    }

    #[test]
    fn coefficients_have_the_colour_of_their_sign() {
        let found = Picture::of_coefficients([1, 1, 3], &[-2.0, 0.0, 4.0], 2.0, vec![]);
        let colours = [-1.0, 0.0, 1.0].map(palette::diverging);
        assert_eq!(found.image, image(&colours.concat()));
    }
}

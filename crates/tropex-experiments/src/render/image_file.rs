//! Files of drawings.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::str::FromStr;

use tropex_files::replace;

use super::drawing::Drawing;
use super::png::png_with_text;
use super::provenance::{is_foreign, provenance_mark};
use super::{raster, svg};
use crate::Error;

/// Pixels of a PNG file per unit of a drawing, enough for screens with two pixels per unit.
const PIXELS: f32 = 2.0;

/// Format of an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageFormat {
    /// Vector graphics.
    Svg,
    /// Pixels.
    Png,
}

impl ImageFormat {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Png, Self::Svg];

    /// The format that a file name ends with.
    ///
    /// # Errors
    /// [`Error::PictureName`] for other names.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let format = extension.and_then(|extension| extension.to_ascii_lowercase().parse().ok());
        format.ok_or_else(|| Error::PictureName { path: path.to_owned() })
    }

    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

impl Display for ImageFormat {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

/// A text that is not the name of an image format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown image format `{0}`, expected svg or png")]
pub struct ParseImageFormatError(String);

impl FromStr for ImageFormat {
    type Err = ParseImageFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|format| format.extension() == text);
        found.ok_or_else(|| ParseImageFormatError(text.into()))
    }
}

/// Refuses to replace a file that TropEx did not make.
///
/// # Errors
/// [`Error::Foreign`]; a file that cannot be read.
pub fn require_ours(path: &Path) -> Result<(), Error> {
    match is_foreign(path).map_err(Error::io("read", path))? {
        true => Err(Error::Foreign { path: path.to_owned() }),
        false => Ok(()),
    }
}

impl Drawing {
    /// The drawing as the bytes of an image file.
    ///
    /// # Errors
    /// [`Error::PictureSize`] for a PNG without pixels or with too many.
    pub fn encode(&self, format: ImageFormat) -> Result<Vec<u8>, Error> {
        match format {
            ImageFormat::Svg => Ok(svg::picture_file(self).into_bytes()),
            ImageFormat::Png => {
                let pixels = raster::paint(self, PIXELS)
                    .ok_or(Error::PictureSize { width: self.width, height: self.height })?;
                Ok(encode_png(&pixels))
            }
        }
    }

    /// Writes the drawing to a file, in the format that the file name ends with.
    ///
    /// # Errors
    /// [`Error::PictureName`], [`Error::PictureSize`], or a file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let bytes = self.encode(ImageFormat::of(path)?)?;
        replace(path, &bytes).map_err(Error::io("write", path))
    }
}

/// An opaque image as a PNG file.
fn encode_png(image: &tiny_skia::Pixmap) -> Vec<u8> {
    let pixels = image.pixels().iter();
    let channels: Vec<u8> =
        pixels.flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let (width, height) = (image.width() as usize, image.height() as usize);
    png_with_text(width, height, &channels, ("Software", &provenance_mark()))
}

//! Pictures of regions: what is to be seen, and how it becomes a file.
//!
//! A [`Figure`] says what panels show; drawing it makes a [`Picture`], a list of shapes that both
//! formats are written from, so that they show the same. Neither needs fonts of the system.

mod colour;
mod figure;
mod palette;
mod raster;
mod shape;
mod svg;
mod text;

use std::path::Path;

use tropex_files::replace;

use crate::Error;
use crate::made_by::{is_foreign, made_by};
use crate::png::png_with_text;

pub use colour::Colour;
pub use figure::{Figure, Mark, Panel};
pub use shape::{Anchor, Picture, Shape, Stroke};

/// Pixels of a PNG for each unit of a picture, so that it is sharp on fine screens.
const PIXELS: f32 = 2.0;

/// How a picture is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Vector graphics.
    Svg,
    /// Pixels.
    Png,
}

impl Format {
    /// The format that a file name ends with.
    ///
    /// # Errors
    /// [`Error::PictureName`] for other names.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(Error::PictureName { path: path.to_owned() }),
        }
    }

    /// What the names of its files end with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

/// Refuses a place for a picture where there is a file that this program did not make.
///
/// # Errors
/// [`Error::Foreign`]; a file that cannot be read.
pub fn require_ours(path: &Path) -> Result<(), Error> {
    match is_foreign(path).map_err(Error::io("read", path))? {
        true => Err(Error::Foreign { path: path.to_owned() }),
        false => Ok(()),
    }
}

impl Picture {
    /// The picture in a format.
    ///
    /// # Errors
    /// [`Error::PictureSize`] for a PNG of no or too many pixels.
    pub fn encode(&self, format: Format) -> Result<Vec<u8>, Error> {
        match format {
            Format::Svg => Ok(svg::write(self).into_bytes()),
            Format::Png => {
                let pixels = raster::paint(self, PIXELS)
                    .ok_or(Error::PictureSize { width: self.width, height: self.height })?;
                Ok(encoded(&pixels))
            }
        }
    }

    /// Writes the picture to a file, in the format that its name ends with.
    ///
    /// # Errors
    /// Another name than of a picture; whatever hinders writing.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let bytes = self.encode(Format::of(path)?)?;
        replace(path, &bytes).map_err(Error::io("write", path))
    }
}

/// An opaque image as a PNG.
fn encoded(image: &tiny_skia::Pixmap) -> Vec<u8> {
    let pixels = image.pixels().iter();
    let channels: Vec<u8> =
        pixels.flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let (width, height) = (image.width() as usize, image.height() as usize);
    png_with_text(width, height, &channels, ("Software", &made_by()))
}

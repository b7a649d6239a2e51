//! PNG files.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Largest number of pixels of an image that is read from a file.
const MAX_PIXELS: usize = 1 << 24;

/// An image as a PNG file: red, green and blue, 8 bits each.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    width: usize,
    height: usize,
    file: Vec<u8>,
}

impl Image {
    /// An image of pixels.
    ///
    /// # Shapes
    /// - `pixels`: `[height, width, 3]`, red, green and blue, 8 bits each
    pub(crate) fn of_pixels(width: usize, height: usize, pixels: &[u8]) -> Self {
        Self { width, height, file: png(width, height, pixels) }
    }

    /// Reads a PNG file in base64 and checks all of its pixels.
    ///
    /// # Errors
    /// Anything but an image of this size with 8 bits of red, green and blue.
    pub(crate) fn read(width: usize, height: usize, base64: &str) -> Result<Self, String> {
        let file = STANDARD.decode(base64).map_err(|error| format!("no base64: {error}"))?;
        if width.checked_mul(height).is_none_or(|pixels| !(1..=MAX_PIXELS).contains(&pixels)) {
            return Err(format!("{width} x {height} pixels, expected 1 to {MAX_PIXELS}"));
        }
        check(&file, width, height).map_err(|reason| format!("no PNG file: {reason}"))?;
        Ok(Self { width, height, file })
    }

    /// Number of columns of pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The file in base64.
    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(&self.file)
    }

    /// The pixels `[height, width, 3]`; black if the file is damaged.
    pub(super) fn pixels(&self) -> Vec<u8> {
        let width = 3 * self.width;
        let mut pixels = vec![0; width * self.height];
        let compressed = compressed_part(&self.file, self.width, self.height).unwrap_or_default();
        let mut lines = ZlibDecoder::new(&*compressed);
        let (mut line, mut above) = (vec![0; 1 + width], vec![0; width]);
        for row in pixels.chunks_exact_mut(width.max(1)) {
            if lines.read_exact(&mut line).is_err() {
                break;
            }
            unfilter(line[0], &line[1..], &above, row);
            above.copy_from_slice(row);
        }
        pixels
    }
}

/// Undoes the filter of a line of pixels, given the line above (PNG specification, section 9).
fn unfilter(filter: u8, line: &[u8], above: &[u8], row: &mut [u8]) {
    for at in 0..row.len() {
        let left = if at < 3 { 0 } else { row[at - 3] };
        let upper_left = if at < 3 { 0 } else { above[at - 3] };
        let predicted = match filter {
            1 => left,
            2 => above[at],
            3 => u8::midpoint(left, above[at]),
            4 => paeth(left, above[at], upper_left),
            _ => 0,
        };
        row[at] = line[at].wrapping_add(predicted);
    }
}

/// The neighbour that is nearest to left + above - upper left.
fn paeth(left: u8, above: u8, upper_left: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(above) - i16::from(upper_left);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    let (of_left, of_above, of_corner) = (distance(left), distance(above), distance(upper_left));
    match (of_left <= of_above && of_left <= of_corner, of_above <= of_corner) {
        (true, _) => left,
        (false, true) => above,
        (false, false) => upper_left,
    }
}

/// Checks a file of an image `[height, width]`. The error is the reason why it is invalid.
fn check(file: &[u8], width: usize, height: usize) -> Result<(), &'static str> {
    check_lines(&compressed_part(file, width, height)?, width, height)
}

/// The compressed pixels of a file that consists of header, pixels and end.
fn compressed_part(file: &[u8], width: usize, height: usize) -> Result<Vec<u8>, &'static str> {
    let mut rest = file.strip_prefix(&SIGNATURE).ok_or("other signature")?;
    let mut chunk = || take_chunk(&mut rest);
    if chunk()? != (*b"IHDR", &*header(width, height)) {
        return Err("other size, or not 8 bits of red, green and blue");
    }
    let mut compressed = Vec::new();
    let last = loop {
        match chunk()? {
            (name, content) if name == *b"IDAT" => compressed.extend_from_slice(content),
            other => break other,
        }
    };
    if last != (*b"IEND", &[]) || !rest.is_empty() {
        return Err("other parts than header, pixels and end");
    }
    Ok(compressed)
}

/// Removes a chunk from the front, and returns its name and content.
fn take_chunk<'a>(rest: &mut &'a [u8]) -> Result<([u8; 4], &'a [u8]), &'static str> {
    let split = |rest: &mut &'a [u8], at: usize| {
        let (front, back) = rest.split_at_checked(at).ok_or("cut off")?;
        *rest = back;
        Ok::<_, &'static str>(front)
    };
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n: u32, &byte| (n << 8) | u32::from(byte));
    let length = number(split(rest, 4)?) as usize;
    let mut checked = split(rest, length.saturating_add(4))?;
    let mut crc = Crc::new();
    crc.update(checked);
    if crc.sum() != number(split(rest, 4)?) {
        return Err("a part does not match its checksum");
    }
    let name = split(&mut checked, 4)?;
    Ok((std::array::from_fn(|at| name[at]), checked))
}

/// Decompresses the lines of pixels one by one. Each follows the number of its filter.
fn check_lines(compressed: &[u8], width: usize, height: usize) -> Result<(), &'static str> {
    let mut lines = ZlibDecoder::new(compressed);
    let mut line = vec![0; 1 + 3 * width];
    for _ in 0..height {
        lines.read_exact(&mut line).map_err(|_| "pixels that cannot be unpacked")?;
        if line[0] > 4 {
            return Err("an unknown filter");
        }
    }
    match lines.read(&mut line) {
        Ok(0) => Ok(()),
        Ok(_) => Err("more pixels than its size says"),
        Err(_) => Err("pixels that cannot be unpacked"),
    }
}

/// Content of the chunk `IHDR`.
fn header(width: usize, height: usize) -> Vec<u8> {
    let mut header = [width, height].map(|extent| (extent as u32).to_be_bytes()).concat();
    // 8 bits per channel; red, green and blue; the standard compression and filters; no
    // interlacing.
    header.extend([8, 2, 0, 0, 0]);
    header
}

/// A PNG file of pixels `[height, width, 3]`: red, green and blue, 8 bits each.
fn png(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    file(width, height, pixels, None)
}

/// A PNG file that also contains a text under a keyword.
pub(super) fn png_with_text(
    width: usize,
    height: usize,
    pixels: &[u8],
    (keyword, text): (&str, &str),
) -> Vec<u8> {
    let text = [keyword.as_bytes(), b"\0", text.as_bytes()].concat();
    file(width, height, pixels, Some(&text))
}

fn file(width: usize, height: usize, pixels: &[u8], text: Option<&[u8]>) -> Vec<u8> {
    let mut lines = Vec::with_capacity(pixels.len() + height);
    for line in pixels.chunks(3 * width.max(1)) {
        lines.push(0); // no filter
        lines.extend_from_slice(line);
    }
    let mut file = SIGNATURE.to_vec();
    add_chunk(&mut file, b"IHDR", &header(width, height));
    text.iter().for_each(|text| add_chunk(&mut file, b"tEXt", text));
    add_chunk(&mut file, b"IDAT", &compressed(&lines));
    add_chunk(&mut file, b"IEND", &[]);
    file
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Adds a chunk: length, name, content, checksum of name and content.
fn add_chunk(file: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    file.extend((content.len() as u32).to_be_bytes());
    let checked = file.len();
    file.extend_from_slice(name);
    file.extend_from_slice(content);
    let mut crc = Crc::new();
    crc.update(&file[checked..]);
    file.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chunks of a file, each with a checksum that is computed bit by bit.
    fn chunks(file: &[u8]) -> Vec<(String, Vec<u8>)> {
        let (mut rest, mut found) = (file.strip_prefix(&SIGNATURE).unwrap(), Vec::new());
        while !rest.is_empty() {
            let number = |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().unwrap());
            let length = number(0) as usize;
            let (checked, content) = (&rest[4..8 + length], rest[8..8 + length].to_vec());
            let crc = checked.iter().fold(u32::MAX, |crc, &byte| {
                (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                    if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
                })
            });
            assert_eq!(!crc, number(8 + length));
            found.push((String::from_utf8(rest[4..8].to_vec()).unwrap(), content));
            rest = &rest[12 + length..];
        }
        found
    }

    #[test]
    fn a_file_contains_its_pixels() {
        let pixels: Vec<u8> = (0..3 * 5 * 2).collect();
        let chunks = chunks(&png(5, 2, &pixels));
        let names: Vec<_> = chunks.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["IHDR", "IDAT", "IEND"]);
        assert_eq!(chunks[0].1, [0, 0, 0, 5, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
        let mut lines = Vec::new();
        ZlibDecoder::new(&*chunks[1].1).read_to_end(&mut lines).unwrap();
        assert_eq!(lines, [&[0], &pixels[..15], &[0], &pixels[15..]].concat());
    }

    #[test]
    fn a_text_precedes_the_pixels() {
        let chunks = chunks(&png_with_text(1, 1, &[1, 2, 3], ("Software", "this")));
        assert_eq!(chunks[1], ("tEXt".to_owned(), b"Software\0this".to_vec()));
        assert_eq!(chunks.len(), 4);
    }

    #[test]
    fn a_written_image_is_read_back() {
        let pixels: Vec<u8> = (0..3 * 5 * 2).collect();
        let image = Image::of_pixels(5, 2, &pixels);
        assert_eq!(image.pixels(), pixels);
        assert_eq!(Image::read(5, 2, &image.base64()), Ok(image));
    }

    #[test]
    fn filters_are_undone() {
        let (above, line) = ([10, 20, 30, 40, 50, 60], [1, 2, 3, 4, 5, 6]);
        for (filter, expected) in [
            (0, [1, 2, 3, 4, 5, 6]),
            (1, [1, 2, 3, 5, 7, 9]),
            (2, [11, 22, 33, 44, 55, 66]),
            (3, [6, 12, 18, 27, 36, 45]),
            (4, [11, 22, 33, 44, 55, 66]),
        ] {
            let mut row = [0; 6];
            unfilter(filter, &line, &above, &mut row);
            assert_eq!(row, expected, "filter {filter}");
        }
    }

    #[test]
    fn damaged_images_are_refused() {
        let file = png(5, 2, &[7; 30]);
        let refused = |width, height, file: &[u8]| {
            Image::read(width, height, &STANDARD.encode(file)).unwrap_err()
        };
        for (width, height) in [(2, 5), (5, 1), (5, 3), (0, 2), (usize::MAX, 2), (1 << 20, 1 << 20)]
        {
            refused(width, height, &file);
        }
        for end in 0..file.len() {
            refused(5, 2, &file[..end]);
        }
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            refused(5, 2, &damaged);
        }
        refused(5, 2, &[&file[..], b"\"/><script>"].concat());
        // Lines of another image behind a sound header.
        let mut other = SIGNATURE.to_vec();
        add_chunk(&mut other, b"IHDR", &header(5, 2));
        add_chunk(&mut other, b"IDAT", &compressed(&[0; 33]));
        add_chunk(&mut other, b"IEND", &[]);
        assert_eq!(refused(5, 2, &other), "no PNG file: more pixels than its size says");
        for text in ["\"/><script>", "iVBO\n", ""] {
            assert!(Image::read(5, 2, text).is_err(), "{text:?}");
        }
    }
}

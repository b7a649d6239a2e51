//! PNG files.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// A PNG file of pixels `[height, width, 3]`: red, green and blue, 8 bits each.
pub(crate) fn png(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    file(width, height, pixels, None)
}

/// A PNG file that also holds a text under a keyword.
pub(crate) fn png_with_text(
    width: usize,
    height: usize,
    pixels: &[u8],
    (keyword, text): (&str, &str),
) -> Vec<u8> {
    let text = [keyword.as_bytes(), b"\0", text.as_bytes()].concat();
    file(width, height, pixels, Some(&text))
}

fn file(width: usize, height: usize, pixels: &[u8], text: Option<&[u8]>) -> Vec<u8> {
    let mut header = [width, height].map(|extent| (extent as u32).to_be_bytes()).concat();
    // Bits of a channel; red, green and blue; the only compression, filters and order there are.
    header.extend([8, 2, 0, 0, 0]);
    let mut lines = Vec::with_capacity(pixels.len() + height);
    for line in pixels.chunks(3 * width.max(1)) {
        lines.push(0); // not filtered
        lines.extend_from_slice(line);
    }
    let mut file = SIGNATURE.to_vec();
    add_chunk(&mut file, b"IHDR", &header);
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

/// Length, name, content, and the checksum of name and content.
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
    use std::io::Read;

    use flate2::read::ZlibDecoder;

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
    fn a_file_holds_its_pixels() {
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
    fn a_text_stands_before_the_pixels() {
        let chunks = chunks(&png_with_text(1, 1, &[1, 2, 3], ("Software", "this")));
        assert_eq!(chunks[1], ("tEXt".to_owned(), b"Software\0this".to_vec()));
        assert_eq!(chunks.len(), 4);
    }
}

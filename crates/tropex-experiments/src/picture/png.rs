//! Pixels as a PNG file.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use tiny_skia::Pixmap;

/// What every PNG begins with.
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// 8 bits a channel, red, green and blue, and the only methods there are.
const COLOUR_TYPE: [u8; 5] = [8, 2, 0, 0, 0];

/// Rows are stored as they are, which compresses best where colours are flat.
const AS_IT_IS: u8 = 0;

/// An opaque image as a PNG.
pub(super) fn encode(image: &Pixmap) -> Vec<u8> {
    let row_bytes = 3 * image.width() as usize;
    let colours =
        image.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]);
    let colours: Vec<u8> = colours.collect();
    let mut rows = Vec::with_capacity(colours.len() + image.height() as usize);
    for row in colours.chunks_exact(row_bytes) {
        rows.push(AS_IT_IS);
        rows.extend(row);
    }
    let extents = [image.width(), image.height()].map(u32::to_be_bytes).concat();
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, b"IHDR", &[extents.as_slice(), &COLOUR_TYPE].concat());
    chunk(&mut file, b"IDAT", &compressed(&rows));
    chunk(&mut file, b"IEND", &[]);
    file
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing into memory cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Appends a chunk: length, name, content and checksum.
fn chunk(file: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    let mut checksum = Crc::new();
    checksum.update(name);
    checksum.update(content);
    file.extend((content.len() as u32).to_be_bytes());
    file.extend(name);
    file.extend(content);
    file.extend(checksum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;
    use tiny_skia::PremultipliedColorU8;

    use super::*;

    #[test]
    fn pixels_come_back() {
        let mut image = Pixmap::new(3, 2).unwrap();
        for (index, pixel) in (0_u8..).zip(image.pixels_mut()) {
            *pixel = PremultipliedColorU8::from_rgba(40 * index, 200 - index, index, 255).unwrap();
        }
        let file = encode(&image);
        assert_eq!(file[..8], SIGNATURE);
        assert_eq!(file[8..29], *b"\0\0\0\x0dIHDR\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0");
        // The checksum of an empty last chunk is the same in every PNG.
        assert_eq!(file[file.len() - 12..], *b"\0\0\0\0IEND\xae\x42\x60\x82");
        let length = u32::from_be_bytes(file[33..37].try_into().unwrap()) as usize;
        assert_eq!(file[37..41], *b"IDAT");
        let mut rows = Vec::new();
        ZlibDecoder::new(&file[41..41 + length]).read_to_end(&mut rows).unwrap();
        assert_eq!(rows[..10], [0, 0, 200, 0, 40, 199, 1, 80, 198, 2]);
        assert_eq!(rows[10..14], [0, 120, 197, 3]);
    }
}

//! Randomly damaged files for the tests of readers.
//!
//! `TROPEX_MUTATIONS=100` multiplies their number by 100.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Numbers that replace sizes and counts.
const NUMBERS: [u64; 10] =
    [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff];

/// `count` damaged copies of a file. Repeated calls give equal copies.
pub(in crate::data) fn mutations(whole: &[u8], count: usize) -> impl Iterator<Item = Vec<u8>> {
    let factor = std::env::var("TROPEX_MUTATIONS").ok().and_then(|factor| factor.parse().ok());
    (0..count * factor.unwrap_or(1)).map(|number| {
        let mut random = ChaCha8Rng::seed_from_u64(number as u64);
        let mut file = whole.to_vec();
        for _ in 0..random.random_range(1..=3) {
            mutate(&mut file, &mut random);
        }
        file
    })
}

fn mutate(file: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    if file.is_empty() {
        return file.push(random.random());
    }
    // Half of the damage is in the header, where it has the largest effect.
    let end = if random.random() { file.len() } else { file.len().min(128) };
    let at = random.random_range(0..end);
    let length = random.random_range(1..=(file.len() - at).min(64));
    match random.random_range(0..8) {
        0 => file[at] ^= 1 << random.random_range(0..8),
        1 => file[at] = random.random(),
        2 => file.truncate(at),
        3 => drop(file.drain(at..at + length)),
        4 => {
            let copied = file[at..at + length].to_vec();
            file.splice(at..at, copied);
        }
        5 => {
            let bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
            file.splice(at..at, bytes);
        }
        6 => {
            let number = NUMBERS[random.random_range(0..NUMBERS.len())];
            let width = [1, 2, 4, 8][random.random_range(0..4)].min(file.len() - at);
            let bytes = match random.random() {
                true => number.to_le_bytes()[..width].to_vec(),
                false => number.to_be_bytes()[8 - width..].to_vec(),
            };
            file[at..at + width].copy_from_slice(&bytes);
        }
        // A digit of a number in a text, as in the header of a safetensors file.
        _ => {
            let digits: Vec<usize> = (0..end).filter(|&at| file[at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                file[digits[random.random_range(0..digits.len())]] =
                    b'0' + random.random_range(0..10_u8);
            }
        }
    }
}

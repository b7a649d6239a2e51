//! Files with wrong bytes give an error or a model, never a panic.

use std::panic::catch_unwind;

use burn::tensor::Device;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex_onnx::OnnxModel;

use crate::common::{device, model};

/// Models of all kinds.
const MODELS: [&str; 6] = ["mlp", "listed", "baked", "channels_last", "labels", "refused"];

/// Number of mutations of each model, and with `TROPEX_TEST_MUTATIONS=all`.
const MUTATIONS: [usize; 2] = [500, 5000];

fn mutated(bytes: &[u8], random: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..5) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            2 => bytes.truncate(at.max(1)),
            3 => {
                bytes.remove(at);
            }
            _ => bytes.insert(at, random.random()),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// What `OnnxModel::open` says to files with these bytes.
struct Opener {
    folder: tempfile::TempDir,
    device: Device,
    opened: usize,
    refused: usize,
}

impl Opener {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), device: device(), opened: 0, refused: 0 }
    }

    /// Opens a file with these bytes. A panic, also one that became an error, fails the test.
    fn open(&mut self, bytes: &[u8], what: &str) {
        let path = self.folder.path().join("model.onnx");
        std::fs::write(&path, bytes).unwrap();
        match catch_unwind(|| OnnxModel::open(&path, &self.device)) {
            Ok(Ok(_)) => self.opened += 1,
            Ok(Err(error)) => {
                let text = error.to_string();
                assert!(!text.contains("the backend fails"), "{what}: {text}");
                self.refused += 1;
            }
            Err(_) => {
                let kept = std::env::temp_dir().join("tropex-onnx-panic.onnx");
                std::fs::write(&kept, bytes).unwrap();
                panic!("{what}: see {}", kept.display());
            }
        }
    }
}

#[test]
fn mutated_files_never_panic() {
    let is_long = std::env::var("TROPEX_TEST_MUTATIONS").is_ok_and(|which| which == "all");
    let mutations = MUTATIONS[usize::from(is_long)];
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut opener = Opener::new();
    for name in MODELS {
        let bytes = std::fs::read(model(&format!("{name}.onnx"))).unwrap();
        for mutation in 0..mutations {
            opener.open(&mutated(&bytes, &mut random), &format!("{name}, mutation {mutation}"));
        }
    }
    println!("{} mutated files are models, {} are refused", opener.opened, opener.refused);
    assert!(opener.opened > 0 && opener.refused > 0);
}

#[test]
fn files_that_end_early_never_panic() {
    let mut opener = Opener::new();
    for name in MODELS {
        let bytes = std::fs::read(model(&format!("{name}.onnx"))).unwrap();
        for length in 0..bytes.len() {
            opener.open(&bytes[..length], &format!("{name}, {length} bytes"));
        }
    }
    println!("{} shorter files are models, {} are refused", opener.opened, opener.refused);
}

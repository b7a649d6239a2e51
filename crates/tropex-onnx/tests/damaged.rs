//! Files with wrong bytes give an error or a model, never a panic.

use std::panic::catch_unwind;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex_onnx::OnnxModel;

use crate::common::{device, model};

const MODELS: [&str; 6] = ["mlp", "listed", "baked", "channels_last", "labels", "refused"];

/// Number of mutations of each model.
const MUTATIONS: usize = 500;

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

#[test]
fn mutated_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let device = device();
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut opened = 0;
    for name in MODELS {
        let bytes = std::fs::read(model(&format!("{name}.onnx"))).unwrap();
        for mutation in 0..MUTATIONS {
            let bytes = mutated(&bytes, &mut random);
            std::fs::write(&path, &bytes).unwrap();
            match catch_unwind(|| OnnxModel::open(&path, &device)) {
                Ok(Ok(_)) => opened += 1,
                Ok(Err(error)) => {
                    let text = error.to_string();
                    assert!(!text.contains("the backend fails"), "{name} {mutation}: {text}");
                }
                Err(_) => {
                    let kept = std::env::temp_dir().join("tropex-onnx-panic.onnx");
                    std::fs::write(&kept, &bytes).unwrap();
                    panic!("{name}, mutation {mutation}: see {}", kept.display());
                }
            }
        }
    }
    println!("{opened} of {} mutated files are models", MODELS.len() * MUTATIONS);
    assert!(opened > 0);
}

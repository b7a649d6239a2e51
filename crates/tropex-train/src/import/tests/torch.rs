//! Files written by PyTorch (`fixtures/make.py`), and damaged ones.

use super::*;
use crate::zoo::TINY_RESIDUAL;

/// The logits of PyTorch for `image()`, in f64. Five files contain this network.
const TRAINED: [f64; 3] = [0.021238892719, 0.035440515324, -0.07248633464];

/// Files of PyTorch 2.9 with the tiny network and named layers, and the logits of PyTorch.
///
/// In this order: a checkpoint with an optimizer, a NumPy scalar and a namespace beside the state
/// dict of `DataParallel`; pickles of versions before 1.6; a whole module; an archive of versions
/// before 0.1.10; averaged weights; pruned weights, weight norm and spectral norm; the older
/// spectral norm, and the weight norm of a whole tensor.
const FILES: [(&str, &[u8], [f64; 3]); 7] = [
    ("training.ckpt", include_bytes!("../fixtures/training.ckpt"), TRAINED),
    ("legacy.th", include_bytes!("../fixtures/legacy.th"), TRAINED),
    ("whole.bin", include_bytes!("../fixtures/whole.bin"), TRAINED),
    ("archive.pth.tar", include_bytes!("../fixtures/archive.pth.tar"), TRAINED),
    ("averaged.safetensors", include_bytes!("../fixtures/averaged.safetensors"), TRAINED),
    (
        "normed.pth",
        include_bytes!("../fixtures/normed.pth"),
        [0.005377932504, 0.040437493494, -0.066373106091],
    ),
    (
        "spectral.pth",
        include_bytes!("../fixtures/spectral.pth"),
        [0.019200599226, 0.009832453093, -0.058043996757],
    ),
];

const RESIDUAL: &[u8] = include_bytes!("../fixtures/residual.pth");

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn files_of_every_kind_compute_what_pytorch_computes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, expected) in FILES {
        // The file is recognised by its content, not by its name.
        let path = written(folder.path(), "weights", bytes);
        let imported = import_with(&path, &ImportOptions::default()).unwrap();
        let notes = imported.notes.join("\n");
        assert_close(&logits(&imported.classifier), &expected);
        assert!(notes.contains("conv2 = layers.2") && notes.contains("bias 0 for `"), "{notes}");
        let is_normed = notes.contains("normed or masked weights folded: ");
        assert_eq!(is_normed, expected != TRAINED, "{name}: {notes}");
        assert!(notes.contains("num_batches_tracked"), "{name}: {notes}");
        assert_eq!(notes.contains("n_averaged"), name == "averaged.safetensors", "{notes}");
    }
}

#[test]
fn norms_after_projections_are_folded() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "residual.pth", RESIDUAL);
    let options = ImportOptions::default();
    let imported = import(&TINY_RESIDUAL, &path, &options, SHAPE, 3, &device()).unwrap();
    let expected = [0.31624519825, -0.09415692091, -0.220985531807];
    assert_close(&logits(&imported.classifier), &expected);
    let notes = imported.notes.join("\n");
    assert!(notes.contains("batch norms behind projections folded: 1"), "{notes}");
}

/// Reproducible damage as from a disk or a transfer: cuts, flipped bits, bytes that are zero, 255
/// or copies of other bytes.
fn damaged(bytes: &[u8], number: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let mut random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ bytes.len();
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % limit
    };
    // Names and sizes are at both ends of a file.
    let mut place = || match below(3) {
        0 => below(bytes.len().min(1500)),
        1 => bytes.len() - 1 - below(bytes.len().min(1500)),
        _ => below(bytes.len()),
    };
    let (at, other) = (place(), place());
    match number % 5 {
        0 => changed.truncate(at),
        1 => changed[at] ^= 1 << (other % 8),
        2 => changed[at..].iter_mut().take(8).for_each(|byte| *byte = 0xff),
        3 => changed[at..].iter_mut().take(4).for_each(|byte| *byte = 0),
        _ => changed[at] = bytes[other],
    }
    changed
}

#[test]
fn damaged_files_are_refused_in_one_line_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for (name, bytes, _) in FILES {
        for number in 0..100 {
            let path = written(folder.path(), name, &damaged(bytes, number));
            if let Err(error) = import_tiny(&path) {
                let line = error.to_string();
                assert!(!line.contains('\n') && line.len() < 4000, "{name} {number}: {line}");
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused} of 700");
}

#[test]
fn several_state_dicts_need_a_choice() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "two.pkl", include_bytes!("../fixtures/two.pkl"));
    let choose = |entry: Option<&str>| {
        let entry = entry.map(str::to_owned);
        import_with(&path, &ImportOptions { entry, ..Default::default() })
    };
    let line = choose(None).unwrap_err().to_string();
    assert!(line.contains("holds several state dicts: `model.net`, `model.ema`"), "{line}");
    assert_close(&logits(&choose(Some("model.net")).unwrap().classifier), &TRAINED);
    let line = choose(Some("net")).unwrap_err().to_string();
    assert!(line.contains("no state dict `net`, only `model.net`, `model.ema`"), "{line}");
}

#[test]
fn tensors_larger_than_their_file_are_refused_before_they_are_read() {
    let (_, bytes, _) = FILES[1];
    // The last layer has shape [3, 16] and strides 16 and 1, written as a pickle.
    let shape = b"K\x03K\x10\x86q";
    let at = bytes.windows(shape.len()).position(|part| part == shape).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut larger = bytes.to_vec();
    larger[at + 1] = 255;
    let line = import_tiny(&written(folder.path(), "w", &larger)).unwrap_err().to_string();
    assert!(
        line.contains("in the file: fc2 [255, 16]; in the network: layers.4 [3, 16]"),
        "{line}"
    );
    // Strides of 200 and 1 need more numbers than the file has.
    let strides = b"K\x10K\x01\x86q";
    let behind = at + bytes[at..].windows(strides.len()).position(|part| part == strides).unwrap();
    let mut wider = bytes.to_vec();
    wider[behind + 1] = 200;
    let line = import_tiny(&written(folder.path(), "w", &wider)).unwrap_err().to_string();
    assert!(line.contains("tensor `fc2.weight` has more numbers than the file"), "{line}");
}

//! Invalid datasets.

use std::fs;

use safetensors::Dtype;

use super::{Workspace, images, labels, write_tensors};

fn refused(workspace: &Workspace, dataset: &str, parts: &[&str]) {
    let train = format!("train vgg-narrow-strides --dataset {dataset} --epochs 1 --out run");
    workspace.run(&train).failed(parts);
    assert!(!workspace.path("run").exists(), "no folder is created");
}

/// Writes `x.safetensors` with one set of images.
fn write_set(
    workspace: &Workspace,
    images: (Dtype, &[usize], Vec<u8>),
    labels: (Dtype, &[usize], Vec<u8>),
) {
    let tensors = [("images", images), ("labels", labels)];
    let tensors = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name.to_string(), *dtype, shape.to_vec(), bytes));
    write_tensors(&workspace.path("x.safetensors"), tensors);
}

#[test]
fn files_without_images_are_refused() {
    let workspace = Workspace::new();
    let whole = fs::read(workspace.path("data.safetensors")).unwrap();
    let longer = [whole.as_slice(), b"more"].concat();
    let mut absurd = whole.clone();
    absurd[..8].copy_from_slice(&(1_u64 << 62).to_le_bytes());
    for content in [&whole[..whole.len() / 2], &longer, &absurd, b"", &[0x9c; 4096]] {
        fs::write(workspace.path("x.safetensors"), content).unwrap();
        refused(&workspace, "file:x.safetensors", &["x.safetensors: not a safetensors file"]);
    }
    refused(&workspace, "file:none.safetensors", &["cannot read", "none.safetensors"]);
    refused(&workspace, "file:", &["cannot read"]);
    fs::create_dir(workspace.path("folder")).unwrap();
    refused(&workspace, "file:folder", &["cannot read", "folder"]);
}

#[test]
fn invalid_images_and_labels_are_refused() {
    let workspace = Workspace::new();
    let pixels = |count| images(count, 1);
    let good = (Dtype::I64, &[12][..], labels(12));
    let cases = [
        ((Dtype::U8, &[12, 64][..], pixels(12)), good.clone(), "`images` has shape [12, 64]"),
        ((Dtype::U8, &[12, 1, 64, 0], vec![]), good.clone(), "extents of at least 1"),
        (
            (Dtype::I8, &[12, 1, 8, 8], pixels(12)),
            good.clone(),
            "`images` is I8, expected U8 or F32",
        ),
        ((Dtype::U8, &[13, 1, 8, 8], pixels(13)), good.clone(), "`labels` has shape [12]"),
        ((Dtype::U8, &[1, 1, 8, 8], pixels(1)), (Dtype::I64, &[1], labels(1)), "2 or more"),
        (
            (Dtype::F32, &[2, 1, 1, 1], [0.5_f32, 1.5].map(f32::to_le_bytes).concat()),
            (Dtype::U8, &[2], vec![0, 1]),
            "pixel 1 is 1.5, expected a number in [0, 1]",
        ),
        (
            (Dtype::U8, &[2, 1, 8, 8], pixels(2)),
            (Dtype::I64, &[2], [0_i64, -1].map(i64::to_le_bytes).concat()),
            "`labels` holds -1 at position 1",
        ),
        (
            (Dtype::U8, &[2, 1, 8, 8], pixels(2)),
            (Dtype::I64, &[2], [0, i64::MAX].map(i64::to_le_bytes).concat()),
            "`labels` holds 9223372036854775807 at position 1",
        ),
    ];
    for (images, labels, reason) in cases {
        write_set(&workspace, images, labels);
        refused(&workspace, "file:x.safetensors", &["x.safetensors: ", reason]);
    }
}

#[test]
fn images_of_one_class_are_refused() {
    let workspace = Workspace::new();
    write_set(
        &workspace,
        (Dtype::U8, &[12, 1, 8, 8], images(12, 1)),
        (Dtype::U8, &[12], vec![0; 12]),
    );
    refused(&workspace, "file:x.safetensors", &["1 classes, expected at least 2"]);
    write_set(
        &workspace,
        (Dtype::U8, &[12, 16, 2, 2], images(12, 1)),
        (Dtype::I64, &[12], labels(12)),
    );
    let train = "train vgg --dataset file:x.safetensors --out run";
    workspace.run(train).failed(&["images of 16x2x2 are too small for vgg"]);
    assert!(!workspace.path("run").exists());
}

#[test]
fn missing_datasets_name_their_folder() {
    let workspace = Workspace::new();
    let folder = workspace.path("cache/cifar10").display().to_string();
    let archive = "cifar-10-binary.tar.gz";
    refused(&workspace, "cifar10", &["downloads are switched off", archive, &folder, "--data-dir"]);
    fs::create_dir(workspace.path("empty")).unwrap();
    for folder in ["empty", "none"] {
        let dataset = format!("mnist --data-dir {folder}");
        refused(&workspace, &dataset, &["mnist: no ", "train-images-idx3-ubyte", folder]);
    }
    assert!(!workspace.path("cache").exists());
}

#[test]
fn damaged_files_of_named_datasets_are_refused() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("mnist")).unwrap();
    for part in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
        fs::write(workspace.path("mnist").join(format!("{part}-ubyte")), [0x9c; 4096]).unwrap();
    }
    refused(&workspace, "mnist --data-dir mnist", &["mnist/", "-ubyte"]);
    fs::create_dir(workspace.path("cifar")).unwrap();
    let batches = (1..6).map(|batch| format!("data_batch_{batch}.bin"));
    for file in batches.chain(["test_batch.bin".into()]) {
        fs::write(workspace.path("cifar").join(file), [0x9c; 4096]).unwrap();
    }
    refused(&workspace, "cifar10 --data-dir cifar", &["cifar: data_batch_1.bin has 4096 bytes"]);
}

//! Files written here, right and wrong in every way that has a message.

use proptest::prelude::*;
use safetensors::tensor::TensorView;
use tempfile::TempDir;

use super::*;

type Tensor = (&'static str, Dtype, Vec<usize>, Vec<u8>);

fn file(tensors: &[Tensor]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

fn u8_tensor(name: &'static str, shape: [usize; 4]) -> Tensor {
    let count = shape.iter().product::<usize>();
    (name, Dtype::U8, shape.to_vec(), (0..count).map(|i| i as u8).collect())
}

fn f32_tensor(name: &'static str, shape: [usize; 4], values: &[f32]) -> Tensor {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    (name, Dtype::F32, shape.to_vec(), data)
}

fn label_tensor(name: &'static str, labels: &[i64]) -> Tensor {
    let data = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    (name, Dtype::I64, vec![labels.len()], data)
}

fn message(tensors: &[Tensor]) -> String {
    read(&file(tensors)).unwrap_err().to_string()
}

#[test]
fn reads_both_splits() {
    let (train, test) = read(&file(&[
        u8_tensor("train.images", [2, 1, 2, 2]),
        label_tensor("train.labels", &[0, 1]),
        f32_tensor("test.images", [1, 1, 2, 2], &[0.0, 0.5, 0.25, 1.0]),
        label_tensor("test.labels", &[4]),
    ]))
    .unwrap();
    assert_eq!((train.len(), train.shape(), train.classes()), (2, [1, 2, 2], 5));
    assert_eq!((test.len(), test.shape(), test.classes()), (1, [1, 2, 2], 5));
    assert_eq!(train.read(1..2)[0], 4.0 / 255.0);
    assert_eq!(test.read(0..1), [0.0, 0.5, 0.25, 1.0]);
}

#[test]
fn holds_out_the_last_sixth() {
    for (count, kept) in [(2, 1), (5, 4), (12, 10), (13, 11)] {
        let given: Vec<i64> = (0..count as i64).collect();
        let tensors = [u8_tensor("images", [count, 1, 1, 2]), label_tensor("labels", &given)];
        let (train, test) = read(&file(&tensors)).unwrap();
        assert_eq!((train.len(), test.len()), (kept, count - kept));
        assert_eq!(test.labels()[0] as usize, kept);
        assert_eq!(test.read(0..1)[0], (2 * kept) as f32 / 255.0);
    }
}

#[test]
fn accepts_labels_of_other_types() {
    let data = [
        (Dtype::U8, vec![0, 2]),
        (Dtype::U32, vec![0, 0, 0, 0, 2, 0, 0, 0]),
        (Dtype::I32, vec![0, 0, 0, 0, 2, 0, 0, 0]),
    ];
    for (dtype, data) in data {
        let labels: Tensor = ("labels", dtype, vec![2], data);
        let (_, test) = read(&file(&[u8_tensor("images", [2, 1, 1, 1]), labels])).unwrap();
        assert_eq!(test.labels(), [2]);
    }
}

#[test]
fn refuses_wrong_tensors() {
    let good = label_tensor("labels", &[0, 1]);
    let text = message(&[u8_tensor("images", [2, 1, 1, 1])]);
    assert!(text.contains("no tensor `labels`, only `images`"), "{text}");
    let halves = [u8_tensor("train.images", [1, 1, 1, 1]), label_tensor("train.labels", &[0])];
    assert!(message(&halves).contains("no tensor `test.images`"));
    let flat = ("images", Dtype::U8, vec![2, 3], vec![0; 6]);
    assert!(message(&[flat, good.clone()]).contains("shape [2, 3], expected [count, channels"));
    assert!(message(&[u8_tensor("images", [0, 1, 1, 1]), good.clone()]).contains("at least 1"));
    assert!(message(&[u8_tensor("images", [3, 1, 1, 1]), good.clone()]).contains("expected [3]"));
    let wide = ("images", Dtype::F64, vec![2, 1, 1, 1], vec![0; 16]);
    assert!(message(&[wide, good]).contains("`images` is F64, expected U8 or F32"));
    let real = ("labels", Dtype::F32, vec![2], vec![0; 8]);
    assert!(message(&[u8_tensor("images", [2, 1, 1, 1]), real]).contains("expected U8, U32"));
    let single = [u8_tensor("images", [1, 1, 1, 1]), label_tensor("labels", &[0])];
    assert!(message(&single).contains("holds 1 images, expected 2 or more"));
}

#[test]
fn refuses_wrong_values() {
    for value in [f32::NAN, -0.1, 1.5, f32::INFINITY] {
        let images = f32_tensor("images", [2, 1, 1, 1], &[value, 0.0]);
        let text = message(&[images, label_tensor("labels", &[0, 1])]);
        assert!(text.contains("`images`: pixel 0 is"), "{text}");
    }
    for label in [-1, i64::MAX, 100_000] {
        let text =
            message(&[u8_tensor("images", [2, 1, 1, 1]), label_tensor("labels", &[0, label])]);
        assert!(text.contains(&format!("`labels` holds {label} at position 1")), "{text}");
    }
}

#[test]
fn refuses_splits_of_different_shapes() {
    let text = message(&[
        u8_tensor("train.images", [1, 1, 2, 2]),
        label_tensor("train.labels", &[0]),
        u8_tensor("test.images", [1, 3, 2, 2]),
        label_tensor("test.labels", &[0]),
    ]);
    assert!(text.contains("`test.images` has shape [1, 3, 2, 2], expected [n, 1, 2, 2]"));
}

#[test]
fn refuses_other_files() {
    let whole = file(&[u8_tensor("images", [2, 1, 1, 1]), label_tensor("labels", &[0, 1])]);
    let huge = [u64::MAX.to_le_bytes().as_slice(), &whole[8..]].concat();
    for damaged in [&b""[..], b"PK\x03\x04 not this format", &whole[..whole.len() - 1], &huge] {
        let text = read(damaged).unwrap_err().to_string();
        assert!(text.starts_with("not a safetensors file"), "{text}");
    }
}

#[test]
fn opens_by_path_and_names_it_in_errors() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("mine.safetensors");
    let name = format!("file:{}", path.display());
    let open = || crate::data::open(&name, &Default::default());
    assert!(open().unwrap_err().to_string().starts_with("cannot read "));
    fs::write(&path, b"junk").unwrap();
    assert!(open().unwrap_err().to_string().contains("mine.safetensors: not a safetensors"));
    let tensors = [u8_tensor("images", [2, 1, 1, 1]), label_tensor("labels", &[0, 1])];
    fs::write(&path, file(&tensors)).unwrap();
    let data = open().unwrap();
    assert_eq!((data.name, data.train.len(), data.test.len()), (name.clone(), 1, 1));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cut in 0..200usize,
    ) {
        let _ = read(&bytes);
        let whole = file(&[u8_tensor("images", [2, 1, 1, 1]), label_tensor("labels", &[0, 1])]);
        let head = &whole[..cut.min(whole.len())];
        let _ = read(&[head, &bytes].concat());
    }
}

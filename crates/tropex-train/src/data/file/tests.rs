//! Correct files, and files for every error message.

use proptest::prelude::*;
use safetensors::tensor::TensorView;
use tempfile::TempDir;

use super::super::mutations::mutations;
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

fn images_of(content: FileContent) -> (Images, Images) {
    (content.train, content.test)
}

fn read_checked(bytes: &[u8]) -> Result<(Images, Images), FileError> {
    Ok(images_of(read(bytes, &OpenOptions::default())?))
}

fn read_last(bytes: &[u8]) -> Result<(Images, Images), FileError> {
    let options = OpenOptions { held_out: HoldOut::Last, ..OpenOptions::default() };
    Ok(images_of(read(bytes, &options)?))
}

fn message(tensors: &[Tensor]) -> String {
    read_checked(&file(tensors)).unwrap_err().to_string()
}

#[test]
fn reads_both_splits() {
    let (train, test) = read_checked(&file(&[
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
fn holds_out_a_sixth_of_every_class() {
    let labels: Vec<i64> = (0..600).map(|image| image / 60).collect();
    let tensors = [u8_tensor("images", [600, 1, 1, 2]), label_tensor("labels", &labels)];
    let (train, test) = read_checked(&file(&tensors)).unwrap();
    let count =
        |images: &Images, class| images.labels().iter().filter(|&&label| label == class).count();
    for class in 0..10 {
        assert_eq!((count(&train, class), count(&test, class)), (50, 10));
    }
    // No image is in both splits, and both keep the order of images. The values of image i are 2 i
    // and 2 i + 1, modulo 256.
    let number = |images: &Images, at: usize| {
        let label = images.labels()[at];
        let first = (images.read(at..at + 1)[0] * 255.0).round() as usize;
        let numbers = (0..600).filter(|i| 2 * i % 256 == first && labels[*i] == i64::from(label));
        numbers.collect::<Vec<_>>()
    };
    for (images, len) in [(&train, 500), (&test, 100)] {
        assert_eq!(images.len(), len);
        assert!(images.labels().is_sorted());
    }
    let held: Vec<_> = (0..100).flat_map(|at| number(&test, at)).collect();
    let kept: Vec<_> = (0..500).flat_map(|at| number(&train, at)).collect();
    assert!(held.iter().all(|image| !kept.contains(image)));
    assert_eq!((held.len(), kept.len()), (100, 500));
}

#[test]
fn both_splits_of_any_file_have_images() {
    for (count, kept) in [(2, 1), (5, 4), (12, 10), (13, 11)] {
        let given: Vec<i64> = (0..count as i64).collect();
        let tensors = [u8_tensor("images", [count, 1, 1, 2]), label_tensor("labels", &given)];
        let (train, test) = read_checked(&file(&tensors)).unwrap();
        assert_eq!((train.len(), test.len()), (kept, count - kept));
    }
}

#[test]
fn the_last_sixth_is_held_out_for_old_runs() {
    for (count, kept) in [(2, 1), (5, 4), (12, 10), (13, 11)] {
        let given: Vec<i64> = (0..count as i64).collect();
        let tensors = [u8_tensor("images", [count, 1, 1, 2]), label_tensor("labels", &given)];
        let (train, test) = read_last(&file(&tensors)).unwrap();
        assert_eq!((train.len(), test.len()), (kept, count - kept));
        assert_eq!(test.labels()[0] as usize, kept);
        assert_eq!(test.read(0..1)[0], (2 * kept) as f32 / 255.0);
    }
}

#[test]
fn channels_last_are_refused_or_moved() {
    let labels = label_tensor("labels", &[0, 1]);
    let tensors = [u8_tensor("images", [2, 6, 5, 3]), labels.clone()];
    let text = message(&tensors);
    assert_eq!(
        text,
        "`images` has shape [2, 6, 5, 3], which looks like channels last; expected [count, \
         channels, height, width]: convert it with numpy.transpose(images, (0, 3, 1, 2)), or \
         choose the layout nhwc to have it read so, or nchw if these really are 6 channels of 5x3"
    );
    let whole = file(&tensors);
    let read = |whole: &[u8], layout| {
        let options = OpenOptions { held_out: HoldOut::Last, ..OpenOptions::default() };
        images_of(read(whole, &options.with_layout(layout)).unwrap())
    };
    let (as_it_is, _) = read(&whole, ImageLayout::Nchw);
    assert_eq!((as_it_is.shape(), as_it_is.read(0..1)[1]), ([6, 5, 3], 1.0 / 255.0));
    let (moved, _) = read(&whole, ImageLayout::Nhwc);
    assert_eq!((moved.shape(), moved.read(0..1)[1]), ([3, 6, 5], 3.0 / 255.0));
    let values: Vec<f32> = (0..90).map(|value| value as f32 / 128.0).collect();
    let floats = [f32_tensor("images", [2, 5, 3, 3], &values), labels];
    let (moved, test) = read(&file(&floats), ImageLayout::Nhwc);
    assert_eq!(
        (moved.shape(), moved.read(0..1)[..2].to_vec()),
        ([3, 5, 3], vec![0.0, 3.0 / 128.0])
    );
    assert_eq!(test.read(0..1)[44], 89.0 / 128.0);
}

#[test]
fn points_have_any_axes_and_values_where_a_network_reads_them() {
    let values: Vec<f32> = (0..24).map(|value| value as f32 - 12.0).collect();
    let labels = label_tensor("labels", &[0, 1, 0, 2]);
    let of = |name, shape: &[usize]| {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        file(&[(name, Dtype::F32, shape.to_vec(), data), labels.clone()])
    };
    for (shape, planes) in [
        (vec![4, 6], [1, 1, 6]),
        (vec![4, 6, 1], [1, 6, 1]),
        (vec![4, 2, 1, 3], [2, 1, 3]),
        (vec![4, 1, 2, 1, 3], [2, 1, 3]),
    ] {
        let options = OpenOptions::default().with_points_of(&shape[1..]);
        let content = read(&of("points", &shape), &options).unwrap();
        assert_eq!(content.train.shape(), planes);
        assert_eq!(content.reading.values, ValueRange::Any);
        let refused = read(&of("points", &shape), &OpenOptions::default()).map(images_of);
        assert!(refused.unwrap_err().to_string().contains("`points`: pixel 0 is -12"));
    }
    // Images in the order of the network, and images with channels last for a network with channels
    // first.
    let own = OpenOptions::default().with_points_of([2, 3, 1]);
    let train = read(&of("images", &[4, 2, 3, 1]), &own).unwrap().train;
    assert_eq!((train.shape(), train.read(0..1)[1]), ([2, 3, 1], -11.0));
    let other = OpenOptions::default().with_points_of([3, 1, 2]).with_layout(ImageLayout::Nhwc);
    let content = read(&of("images", &[4, 1, 2, 3]), &other).unwrap();
    assert_eq!((content.train.shape(), content.train.read(0..1)[1]), ([3, 1, 2], -9.0));
    assert_eq!(content.reading.layout, ImageLayout::Nhwc);
    let infinite = [f32_tensor("images", [2, 1, 1, 1], &[0.0, f32::INFINITY]), labels_of_two()];
    let refused = read(&file(&infinite), &own.with_points_of([1, 1, 1])).map(images_of);
    assert!(refused.unwrap_err().to_string().contains("value 1 is inf"));
}

fn labels_of_two() -> Tensor {
    label_tensor("labels", &[0, 1])
}

#[test]
fn damaged_files_are_read_without_harm() {
    let single = file(&[
        u8_tensor("images", [20, 1, 3, 2]),
        label_tensor("labels", &(0..20).map(|image| image % 3).collect::<Vec<_>>()),
    ]);
    let splits = file(&[
        u8_tensor("train.images", [6, 1, 2, 2]),
        label_tensor("train.labels", &[0, 1, 0, 1, 2, 2]),
        f32_tensor("test.images", [2, 1, 2, 2], &[0.5; 8]),
        label_tensor("test.labels", &[4, 0]),
    ]);
    for whole in [single, splits] {
        for damaged in mutations(&whole, 300) {
            for layout in [None, Some(ImageLayout::Nhwc)] {
                let options = OpenOptions { layout, ..OpenOptions::default() };
                if let Ok(FileContent { train, test, .. }) = read(&damaged, &options) {
                    let values = train.len() * train.features() + test.len() * test.features();
                    assert!(values <= damaged.len());
                    let _ = missing_classes::warning(&train, &test);
                }
            }
        }
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
        let (_, test) = read_last(&file(&[u8_tensor("images", [2, 1, 1, 1]), labels])).unwrap();
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
        let text = read_checked(damaged).unwrap_err().to_string();
        assert!(text.starts_with("not a safetensors file"), "{text}");
    }
}

#[test]
fn git_lfs_pointers_are_recognised() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 17\n";
    let text = read_checked(pointer).unwrap_err().to_string();
    assert!(text.contains("Git LFS pointer") && text.contains("git lfs pull"), "{text}");
}

#[test]
fn opens_by_path_and_names_it_in_errors() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("mine.safetensors");
    let name = format!("file:{}", path.display());
    let open = || crate::data::open(&name, &Default::default());
    assert!(open().unwrap_err().to_string().starts_with("cannot read "));
    std::fs::write(&path, b"junk").unwrap();
    assert!(open().unwrap_err().to_string().contains("mine.safetensors: not a safetensors"));
    let tensors = [u8_tensor("images", [2, 1, 1, 1]), label_tensor("labels", &[0, 1])];
    std::fs::write(&path, file(&tensors)).unwrap();
    let data = open().unwrap();
    assert_eq!((data.name, data.train.len(), data.test.len()), (name.clone(), 1, 1));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cut in 0..200usize,
    ) {
        let _ = read_checked(&bytes);
        let whole = file(&[u8_tensor("images", [2, 1, 1, 1]), label_tensor("labels", &[0, 1])]);
        let head = &whole[..cut.min(whole.len())];
        let _ = read_checked(&[head, &bytes].concat());
    }
}

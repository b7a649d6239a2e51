//! A store contains what the extractor computes.

use burn::tensor::TensorData;
use tropex::extract::terms::TermTable;
use tropex::{Classes, PointSource, Precision, TermStore, Terms};

use super::{CLASSES, Cloud, FEATURES, Fixture, files};
use crate::common::{difference, precisions};

const ALL_CLASSES: [Classes; 3] = [Classes::Predicted, Classes::All, Classes::One(1)];

#[test]
fn shards_contain_the_numbers_of_the_extractor() {
    for precision in precisions() {
        for classes in ALL_CLASSES {
            let mut fixture = Fixture::with(Cloud::new(50, 1), precision, classes, 20);
            fixture.options.batch = Some(20);
            let store = fixture.extract().unwrap();
            let sizes: Vec<_> = store.shards().map(|shard| shard.unwrap().len()).collect();
            assert_eq!(sizes, [20, 20, 10], "{precision:?} {classes:?}");
            for shard in store.shards() {
                let shard = shard.unwrap();
                let points = fixture.cloud.read(shard.first..shard.first + shard.len());
                check_shard(&shard, &fixture.extractor.extract(&points).unwrap(), precision);
            }
        }
    }
}

fn check_shard(shard: &TermTable, terms: &Terms, precision: Precision) {
    let (points, slots) = (terms.len(), terms.per_point());
    let several = [vec![points, CLASSES, FEATURES], vec![points, CLASSES]];
    let one = [vec![points, FEATURES], vec![points]];
    let [coefficients, biases] = if slots == 1 { &one } else { &several };
    for (tensor, shape) in [
        (&shard.linear_coefficients, coefficients),
        (&shard.linear_bias, biases),
        (&shard.negative_coefficients, &one[0]),
        (&shard.negative_bias, &one[1]),
    ] {
        assert_eq!(tensor.shape().to_vec(), *shape);
        assert_eq!(tensor.dtype(), precision.dtype());
    }
    for (point, &class) in terms.predicted().iter().enumerate() {
        assert_eq!(shard.index[point], (shard.first + point) as i64);
        assert_eq!(shard.label[point], ((shard.first + point) % CLASSES) as i64);
        assert_eq!(shard.predicted[point], class as i64);
        let negative = row(&shard.negative_coefficients, &shard.negative_bias, point);
        assert_eq!(negative, rounded(terms.negative(point), precision));
        for slot in 0..slots {
            let linear = row(&shard.linear_coefficients, &shard.linear_bias, point * slots + slot);
            assert_eq!(linear, rounded(terms.linear(point, slot), precision));
        }
    }
}

fn row(coefficients: &TensorData, biases: &TensorData, row: usize) -> (Vec<f64>, f64) {
    let all: Vec<f64> = coefficients.iter().collect();
    (all[row * FEATURES..][..FEATURES].to_vec(), biases.iter::<f64>().nth(row).unwrap())
}

/// A term with the bias rounded to a precision, as in a file.
fn rounded((coefficients, bias): (Vec<f64>, f64), precision: Precision) -> (Vec<f64>, f64) {
    match precision {
        Precision::F32 => (coefficients, f64::from(bias as f32)),
        Precision::F64 => (coefficients, bias),
    }
}

#[test]
fn the_size_of_batches_changes_no_more_than_rounding() {
    let with_batch = |batch| {
        let mut fixture = Fixture::new();
        fixture.options.batch = Some(batch);
        all_numbers(&fixture.extract().unwrap())
    };
    let expected = with_batch(20);
    assert_eq!(expected.len(), 70 * (2 * FEATURES + 2));
    for batch in [1, 7, 19, 1000, usize::MAX] {
        let found = difference(&with_batch(batch), &expected);
        assert!(found < 1e-5, "batches of {batch} differ by {found:e}");
    }
}

#[test]
fn the_size_of_shards_changes_no_more_than_rounding() {
    let expected = all_numbers(&Fixture::new().extract().unwrap());
    for shard_bytes in [0, 1, 1000, usize::MAX] {
        let mut fixture = Fixture::new();
        fixture.options.shard_bytes = shard_bytes;
        let found = difference(
            &sorted(all_numbers(&fixture.extract().unwrap())),
            &sorted(expected.clone()),
        );
        assert!(found < 1e-5, "shards of {shard_bytes} bytes differ by {found:e}");
    }
}

fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn all_numbers(store: &TermStore) -> Vec<f64> {
    store
        .shards()
        .map(|shard| shard.unwrap())
        .flat_map(|shard| {
            let tensors = [
                &shard.linear_coefficients,
                &shard.linear_bias,
                &shard.negative_coefficients,
                &shard.negative_bias,
            ];
            tensors.iter().flat_map(|tensor| tensor.iter::<f64>()).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_manifest_describes_the_files() {
    let fixture = Fixture::new();
    let store = fixture.extract().unwrap();
    let manifest = store.manifest();
    assert_eq!((manifest.terms.points, manifest.terms.shard_points), (70, 20));
    assert_eq!(manifest.terms.input_shape, [FEATURES]);
    assert_eq!(manifest.terms.source, fixture.cloud.fingerprint());
    assert_eq!(manifest.terms.network, fixture.extractor.fingerprint());
    let listed = manifest.shards.iter().map(|shard| (shard.file.clone(), shard.bytes));
    let on_disk = files(&fixture.folder()).split_off(1); // without the manifest
    let found = on_disk.iter().map(|(name, content)| (name.clone(), content.len() as u64));
    assert_eq!(listed.collect::<Vec<_>>(), found.collect::<Vec<_>>());
    for (entry, (name, content)) in manifest.shards.iter().zip(&on_disk) {
        assert_eq!(entry.sha256, tropex_files::sha256(content), "{name}");
    }
}

#[test]
fn the_self_check_covers_all_points_and_finds_them_dominant() {
    for precision in precisions() {
        let allowed = 450.0 * precision.epsilon();
        for classes in [Classes::Predicted, Classes::All] {
            let store = Fixture::with(Cloud::new(70, 1), precision, classes, 20).extract().unwrap();
            let check = store.manifest().check.as_ref().unwrap();
            assert_eq!(check.points, 70);
            assert!(check.value_error <= allowed, "{:e}", check.value_error);
            assert!(check.smallest_coefficient >= -allowed, "{:e}", check.smallest_coefficient);
            assert!(check.largest_logit > 0.1 && check.largest_coefficient > 0.1);
            let dominance = check.dominance.as_ref().unwrap();
            assert_eq!((dominance.checked, dominance.dominant), (70, 70), "{dominance:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn files_have_the_mode_of_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.extract().unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let plain = fixture.parent.path().join("plain");
    std::fs::write(&plain, "").unwrap();
    assert_eq!(mode(fixture.file("shard-00000.safetensors")), mode(plain.clone()));
    assert_eq!(mode(fixture.file("manifest.json")), mode(plain));
}

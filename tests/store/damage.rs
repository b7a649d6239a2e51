//! Damaged files: one line that names the file, never a panic.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use serde_json::{Value, json};
use tropex::TermStore;

use super::{Cloud, Fixture, files};

/// Opens a store and reads all of it.
fn read(folder: &Path) -> Result<usize, String> {
    let store = TermStore::open(folder).map_err(|error| error.to_string())?;
    let shards: Result<Vec<_>, _> = store.shards().collect();
    Ok(shards.map_err(|error| error.to_string())?.len())
}

fn assert_refused(fixture: &Fixture, file: &str, reason: &str) {
    let error = read(&fixture.folder()).unwrap_err();
    assert!(error.contains(file) && error.contains(reason), "{reason:?} of {file}: {error}");
    assert!(!error.contains('\n'), "{error}");
}

fn extracted() -> Fixture {
    let fixture = Fixture::new();
    fixture.extract().unwrap();
    assert_eq!(read(&fixture.folder()), Ok(4));
    fixture
}

const SHARD: &str = "shard-00001.safetensors";

#[test]
fn a_missing_shard_is_named() {
    let fixture = extracted();
    fs::remove_file(fixture.file(SHARD)).unwrap();
    assert_refused(&fixture, SHARD, "cannot read");
}

#[test]
fn a_shard_of_another_length_is_named() {
    let fixture = extracted();
    let content = fs::read(fixture.file(SHARD)).unwrap();
    let longer = [content.as_slice(), b"x"].concat();
    for wrong in [&content[..content.len() - 1], &content[..0], &longer] {
        fs::write(fixture.file(SHARD), wrong).unwrap();
        assert_refused(&fixture, SHARD, "but the manifest says");
    }
}

#[test]
fn terms_replaced_during_a_read_are_an_error() {
    let mut fixture = extracted();
    let store = TermStore::open(&fixture.folder()).unwrap();
    let mut shards = store.shards();
    shards.next().unwrap().unwrap();
    fixture.cloud = Cloud::new(70, 2);
    fixture.options.replace = true;
    fixture.extract().unwrap();
    let error = shards.next().unwrap().unwrap_err().to_string();
    assert!(error.contains("replaced while they were read; run the command again"), "{error}");
}

#[test]
fn flipped_bits_are_found_anywhere_in_a_file() {
    let fixture = extracted();
    let content = fs::read(fixture.file(SHARD)).unwrap();
    for position in [0, 7, 8, 50, content.len() / 2, content.len() - 1] {
        let mut flipped = content.clone();
        flipped[position] ^= 4;
        fs::write(fixture.file(SHARD), &flipped).unwrap();
        assert_refused(&fixture, SHARD, "does not match its checksum");
    }
}

#[test]
fn swapped_shards_are_found() {
    let fixture = extracted();
    let (first, second) = (fixture.file("shard-00000.safetensors"), fixture.file(SHARD));
    let content = [fs::read(&first).unwrap(), fs::read(&second).unwrap()];
    assert_eq!(content[0].len(), content[1].len());
    fs::write(&first, &content[1]).unwrap();
    fs::write(&second, &content[0]).unwrap();
    assert_refused(&fixture, "shard-00000.safetensors", "does not match its checksum");
    // The test also finds them if the manifest lists the new checksums.
    register(&fixture, "shard-00000.safetensors", 0);
    register(&fixture, SHARD, 1);
    assert_refused(&fixture, "shard-00000.safetensors", "`index` holds 20, expected 0 to 19");
}

/// Writes the size and checksum of a file into the manifest.
fn register(fixture: &Fixture, file: &str, number: usize) {
    let content = fs::read(fixture.file(file)).unwrap();
    fixture.edit_manifest(|manifest| {
        manifest["shards"][number]["bytes"] = json!(content.len());
        manifest["shards"][number]["sha256"] = json!(tropex_files::sha256(&content));
    });
}

type Tensors = HashMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// Writes a shard with changed tensors, and its checksum into the manifest.
fn forge(fixture: &Fixture, edit: impl FnOnce(&mut Tensors)) {
    let content = fs::read(fixture.file(SHARD)).unwrap();
    let tensors = SafeTensors::deserialize(&content).unwrap();
    let mut owned: Tensors = tensors
        .iter()
        .map(|(name, view)| {
            (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        })
        .collect();
    edit(&mut owned);
    let views = owned.iter().map(|(name, (dtype, shape, bytes))| {
        (name.clone(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    fs::write(fixture.file(SHARD), serialize(views.collect::<Vec<_>>(), None).unwrap()).unwrap();
    register(fixture, SHARD, 1);
}

#[test]
fn shards_with_wrong_tensors_are_refused() {
    let zeros = || vec![0_u8; 4 * 20 * 6];
    let classes = [3_i64; 20].map(i64::to_le_bytes).concat();
    for (name, tensor, reason) in [
        ("linear.bias", None, "found none, expected F32 of 20"),
        (
            "negative.coefficients",
            Some((Dtype::F32, vec![6, 20], zeros())),
            "found F32 of 6x20, expected F32 of 20x6",
        ),
        ("negative.coefficients", Some((Dtype::I32, vec![20, 6], zeros())), "found I32 of 20x6"),
        ("predicted", Some((Dtype::I64, vec![20], classes)), "holds 3, expected 0 to 2"),
        (
            "linear.coefficients",
            Some((Dtype::F32, vec![20, 6], [f32::NAN; 120].map(f32::to_le_bytes).concat())),
            "holds infinite numbers or none",
        ),
    ] {
        let fixture = extracted();
        forge(&fixture, |tensors| {
            tensors.remove(name);
            tensors.extend(tensor.map(|tensor| (name.to_owned(), tensor)));
        });
        assert_refused(&fixture, SHARD, &format!("tensor `{name}`"));
        assert_refused(&fixture, SHARD, reason);
    }
    let fixture = extracted();
    fs::write(fixture.file(SHARD), "no safetensors").unwrap();
    register(&fixture, SHARD, 1);
    assert_refused(&fixture, SHARD, "not a shard of terms");
}

/// Aligned numbers are read in place, others are copied.
#[test]
fn numbers_may_lie_anywhere_in_a_file() {
    let fixture = extracted();
    let numbers = || {
        let store = TermStore::open(&fixture.folder()).unwrap();
        let shard = store.shards().nth(1).unwrap().unwrap();
        let data = [&shard.linear_coefficients, &shard.linear_bias, &shard.negative_coefficients];
        data.map(|data| data.iter::<f64>().collect::<Vec<_>>())
    };
    let expected = numbers();
    for spaces in 1..8 {
        let mut content = fs::read(fixture.file(SHARD)).unwrap();
        let header = u64::from_le_bytes(content[..8].try_into().unwrap());
        content.splice(..8, (header + 1).to_le_bytes());
        content.insert(8 + header as usize, b' ');
        fs::write(fixture.file(SHARD), content).unwrap();
        register(&fixture, SHARD, 1);
        assert_eq!(numbers(), expected, "{spaces} spaces");
    }
}

#[test]
fn invalid_manifests_are_refused() {
    let fixture = extracted();
    let text = fs::read(fixture.file("manifest.json")).unwrap();
    let deep = "[".repeat(100_000);
    for (content, reason) in [
        (&text[..text.len() / 2], "not a manifest of terms"),
        (b"", "not a manifest of terms"),
        (b"\xff\xfe\x00", "not a manifest of terms"),
        (deep.as_bytes(), "not a manifest of terms"),
        (b"[1, 2]", "no format, expected format 2"),
        (b"{\"format\": \"1\"}", "no format, expected format 2"),
        (b"{\"format\": 3}", "format 3, expected format 2"),
        (b"{\"format\": 1}", "missing field"),
    ] {
        fs::write(fixture.file("manifest.json"), content).unwrap();
        assert_refused(&fixture, "manifest.json", reason);
    }
    fs::remove_file(fixture.file("manifest.json")).unwrap();
    assert_refused(&fixture, "manifest.json", "cannot read");
}

/// JSON pointers to numbers of a manifest.
const NUMBERS: [&str; 7] = [
    "/terms/points",
    "/terms/shard_points",
    "/terms/class_count",
    "/terms/input_shape/0",
    "/shards/0/points",
    "/shards/3/points",
    "/shards/0/bytes",
];

#[test]
fn impossible_numbers_in_a_manifest_are_refused_before_they_are_used() {
    for place in NUMBERS {
        for number in
            [json!(-1), json!(0), json!(1.5), json!(null), json!(u64::MAX), json!(1_u64 << 62)]
        {
            let fixture = extracted();
            fixture
                .edit_manifest(|manifest| *manifest.pointer_mut(place).unwrap() = number.clone());
            let error = read(&fixture.folder());
            assert!(error.is_err(), "{place} {number}");
            assert!(!error.unwrap_err().contains('\n'), "{place} {number}");
        }
    }
}

#[test]
fn impossible_lists_of_shards_are_refused() {
    type ManifestEdit = fn(&mut Vec<Value>);
    let edits: [(ManifestEdit, &str); 6] = [
        (|shards| shards[1]["file"] = json!("../terms/shard-00001.safetensors"), "lists `../terms"),
        (|shards| shards[1]["file"] = json!("/etc/passwd"), "lists `/etc/passwd`"),
        (|shards| shards[1] = shards[0].clone(), "lists `shard-00000.safetensors`"),
        (|shards| shards.swap(0, 1), "lists `shard-00001.safetensors`"),
        (|shards| drop(shards.pop()), "lists 3 shards of 4"),
        (|shards| shards.push(shards[3].clone()), "lists 5 shards of 4"),
    ];
    for (edit, reason) in edits {
        let fixture = extracted();
        fixture.edit_manifest(|manifest| edit(manifest["shards"].as_array_mut().unwrap()));
        assert_refused(&fixture, "manifest.json", reason);
    }
}

#[test]
fn a_damaged_manifest_is_replaced_on_request_only() {
    let expected = files(&extracted().folder());
    for content in ["", "{\"format\": 2}", "{\"format\": 1, \"shards\": []}"] {
        let mut fixture = extracted();
        fs::write(fixture.file("manifest.json"), content).unwrap();
        let error = fixture.extract().unwrap_err().to_string();
        assert!(error.contains("manifest.json"), "{error}");
        assert_eq!(fs::read_to_string(fixture.file("manifest.json")).unwrap(), content);
        fixture.options.replace = true;
        fixture.extract().unwrap();
        assert!(files(&fixture.folder()) == expected);
    }
}

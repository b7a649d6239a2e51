//! The mapping of layers by names, and its correction by the user.

use super::*;

const NAMES: [&str; 5] = ["conv1", "bn1", "conv2", "fc1", "fc2"];

/// Replaces the number of the layer in a key such as `3.weight` by its name in `names`.
fn renamed(key: &str, names: [&str; 5]) -> String {
    let (layer, leaf) = key.split_once('.').unwrap();
    format!("{}.{leaf}", names[layer.parse::<usize>().unwrap()])
}

fn mapped(names: [&str; 5], map: &[(&str, &str)]) -> Result<ImportedNetwork, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), |key| renamed(key, names));
    let map = map.iter().map(|&(from, to)| (from.to_owned(), to.to_owned())).collect();
    import_with(&path, &ImportOptions { map, ..Default::default() })
}

fn expected() -> Vec<f32> {
    logits(&import_named(|key| format!("layers.{key}")).unwrap())
}

#[test]
fn named_layers_are_matched_by_shape() {
    let imported = mapped(NAMES, &[]).unwrap();
    assert_eq!(logits(&imported.classifier), expected());
    let note = "layers matched by shape and the numbers in names: conv1 = layers.0, bn1 = layers.1, \
                conv2 = layers.2, fc1 = layers.3, fc2 = layers.4";
    assert_eq!(imported.notes, [note]);
}

#[test]
fn a_map_decides_the_match() {
    let names = ["alpha", "bn", "3", "beta", "fc2"];
    let map = [
        ("beta", "layers.3"),
        ("alpha.weight", "layers.0.weight"),
        ("alpha.bias", "layers.0.bias"),
    ];
    assert_eq!(logits(&mapped(names, &map).unwrap().classifier), expected());
    let line = |map| mapped(names, map).unwrap_err().to_string();
    assert!(line(&[("gamma", "layers.0")]).contains("no layer or tensor `gamma`"));
    assert!(line(&[("alpha", "layers.9")]).contains("layers.0 to layers.4"));
    // The map drops the convolution, so four layers are left.
    let said = line(&[("alpha", "")]);
    assert!(said.contains("4 layers with parameters, expected 5"), "{said}");
    assert!(said.contains("in the network: layers.0 [3, 2, 3, 3]"), "{said}");
}

#[test]
fn layers_of_the_same_shape_without_numbers_are_refused_with_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let names = ["head", "in", "hidden", "middle"];
    let shapes = [[3, 16], [16, 16], [16, 16], [16, 16]];
    let zeros = vec![0; 16 * 16 * 4];
    let view = |shape: &[usize]| {
        let bytes = 4 * shape.iter().product::<usize>();
        TensorView::new(Dtype::F32, shape.to_vec(), &zeros[..bytes]).unwrap()
    };
    let tensors = names.iter().zip(shapes).flat_map(|(name, shape)| {
        [(format!("{name}.weight"), view(&shape)), (format!("{name}.bias"), view(&shape[..1]))]
    });
    fs::write(&path, safetensors::serialize(tensors.collect::<Vec<_>>(), None).unwrap()).unwrap();
    let import = |map: &[(&str, &str)]| {
        let map = map.iter().map(|&(from, to)| (from.to_owned(), to.to_owned())).collect();
        let options = ImportOptions { map, ..Default::default() };
        import(&TINY_DENSE, &path, &options, [1, 4, 4], 3, &device())
    };
    let line = import(&[]).unwrap_err().to_string();
    for part in [
        "their names do not tell the order",
        "in the file: hidden [16, 16], in [16, 16], middle [16, 16]",
        "in the network: layers.0 [16, 16], layers.1 [16, 16], layers.2 [16, 16]",
    ] {
        assert!(line.contains(part), "{line}");
    }
    import(&[("in", "layers.0"), ("hidden", "layers.1")]).unwrap();
}

#[test]
fn normalisation_and_epsilon_are_operations_of_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), |key| format!("layers.{key}"));
    let normalisation = Normalisation { mean: vec![0.25, 0.5], std: vec![0.5] };
    let options = ImportOptions {
        normalisation: Some(normalisation),
        batch_norm_epsilon: Some(1e-3),
        ..Default::default()
    };
    let classifier = import_with(&path, &options).unwrap().classifier;
    let means = |index: usize| [0.25, 0.5][index / 36];
    let image: Vec<f32> =
        image().iter().enumerate().map(|(at, value)| (value - means(at)) / 0.5).collect();
    // A change of the epsilon equals a change of the variances.
    let shift = 1e-3 - 1e-5;
    assert_close(&logits(&classifier), &reference_logits_with(&image, shift));
    let refused = |options| import_with(&path, &options).unwrap_err().to_string();
    let normalisation = Some(Normalisation { mean: vec![0.0; 3], std: vec![1.0] });
    let line = refused(ImportOptions { normalisation, ..Default::default() });
    assert!(line.contains("3 numbers for the mean of 2 channels, expected 1 or 2"), "{line}");
    let normalisation = Some(Normalisation { mean: vec![0.0], std: vec![0.0] });
    assert!(refused(ImportOptions { normalisation, ..Default::default() }).contains("0 as std"));
    let batch_norm_epsilon = Some(0.0);
    assert!(
        refused(ImportOptions { batch_norm_epsilon, ..Default::default() }).contains("above 0")
    );
}

#[test]
fn an_entry_is_a_prefix_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), |key| format!("ema.{key}"));
    let choose = |entry: &str| {
        let entry = Some(entry.to_owned());
        import_with(&path, &ImportOptions { entry, ..Default::default() })
    };
    assert_eq!(logits(&choose("ema").unwrap().classifier), expected());
    let line = choose("net").unwrap_err().to_string();
    assert!(line.contains("holds no state dict `net`, only `ema`"), "{line}");
}

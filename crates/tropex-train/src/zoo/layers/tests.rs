use super::*;
use crate::testing::device;
use crate::zoo::Architecture;

fn parsed(text: &str) -> LayerList {
    text.parse().unwrap()
}

fn refused(text: &str) -> ParseLayersError {
    text.parse::<LayerList>().unwrap_err()
}

/// The shapes in PyTorch of the weights of a line on images of 2x9x8.
fn shapes(text: &str) -> Vec<Vec<usize>> {
    let classifier = Architecture::from(parsed(text)).skeleton([2, 9, 8], 3, &device()).unwrap();
    let specs = crate::naming::tensor_specs(&classifier).into_iter();
    specs.filter(|spec| spec.key.ends_with(".weight")).map(|spec| spec.shape).collect()
}

#[test]
fn written_layers_have_no_numbers_that_are_the_default() {
    for (text, expected) in [
        ("C32k3s1p0", "C32"),
        ("C4s2p1k5", "C4k5s2p1"),
        ("C4k3x3s1x2", "C4s1x2"),
        ("C4k1x3p0x1,BN", "C4k1x3p0x1,BN"),
        ("Pk2s2", "P"),
        ("Pk3s3,Ak3s2p1,Pk1x2", "Pk3,Ak3s2p1,Pk1x2"),
        (" C2 , BN,\tG ,D5,BN,DO.50", "C2,BN,G,D5,BN,DO0.5"),
        ("DO0.25,D007", "DO0.25,D7"),
    ] {
        assert_eq!(parsed(text).to_string(), expected, "{text}");
        assert_eq!(parsed(expected), parsed(text));
    }
}

#[test]
fn other_texts_are_refused_with_their_position_and_what_was_expected() {
    for (item, expected) in [
        ("", "expected one of C, BN, P, A, G, D, DO in upper case"),
        ("32", "expected one of"),
        ("X3", "expected one of"),
        ("c3", "expected one of"),
        ("Cé", "expected C and the number of filters"),
        ("éC3", "expected one of"),
        ("C", "expected C and the number of filters"),
        ("C0", "expected C and"),
        ("C+3", "expected C and"),
        ("C-3", "expected C and"),
        ("C3z2", "expected C and"),
        ("C3k", "expected C and"),
        ("C3kx", "expected C and"),
        ("C3k0", "expected C and"),
        ("C3s0x1", "expected C and"),
        ("C3k3k3", "expected C and"),
        ("C1048577", "in numbers of at most 1048576"),
        ("C99999999999999999999", "expected C and"),
        ("P2", "expected P, then k window"),
        ("Pk2p2", "padding of at most half the window"),
        ("A3", "expected A, then k window"),
        ("G2", "expected G without numbers"),
        ("BN1", "expected BN without numbers"),
        ("D3x4", "expected D and the number of units"),
        ("D12k3", "expected D and"),
        ("D1D2", "expected D and"),
        ("DO", "expected DO and the share"),
        ("DO1", "expected DO and"),
        ("DO0", "expected DO and"),
        ("DO1e-1", "expected DO and"),
        ("DOnan", "expected DO and"),
    ] {
        let error = refused(&format!("C3, {item} ,D4"));
        assert_eq!((error.position, error.item.as_str()), (2, item));
        assert!(error.problem.contains(expected), "{error}");
        let line = error.to_string();
        assert!(line.starts_with(&format!("layer 2 (`{item}`): ")), "{line}");
    }
}

#[test]
fn layers_in_impossible_order_are_refused() {
    for (text, position, expected) in [
        ("BN,C3", 1, "expected C or D before it"),
        ("C3,P,BN", 3, "expected C or D before it"),
        ("C3,BN,BN", 3, "expected C or D before it"),
        ("D3,C3", 2, "a dense layer before it has flattened them, expected D, BN or DO"),
        ("D3,BN,DO0.5,P", 4, "it reads images"),
        ("D3,G", 2, "it reads images"),
        ("D3,DO0.5,DO0.5", 3, "dropout follows dropout"),
    ] {
        let error = refused(text);
        assert_eq!(error.position, position, "{text}");
        assert!(error.problem.contains(expected), "{error}");
    }
    let error = refused(&vec!["D1"; MAX_LAYERS + 1].join(","));
    assert_eq!((error.position, error.problem.as_str()), (1001, "expected at most 1000 layers"));
}

#[test]
fn layers_have_the_weights_of_the_same_layers_in_pytorch() {
    let norm = || vec![4];
    assert_eq!(shapes("D5"), [vec![5, 144], vec![3, 5]]);
    assert_eq!(shapes("C4"), [vec![4, 2, 3, 3], vec![3, 4 * 7 * 6]]);
    let conv = vec![4, 2, 3, 2];
    assert_eq!(shapes("C4k3x2s2x1p1x0,BN"), [conv, norm(), vec![3, 4 * 5 * 7]]);
    assert_eq!(shapes("Pk3s2p1,DO0.5,D4,BN"), [vec![4, 2 * 5 * 4], norm(), vec![3, 4]]);
    assert_eq!(shapes("Ak2x1"), [vec![3, 2 * 4 * 8]]);
    assert_eq!(shapes("P,C4,G,DO0.1,D6"), [vec![4, 2, 3, 3], vec![6, 4], vec![3, 6]]);
}

#[test]
fn layers_that_do_not_fit_are_named_with_their_input() {
    let error = |text: &str, images| {
        let architecture = Architecture::from(parsed(text));
        architecture.skeleton(images, 3, &device()).unwrap_err().to_string()
    };
    assert_eq!(
        error("C4,BN,P,C5k4p0x1", [1, 9, 9]),
        "layer 4 (`C5k4p0x1`) does not fit its input of 4x3x3 (images of 1x9x9): its windows of \
         4x4 are larger, expected at most 3x5; take smaller windows, more padding or larger images"
    );
    let line = error("Pk1x9", [3, 8, 8]);
    assert!(line.starts_with("layer 1 (`Pk1x9`) does not fit its input of 3x8x8"), "{line}");
    let line = error("C9p1000000", [1, 8, 8]);
    assert!(line.contains("its output has more than 4294967296 values"), "{line}");
    let line = error("C1048576k1,C1048576k1048576p1048576", [1, 1, 1]);
    assert!(line.starts_with("layer 2 ") && line.contains("more than 4503599627370496"), "{line}");
}

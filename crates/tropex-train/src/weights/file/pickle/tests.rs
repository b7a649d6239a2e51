use super::*;

fn read(text: &[u8]) -> Pickle {
    Pickle::read(text).unwrap()
}

#[test]
fn dictionaries_keep_their_order_and_references_are_shared() {
    // {"b": [1, 2], "a": the list [1, 2] again}
    let pickle = read(b"\x80\x02}(U\x01b](K\x01K\x02eq\x05U\x01ah\x05u.rest");
    assert_eq!(pickle.length, 23);
    let items = pickle.items(pickle.root()).unwrap();
    let keys: Vec<_> = items.iter().map(|(key, _)| pickle.text(*key).unwrap()).collect();
    assert_eq!(keys, ["b", "a"]);
    assert_eq!(items[0].1, items[1].1);
    let list = pickle.sequence(items[0].1).unwrap();
    assert_eq!(list.iter().map(|&id| pickle.size(id)).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn calls_in_a_pickle_are_not_executed() {
    let pickle = read(b"cos\nsystem\n(X\x02\0\0\0lstR.");
    let PickleValue::Object(object) = pickle.get(pickle.root()) else { panic!("no object") };
    assert_eq!(pickle.global(object.class), Some("os.system"));
    let arguments = pickle.sequence(object.arguments).unwrap();
    assert_eq!(pickle.text(arguments[0]), Some("ls"));
}

#[test]
fn integers_of_all_lengths_are_read() {
    for (text, expected) in [
        (&b"\x8a\x02\xff\x00."[..], Some(255)),
        (b"\x8a\x00.", Some(0)),
        (b"M\x01\x02.", Some(513)),
        (b"J\x01\x00\x00\x00.", Some(1)),
        (b"\x8a\x01\xff.", None),
        (b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.", None),
    ] {
        let pickle = read(text);
        assert_eq!(pickle.size(pickle.root()), expected, "{text:?}");
    }
}

#[test]
fn invalid_pickles_are_refused() {
    for text in [&b""[..], b"(", b"K", b"X\xff\xff\xff\x7fab", b"}(K\x01"] {
        assert_eq!(Pickle::read(text).unwrap_err(), PickleError::Cut, "{text:?}");
    }
    for text in [&b"."[..], b"t.", b"h\x00.", b"}(K\x01u.", b"\xff.", b"\x85.", b"\x93."] {
        let problem = Pickle::read(text).unwrap_err();
        assert!(matches!(problem, PickleError::Invalid(_)), "{text:?}: {problem:?}");
    }
}

use super::*;
use crate::gauge::Gauge;
use crate::store::layout::{NamedTensor, TensorFileLayout};
use crate::terms::{Classes, SelfCheck};

const POINTS: usize = 7;
const FEATURES: usize = 3;

fn header() -> TermsHeader {
    TermsHeader {
        network: String::new(),
        source: String::new(),
        subset: None,
        gauge: Gauge::WorstCase,
        shifts: None,
        precision: Precision::F64,
        classes: Classes::All,
        class_count: 2,
        input_shape: vec![FEATURES],
        points: POINTS,
        shard_points: POINTS,
    }
}

/// Ascending numbers, so that each value gives its position.
fn numbers(first: usize, count: usize) -> Vec<u8> {
    (first..first + count).flat_map(|number| (number as f64).to_le_bytes()).collect()
}

fn integers(first: i64) -> Vec<u8> {
    (first..first + POINTS as i64).flat_map(i64::to_le_bytes).collect()
}

#[test]
fn pieces_of_a_file_join_to_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let [index, label, predicted] = [integers(0), integers(5), vec![0; 8 * POINTS]];
    let [linear, linear_bias] = [numbers(100, POINTS * 2 * FEATURES), numbers(300, POINTS * 2)];
    let [negative, negative_bias] = [numbers(400, POINTS * FEATURES), numbers(600, POINTS)];
    let tensors: [NamedTensor<'_>; 7] = [
        ("index", Dtype::I64, vec![POINTS], &index),
        ("label", Dtype::I64, vec![POINTS], &label),
        ("predicted", Dtype::I64, vec![POINTS], &predicted),
        ("linear.coefficients", Dtype::F64, vec![POINTS, 2, FEATURES], &linear),
        ("linear.bias", Dtype::F64, vec![POINTS, 2], &linear_bias),
        ("negative.coefficients", Dtype::F64, vec![POINTS, FEATURES], &negative),
        ("negative.bias", Dtype::F64, vec![POINTS], &negative_bias),
    ];
    let layout = TensorFileLayout::of(tensors).unwrap();
    tropex_files::replace_with(&folder.path().join("file"), |file| layout.write(file)).unwrap();
    let (bytes, sha256) = (layout.bytes() as u64, layout.checksum());
    let check = SelfCheck::empty();
    let entry = ShardEntry { file: "file".into(), points: POINTS, bytes, sha256, check };
    let terms = header();
    for (in_memory, lengths) in [
        (bytes, vec![POINTS]),
        (bytes / 2, vec![3, 3, 1]),
        (bytes / 3, vec![2, 2, 2, 1]),
        (0, vec![1; POINTS]),
    ] {
        let file = ShardFile::open(folder.path(), &entry, &terms, 0, in_memory).unwrap();
        let pieces: Vec<_> = file.map(|piece| piece.unwrap()).collect();
        assert_eq!(pieces.iter().map(TermTable::len).collect::<Vec<_>>(), lengths);
        let mut first = 0;
        for piece in &pieces {
            assert_eq!((piece.first, piece.per_point()), (first, 2));
            for point in 0..piece.len() {
                let all = first + point;
                assert_eq!((piece.index[point], piece.label[point]), (all as i64, all as i64 + 5));
                let row =
                    |start: usize| (0..FEATURES).map(|at| (start + at) as f64).collect::<Vec<_>>();
                for class in 0..2 {
                    let row = row(100 + (2 * all + class) * FEATURES);
                    let bias = (300 + 2 * all + class) as f64;
                    assert_eq!(piece.linear_term(point, class), (row, bias));
                }
                let expected = (row(400 + all * FEATURES), (600 + all) as f64);
                assert_eq!(piece.negative_term(point), expected);
            }
            first += piece.len();
        }
    }
}

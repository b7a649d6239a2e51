//! Bounds of small convolutions, against regions counted without a formula.

use std::collections::HashSet;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::bounds::{BoundKind, Structure};

use super::counted::{Matrix, independent_sets, number, random};
use super::{found, reason, table};

/// A convolution without padding.
struct TestConv {
    input: [usize; 3],
    filters: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
}

impl TestConv {
    fn structure(&self) -> Structure {
        let start = Structure::new(&self.input).unwrap();
        start.conv(self.filters, self.kernel, self.stride, [0, 0]).unwrap()
    }

    /// For every position, the inputs that its window covers.
    fn covered(&self) -> Vec<Vec<usize>> {
        let ([channels, height, width], [rows, columns]) = (self.input, self.kernel);
        let corners = (0..=height - rows).step_by(self.stride[0]).flat_map(|row| {
            (0..=width - columns).step_by(self.stride[1]).map(move |column| (row, column))
        });
        let window = |(row, column): (usize, usize)| {
            let cells = (0..channels * height * width).filter(|cell| {
                let (r, c) = (cell / width % height, cell % width);
                (row..row + rows).contains(&r) && (column..column + columns).contains(&c)
            });
            cells.collect()
        };
        corners.map(window).collect()
    }

    /// The normals of all hyperplanes, for random kernels. All positions share the kernels.
    fn normals(&self, generator: &mut impl Rng) -> Matrix {
        let covered = self.covered();
        let kernels = random(self.filters, covered[0].len(), generator);
        let features = self.input.iter().product();
        let normals = covered.iter().flat_map(|cells| {
            kernels.iter().map(move |kernel| {
                let mut normal = vec![0.0; features];
                cells.iter().zip(kernel).for_each(|(&cell, &weight)| normal[cell] = weight);
                normal
            })
        });
        normals.collect()
    }

    /// The published sum, computed by its definition: over all `t`, with a condition on every set
    /// of positions.
    fn by_definition(&self) -> u128 {
        let (covered, filters) = (self.covered(), self.filters);
        let count = covered.len();
        let union = |set: usize| {
            let positions = (0..count).filter(|position| set >> position & 1 == 1);
            positions.flat_map(|position| &covered[position]).collect::<HashSet<_>>().len()
        };
        let unions: Vec<_> = (0..1 << count).map(union).collect();
        let mut sum = 0;
        for case in 0..(filters + 1).pow(count as u32) {
            let t: Vec<_> =
                (0..count).map(|at| case / (filters + 1).pow(at as u32) % (filters + 1)).collect();
            let taken =
                |set: usize| (0..count).filter(|at| set >> at & 1 == 1).map(|at| t[at]).sum();
            if (0..1 << count).all(|set| {
                let taken: usize = taken(set);
                taken <= unions[set]
            }) {
                sum += t.iter().map(|&t| choose(filters, t)).product::<u128>();
            }
        }
        sum
    }
}

fn convolutions() -> [TestConv; 10] {
    let conv = |input, filters, kernel, stride| TestConv { input, filters, kernel, stride };
    [
        conv([1, 1, 4], 2, [1, 2], [1, 1]),
        conv([2, 1, 4], 3, [1, 2], [1, 1]),
        conv([1, 5, 1], 2, [3, 1], [1, 1]),
        conv([1, 1, 7], 3, [1, 3], [2, 1]),
        conv([1, 4, 4], 2, [2, 2], [2, 1]),
        conv([1, 4, 5], 1, [3, 2], [1, 2]),
        conv([1, 2, 4], 4, [2, 2], [1, 1]),
        conv([1, 3, 3], 2, [2, 2], [1, 1]),
        conv([1, 3, 3], 3, [2, 2], [1, 1]),
        conv([2, 3, 3], 3, [2, 2], [1, 1]),
    ]
}

fn choose(n: usize, k: usize) -> u128 {
    (0..k).fold(1, |c, i| c * (n - i) as u128 / (i + 1) as u128)
}

#[test]
fn bounds_of_one_convolution_bracket_its_number_of_regions() {
    let mut generator = ChaCha8Rng::seed_from_u64(6);
    let mut along_one_axis = 0;
    for conv in convolutions() {
        let table = table(&conv.structure());
        let about =
            format!("{:?} {} {:?} {:?}", conv.input, conv.filters, conv.kernel, conv.stride);
        let [lower, upper] = [BoundKind::Lower, BoundKind::Upper]
            .map(|kind| number(&table, "Xiong 2020, one layer", kind));
        assert_eq!(upper, conv.by_definition(), "{about}");
        let normals = conv.normals(&mut generator);
        let counted = independent_sets(&normals);
        assert!(0 < lower && lower <= counted && counted <= upper, "{about}: {counted}");
        if table.entry("Xiong 2020, one layer", BoundKind::Exact).unwrap().outcome().is_ok() {
            let exact = number(&table, "Xiong 2020, one layer", BoundKind::Exact);
            assert_eq!([exact, upper], [counted; 2], "{about}");
            along_one_axis += 1;
        }
    }
    assert_eq!(along_one_axis, 7);
}

/// Two filters on one channel commute. A set of hyperplanes that can be matched to different inputs
/// is therefore dependent for all weights, and the published number is not attained.
#[test]
fn commuting_filters_do_not_attain_the_published_number() {
    let mut generator = ChaCha8Rng::seed_from_u64(7);
    let conv = TestConv { input: [1, 3, 3], filters: 2, kernel: [2, 2], stride: [1, 1] };
    assert_eq!(conv.by_definition(), 256);
    for _ in 0..5 {
        assert_eq!(independent_sets(&conv.normals(&mut generator)), 255);
    }
    let table = table(&conv.structure());
    let said = reason(&table, "Xiong 2020, one layer", BoundKind::Exact);
    assert_eq!(said, "windows overlap along both axes");
}

#[test]
fn bounds_of_two_convolutions_equal_numbers_computed_by_hand() {
    // Layers of 3 and of 5 filters on 2 channels, windows of one cell: 4 positions in both layers.
    let structure = Structure::new(&[2, 2, 2]).unwrap();
    let structure = structure.conv(3, [1, 1], [1, 1], [0, 0]).unwrap();
    let two = table(&structure.conv(5, [1, 1], [1, 1], [0, 0]).unwrap());
    // p = 1: 3^4 * Z(5, 1)^4; p = 2: 1 * Z(5, 2)^4.
    let lower = found(&two, "Xiong 2020, layers", BoundKind::Lower);
    assert_eq!((lower.count.decimal().as_str(), lower.inputs), ("104976", Some(1)));
    // Z(3, 2)^4 * Z(20, 8).
    let z: u128 = (0..=8).map(|k| choose(20, k)).sum();
    assert_eq!(number(&two, "Xiong 2020, layers", BoundKind::Upper), 7_u128.pow(4) * z);
    assert!(lower.count <= *two.best_upper().unwrap().count());
}

#[test]
fn bounds_of_a_wide_convolution_equal_their_formulas() {
    // The 4 x 4 positions are too many for the enumeration. Every window has one cell of its own;
    // the windows at the end have two or four.
    let structure = Structure::new(&[1, 5, 5]).unwrap();
    let table = table(&structure.conv(3, [2, 2], [1, 1], [0, 0]).unwrap());
    let lower = number(&table, "Xiong 2020, one layer", BoundKind::Lower);
    assert_eq!(lower, 4_u128.pow(9) * 7_u128.pow(6) * 8);
    let upper: u128 = (0..=25).map(|k| choose(48, k)).sum();
    assert_eq!(
        number(&table, "Xiong 2020, one layer", BoundKind::Upper),
        upper.min(8_u128.pow(16))
    );
}

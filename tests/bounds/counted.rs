//! Bounds of small dense networks, against regions counted without a formula.

use std::collections::HashSet;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::bounds::{BoundKind, Structure};

use super::{decimal, dense, table};

pub(super) type Matrix = Vec<Vec<f64>>;

pub(super) fn random(rows: usize, columns: usize, generator: &mut impl Rng) -> Matrix {
    let mut row = || (0..columns).map(|_| generator.random_range(-1.0..1.0)).collect();
    (0..rows).map(|_| row()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn number(table: &super::BoundTable, name: &str, kind: BoundKind) -> u128 {
    decimal(table, name, kind).parse().unwrap()
}

/// The rank of a matrix, by elimination with row pivots.
fn rank(mut rows: Matrix) -> usize {
    let columns = rows.first().map_or(0, Vec::len);
    let mut rank = 0;
    for column in 0..columns {
        let pivot = (rank..rows.len())
            .max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        let Some(pivot) = pivot.filter(|&row| rows[row][column].abs() > 1e-9) else { continue };
        rows.swap(rank, pivot);
        let (above, below) = rows.split_at_mut(rank + 1);
        let pivot = &above[rank];
        for row in below {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(pivot).for_each(|(entry, pivot)| *entry -= factor * pivot);
        }
        rank += 1;
    }
    rank
}

/// The number of regions of hyperplanes with generic offsets: the number of sets of hyperplanes
/// with independent normals (Whitney 1932, Zaslavsky 1975).
pub(super) fn independent_sets(normals: &Matrix) -> u128 {
    let sets = 0_u32..1 << normals.len();
    let independent = sets.filter(|set| {
        let chosen = (0..normals.len()).filter(|line| set >> line & 1 == 1);
        let chosen: Matrix = chosen.map(|line| normals[line].clone()).collect();
        rank(chosen) == set.count_ones() as usize
    });
    independent.count() as u128
}

#[test]
fn generic_weights_of_one_dense_layer_attain_the_exact_number() {
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    for (inputs, width) in [(1, 5), (2, 4), (2, 7), (3, 6), (4, 4), (5, 3)] {
        let table = table(&dense(inputs, &[width]));
        let counted = independent_sets(&random(width, inputs, &mut generator));
        assert_eq!(number(&table, "Zaslavsky 1975", BoundKind::Exact), counted, "{inputs} {width}");
    }
}

/// Counts the regions of lines in general position at their corners: every region has a corner
/// where two lines meet.
#[test]
fn lines_in_general_position_have_the_exact_number_of_regions() {
    let mut generator = ChaCha8Rng::seed_from_u64(4);
    let width = 6;
    let (lines, offsets) = (random(width, 2, &mut generator), random(width, 1, &mut generator));
    let mut patterns = HashSet::new();
    for (a, b) in (0..width).flat_map(|a| (0..a).map(move |b| (a, b))) {
        let (p, q, r, s) = (lines[a][0], lines[a][1], lines[b][0], lines[b][1]);
        let (e, f) = (-offsets[a][0], -offsets[b][0]);
        let determinant = p * s - q * r;
        let corner = [(e * s - q * f) / determinant, (p * f - e * r) / determinant];
        // A small step to each of the four sides of the two lines.
        for signs in 0..4 {
            let side = |bit: usize| if signs >> bit & 1 == 1 { 1e-6 } else { -1e-6 };
            let (u, v) = (side(0), side(1));
            let step = [(u * s - q * v) / determinant, (p * v - u * r) / determinant];
            let point = [corner[0] + step[0], corner[1] + step[1]];
            let is_on = |line: usize| dot(&lines[line], &point) + offsets[line][0] > 0.0;
            patterns.insert((0..width).map(is_on).collect::<Vec<_>>());
        }
    }
    let table = table(&dense(2, &[width]));
    assert_eq!(number(&table, "Zaslavsky 1975", BoundKind::Exact), patterns.len() as u128);
}

/// A layer of a random network. Each unit is the maximum of `pieces` values. With one piece it is a
/// ReLU.
struct RandomLayer {
    weights: Matrix,
    offsets: Matrix,
    pieces: usize,
}

/// The number of activation patterns on a fine grid of the plane.
fn patterns(layers: &[RandomLayer]) -> usize {
    let cells = 120;
    let at = |cell: usize| 8.0 * (cell as f64 + 0.5) / cells as f64 - 4.0;
    let mut seen = HashSet::new();
    for (row, column) in (0..cells).flat_map(|row| (0..cells).map(move |column| (row, column))) {
        let mut values = vec![at(row), at(column)];
        let mut pattern = Vec::new();
        for RandomLayer { weights, offsets, pieces } in layers {
            let sum = |line: usize| dot(&weights[line], &values) + offsets[line][0];
            let sums: Vec<_> = (0..weights.len()).map(sum).collect();
            let unit = |sums: &[f64]| {
                let zero = (sums.len() == 1).then_some(&0.0);
                let all = sums.iter().chain(zero).enumerate();
                all.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(winner, value)| (winner, *value))
            };
            let units: Vec<_> = sums.chunks(*pieces).filter_map(unit).collect();
            pattern.extend(units.iter().map(|(winner, _)| *winner));
            values = units.iter().map(|(_, value)| *value).collect();
        }
        seen.insert(pattern);
    }
    seen.len()
}

#[test]
fn random_networks_do_not_exceed_the_upper_bounds() {
    let mut generator = ChaCha8Rng::seed_from_u64(5);
    let mut closest = 0.0_f64;
    for _ in 0..30 {
        let (mut layers, mut structure) = (Vec::new(), Structure::new(&[2]).unwrap());
        let mut width = 2;
        for _ in 0..generator.random_range(1..4) {
            let (units, pieces) = (generator.random_range(1..4), generator.random_range(1..4));
            structure = match pieces {
                1 => structure.dense(units).unwrap(),
                _ => structure.maxout(units, pieces).unwrap(),
            };
            let weights = random(units * pieces, width, &mut generator);
            let offsets = random(units * pieces, 1, &mut generator);
            layers.push(RandomLayer { weights, offsets, pieces });
            width = units;
        }
        let counted = patterns(&layers) as u128;
        let table = table(&structure);
        let [patterns, montufar, serra] = ["all patterns", "Montúfar 2017", "Serra 2018, Thm 1"]
            .map(|name| number(&table, name, BoundKind::Upper));
        assert!(counted <= patterns.min(montufar).min(serra), "{counted} regions of {structure:?}");
        assert!(serra <= montufar, "{serra} {montufar}");
        closest = closest.max(counted as f64 / serra as f64);
    }
    assert!(closest > 0.8, "no network comes near the bound: {closest}");
}

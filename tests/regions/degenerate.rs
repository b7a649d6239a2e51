//! Lines along faces and through corners, and lines that start or end on boundaries, in small
//! networks.

use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Tensor, TensorData};
use tropex::geometry::{ClassChange, Facet, Path, Paths, Pattern, Patterns, Regions};
use tropex::{Network, Precision, capture};

use crate::common::{device, target};

/// A network that computes a function of two numbers.
pub(super) fn network(function: impl Fn(Tensor<2>) -> Tensor<2>) -> Network {
    let module: Linear = LinearConfig::new(2, 2).init(&device());
    capture(&module, [2], |_: &Linear, points: Tensor<2>| function(points)).expect("is supported")
}

/// Points `[points, 2]` times a matrix `[2, n]`.
pub(super) fn times(points: Tensor<2>, matrix: &[f32]) -> Tensor<2> {
    let data = TensorData::new(matrix.to_vec(), [2, matrix.len() / 2]);
    let device = points.device();
    points.matmul(Tensor::from_data(data, &device))
}

fn segment(network: &Network, from: [f64; 2], to: [f64; 2]) -> Path {
    let paths = Paths::new(network).expect("test devices have f64");
    paths.segments(&from, &to).expect("whole points").remove(0)
}

/// The positions of crossings, and the units that change there.
fn crossed(path: &Path) -> Vec<(f64, Vec<usize>)> {
    let units = |facets: &[Facet]| facets.iter().map(|facet| facet.unit).collect();
    path.crossings.iter().map(|crossing| (crossing.at, units(&crossing.facets))).collect()
}

#[test]
fn a_line_along_a_face_does_not_cross_it() {
    let path = segment(&network(relu), [-1.0, 0.0], [3.0, 0.0]);
    assert_eq!(crossed(&path), [(0.25, vec![0])]);
    // The line is on the face of the other unit, which counts as inactive.
    assert_eq!(path.start.piece(0, 1), Some(0));
    assert_eq!(path.pattern(1).piece(0, 1), Some(0));
}

#[test]
fn units_that_change_together_are_one_crossing() {
    let path = segment(&network(relu), [-1.0, -1.0], [1.0, 1.0]);
    assert_eq!(crossed(&path), [(0.5, vec![0, 1])]);
    assert_eq!(path.regions(), 2);
    // The weights are rounded, but their hyperplanes still meet at the origin.
    let skewed = network(|x| relu(times(x, &[0.1, 0.7, 0.3, -0.9])));
    let path = segment(&skewed, [-0.3, -0.7], [0.6, 1.4]);
    assert_eq!(path.regions(), 2, "{path:?}");
}

#[test]
fn at_the_start_the_direction_decides() {
    let network = network(relu);
    let to_the_right = segment(&network, [0.0, 0.5], [1.0, 0.5]);
    assert_eq!((to_the_right.regions(), to_the_right.start.piece(0, 0)), (1, Some(1)));
    let to_the_left = segment(&network, [0.0, 0.5], [-1.0, 0.5]);
    assert_eq!((to_the_left.regions(), to_the_left.start.piece(0, 0)), (1, Some(0)));
    let nowhere = segment(&network, [0.0, 0.5], [0.0, 0.5]);
    assert_eq!((nowhere.regions(), nowhere.start.piece(0, 0)), (1, Some(0)));
}

#[test]
fn a_line_that_ends_on_a_face_does_not_cross_it() {
    let path = segment(&network(relu), [-1.0, 0.5], [0.0, 0.5]);
    assert_eq!((path.regions(), path.end), (1, 1.0));
}

/// The units of the second layer read `|x|`, which touches zero without changing its sign.
#[test]
fn units_that_touch_zero_and_turn_back_do_not_change() {
    let bent = network(|x| {
        let parts = relu(times(x, &[1.0, -1.0, 0.0, 0.0]));
        let absolute = parts.clone().sum_dim(1);
        relu(Tensor::cat(vec![absolute.clone(), -absolute], 1))
    });
    let path = segment(&bent, [-1.0, 0.2], [1.0, 0.2]);
    assert_eq!(path.crossings.len(), 1, "{path:?}");
    let facets = &path.crossings[0].facets;
    assert!(facets.len() == 2 && facets[0].node == facets[1].node, "{facets:?}");
}

/// A leaky ReLU with slope 1 has one piece.
#[test]
fn units_with_one_piece_have_no_boundary() {
    let straight = network(|x| leaky_relu(x, 1.0));
    assert_eq!(segment(&straight, [-1.0, -1.0], [1.0, 2.0]).regions(), 1);
}

/// The maximum of `x`, `y` and `x`.
#[test]
fn the_first_of_equal_cells_wins() {
    let pool = network(|x| {
        let cells = times(x, &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]).reshape([-1, 1, 1, 3]);
        let largest = max_pool2d(cells, MaxPoolOptions::new([1, 3]));
        largest.reshape([-1, 1])
    });
    // Along the diagonal all cells are equal.
    let along = segment(&pool, [-1.0, -1.0], [1.0, 1.0]);
    assert_eq!((along.regions(), along.start.piece(pool_node(&pool), 0)), (1, Some(0)));
    // Across the diagonal the winner changes from the second cell to the first, not to the third.
    let across = segment(&pool, [-1.0, 1.0], [1.0, -1.0]);
    let [crossing] = across.crossings.as_slice() else { panic!("{across:?}") };
    assert_eq!((across.start.piece(pool_node(&pool), 0), crossing.at), (Some(1), 0.5));
    assert_eq!(crossing.facets, [Facet { node: pool_node(&pool), unit: 0, rival: 0 }]);
}

/// One cell is computed in one step and the other in two, so that they differ by rounding errors.
#[test]
fn cells_that_are_equal_up_to_rounding_make_no_boundary() {
    let pool = network(|x| {
        let whole = times(x.clone(), &[15.0, 35.0]);
        let split = times(times(x, &[3.0, 0.0, 7.0, 0.0]), &[5.0, 0.0]);
        let cells = Tensor::cat(vec![whole, split], 1).reshape([-1, 1, 1, 2]);
        max_pool2d(cells, MaxPoolOptions::new([1, 2])).reshape([-1, 1])
    });
    let numbers = |step: f64| (0..200).map(|k| (f64::from(k) * step).sin()).collect();
    let (from, to): (Vec<f64>, Vec<f64>) = (numbers(1.0), numbers(0.7));
    let winner = |pattern: &Pattern| pattern.piece(pool_node(&pool), 0);
    let wide = pool.to_target(&target(Precision::F64).expect("there is f64"));
    let replayed = Patterns::new(&wide).of(&from).expect("whole points");
    assert!(replayed.iter().any(|pattern| winner(pattern) == Some(1)), "nothing was rounded");
    let paths = Paths::new(&pool).expect("test devices have f64");
    for path in paths.segments(&from, &to).expect("whole points") {
        assert_eq!((path.regions(), winner(&path.start)), (1, Some(0)));
    }
    let sides = Regions::new(&pool).and_then(|regions| regions.polytope(&from[..2]));
    assert_eq!(sides.expect("a whole point").sides(), 0);
}

fn pool_node(network: &Network) -> usize {
    let is_maximum = |node: &tropex::extract::network::Node| node.op().is_maximum();
    network.nodes().iter().position(is_maximum).expect("there is a pooling")
}

#[test]
fn polygons_around_and_through_a_corner_of_regions() {
    let paths = Paths::new(&network(relu)).expect("test devices have f64");
    let around =
        paths.polygon(&[1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 1.0, -1.0]).expect("whole points");
    assert_eq!(crossed(&around), [0.5, 1.5, 2.5, 3.5].map(|at| (at, vec![around_unit(at)])));
    assert_eq!(around.regions(), 4);
    // The first corner is the origin, the others are in the first and the third quadrant.
    let through = paths.polygon(&[0.0, 0.0, 1.0, 2.0, -2.0, -1.0]).expect("whole points");
    let at: Vec<f64> = through.crossings.iter().map(|crossing| crossing.at).collect();
    assert_eq!(at.len(), 3, "{through:?}");
    assert!((at[0] - 4.0 / 3.0).abs() < 1e-12 && (at[1] - 5.0 / 3.0).abs() < 1e-12);
    assert_eq!((at[2], through.regions()), (3.0, 3));
    let point = paths.polygon(&[0.5, 0.5]).expect("whole points");
    assert_eq!(point.regions(), 1);
}

fn around_unit(at: f64) -> usize {
    (at as usize) % 2
}

#[test]
fn the_direction_decides_between_classes_that_are_equal_at_the_start() {
    let paths = Paths::new(&network(|x| x)).expect("test devices have f64");
    let found = |point: [f64; 2], direction: [f64; 2]| {
        paths.class_changes(&point, &direction, f64::INFINITY).expect("whole points")[0]
    };
    assert_eq!(found([0.5, 0.5], [1.0, 0.0]), None);
    let at_once = ClassChange { at: 0.0, from: 0, to: 1 };
    assert_eq!(found([0.5, 0.5], [0.0, 1.0]), Some(at_once));
    assert_eq!(found([1.0, 0.0], [0.0, 0.25]), Some(ClassChange { at: 4.0, ..at_once }));
    assert_eq!(found([1.0, 0.0], [0.0, -1.0]), None);
}

/// Four units that change one after the other as the first number grows from zero.
fn steps(spacing: f32) -> Network {
    network(move |x| {
        let thresholds = [1.0, 2.0, 3.0, 4.0].map(|step| step * spacing);
        let thresholds = TensorData::new(thresholds.to_vec(), [1, 4]);
        let copies = times(x, &[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        let device = copies.device();
        relu(copies - Tensor::from_data(thresholds, &device))
    })
}

#[test]
fn the_resolution_of_crossings_scales_with_their_line() {
    let crossed_from = |network: &Network, from: [f64; 2], direction: [f64; 2]| {
        let paths = Paths::new(network).expect("test devices have f64");
        crossed(&paths.rays(&from, &direction, f64::INFINITY).expect("whole points")[0])
    };
    let scaled = |crossed: &[(f64, Vec<usize>)], factor: f64| -> Vec<(f64, Vec<usize>)> {
        crossed.iter().map(|(at, units)| (at * factor, units.clone())).collect()
    };
    let usual = crossed_from(&steps(0.5), [0.25, 0.5], [1.0, 0.0]);
    assert_eq!(usual.len(), 4, "{usual:?}");
    let factor = f64::powi(2.0, 60);
    let fast = crossed_from(&steps(0.5), [0.25, 0.5], [factor, 0.0]);
    assert_eq!(scaled(&fast, factor), usual);
    let slow = crossed_from(&steps(0.5), [0.25, 0.5], [1.0 / factor, 0.0]);
    assert_eq!(scaled(&slow, 1.0 / factor), usual);
    let tiny = crossed_from(&steps((0.5 / factor) as f32), [0.0, 0.0], [1.0, 0.0]);
    let of_zero = crossed_from(&steps(0.5), [0.0, 0.0], [1.0, 0.0]);
    assert_eq!((scaled(&tiny, factor), of_zero.len()), (of_zero, 4));
    // Crossings that differ by rounding errors are one, for any length of the direction.
    let skewed = network(|x| relu(times(x, &[0.1, 0.7, 0.3, -0.9])));
    let at_once = crossed_from(&skewed, [-0.3, -0.7], [0.9 * factor, 2.1 * factor]);
    assert_eq!(at_once.len(), 1, "{at_once:?}");
}

#[test]
fn the_resolution_of_class_changes_scales_with_their_line() {
    let paths = Paths::new(&network(|x| x)).expect("test devices have f64");
    let step = f64::powi(2.0, 60);
    let found = paths.class_changes(&[1.0, 0.0], &[0.0, 0.25 * step], f64::INFINITY);
    let expected = ClassChange { at: 4.0 / step, from: 0, to: 1 };
    assert_eq!(found.expect("whole points"), [Some(expected)]);
}

#[test]
fn invalid_lines_are_refused() {
    let paths = Paths::new(&network(relu)).expect("test devices have f64");
    let said = |result: Result<Vec<Path>, tropex::geometry::Error>| result.unwrap_err().to_string();
    assert!(said(paths.segments(&[1.0, 2.0], &[1.0])).contains("found 1, expected 2"));
    assert!(said(paths.segments(&[], &[])).contains("found 0, expected a multiple of 2"));
    assert!(said(paths.rays(&[1.0, 2.0], &[1.0, 2.0], f64::NAN)).contains("above 0"));
    assert!(said(paths.rays(&[1.0, 2.0], &[1.0, 2.0], -1.0)).contains("above 0"));
    let beyond = said(paths.rays(&[f64::NAN, 2.0], &[1.0, 2.0], 1.0));
    assert!(beyond.contains("a logit along a line"), "{beyond}");
}

//! Calls that Burn translates into other operations, or that no layer makes: compared with plain
//! loops over the six values of a point `[2, 3]`.

use burn::module::{Module, Param};
use burn::nn::Relu;
use burn::tensor::{Bool, IndexingUpdateOp, Int, Tensor, TensorData};
use tropex::{Classes, Extractor, Gauge, SelfCheck, capture};

use crate::common::{device, difference, tensor};

type Call = fn(Tensor<3>) -> Tensor<2>;
type Loop = fn(&[f64]) -> Vec<f64>;

/// A module that makes one call, on the device of its only parameter.
#[derive(Module, Debug)]
struct Called {
    zero: Param<Tensor<1>>,
}

fn flat(x: Tensor<3>) -> Tensor<2> {
    x.flatten(1, 2)
}

#[track_caller]
fn computes(calls: &[(&str, Call, Loop)]) {
    let module = Called { zero: Param::from_tensor(tensor(&[0.0], [1], &device())) };
    let points: Vec<f32> = (1..=60).map(|n| (n as f32 * 0.618_034).fract() * 4.0 - 2.0).collect();
    for (name, call, plain) in calls {
        let forward =
            |module: &Called, x: Tensor<3>| call(x + module.zero.val().reshape([1, 1, 1]));
        let network = capture(&module, [2, 3], forward).unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected: Vec<f64> = points
            .chunks_exact(6)
            .flat_map(|point| plain(&point.iter().map(|&x| x.into()).collect::<Vec<f64>>()))
            .collect();
        let found = network.logits(&points).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(difference(&found, &expected) < 1e-5, "{name}: {found:?} {expected:?}");
        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::All);
        let terms = extractor.and_then(|extractor| extractor.extract(&points)).expect(name);
        let failures = SelfCheck::of(&terms, &points).failures(terms.precision());
        assert_eq!(failures, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn sums_and_signs() {
    computes(&[
        ("a value and itself", |x| flat(x.clone() + x), |x| x.iter().map(|x| 2.0 * x).collect()),
        ("a value less itself", |x| flat(x.clone() - x), |x| vec![0.0; x.len()]),
        ("negation", |x| flat(-x), |x| x.iter().map(|x| -x).collect()),
        (
            "one activation called on several values",
            |x| {
                let relu = Relu::new();
                flat(
                    relu.forward(x.clone())
                        - relu.forward(relu.forward(-x.clone()) - relu.forward(x)),
                )
            },
            |x| x.iter().map(|x| x.max(0.0) - ((-x).max(0.0) - x.max(0.0)).max(0.0)).collect(),
        ),
    ]);
}

#[test]
fn several_axes_at_once() {
    computes(&[
        ("mean", |x| flat(x.mean_dims(&[1, 2])), |x| vec![x.iter().sum::<f64>() / 6.0]),
        ("sum", |x| x.sum_dims_squeeze(&[1]), |x| (0..3).map(|at| x[at] + x[at + 3]).collect()),
        (
            "largest",
            |x| flat(x.max_dims(&[1, 2])),
            |x| vec![x.iter().copied().fold(f64::MIN, f64::max)],
        ),
        (
            "smallest",
            |x| flat(x.min_dims(&[1, 2])),
            |x| vec![x.iter().copied().fold(f64::MAX, f64::min)],
        ),
        (
            "largest magnitude",
            |x| flat(x.max_abs_dim(2)),
            |x| {
                x.chunks(3)
                    .map(|row| row.iter().fold(0.0, |most, x| f64::max(most, x.abs())))
                    .collect()
            },
        ),
        ("repeated", |x| flat(x.repeat(&[1, 2, 1])), |x| [x, x].concat()),
        (
            "rolled",
            |x| flat(x.roll(&[1, 1], &[1, 2])),
            |x| vec![x[5], x[3], x[4], x[2], x[0], x[1]],
        ),
    ]);
}

#[test]
fn pieces_of_a_value() {
    computes(&[
        (
            "chunks",
            |x| {
                let chunks = x.chunk(3, 2);
                flat(Tensor::cat(vec![chunks[2].clone(), chunks[0].clone()], 2))
            },
            |x| vec![x[2], x[0], x[5], x[3]],
        ),
        (
            "split",
            |x| {
                let parts = x.split_with_sizes(vec![1, 2], 2);
                flat(parts[1].clone() - parts[0].clone())
            },
            |x| vec![x[1] - x[0], x[2] - x[0], x[4] - x[3], x[5] - x[3]],
        ),
        (
            "slices one by one",
            |x| {
                x.iter_dim(1)
                    .map(|row| row.flatten(1, 2))
                    .reduce(|a: Tensor<2>, b| a.max_pair(b))
                    .expect("two rows")
            },
            |x| (0..3).map(|at| x[at].max(x[at + 3])).collect(),
        ),
        ("one row", |x| x.select_dim::<2>(1, 1), |x| x[3..].to_vec()),
        ("moved axis", |x| flat(x.movedim(2, 1)), |x| vec![x[0], x[3], x[1], x[4], x[2], x[5]]),
        (
            "gathered",
            |x| {
                let points = x.dims()[0];
                let indices = TensorData::from([[[2, 0], [1, 1]]]);
                let indices = Tensor::<3, Int>::from_data(indices, &x.device());
                flat(x.gather(2, indices.expand([points, 2, 2])))
            },
            |x| vec![x[2], x[0], x[4], x[4]],
        ),
    ]);
}

#[test]
fn values_put_into_others() {
    computes(&[
        (
            "constant mask",
            |x| {
                let mask = TensorData::from([[[true, false, false], [false, true, true]]]);
                let mask = Tensor::<3, Bool>::from_data(mask, &x.device());
                let mask = mask.expand(x.dims());
                flat(x.mask_fill(mask, 0.5))
            },
            |x| vec![0.5, x[1], x[2], x[3], 0.5, 0.5],
        ),
        ("lower triangle", |x| flat(x.tril(0)), |x| vec![x[0], 0.0, 0.0, x[3], x[4], 0.0]),
        ("upper triangle", |x| flat(x.triu(1)), |x| vec![0.0, x[1], x[2], 0.0, 0.0, x[5]]),
        (
            "constant mask between values",
            |x| {
                let mask = TensorData::from([[[true, false, false], [false, true, true]]]);
                let mask = Tensor::<3, Bool>::from_data(mask, &x.device());
                let mask = mask.expand(x.dims());
                flat(x.clone().mask_where(mask, x.flip([2])))
            },
            |x| vec![x[2], x[1], x[2], x[3], x[4], x[3]],
        ),
        (
            "added to some columns",
            |x| {
                let places = Tensor::<1, Int>::from_data([2, 0, 2], &x.device());
                flat(x.clone().select_assign(2, places, x * 2.0, IndexingUpdateOp::Add))
            },
            |x| {
                let row = |x: &[f64]| vec![x[0] + 2.0 * x[1], x[1], x[2] + 2.0 * (x[0] + x[2])];
                [row(&x[..3]), row(&x[3..])].concat()
            },
        ),
        (
            "constants added to some places",
            |x| {
                let points = x.dims()[0];
                let places = Tensor::<3, Int>::from_data([[[1, 1], [0, 2]]], &x.device());
                let numbers = Tensor::<3>::from_data([[[0.5, 0.25], [1.0, -1.0]]], &x.device());
                let places = places.expand([points, 2, 2]);
                let numbers = numbers.expand([points, 2, 2]);
                flat(x.scatter(2, places, numbers, IndexingUpdateOp::Add))
            },
            |x| vec![x[0], x[1] + 0.75, x[2], x[3] + 1.0, x[4], x[5] - 1.0],
        ),
        (
            "scattered over zeros, each to its own place",
            |x| {
                let [points, _, _] = x.dims();
                let places = Tensor::<3, Int>::from_data([[[1, 1, 0], [3, 2, 3]]], &x.device());
                let zeros = Tensor::<3>::zeros([points, 2, 4], &x.device());
                flat(zeros.scatter(2, places.expand([points, 2, 3]), x, IndexingUpdateOp::Add))
            },
            |x| vec![x[2], x[0] + x[1], 0.0, 0.0, 0.0, 0.0, x[4], x[3] + x[5]],
        ),
        (
            "assigned to columns",
            |x| {
                let places = Tensor::<1, Int>::from_data([2], &x.device());
                let first = x.clone().narrow(2, 0, 1);
                flat(x.select_assign(2, places, first, IndexingUpdateOp::Assign))
            },
            |x| vec![x[0], x[1], x[0], x[3], x[4], x[3]],
        ),
        (
            "multiplied by constants in some columns",
            |x| {
                let places = Tensor::<1, Int>::from_data([2, 0], &x.device());
                let by = Tensor::<3>::full([x.dims()[0], 2, 2], 3.0, &x.device());
                flat(x.select_assign(2, places, by, IndexingUpdateOp::Mul))
            },
            |x| vec![3.0 * x[0], x[1], 3.0 * x[2], 3.0 * x[3], x[4], 3.0 * x[5]],
        ),
        (
            "assigned",
            |x| {
                let part = x.clone().narrow(2, 0, 1);
                flat(x.slice_assign(burn::tensor::s![.., .., 1..2], part))
            },
            |x| vec![x[0], x[0], x[2], x[3], x[3], x[5]],
        ),
    ]);
}

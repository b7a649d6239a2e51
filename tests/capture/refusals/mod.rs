//! Modules that cannot be captured, and the errors that their authors read.

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Tensor, activation};
use tropex::{Error, capture};

mod operations;

use crate::common::device;

/// Two layers with something between them.
#[derive(Module, Debug)]
pub(super) struct Model {
    inner: Linear,
    norm: LayerNorm,
    outer: Linear,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            inner: LinearConfig::new(4, 6).init(&device()),
            norm: LayerNormConfig::new(6).init(&device()),
            outer: LinearConfig::new(6, 3).init(&device()),
        }
    }

    pub(super) fn around(
        &self,
        points: Tensor<2>,
        f: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        self.outer.forward(f(self.inner.forward(points)))
    }
}

/// The error of capturing a model with a function between its layers.
pub(super) fn refused(f: impl Fn(&Model, Tensor<2>) -> Tensor<2>) -> Error {
    let forward = |model: &Model, points| model.around(points, |hidden| f(model, hidden));
    capture(&Model::new(), [4], forward).expect_err("not piecewise linear")
}

#[track_caller]
pub(super) fn assert_says(error: &Error, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
}

#[test]
fn the_shape_of_a_point_is_checked() {
    let forward = |model: &Model, points| model.around(points, |x| x);
    let error = capture(&Model::new(), [5], forward).expect_err("the layer takes 4 values");
    assert_says(&error, &["panicked on an input of shape [2, 5]", "check the input shape"]);
    let error = capture(&Model::new(), [1, 4], forward).expect_err("the forward takes Tensor<2>");
    assert_says(&error, &["[1, 4]", "Tensor<2>", "without the axis of points"]);
    let error = capture(&Model::new(), [0], forward).expect_err("points without values");
    assert_says(&error, &["none of them 0"]);
}

#[test]
fn forwards_that_depend_on_the_number_of_points_are_refused() {
    let error = refused(|_, hidden| match hidden.dims()[0] {
        2 => hidden + 1.0,
        _ => hidden * 2.0,
    });
    assert_says(&error, &["other operations for other numbers of points"]);
    let error = refused(|_, hidden| match hidden.dims()[0] {
        2 | 3 => hidden,
        points => panic!("no forward for {points} points"),
    });
    assert_says(&error, &["panicked", "no forward for 5 points"]);
    let error = refused(|_, hidden| {
        let points = hidden.dims()[0] as f64;
        hidden / points
    });
    assert_says(&error, &["depends on the number of points"]);
}

#[test]
fn forwards_that_panic_are_refused() {
    let error = refused(|_, _| panic!("never mind"));
    assert_says(&error, &["panicked", "never mind"]);
    // Values cannot be read while operations are recorded.
    let error = refused(|_, hidden| {
        let largest: f32 = hidden.clone().max().into_scalar();
        hidden / largest
    });
    assert_says(&error, &["panicked", "reads the values of a tensor", "outside of the forward"]);
    // After a panic, another capture works.
    let forward = |model: &Model, points| model.around(points, activation::relu);
    capture(&Model::new(), [4], forward).expect("a supported module");
}

#[test]
fn outputs_must_be_logits_of_the_points() {
    let constant = |model: &Model, points: Tensor<2>| {
        let [points, _] = points.dims();
        model.outer.weight.val().narrow(0, 0, 1).repeat_dim(0, points)
    };
    let error = capture(&Model::new(), [4], constant).expect_err("a constant");
    assert_says(&error, &["does not depend on its input"]);
    let elsewhere = |_: &Model, _: Tensor<2>| Tensor::<2>::ones([1, 3], &device());
    let error = capture(&Model::new(), [4], elsewhere).expect_err("nothing was recorded");
    assert_says(&error, &["does not depend on its input"]);
    let pieces = |model: &Model, points: Tensor<2>| {
        let [count, _] = points.dims();
        model.around(points, |hidden| hidden).reshape([count * 3, 1])
    };
    let error = capture(&Model::new(), [4], pieces).expect_err("not one row a point");
    assert_says(&error, &["[points, 3, 1]", "expected logits [points, classes]"]);
}

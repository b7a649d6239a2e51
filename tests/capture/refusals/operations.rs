//! Operations that are refused. The error gives Burn's name of each one, its place and the reason.

use burn::nn::GroupNormConfig;
use burn::tensor::{Tensor, activation};
use tropex::{Error, capture};

use super::{Model, assert_says, refused};

type Function = fn(Tensor<2>) -> Tensor<2>;

/// Every function must be refused, with Burn's name of the operation, its place and the reason.
#[track_caller]
fn assert_refused(functions: &[(&str, Function)], reason: &str) {
    for (operation, function) in functions {
        let error = refused(|_, hidden| function(hidden));
        let Error::Unsupported(found) = &error else { panic!("{operation}: {error}") };
        let found = found.iter().find(|found| found.operation == *operation);
        let found = found.unwrap_or_else(|| panic!("{operation:?} is missing in: {error}"));
        assert_eq!(found.place, "after layer `inner`", "{operation}");
        assert!(found.input_shape.starts_with("[n, "), "{operation}: {}", found.input_shape);
        assert!(found.reason.contains(reason), "{operation}: {}", found.reason);
        assert_says(&error, &[&format!("`{operation}` on [n, "), reason]);
    }
}

#[test]
fn curved_functions_are_refused() {
    let curved: &[(&str, Function)] = &[
        ("Sigmoid", activation::sigmoid),
        ("Sigmoid", activation::silu),
        ("LogSigmoid", activation::log_sigmoid),
        ("Tanh", |x| x.tanh()),
        ("Tanh", activation::mish),
        ("Gelu", activation::gelu),
        ("Exp", |x| activation::elu(x, 1.0)),
        ("Log1p", |x| activation::softplus(x, 1.0)),
        ("Softmax", |x| activation::softmax(x, 1)),
        ("Softmin", |x| activation::softmin(x, 1)),
        ("Exp", |x| x.exp()),
        ("Log", |x| x.log()),
        ("Sqrt", |x| x.sqrt()),
        ("Sin", |x| x.sin()),
        ("Erf", |x| x.erf()),
        ("PowfScalar", |x| x.powf_scalar(1.5)),
        ("PowiScalar", |x| x.powi_scalar(3)),
    ];
    assert_refused(curved, "not piecewise linear");
}

#[test]
fn products_and_quotients_of_values_are_refused() {
    let products: &[(&str, Function)] = &[
        ("Mul", |x| x.clone() * x),
        ("Mul", |x| x.square()),
        ("Mul", activation::hard_swish),
        ("Mul", |x| activation::glu(x.repeat_dim(1, 2), 1)),
    ];
    assert_refused(products, "a product of two values that depend on the input");
    let quotients: &[(&str, Function)] = &[
        ("Div", |x| x.clone() / (x + 2.0)),
        ("Div", |x| Tensor::ones_like(&x) / x),
        ("Div", activation::softsign),
        ("Recip", |x| x.recip()),
        ("ProdDim", |x| x.prod_dim(1).repeat_dim(1, 6)),
        ("CumProd", |x| x.cumprod(1)),
    ];
    assert_refused(quotients, "not piecewise linear");
}

#[test]
fn attention_is_refused() {
    let error = refused(|_, hidden| {
        let rows: Tensor<3> = hidden.reshape([-1, 3, 2]);
        let scores = rows.clone().matmul(rows.clone().swap_dims(1, 2));
        activation::softmax(scores, 2).matmul(rows).flatten(1, 2)
    });
    assert_says(&error, &["`Matmul` on [n, 3, 2]", "`Softmax` on [n, 3, 3]"]);
    assert_says(&error, &["a product of two values that depend on the input"]);
}

#[test]
fn operations_on_several_points_are_refused() {
    let mixing: &[(&str, Function)] = &[
        ("MeanDim", |x| x.clone() - x.mean_dim(0)),
        ("SumDim", |x| x.clone() - x.sum_dim(0)),
        ("MaxDim", |x| x.clone() - x.max_dim(0)),
        ("MinDim", |x| x.clone() - x.min_dim(0)),
        ("Mean", |x| x.clone() - x.mean().unsqueeze()),
        ("Sum", |x| x.clone() - x.sum().unsqueeze()),
        ("Max", |x| x.clone() - x.max().unsqueeze()),
        ("CumSum", |x| x.cumsum(0)),
        ("Flip", |x| x.flip([0])),
        ("Slice", |x| {
            let points = x.dims()[0];
            x.narrow(0, 0, 1).repeat_dim(0, points)
        }),
        ("Reshape", |x| {
            let [points, features] = x.dims();
            x.reshape([features, points]).reshape([points, features])
        }),
        // A batch norm that uses the mean of its batch.
        ("MeanDim", |x| {
            let (variance, mean) = x.clone().var_mean(0);
            (x - mean) / (variance + 1e-5).sqrt()
        }),
    ];
    assert_refused(mixing, "mixes points");
}

#[test]
fn discontinuous_operations_are_refused() {
    let jumping: &[(&str, Function)] = &[
        ("MaskFill", |x| activation::thresholded_relu(x, 0.5)),
        ("MaskFill", |x| activation::threshold(x, 0.5, 0.25)),
        ("MaskFill", |x| activation::hard_shrink(x, 0.5)),
    ];
    assert_refused(jumping, "jumps");
    let steps: &[(&str, Function)] = &[
        ("Sign", |x| x.sign()),
        ("Round", |x| x.round()),
        ("Floor", |x| x.floor()),
        ("ArgMax", |x| x.argmax(1).float().repeat_dim(1, 6)),
    ];
    assert_refused(steps, "jumps");
}

#[test]
fn sorting_is_refused() {
    let sorting: &[(&str, Function)] = &[
        ("Sort", |x| x.sort(1)),
        ("TopK", |x| x.topk(2, 1).repeat_dim(1, 3)),
        ("CumMax", |x| x.cummax(1)),
    ];
    assert_refused(sorting, "not a supported piecewise-linear operation");
    let chosen: &[(&str, Function)] = &[("ArgSort", |x| {
        let order = x.clone().argsort(1);
        x.gather(1, order)
    })];
    assert_refused(chosen, "jumps");
}

#[test]
fn softmax_in_the_middle_is_refused_with_its_place() {
    let error = refused(|_, hidden| activation::softmax(hidden, 1));
    assert_says(&error, &["softmax is not piecewise linear", "at the very end"]);
    let over_points = |model: &Model, points| activation::softmax(model.around(points, |x| x), 0);
    let error = capture(&Model::new(), [4], over_points).expect_err("mixes points");
    assert_says(&error, &["softmax", "over the classes at the very end"]);
}

#[test]
fn products_of_matrices_that_depend_on_the_input_are_refused() {
    let error =
        refused(|_, hidden| hidden.clone().matmul(hidden.clone().transpose().matmul(hidden)));
    assert_says(&error, &["`Matmul`", "product of two values"]);
    let error = refused(|model, hidden| {
        let turned = hidden.narrow(1, 0, 3).transpose();
        model.outer.weight.val().matmul(turned).transpose()
    });
    assert_says(&error, &["`SwapDims`", "[n, 3]", "mixes points"]);
}

#[test]
fn normalisation_by_the_values_is_refused() {
    let error = refused(|model, hidden| model.norm.forward(hidden));
    assert_says(&error, &["norm.gamma", "`LayerNorm`", "batch norm in evaluation mode"]);
    let error = refused(|_, hidden| {
        let device = hidden.device();
        GroupNormConfig::new(2, 6).init(&device).forward(hidden)
    });
    assert_says(&error, &["`Sqrt`", "`Div`", "not piecewise linear"]);
}

#[test]
fn one_error_lists_all_operations() {
    let error = refused(|model, hidden| {
        let hidden = model.norm.forward(activation::sigmoid(hidden));
        activation::tanh(hidden)
    });
    let Error::Unsupported(operations) = &error else { panic!("{error:?}") };
    let names: Vec<_> = operations.iter().map(|found| found.operation.as_str()).collect();
    assert_eq!(names, ["Sigmoid", "LayerNorm", "Tanh"]);
    assert!(operations.windows(2).all(|two| two[0].index < two[1].index));
    assert!(operations.iter().all(|found| found.input_shape == "[n, 6]"), "{operations:?}");
    assert_eq!(operations[0].place, "after layer `inner`");
    assert_eq!(operations[1].place, "with parameter `norm.gamma`");
    assert_says(&error, &["`Sigmoid`", "`LayerNorm`", "`Tanh`"]);
}

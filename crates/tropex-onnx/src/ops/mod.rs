//! The operators, one family a file. A new operator needs a function and a line of the table.

mod activation;
mod arithmetic;
mod cast;
mod choice;
mod constant;
mod conv;
mod linear;
mod norm;
mod pool;
mod reasons;
mod reduce;
mod resize;
mod select;
mod shape;
mod window;

use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};
use reasons::{CURVED, DECIDES, JUMPS};

/// The implementation of an operator, and a limit of its use.
pub(crate) struct OperatorDef {
    pub(crate) name: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) run: fn(&OpArgs) -> Result<OpOutputs, OpError>,
    /// The reason why its inputs must be constants; `None` if they may depend on the input of the
    /// model.
    pub(crate) only_constants: Option<&'static str>,
}

/// Domain of operators of classical machine learning.
const ML: &str = "ai.onnx.ml";

/// Every operator that is supported, by name.
#[rustfmt::skip]
pub(crate) const OPERATORS: &[OperatorDef] = &[
    linear("Abs", arithmetic::abs),
    linear("Add", arithmetic::add),
    linear("And", choice::and),
    linear("AveragePool", pool::average_pool),
    linear("BatchNormalization", norm::batch_norm),
    linear("Cast", cast::cast),
    linear("CastLike", cast::cast_like),
    curved("Ceil", arithmetic::ceil, JUMPS),
    linear("Clip", activation::clip),
    linear("Concat", select::concat),
    linear("Constant", constant::constant),
    linear("ConstantOfShape", constant::constant_of_shape),
    linear("Conv", conv::conv),
    linear("ConvTranspose", conv::conv_transpose),
    linear("CumSum", reduce::cumulative_sum),
    linear("DepthToSpace", shape::depth_to_space),
    linear("Div", arithmetic::div),
    linear("Dropout", activation::dropout),
    curved("Equal", choice::equal, JUMPS),
    curved("Exp", arithmetic::exp, CURVED),
    linear("Expand", shape::expand),
    linear("Flatten", shape::flatten),
    curved("Floor", arithmetic::floor, JUMPS),
    linear("Gather", select::gather),
    linear("Gemm", linear::gemm),
    linear("GlobalAveragePool", pool::global_average_pool),
    linear("GlobalMaxPool", pool::global_max_pool),
    linear("Greater", choice::greater),
    linear("GreaterOrEqual", choice::greater_or_equal),
    linear("HardSigmoid", activation::hard_sigmoid),
    linear("Identity", activation::identity),
    linear("LeakyRelu", activation::leaky_relu),
    linear("Less", choice::less),
    linear("LessOrEqual", choice::less_or_equal),
    curved("Log", arithmetic::log, CURVED),
    curved("LogSoftmax", activation::log_softmax, DECIDES),
    linear("MatMul", linear::matmul),
    linear("Max", arithmetic::max),
    linear("MaxPool", pool::max_pool),
    linear("Mean", arithmetic::mean),
    linear("Min", arithmetic::min),
    curved("Mod", arithmetic::modulo, JUMPS),
    linear("Mul", arithmetic::mul),
    linear("Neg", arithmetic::neg),
    linear("Not", choice::not),
    linear("Or", choice::or),
    linear("PRelu", activation::prelu),
    linear("Pad", select::pad),
    curved("Pow", arithmetic::pow, CURVED),
    linear("Range", constant::range),
    curved("Reciprocal", arithmetic::reciprocal, CURVED),
    linear("ReduceL1", reduce::l1),
    linear("ReduceMax", reduce::max),
    linear("ReduceMean", reduce::mean),
    linear("ReduceMin", reduce::min),
    curved("ReduceProd", reduce::product, CURVED),
    linear("ReduceSum", reduce::sum),
    linear("Relu", activation::relu),
    linear("Reshape", shape::reshape),
    linear("Resize", resize::resize),
    curved("Round", arithmetic::round, JUMPS),
    linear("Shape", constant::shape),
    linear("Shrink", activation::shrink),
    curved("Sigmoid", activation::sigmoid, CURVED),
    curved("Sign", arithmetic::sign, JUMPS),
    linear("Size", constant::size),
    linear("Slice", select::slice),
    curved("Softmax", activation::softmax, DECIDES),
    linear("SpaceToDepth", shape::space_to_depth),
    linear("Split", select::split),
    curved("Sqrt", arithmetic::sqrt, CURVED),
    linear("Squeeze", shape::squeeze),
    linear("Sub", arithmetic::sub),
    linear("Sum", arithmetic::sum),
    curved("Tanh", arithmetic::tanh, CURVED),
    linear("ThresholdedRelu", activation::thresholded_relu),
    linear("Tile", select::tile),
    linear("Transpose", shape::transpose),
    linear("Unsqueeze", shape::unsqueeze),
    linear("Upsample", resize::upsample),
    linear("Where", choice::choose),
    linear("Xor", choice::xor),
    OperatorDef { name: "Scaler", domain: ML, run: norm::scaler, only_constants: None },
];

const fn linear(name: &'static str, run: fn(&OpArgs) -> Result<OpOutputs, OpError>) -> OperatorDef {
    OperatorDef { name, domain: "", run, only_constants: None }
}

const fn curved(
    name: &'static str,
    run: fn(&OpArgs) -> Result<OpOutputs, OpError>,
    reason: &'static str,
) -> OperatorDef {
    OperatorDef { name, domain: "", run, only_constants: Some(reason) }
}

pub(crate) fn find(domain: &str, name: &str) -> Option<&'static OperatorDef> {
    OPERATORS.iter().find(|operator| operator.domain == domain && operator.name == name)
}

/// The reason why an operator that is not in the table cannot be used.
pub(crate) fn reason_of_absence(domain: &str, name: &str) -> &'static str {
    match (domain, name) {
        ("", "ArgMax" | "ArgMin" | "Hardmax") | (ML, "ZipMap" | "ArrayFeatureExtractor") => DECIDES,
        ("", name) if NOT_LINEAR.contains(&name) => CURVED,
        ("", "If" | "Loop" | "Scan") => {
            "control flow is not supported; export the model with constant conditions folded"
        }
        ("", name) if name.contains("Quantize") || name.starts_with("QLinear") => {
            "quantised models are not supported, and rounding jumps; export the model in float32"
        }
        ("", _) => "this operator is not supported",
        (ML, _) => "this operator of classical machine learning is not supported",
        _ => "operators of this domain are not supported; export the model with ONNX's own",
    }
}

/// Operators that are not piecewise linear for any attributes.
const NOT_LINEAR: &[&str] = &[
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Attention",
    "Celu",
    "Cos",
    "Cosh",
    "Elu",
    "Erf",
    "GRU",
    "Gelu",
    "GroupNormalization",
    "HardSwish",
    "InstanceNormalization",
    "LRN",
    "LSTM",
    "LayerNormalization",
    "LpNormalization",
    "MeanVarianceNormalization",
    "Mish",
    "RMSNormalization",
    "RNN",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceSumSquare",
    "Selu",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Swish",
    "Tan",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        let names: Vec<_> =
            OPERATORS.iter().map(|operator| (operator.domain, operator.name)).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    }
    #[test]
    fn the_readme_names_every_operator() {
        let readme = include_str!("../../README.md");
        let rows = readme.lines().filter(|line| line.starts_with("| "));
        let words: Vec<&str> =
            rows.flat_map(|row| row.split(|c: char| !c.is_alphanumeric())).collect();
        for operator in OPERATORS {
            assert!(words.contains(&operator.name), "{}", operator.name);
        }
    }
}

"""How every operation of ATen is translated, by its name: with its overload first, then without.

A translation gets the arguments by their names in ATen (`input` for `self`). Arguments that do not
depend on the model's input are tensors and numbers; the others are `Dependent`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..refusals import Refused
from . import (
    activations,
    arithmetic,
    normalization,
    pooling,
    products,
    rearrangement,
    reductions,
    resampling,
    shapes,
)
from .reasons import (
    CONTROL_FLOW,
    CURVED,
    DECIDES,
    JUMPS,
    LOOKS_UP,
    NORMALIZES,
    PRODUCT,
    SORTS,
)
from .rearrangement import rearrangement as moves

_aten = torch.ops.aten

_ARITHMETIC = {
    "abs": arithmetic.magnitude,
    "add": arithmetic.add,
    "clamp": arithmetic.clamp,
    "clamp_max": arithmetic.clamp_max,
    "clamp_min": arithmetic.clamp_min,
    "div": arithmetic.divide,
    "fmax": arithmetic.maximum,
    "fmin": arithmetic.minimum,
    "masked_fill": arithmetic.masked_fill,
    "max.other": arithmetic.maximum,
    "maximum": arithmetic.maximum,
    "min.other": arithmetic.minimum,
    "minimum": arithmetic.minimum,
    "mul": arithmetic.multiply,
    "neg": arithmetic.negate,
    "pow": arithmetic.power,
    "rsub": arithmetic.subtract_from,
    "sub": arithmetic.subtract,
    "where.self": arithmetic.choose,
    "where.ScalarOther": arithmetic.choose,
    "where.ScalarSelf": arithmetic.choose,
    "where.Scalar": arithmetic.choose,
}

_CHOICES = {
    "bitwise_and": arithmetic.logic("And"),
    "bitwise_not": arithmetic.logical_not,
    "bitwise_or": arithmetic.logic("Or"),
    "bitwise_xor": arithmetic.logic("Xor"),
    "ge": arithmetic.compare("GreaterOrEqual"),
    "gt": arithmetic.compare("Greater"),
    "le": arithmetic.compare("LessOrEqual"),
    "logical_and": arithmetic.logic("And"),
    "logical_not": arithmetic.logical_not,
    "logical_or": arithmetic.logic("Or"),
    "logical_xor": arithmetic.logic("Xor"),
    "lt": arithmetic.compare("Less"),
}

_COPIES = {
    "_to_copy": arithmetic.convert,
    "alias": arithmetic.same,
    "clone": arithmetic.same,
    "contiguous": arithmetic.same,
    "detach": arithmetic.same,
    "detach_": arithmetic.same,
    "dropout": arithmetic.dropout,
    "lift_fresh_copy": arithmetic.same,
    "to.dtype": arithmetic.convert,
}

_ACTIVATIONS = {
    "_log_softmax": activations.softmax("LogSoftmax"),
    "_softmax": activations.softmax("Softmax"),
    "argmax": activations.argmax,
    "hardshrink": activations.hardshrink,
    "hardsigmoid": activations.hardsigmoid,
    "hardtanh": activations.hardtanh,
    "leaky_relu": activations.leaky_relu,
    "log_softmax.int": activations.softmax("LogSoftmax"),
    "prelu": activations.prelu,
    "relu": activations.relu,
    "relu6": activations.relu6,
    "rrelu": activations.randomized_relu,
    "sigmoid": activations.sigmoid,
    "softmax.int": activations.softmax("Softmax"),
    "threshold": activations.threshold,
}

_LAYERS = {
    "_convolution": products.convolution,
    "_native_batch_norm_legit_no_training": normalization.native_batch_norm,
    "addmm": products.addmm,
    "addmv": products.addmv,
    "baddbmm": products.baddbmm,
    "batch_norm": normalization.batch_norm,
    "bmm": products.mm,
    "convolution": products.convolution,
    "cudnn_batch_norm": normalization.cudnn_batch_norm,
    "dot": products.dot,
    "instance_norm": normalization.instance_norm,
    "linear": products.linear,
    "matmul": products.matmul,
    "mm": products.mm,
    "mv": products.mv,
    "native_batch_norm": normalization.native_batch_norm,
}

_POOLING = {
    "_adaptive_avg_pool2d": pooling.adaptive_average_pool(2),
    "_adaptive_avg_pool3d": pooling.adaptive_average_pool(3),
    "adaptive_avg_pool1d": pooling.adaptive_average_pool(1),
    "adaptive_avg_pool2d": pooling.adaptive_average_pool(2),
    "adaptive_avg_pool3d": pooling.adaptive_average_pool(3),
    "adaptive_max_pool1d": pooling.adaptive_max_pool(1),
    "adaptive_max_pool2d": pooling.adaptive_max_pool(2),
    "adaptive_max_pool3d": pooling.adaptive_max_pool(3),
    "avg_pool1d": pooling.average_pool(1),
    "avg_pool2d": pooling.average_pool(2),
    "avg_pool3d": pooling.average_pool(3),
    "max_pool1d": pooling.max_pool(1),
    "max_pool1d_with_indices": pooling.max_pool(1),
    "max_pool2d": pooling.max_pool(2),
    "max_pool2d_with_indices": pooling.max_pool(2),
    "max_pool3d": pooling.max_pool(3),
    "max_pool3d_with_indices": pooling.max_pool(3),
}

_REDUCTIONS = {
    "amax": reductions.reduction("ReduceMax"),
    "amin": reductions.reduction("ReduceMin"),
    "cumsum": reductions.cumulative_sum,
    "linalg_vector_norm": reductions.vector_norm,
    "max": reductions.reduction("ReduceMax"),
    "max.dim": reductions.reduction_with_positions("ReduceMax"),
    "mean": reductions.reduction("ReduceMean"),
    "min": reductions.reduction("ReduceMin"),
    "min.dim": reductions.reduction_with_positions("ReduceMin"),
    "sum": reductions.reduction("ReduceSum"),
}

_RESAMPLING = {
    "_pad_circular": resampling.padding("circular"),
    "_upsample_bicubic2d_aa": resampling.upsample_linear(
        2, resampling.of_columns(_aten._upsample_bicubic2d_aa.default)
    ),
    "_upsample_bilinear2d_aa": resampling.upsample_linear(
        2, resampling.of_columns(_aten._upsample_bilinear2d_aa.default)
    ),
    "_upsample_nearest_exact1d": resampling.upsample_nearest(
        1, _aten._upsample_nearest_exact1d.default
    ),
    "_upsample_nearest_exact2d": resampling.upsample_nearest(
        2, _aten._upsample_nearest_exact1d.default
    ),
    "_upsample_nearest_exact3d": resampling.upsample_nearest(
        3, _aten._upsample_nearest_exact1d.default
    ),
    "constant_pad_nd": resampling.constant_pad,
    "pad": resampling.pad,
    "reflection_pad1d": resampling.padding("reflect"),
    "reflection_pad2d": resampling.padding("reflect"),
    "reflection_pad3d": resampling.padding("reflect"),
    "replication_pad1d": resampling.padding("replicate"),
    "replication_pad2d": resampling.padding("replicate"),
    "replication_pad3d": resampling.padding("replicate"),
    "upsample_bicubic2d": resampling.upsample_linear(
        2, resampling.of_columns(_aten.upsample_bicubic2d.default)
    ),
    "upsample_bilinear2d": resampling.upsample_linear(2, resampling.linear_of_one_axis),
    "upsample_linear1d": resampling.upsample_linear(1, resampling.linear_of_one_axis),
    "upsample_nearest1d": resampling.upsample_nearest(1, _aten.upsample_nearest1d.default),
    "upsample_nearest2d": resampling.upsample_nearest(2, _aten.upsample_nearest1d.default),
    "upsample_nearest3d": resampling.upsample_nearest(3, _aten.upsample_nearest1d.default),
    "upsample_trilinear3d": resampling.upsample_linear(3, resampling.linear_of_one_axis),
}

_SHAPES = {
    "_reshape_copy": shapes.reshape,
    "_unsafe_view": shapes.reshape,
    "cat": shapes.concatenate,
    "copy": shapes.copy,
    "expand": shapes.expand,
    "fill": shapes.filled,
    "flatten": shapes.reshape,
    "flip": shapes.flip,
    "full_like": shapes.filled,
    "new_full": shapes.filled,
    "new_ones": shapes.ones,
    "new_zeros": shapes.zeros,
    "ones_like": shapes.ones,
    "permute": shapes.permute,
    "pixel_shuffle": shapes.depth_to_space,
    "repeat": shapes.repeat,
    "reshape": shapes.reshape,
    "select.int": shapes.select,
    "slice.Tensor": shapes.slice_axis,
    "split.Tensor": shapes.split,
    "split_with_sizes": shapes.split,
    "squeeze": shapes.squeeze,
    "stack": shapes.stack,
    "sym_size.int": shapes.extent,
    "t": shapes.transpose_matrix,
    "transpose.int": shapes.transpose,
    "unbind.int": shapes.unbind,
    "unflatten": shapes.reshape,
    "unsqueeze": shapes.unsqueeze,
    "view": shapes.reshape,
    "zeros_like": shapes.zeros,
}

_PLACES = {
    "_unsafe_index.Tensor": rearrangement.index,
    "_unsafe_index_put": rearrangement.index_put,
    "as_strided": moves("input"),
    "channel_shuffle": moves("input"),
    "diagonal": moves("input"),
    "diagonal_copy": moves("input"),
    "diagonal_scatter": moves("input", "src"),
    "gather": moves("input"),
    "im2col": moves("input"),
    "index.Tensor": rearrangement.index,
    "index_put": rearrangement.index_put,
    "index_select": rearrangement.index_select,
    "native_channel_shuffle": moves("input"),
    "pixel_unshuffle": moves("input"),
    "roll": moves("input"),
    "scatter.src": moves("input", "src"),
    "select_scatter": moves("input", "src"),
    "slice_scatter": moves("input", "src"),
    "take": moves("input"),
    "tril": moves("input"),
    "triu": moves("input"),
    "unfold": moves("input"),
}

#: Names of operations that are refused, by reason.
_REFUSED = {
    CURVED: """acos acosh asin asinh atan atan2 atanh celu cos cosh cumprod digamma elu erf erfc erfinv
        exp exp2 expm1 gelu glu hardswish hypot i0 lgamma log log10 log1p log2 log_sigmoid
        logaddexp logaddexp2 logcumsumexp logit logsumexp mish prod reciprocal rsqrt selu silu sin
        sinc sinh softplus softsign special_entr special_erfcx special_ndtr sqrt square std tan tanh
        tanhshrink var var_mean std_mean xlogy cdist _cdist_forward _euclidean_dist dist pdist
        cosine_similarity grid_sampler grid_sampler_2d grid_sampler_3d""",
    JUMPS: """all any bitwise_left_shift bitwise_right_shift bucketize ceil count_nonzero eq
        equal floor floor_divide fmod frac heaviside isclose isfinite isinf isnan ne remainder
        round searchsorted sgn sign signbit trunc""",
    NORMALIZES: """_fused_rms_norm group_norm layer_norm native_group_norm native_layer_norm rms_norm
        local_response_norm""",
    PRODUCT: """_scaled_dot_product_attention_math _scaled_dot_product_flash_attention
        _scaled_dot_product_flash_attention_for_cpu cross gru linalg_cross lstm outer
        rnn_relu rnn_tanh scaled_dot_product_attention""",
    DECIDES: """argmin argsort bincount histc masked_select max_unpool2d max_unpool3d mode nonzero
        one_hot unique_consecutive""",
    SORTS: "cummax cummin kthvalue median msort nanmedian sort topk",
    CONTROL_FLOW: "_local_scalar_dense cond item while_loop",
    LOOKS_UP: "_embedding_bag embedding embedding_bag",
}


def _refusing(reason: str) -> Callable:
    def translation(call, **_):
        raise Refused(reason)

    return translation


_TRANSLATIONS: dict[str, Callable] = {
    **_ARITHMETIC,
    **_CHOICES,
    **_COPIES,
    **_ACTIVATIONS,
    **_LAYERS,
    **_POOLING,
    **_REDUCTIONS,
    **_RESAMPLING,
    **_SHAPES,
    **_PLACES,
    **{name: _refusing(reason) for reason, names in _REFUSED.items() for name in names.split()},
}


def find(operation: torch._ops.OpOverload) -> Callable | None:
    """The translation of an operation."""
    namespace, _, name = operation._schema.name.partition("::")
    if namespace != "aten":
        return None
    overload = operation._schema.overload_name
    return _TRANSLATIONS.get(f"{name}.{overload}") or _TRANSLATIONS.get(name)

"""Why operations are refused."""

CURVED = (
    "it is not piecewise linear; replace it by ReLU, leaky ReLU, Hardtanh, or another maximum of "
    "affine functions"
)
JUMPS = (
    "it jumps, so it is not piecewise linear and continuous; replace it by ReLU, clamp, maximum or "
    "minimum"
)
NORMALIZES = (
    "it divides by a statistic of its input, so it is not piecewise linear; replace it by a batch "
    "norm that has running statistics"
)
PRODUCT = (
    "a product of two values that both depend on the input is not piecewise linear; only products "
    "with constants are"
)
DIVIDES = "a division by a value that depends on the input is not piecewise linear"
DECIDES = (
    "it decides by the values of the input, so its result jumps; it is left out only at the end of "
    "a model"
)
SORTS = "it sorts entries, which is not supported; write it with maximum, minimum or amax"
RANDOM = "it draws random numbers; a network needs the same output for the same input"
CONTROL_FLOW = (
    "the model decides by values of the input what it computes; write the choice with torch.where, "
    "torch.maximum or relu"
)
LOOKS_UP = (
    "it looks up rows by numbers of the input, so it is not piecewise linear; capture the part of "
    "the model after the embedding"
)

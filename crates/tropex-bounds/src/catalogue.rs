//! The catalogue of all bounds.

use crate::Bound;
use crate::{conv, dense};

/// All bounds, grouped by kind.
pub static BOUNDS: &[Bound] = &[
    dense::exact::ONE_LAYER,
    conv::one_layer::EXACT,
    dense::exact::FIRST_LAYER,
    dense::lower::MONTUFAR_2014,
    dense::lower::SERRA_2018,
    dense::lower::ARORA_2016,
    dense::lower::SERRA_2018_ARORA,
    conv::one_layer::LOWER,
    conv::several_layers::LOWER,
    dense::upper::PATTERNS,
    dense::upper::MONTUFAR_2017,
    dense::serra::ANY_WEIGHTS,
    conv::one_layer::UPPER,
    conv::several_layers::UPPER,
    dense::serra::TRAINED,
    dense::order::RAGHU_2017,
];

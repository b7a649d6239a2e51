//! Masks: Boolean tensors that depend on the input.

use super::elementwise_function::ElementwiseFunction;
use super::form::LinearForm;

/// Boolean features that depend on the input.
#[derive(Clone, Debug)]
pub(super) enum Mask {
    /// True where a form is positive; also where it is zero, unless `strict`.
    Positive { form: LinearForm, strict: bool },
    /// An indicator function: 1 for true, 0 for false.
    Indicator(ElementwiseFunction),
}

impl Mask {
    pub(super) fn features(&self) -> usize {
        match self {
            Self::Positive { form, .. } => form.offset.len(),
            Self::Indicator(function) => function.features(),
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Positive { form, strict } => {
                Self::Positive { form: form.negated(), strict: !strict }
            }
            Self::Indicator(function) => {
                Self::Indicator(ElementwiseFunction::of([function], |[step]| {
                    Some(step.scaled(-1.0).shifted(1.0))
                }))
            }
        }
    }

    /// The indicator function: 1 for true, 0 for false.
    pub(super) fn function(&self) -> ElementwiseFunction {
        match self {
            Self::Positive { form, strict } => {
                let strict = *strict;
                ElementwiseFunction::of([ElementwiseFunction::form(form)], move |[form]| {
                    form.positive(strict)
                })
            }
            Self::Indicator(function) => function.clone(),
        }
    }
}

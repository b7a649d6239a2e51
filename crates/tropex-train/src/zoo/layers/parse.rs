//! Reads a layer of a line.

use super::spec::{CONV_KERNEL, CONV_STRIDE, LayerSpec, PADDING, POOL_KERNEL};
use crate::zoo::builder::ConvLayer;
use crate::zoo::window::LayerWindow;

/// Largest number of a layer. Products of a few such numbers are checked where they are formed.
const MAX_NUMBER: usize = 1 << 20;

/// Letters before the numbers of a window.
const OPTIONS: [char; 3] = ['k', 's', 'p'];

/// A kind of layer, and how it is written.
struct LayerForm {
    name: &'static str,
    expected: &'static str,
    /// Reads the text after the name.
    read: fn(&str) -> Option<LayerSpec>,
}

const FORMS: [LayerForm; 7] = [
    LayerForm {
        name: "C",
        expected: "C and the number of filters, then k kernel, s stride and p padding where they \
                   are not the default, such as C32 or C32k5s2p1",
        read: conv,
    },
    LayerForm {
        name: "BN",
        expected: "BN without numbers",
        read: |rest| rest.is_empty().then_some(LayerSpec::BatchNorm),
    },
    LayerForm {
        name: "P",
        expected: "P, then k window, s stride and p padding of at most half the window where they \
                   are not the default, such as P or Pk3s2p1",
        read: |rest| pool(rest).map(LayerSpec::MaxPool),
    },
    LayerForm {
        name: "A",
        expected: "A, then k window, s stride and p padding of at most half the window where they \
                   are not the default, such as A or Ak3s2",
        read: |rest| pool(rest).map(LayerSpec::AveragePool),
    },
    LayerForm {
        name: "G",
        expected: "G without numbers",
        read: |rest| rest.is_empty().then_some(LayerSpec::GlobalAveragePool),
    },
    LayerForm {
        name: "D",
        expected: "D and the number of units, such as D128",
        read: |rest| positive(rest).map(|width| LayerSpec::Dense { width }),
    },
    LayerForm {
        name: "DO",
        expected: "DO and the share of values that training drops, above 0 and below 1, such as \
                   DO0.5",
        read: dropout,
    },
];

/// Reads a layer, or returns what was expected.
pub(super) fn parse(text: &str) -> Result<LayerSpec, String> {
    let end = text.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(form) = FORMS.iter().find(|form| form.name == name) else {
        let names: Vec<_> = FORMS.iter().map(|form| form.name).collect();
        return Err(format!(
            "expected one of {} in upper case, such as C32p1, BN, P or D128; a ReLU follows each C \
             and D without being named",
            names.join(", ")
        ));
    };
    (form.read)(rest)
        .ok_or_else(|| format!("expected {}, in numbers of at most {MAX_NUMBER}", form.expected))
}

fn conv(rest: &str) -> Option<LayerSpec> {
    let (filters, window) = WindowText::split(rest)?;
    let window = LayerWindow {
        kernel: window.kernel.unwrap_or(CONV_KERNEL),
        stride: window.stride.unwrap_or(CONV_STRIDE),
        padding: window.padding.unwrap_or(PADDING),
    };
    Some(LayerSpec::Conv(ConvLayer { filters: positive(filters)?, window }))
}

fn pool(rest: &str) -> Option<LayerWindow> {
    let (size, window) = WindowText::split(rest)?;
    let kernel = window.kernel.unwrap_or(POOL_KERNEL);
    let stride = window.stride.unwrap_or(kernel);
    let padding = window.padding.unwrap_or(PADDING);
    let is_half = [0, 1].into_iter().all(|axis| padding[axis] <= kernel[axis] / 2);
    (size.is_empty() && is_half).then_some(LayerWindow { kernel, stride, padding })
}

fn dropout(rest: &str) -> Option<LayerSpec> {
    let is_decimal = rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let share = rest.parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1.0)?;
    is_decimal.then_some(LayerSpec::Dropout { share })
}

/// The numbers of a window that a text gives.
#[derive(Default)]
struct WindowText {
    kernel: Option<[usize; 2]>,
    stride: Option<[usize; 2]>,
    padding: Option<[usize; 2]>,
}

impl WindowText {
    /// Splits `32k3s2` into the text before the letters and the numbers after them.
    fn split(text: &str) -> Option<(&str, Self)> {
        let (before, mut rest) = text.split_at(text.find(OPTIONS).unwrap_or(text.len()));
        let mut window = Self::default();
        while let Some(letter) = rest.chars().next() {
            let end = rest[1..].find(OPTIONS).map_or(rest.len(), |end| end + 1);
            let numbers = pair(&rest[1..end])?;
            let slot = match letter {
                'k' => &mut window.kernel,
                's' => &mut window.stride,
                _ => &mut window.padding,
            };
            let is_valid = letter == 'p' || !numbers.contains(&0);
            if slot.replace(numbers).is_some() || !is_valid {
                return None;
            }
            rest = &rest[end..];
        }
        Some((before, window))
    }
}

/// Rows and columns: `3` stands for `3x3`.
fn pair(text: &str) -> Option<[usize; 2]> {
    let (rows, columns) = text.split_once('x').unwrap_or((text, text));
    Some([number(rows)?, number(columns)?])
}

fn positive(text: &str) -> Option<usize> {
    number(text).filter(|&number| number > 0)
}

fn number(text: &str) -> Option<usize> {
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&number| is_whole && number <= MAX_NUMBER)
}

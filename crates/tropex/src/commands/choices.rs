//! Parsers of values that the libraries name: clap lists the names, and the library's type is the
//! value.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tropex::experiments::Split;
use tropex::experiments::render::ImageFormat;
use tropex::train::training::OptimizerConfig;
use tropex::{Classes, Gauge, Precision};

/// A value with its name and one line of help.
type Choice<T> = (T, &'static str, &'static str);

/// Parses the name of one of some values.
fn one_of<T: Copy + Send + Sync + 'static>(
    choices: Vec<Choice<T>>,
) -> impl TypedValueParser<Value = T> {
    let possible = choices.iter().map(|&(_, name, help)| match help {
        "" => PossibleValue::new(name),
        help => PossibleValue::new(name).help(help),
    });
    PossibleValuesParser::new(possible.collect::<Vec<_>>()).try_map(move |text| {
        let choice = choices.iter().find(|(_, name, _)| *name == text);
        choice.map(|&(value, ..)| value).ok_or("no such name")
    })
}

/// `train` or `test`.
pub fn split() -> impl TypedValueParser<Value = Split> {
    one_of(Split::ALL.map(|split| (split, split.name(), "")).into())
}

/// `worst-case`, `tight` or `calibrated`.
pub fn gauge() -> impl TypedValueParser<Value = Gauge> {
    let help = |gauge| match gauge {
        Gauge::WorstCase => "The published rule: shifts that suffice for any images",
        Gauge::Tight => "The smallest shifts that suffice for the extracted images",
        Gauge::Calibrated => {
            "The smallest multiple of the tight shifts under which the terms of every image still \
             win at that image"
        }
        _ => "",
    };
    one_of(Gauge::ALL.map(|gauge| (gauge, gauge.name(), help(gauge))).into())
}

/// `f32` or `f64`.
pub fn precision() -> impl TypedValueParser<Value = Precision> {
    one_of(Precision::ALL.map(|format| (format, format.name(), "")).into())
}

/// `predicted` or `all`.
pub fn classes() -> impl TypedValueParser<Value = Classes> {
    one_of(vec![(Classes::Predicted, "predicted", ""), (Classes::All, "all", "")])
}

/// `png` or `svg`.
pub fn picture_format() -> impl TypedValueParser<Value = ImageFormat> {
    one_of(ImageFormat::ALL.map(|format| (format, format.extension(), "")).into())
}

/// `adam` or `sgd`.
pub fn optimizer() -> impl TypedValueParser<Value = OptimizerConfig> {
    PossibleValuesParser::new(OptimizerConfig::NAMES).try_map(|name| name.parse())
}

//! What do linear terms look like, and in how many directions do they point?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{CaptionedImage, Figure, ImageGrid, LinePlot, Plot, PlotAxis, PlotLine};
use crate::report::{Answer, NumberId, Table, Topic};
use crate::run::RunContext;
use crate::statistics::{RowMatrix, Spectrum, Summary, median, singular_values};
use crate::unit::{Unit, count};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "coefficients",
    question: "What do linear terms look like, and in how many directions do they point?",
    topic: Topic::LinearTerms,
    method: [
        "The linear terms of test images are extracted for the class that the network predicts.",
        "Mean, median, deviation and extremes are taken for every pixel over all terms.",
        "The effective rank is the exponential of the entropy of the singular values of the \
         matrix of terms, divided by their sum.",
    ],
    scope: Scope::Each,
    gauged: false,
    make: make::<CoefficientStatistics>,
};

/// Number of terms whose coefficients are all zero.
pub(crate) const TERMS_OF_ZEROS: NumberId = NumberId::new("terms of zeros", Unit::Count);

/// Effective rank of the matrix of linear terms.
pub(crate) const EFFECTIVE_RANK: NumberId = NumberId::new("effective rank", Unit::Number);

/// Number of directions that contain 99 % of the sum of squares.
pub(crate) const DIRECTIONS: NumberId = NumberId::new("directions for 99 %", Unit::Count);

/// Mean of all coefficients.
pub(crate) const MEAN: NumberId = NumberId::new("mean coefficient", Unit::Number);

/// Standard deviation of all coefficients.
pub(crate) const DEVIATION: NumberId = NumberId::new("deviation of coefficients", Unit::Number);

/// Smallest coefficient.
pub(crate) const SMALLEST: NumberId = NumberId::new("smallest coefficient", Unit::Number);

/// Largest coefficient.
pub(crate) const LARGEST: NumberId = NumberId::new("largest coefficient", Unit::Number);

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CoefficientStatistics {
    /// Number of terms in the figure.
    samples: usize,
    /// Number of terms whose singular values are computed; the work grows with its cube.
    spectrum: usize,
}

impl Default for CoefficientStatistics {
    fn default() -> Self {
        Self { samples: 12, spectrum: 1000 }
    }
}

impl Experiment for CoefficientStatistics {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let terms = context.linear_terms()?.rows();
        let points = context.points(Split::Test);
        let chosen: Vec<f32> = points
            .sample(self.spectrum.max(1))
            .into_iter()
            .flat_map(|row| terms.row(row))
            .copied()
            .collect();
        let chosen = RowMatrix::new(&chosen, terms.width());
        let spectrum = singular_values(chosen);
        let (effective, needed) = (spectrum.effective_rank(), spectrum.rank_for(0.99));
        let all = Summary::of(
            (0..terms.len()).flat_map(|row| terms.row(row).iter().map(|&value| f64::from(value))),
        );
        let zeros = terms.zeros();
        let text = match terms.len() - zeros {
            0 => format!(
                "All terms are zero: the network is dead at all {} test images, its logits do not \
                 depend on them. The effective rank is 0.",
                count(terms.len()),
            ),
            _ => format!(
                "{} of the linear terms have an effective rank of {}; {} of {} directions hold \
                 99 % of the sum of squares. Coefficients of all {} terms lie between {} and {}{}.",
                count(chosen.len()),
                Unit::Number.format(effective),
                count(needed),
                count(spectrum.values.len()),
                count(terms.len()),
                Unit::Number.format(all.min()),
                Unit::Number.format(all.max()),
                match zeros {
                    0 => String::new(),
                    zeros => format!("; {} of them are terms of zeros", count(zeros)),
                },
            ),
        };
        Ok(Answer::new(text)
        .value(&TERMS_OF_ZEROS, zeros as f64)
        .value(&EFFECTIVE_RANK, effective)
        .value(&DIRECTIONS, needed as f64)
        .value(&MEAN, all.mean())
        .value(&DEVIATION, all.deviation())
        .value(&SMALLEST, all.min())
        .value(&LARGEST, all.max())
        .table(spectrum_table(&spectrum))
        .figure(statistics(context, terms))
        .figure(samples(context, terms, self.samples)?)
        .figure(spectrum_figure(&spectrum))
        .note(
            "Negative coefficients are blue, positive ones orange, each picture on its own scale, \
             whose largest number stands below it; channels are added up.",
        ))
    }
}

/// Images of statistics of the coefficients at every pixel over all terms.
fn statistics(context: &RunContext<'_>, terms: RowMatrix<'_>) -> Figure {
    let mut images: [Vec<f64>; 5] = Default::default();
    let mut column = vec![0.0; terms.len()];
    for pixel in 0..terms.width() {
        let values = column.iter_mut().enumerate();
        values.for_each(|(row, value)| *value = terms.row(row)[pixel].into());
        let summary = Summary::of(column.iter().copied());
        let found = [
            summary.mean(),
            median(&mut column),
            summary.deviation(),
            summary.min(),
            summary.max(),
        ];
        images.iter_mut().zip(found).for_each(|(image, value)| image.push(value));
    }
    let names = ["mean", "median", "deviation", "smallest", "largest"];
    let pictures = names.iter().zip(images);
    let pictures =
        pictures.map(|(name, image)| picture(context, &image, vec![(*name).to_owned()])).collect();
    let plot = Plot::Pictures(ImageGrid { columns: 5, pictures });
    Figure::new("statistics", "Coefficients at every pixel over all linear terms", plot)
}

fn samples(context: &RunContext<'_>, terms: RowMatrix<'_>, count: usize) -> Result<Figure, Error> {
    let classes = context.linear_terms()?.classes();
    let points = context.points(Split::Test);
    let picture = |index: usize| {
        let values: Vec<_> = terms.row(index).iter().map(|&value| f64::from(value)).collect();
        let class = context.dataset().class_name(classes[index]);
        picture(context, &values, vec![format!("test {}", points.index(index)), class])
    };
    let pictures = points.sample(count).into_iter().map(picture).collect();
    let plot = Plot::Pictures(ImageGrid { columns: 4, pictures });
    Ok(Figure::new("samples", "Linear terms of some test images", plot))
}

/// Coefficients as an image, with the largest absolute value in the caption.
fn picture(context: &RunContext<'_>, values: &[f64], mut caption: Vec<String>) -> CaptionedImage {
    let shape = context.dataset().test.shape();
    let area = shape[1] * shape[2];
    let sum = |pixel: usize| -> f64 { values.iter().skip(pixel).step_by(area).sum() };
    let largest = (0..area).map(|pixel| sum(pixel).abs()).fold(0.0, f64::max);
    caption.push(format!("\u{b1} {}", Unit::Number.format(largest)));
    CaptionedImage::of_coefficients(shape, values, largest, caption)
}

fn spectrum_table(spectrum: &Spectrum) -> Table {
    let columns = [("number", Unit::Count), ("singular value", Unit::Number)];
    let mut table = Table::new("singular-values", "Singular values, largest first", &columns);
    for (index, &value) in spectrum.values.iter().enumerate() {
        table.push(vec![(index + 1).into(), value.into()]);
    }
    table
}

fn spectrum_figure(spectrum: &Spectrum) -> Figure {
    // Smaller values are rounding errors.
    let floor = spectrum.values.first().copied().unwrap_or(0.0) * 1e-7;
    let points = spectrum.values.iter().enumerate();
    let points = points.map(|(index, &value)| [(index + 1) as f64, value]);
    let curve = PlotLine::new("singular values", points.filter(|point| point[1] > floor));
    let plot = Plot::Curves(LinePlot {
        x: PlotAxis::linear("number", Unit::Count),
        y: PlotAxis::logarithmic("singular value", Unit::Number),
        curves: vec![curve],
    });
    Figure::new("spectrum", "Singular values of the matrix of linear terms", plot)
}

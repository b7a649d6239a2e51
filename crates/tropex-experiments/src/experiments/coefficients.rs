//! What do linear terms look like, and in how many directions do they point?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{
    Answer, Axis, Curve, Curves, Figure, Picture, Pictures, Plot, Table, Unit, count,
};
use crate::statistics::{Rows, Spectrum, Summary, median, singular_values};
use crate::{Error, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "coefficients",
    question: "What do linear terms look like, and in how many directions do they point?",
    method: [
        "The linear terms of test images are extracted for the class that the network predicts.",
        "Mean, median, deviation and extremes are taken for every pixel over all terms.",
        "The effective rank is the exponential of the entropy of the singular values of the \
         matrix of terms, divided by their sum.",
    ],
    scope: Scope::Each,
    gauged: false,
    make: make::<Coefficients>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Coefficients {
    /// Terms that are shown.
    samples: usize,
    /// Terms whose singular values are found: the work grows with the cube.
    spectrum: usize,
}

impl Default for Coefficients {
    fn default() -> Self {
        Self { samples: 12, spectrum: 1000 }
    }
}

impl Experiment for Coefficients {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let terms = subject.linear_terms()?.rows();
        let points = subject.points(Split::Test);
        let chosen: Vec<f32> = points
            .sample(self.spectrum.max(1))
            .into_iter()
            .flat_map(|row| terms.row(row))
            .copied()
            .collect();
        let chosen = Rows::new(&chosen, terms.width());
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
        .value("terms of zeros", zeros as f64, Unit::Count)
        .value("effective rank", effective, Unit::Number)
        .value("directions for 99 %", needed as f64, Unit::Count)
        .value("mean coefficient", all.mean(), Unit::Number)
        .value("deviation of coefficients", all.deviation(), Unit::Number)
        .value("smallest coefficient", all.min(), Unit::Number)
        .value("largest coefficient", all.max(), Unit::Number)
        .table(spectrum_table(&spectrum))
        .figure(statistics(subject, terms))
        .figure(samples(subject, terms, self.samples)?)
        .figure(spectrum_figure(&spectrum))
        .note(
            "Negative coefficients are blue, positive ones orange, each picture on its own scale, \
             whose largest number stands below it; channels are added up.",
        ))
    }
}

/// Images of what the coefficients at every pixel are over all terms.
fn statistics(subject: &Subject<'_>, terms: Rows<'_>) -> Figure {
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
        pictures.map(|(name, image)| picture(subject, &image, vec![(*name).to_owned()])).collect();
    let plot = Plot::Pictures(Pictures { columns: 5, pictures });
    Figure::new("statistics", "Coefficients at every pixel over all linear terms", plot)
}

fn samples(subject: &Subject<'_>, terms: Rows<'_>, count: usize) -> Result<Figure, Error> {
    let classes = subject.linear_terms()?.classes();
    let points = subject.points(Split::Test);
    let picture = |index: usize| {
        let values: Vec<_> = terms.row(index).iter().map(|&value| f64::from(value)).collect();
        let class = subject.dataset().class_name(classes[index]);
        picture(subject, &values, vec![format!("test {}", points.index(index)), class])
    };
    let pictures = points.sample(count).into_iter().map(picture).collect();
    let plot = Plot::Pictures(Pictures { columns: 4, pictures });
    Ok(Figure::new("samples", "Linear terms of some test images", plot))
}

/// Coefficients as an image, with the largest of its numbers below.
fn picture(subject: &Subject<'_>, values: &[f64], mut caption: Vec<String>) -> Picture {
    let shape = subject.dataset().test.shape();
    let area = shape[1] * shape[2];
    let sum = |pixel: usize| -> f64 { values.iter().skip(pixel).step_by(area).sum() };
    let largest = (0..area).map(|pixel| sum(pixel).abs()).fold(0.0, f64::max);
    caption.push(format!("\u{b1} {}", Unit::Number.format(largest)));
    Picture::of_coefficients(shape, values, largest, caption)
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
    // What is smaller is rounding.
    let floor = spectrum.values.first().copied().unwrap_or(0.0) * 1e-7;
    let points = spectrum.values.iter().enumerate();
    let points = points.map(|(index, &value)| [(index + 1) as f64, value]);
    let curve = Curve::new("singular values", points.filter(|point| point[1] > floor));
    let plot = Plot::Curves(Curves {
        x: Axis::linear("number", Unit::Count),
        y: Axis::logarithmic("singular value", Unit::Number),
        curves: vec![curve],
    });
    Figure::new("spectrum", "Singular values of the matrix of linear terms", plot)
}

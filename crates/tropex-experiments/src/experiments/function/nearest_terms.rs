//! Which training images win where the extracted function errs?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{CaptionedImage, Figure, ImageGrid, Plot};
use crate::report::{Answer, NumberId, Table, Topic};
use crate::run::{AssignedPoints, AssignmentWork, PointwiseWork, RunContext};
use crate::unit::{Unit, count};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "nearest-terms",
    question: "Which training images win where the extracted function errs?",
    topic: Topic::ExtractedFunction,
    method: [
        "The first of the test images that the extracted function gives a wrong class are taken.",
        "Beside each stands the training image whose positive term wins there.",
        "Below the images stand their labels, and the classes that network and term give the test \
         image.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<NearestTerms>,
};

/// Number of test images that the extracted function classifies wrongly.
const MISCLASSIFIED: NumberId = NumberId::new("misclassified", Unit::Count);

/// Number of misclassified images that the network classifies wrongly too.
const MISCLASSIFIED_BY_BOTH: NumberId = NumberId::new("by the network too", Unit::Count);

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NearestTerms {
    /// Number of test images in the figure.
    images: usize,
}

impl Default for NearestTerms {
    fn default() -> Self {
        Self { images: 16 }
    }
}

impl Experiment for NearestTerms {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let (points, labels) = (context.points(Split::Test), context.labels(Split::Test));
        let (predicted, assigned) =
            (context.predicted(Split::Test)?, context.assigned(Split::Test)?);
        let wrong = (0..labels.len()).filter(|&image| assigned[image].class != labels[image]);
        let wrong: Vec<_> = wrong.collect();
        let network_too = wrong.iter().filter(|&&image| predicted[image] != labels[image]).count();
        let columns = [
            ("test image", Unit::Count),
            ("label", Unit::Text),
            ("network", Unit::Text),
            ("extracted function", Unit::Text),
            ("training image", Unit::Count),
            ("its label", Unit::Text),
        ];
        let title = "Test images that the extracted function gives a wrong class";
        let mut table = Table::new("misclassified", title, &columns);
        let mut pictures = Vec::new();
        let name = |class: usize| context.dataset().class_name(class);
        for &image in wrong.iter().take(self.images) {
            let winner = &assigned[image];
            let (test, training) = (points.index(image), context.training_image(winner.positive));
            let label = context.dataset().train.labels()[training] as usize;
            table.push(vec![
                test.into(),
                name(labels[image]).into(),
                name(predicted[image]).into(),
                name(winner.class).into(),
                training.into(),
                name(label).into(),
            ]);
            let network = format!("network: {}", name(predicted[image]));
            let caption = vec![format!("test {test}"), name(labels[image]), network];
            pictures.push(picture(context, Split::Test, test, caption));
            let term = format!("term: {}", name(winner.class));
            let caption = vec![format!("training {training}"), name(label), term];
            pictures.push(picture(context, Split::Train, training, caption));
        }
        let shown = wrong.len().min(self.images);
        let answer = Answer::new(format!(
            "The extracted function gives {} of {} test images a wrong class, {} of which the \
             network gets wrong too; the first {} are shown.",
            count(wrong.len()),
            count(labels.len()),
            count(network_too),
            count(shown),
        ))
        .value(&MISCLASSIFIED, wrong.len() as f64)
        .value(&MISCLASSIFIED_BY_BOTH, network_too as f64)
        .table(table);
        if pictures.is_empty() {
            return Ok(answer);
        }
        let title = "Test images, each beside the training image that wins";
        let plot = Plot::Pictures(ImageGrid { columns: 4, pictures });
        Ok(answer.figure(Figure::new("pairs", title, plot)))
    }

    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        Ok(vec![AssignmentWork::boxed(context, AssignedPoints::Images(Split::Test))])
    }
}

fn picture(
    context: &RunContext<'_>,
    split: Split,
    image: usize,
    caption: Vec<String>,
) -> CaptionedImage {
    let images = context.images(split);
    CaptionedImage::of_image(images.shape(), &images.read_one(image), caption)
}

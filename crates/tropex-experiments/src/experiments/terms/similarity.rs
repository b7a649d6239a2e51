//! How similar are the linear term of a test image and the one that wins there?

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::query::{MEAN_ANGLE, NOTE, add_measures, angle_text, mean_angle, with_angle};
use crate::report::{Answer, Topic};
use crate::run::PredictedTerms;
use crate::statistics::PairMeasures;

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "similarity",
    question: "How similar, by angle and distance, are the linear term of a test image and the one \
        that wins there?",
    topic: Topic::LinearTerms,
    method: [
        "The linear term of every test image is extracted, and that of the training image whose \
         positive term wins there is looked up.",
        "Angle, distance and correlation compare the coefficients of the two.",
        "Images at which network and extracted function agree, and the other images, are also \
         compared separately.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Similarity>,
};

/// Name of the images at which network and extracted function predict one class.
pub(crate) const AGREE: &str = "agree";

/// Name of the other images.
pub(crate) const DISAGREE: &str = "disagree";

/// The experiment has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Similarity {}

impl Experiment for Similarity {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let winners = context.assigned(Split::Test)?;
        let own = context.linear_terms()?;
        let features = context.dataset().test.features();
        let winning = PredictedTerms::of_winners(winners, context.store()?.shards(), features)?;
        let agree = |image: &usize| own.classes()[*image] == winners[*image].class;
        let all: Vec<usize> = (0..own.len()).collect();
        let (agreeing, others): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|image| agree(image));
        let sets = [("all", all), (AGREE, agreeing), (DISAGREE, others)];
        let sets = sets.map(|(name, chosen)| {
            (name.to_owned(), PairMeasures::of(own.rows(), winning.rows(), &chosen))
        });
        let [all, agree, disagree] = sets.each_ref().map(|(_, set)| set);
        let answer = Answer::new(format!(
            "The angle between the two linear terms is {} on average over {}: {} where network and \
             extracted function agree, {} where they do not.",
            angle_text(all),
            with_angle(all, "test images"),
            angle_text(agree),
            angle_text(disagree),
        ));
        let angles = [mean_angle(agree), mean_angle(disagree)];
        Ok(add_measures(answer, &sets)
            .value(&MEAN_ANGLE.of(AGREE), angles[0])
            .value(&MEAN_ANGLE.of(DISAGREE), angles[1])
            .note(NOTE))
    }
}

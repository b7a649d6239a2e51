//! How alike are a test image's own linear term and the one that wins there?

use serde::{Deserialize, Serialize};

use crate::alike::{NOTE, add_measures, angle_text, mean_angle, with_angle};
use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::linear_terms::LinearTerms;
use crate::report::{Answer, Unit};
use crate::statistics::PairMeasures;
use crate::{Error, Split};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "similarity",
    question: "How alike are a test image's own linear term and the one that wins there?",
    method: [
        "The linear term of every test image is extracted, and that of the training image whose \
         positive term wins there is looked up.",
        "Angle, distance and correlation compare the coefficients of the two.",
        "Images at which network and extracted function agree are also looked at on their own, \
         and so are the others.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Similarity>,
};

/// It has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Similarity {}

impl Experiment for Similarity {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let winners = subject.assigned(Split::Test)?;
        let own = subject.linear_terms()?;
        let features = subject.dataset().test.features();
        let winning = LinearTerms::of_winners(winners, subject.store()?.shards(), features)?;
        let agree = |image: &usize| own.classes()[*image] == winners[*image].class;
        let all: Vec<usize> = (0..own.len()).collect();
        let (agreeing, others): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|image| agree(image));
        let sets = [("all", all), ("agree", agreeing), ("disagree", others)];
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
            .value("angle, agree", angles[0], Unit::Degrees)
            .value("angle, disagree", angles[1], Unit::Degrees)
            .note(NOTE))
    }
}

//! Descriptions of experiments.

/// Name, question and method of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExperimentDescription {
    /// Name on the command line and in folders.
    pub name: &'static str,
    /// The question.
    pub question: &'static str,
    /// What the question is about.
    pub topic: Topic,
    /// How the experiment answers, in three sentences or paragraphs.
    pub method: [&'static str; 3],
}

/// What experiments are about; reports group experiments by topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Topic {
    /// The extracted function compared with the network.
    ExtractedFunction,
    /// Linear regions and their boundaries.
    Regions,
    /// Moved images and moved terms.
    MovedImages,
    /// Coefficients of linear terms.
    LinearTerms,
    /// Several networks compared with each other.
    SeveralNetworks,
}

impl Topic {
    /// All topics, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::ExtractedFunction,
        Self::Regions,
        Self::MovedImages,
        Self::LinearTerms,
        Self::SeveralNetworks,
    ];

    /// Heading in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::ExtractedFunction => "Extracted function and network",
            Self::Regions => "Linear regions",
            Self::MovedImages => "Moved images and moved terms",
            Self::LinearTerms => "Linear terms",
            Self::SeveralNetworks => "Several networks",
        }
    }
}

#[cfg(test)]
impl ExperimentDescription {
    /// The description of the experiment of findings in tests.
    pub(crate) fn in_tests() -> Self {
        let topic = Topic::ExtractedFunction;
        Self {
            name: "exactness",
            question: "Is it so?",
            topic,
            method: ["First.", "Second.", "Third."],
        }
    }
}

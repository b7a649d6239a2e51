//! Descriptions of experiments.

/// Name, question and method of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExperimentDescription {
    /// Name on the command line and in folders.
    pub name: &'static str,
    /// The question.
    pub question: &'static str,
    /// The method, in three sentences or paragraphs.
    pub method: [&'static str; 3],
}

#[cfg(test)]
impl ExperimentDescription {
    /// The description of the experiment of findings in tests.
    pub(crate) fn in_tests() -> Self {
        Self { name: "exactness", question: "Is it so?", method: ["First.", "Second.", "Third."] }
    }
}

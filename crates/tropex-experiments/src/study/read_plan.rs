//! Reads plans.

use tropex_train::messages::in_plain_words;

use super::plan::StudyPlan;
use crate::Error;

impl StudyPlan {
    /// Reads a plan and checks all names in it. Errors name `origin`.
    ///
    /// # Errors
    /// [`Error::Study`] for a text that is not a plan, unknown names and contradictory settings.
    pub fn read(text: &str, origin: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::Study { origin: origin.to_owned(), reason };
        let plan: Self = toml::from_str(text).map_err(|error| refused(one_line(&error)))?;
        match plan.contradiction() {
            Some(reason) => Err(refused(reason)),
            None => Ok(plan),
        }
    }
}

/// The error of an invalid text, with its place, in one line.
fn one_line(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let place = text.lines().next().and_then(|line| line.strip_prefix("TOML parse error at "));
    match place {
        Some(place) => format!("{place}: {}", in_plain_words(error.message())),
        None => in_plain_words(error.message()),
    }
}

#[cfg(test)]
mod tests {
    use tropex_extract::Gauge;
    use tropex_train::checkpoint::Checkpoints;

    use super::*;

    const SMALL: &str = r#"
        title = "T"
        seeds = [0, 1]
        [[network]]
        name = "a"
        architecture = "fcn4"
        dataset = "embedded"
        training = { epochs = 2, checkpoints = "all" }
        [experiments]
        names = ["exactness", "subset"]
        parameters = { subset = { draws = 2 } }
    "#;

    fn refused(text: &str) -> String {
        StudyPlan::read(text, "x.toml").unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_the_published_settings() {
        let plan = StudyPlan::read(SMALL, "x.toml").unwrap();
        assert_eq!(plan.gauges, [Gauge::WorstCase]);
        let training = plan.networks[0].training(7).unwrap();
        assert_eq!((training.epochs, training.seed, training.batch_size), (2, 7, 64));
        assert_eq!(training.checkpoints, Checkpoints::All);
        let entries = plan.entries().unwrap();
        let names: Vec<_> = entries.iter().map(|(entry, _)| entry.name).collect();
        assert_eq!(names, ["exactness", "subset"]);
        assert_eq!(entries[1].1["draws"], 2);
    }

    #[test]
    fn contradictions_are_named() {
        let asked = |from: &str, to: &str| SMALL.replace(from, to);
        for (text, expected) in [
            (asked("names = [", "points = 0\nnames = ["), "points = 0, expected at least 1"),
            (asked("title = \"T\"", "title = \" \""), "the title is empty"),
            (asked("[\"exactness\", \"subset\"]", "[]"), "names = [] asks nothing"),
            (asked("\"subset\"]", "\"subset\", \"exactness\"]"), "`exactness` is listed twice"),
            (
                asked("seeds", "gauges = [\"tight\", \"tight\"]\nseeds"),
                "gauge tight is listed twice",
            ),
            (asked("seeds", "gauges = []\nseeds"), "needs seeds, gauges"),
            (
                asked("[\"exactness\", \"subset\"]", "[\"exactness\"]"),
                "`subset`, which is not asked",
            ),
            (asked("\"subset\"]", "\"subset\", \"random-labels\"]"), "shuffled-labels = true"),
            (
                asked("[0, 1]", "[0]").replace("\"subset\"]", "\"subset\", \"networks\"]"),
                "networks compares two seeds",
            ),
            (
                asked("\"all\"", "{ list = [1] }")
                    .replace("names =", "epochs = { list = [0] }\nnames ="),
                "network `a`: experiments ask for epoch 0, whose weights its training does not keep",
            ),
            (asked("epochs = 2", "epochs = -2"), "a whole number of 0 or more"),
            (asked("[0, 1]", "[0, -1]"), "a whole number of 0 or more"),
            (asked("dataset", "terms = 0\ndataset"), "network `a`: terms = 0"),
            (
                asked("dataset", "layout = \"nhwc\"\ndataset"),
                "network `a`: layout = \"nhwc\", but embedded has one of its own",
            ),
            (
                [
                    asked("\"embedded\"", "\"file:a\"\nlayout = \"nhwc\""),
                    "[[network]]\nname = \"b\"\narchitecture = \"fcn4\"\ndataset = \"file:a\"\n"
                        .into(),
                ]
                .concat(),
                "networks `a` and `b` read file:a in two layouts",
            ),
            (asked("name = \"a\"", "name = \"..\""), "its name is one of a folder"),
            (
                asked("name = \"a\"", &format!("name = \"{}\"", "a".repeat(101))),
                "is one of a folder",
            ),
        ] {
            assert_ne!(text, SMALL);
            let error = refused(&text);
            assert!(error.starts_with("x.toml: ") && error.contains(expected), "{error}");
        }
        let listed = asked("\"all\"", "{ list = [1] }");
        let kept = listed.replace("names =", "epochs = { list = [1, 2] }\nnames =");
        StudyPlan::read(&kept, "x.toml").expect("the last epoch is always there");
    }

    #[test]
    fn unknown_names_are_named_with_their_place() {
        for (from, to, expected) in [
            ("seeds = [0, 1]", "seeds = [0, 0]", "seed 0 is listed twice"),
            ("seeds = [0, 1]", "seeds = []", "needs seeds"),
            ("\"fcn4\"", "\"fcn5\"", "network `a`: "),
            ("epochs = 2", "epoch = 2", "network `a`: training: "),
            ("epochs = 2", "batch_size = 0", "batch size 0"),
            ("epochs = 2", "seed = 2", "the seeds of a study stand in `seeds`"),
            ("\"exactness\"", "\"exact\"", "unknown experiment `exact`"),
            ("draws", "draw", "subset: "),
            ("name = \"a\"", "name = \"../a\"", "its name is one of a folder"),
            ("title = \"T\"", "titel = \"T\"", "line 2, column 9: "),
        ] {
            let text = SMALL.replace(from, to);
            assert_ne!(text, SMALL);
            let error = refused(&text);
            assert!(error.starts_with("x.toml: ") && error.contains(expected), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}

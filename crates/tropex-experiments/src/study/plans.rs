//! Plans that are part of the program.

/// Names and texts of the plans that are part of the program.
pub const PLANS: &[(&str, &str)] = &[
    ("quick", include_str!("../../assets/studies/quick.toml")),
    ("fashion", include_str!("../../assets/studies/fashion.toml")),
    ("fashion-training", include_str!("../../assets/studies/fashion-training.toml")),
    ("digits-and-clothes", include_str!("../../assets/studies/digits-and-clothes.toml")),
    ("paper", include_str!("../../assets/studies/paper.toml")),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::plan::StudyPlan;
    use super::*;

    #[test]
    fn the_plans_of_the_program_are_valid() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../studies"));
        for (name, text) in PLANS {
            let plan = StudyPlan::read(text, name).unwrap();
            assert!(!plan.about.is_empty() && plan.seeds.len() >= 2, "{name}");
            assert!(folder.join(format!("{name}.toml")).exists());
        }
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let plans = paths.filter(|path| path.extension().is_some_and(|end| end == "toml"));
        assert_eq!(plans.count(), PLANS.len(), "every file is in the list");
    }
}

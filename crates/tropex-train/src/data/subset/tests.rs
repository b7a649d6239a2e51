//! Properties of subsets, for any classes.

use proptest::prelude::*;

use super::*;

fn chosen(classes: &[u32], count: usize, seed: u64) -> Vec<usize> {
    Subset::new(classes, Some(count), SubsetRule::Stratified { seed }).indices().collect()
}

fn count_of(classes: &[u32], images: &[usize], class: u32) -> usize {
    images.iter().filter(|&&image| classes[image] == class).count()
}

/// Random classes in any order: some large, some with a few images, some without images.
fn any_classes() -> impl Strategy<Value = Vec<u32>> {
    let sizes = prop::collection::vec(prop_oneof![0..3_usize, 0..40_usize], 1..12);
    sizes.prop_flat_map(|sizes| {
        let sizes = sizes.into_iter().enumerate();
        let classes: Vec<u32> = sizes.flat_map(|(c, n)| vec![3 * c as u32; n]).collect();
        Just(if classes.is_empty() { vec![5] } else { classes }).prop_shuffle()
    })
}

proptest! {
    #[test]
    fn subsets_are_stratified_and_contain_smaller_subsets(
        classes in any_classes(),
        seed: u64,
    ) {
        let n = classes.len();
        let mut before: Vec<usize> = Vec::new();
        for count in 1..=n {
            let images = chosen(&classes, count, seed);
            prop_assert_eq!(images.len(), count);
            prop_assert!(images.is_sorted_by(|a, b| a < b) && images[count - 1] < n);
            prop_assert!(before.iter().all(|image| images.contains(image)));
            for &class in &classes {
                let all = classes.iter().filter(|&&other| other == class).count();
                let share = count as f64 * all as f64 / n as f64;
                let found = count_of(&classes, &images, class) as f64;
                prop_assert!((found - share).abs() < 1.0 - 1e-9, "{found} for {share}");
            }
            prop_assert_eq!(&images, &chosen(&classes, count, seed));
            before = images;
        }
    }

    #[test]
    fn subsets_have_the_requested_size(classes in any_classes(), count in 0..500_usize, first: bool) {
        let rule = if first { SubsetRule::First } else { SubsetRule::DEFAULT };
        let subset = Subset::new(&classes, Some(count), rule);
        prop_assert_eq!(subset.len(), count.min(classes.len()));
        prop_assert_eq!(subset.is_all(), count >= classes.len());
        for (position, index) in subset.indices().enumerate() {
            prop_assert_eq!(subset.position(index), Some(position));
        }
        for smaller in [1, count / 2, count] {
            let inner = subset.smaller(&classes, smaller);
            prop_assert_eq!(inner.len(), smaller.min(subset.len()));
            prop_assert!(inner.indices().all(|index| subset.position(index).is_some()));
        }
    }

    #[test]
    fn any_text_is_parsed_without_a_panic(text: String, seed: u64) {
        let _ = text.parse::<SubsetRule>();
        for rule in [SubsetRule::First, SubsetRule::Stratified { seed }] {
            prop_assert_eq!(rule.to_string().parse(), Ok(rule));
        }
    }
}

#[test]
fn subsets_of_a_sorted_split_are_spread_over_it() {
    let classes: Vec<u32> = (0..600).map(|image| image / 60).collect();
    for count in [10, 60, 100, 599] {
        let images = chosen(&classes, count, 0);
        for class in 0..10 {
            let found = count_of(&classes, &images, class);
            assert!(found.abs_diff(count / 10) <= 1, "{found} images of class {class} in {count}");
        }
    }
    // The chosen images of a class are not its first ones.
    assert!(chosen(&classes, 10, 0).iter().filter(|&&image| image % 60 >= 10).count() >= 6);
}

#[test]
fn small_subsets_have_different_classes_for_different_seeds() {
    let classes: Vec<u32> = (0..100).collect();
    let [a, b] = [0, 1].map(|seed| chosen(&classes, 5, seed));
    assert_ne!(a, b);
    assert_ne!(a, [0, 1, 2, 3, 4]);
}

#[test]
fn all_images_keep_their_order() {
    let subset = Subset::new(&[2, 0, 1], None, SubsetRule::DEFAULT);
    assert!(subset.is_all());
    assert_eq!(subset.indices().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!((subset.position(2), subset.position(3)), (Some(2), None));
}

#[test]
fn summaries_describe_subsets() {
    let classes: Vec<u32> = (0..10_000).map(|image| image % 10).collect();
    let words = |count, rule| Subset::new(&classes, count, rule).summary().describe("test images");
    assert_eq!(
        words(Some(300), SubsetRule::DEFAULT),
        "300 of 10,000 test images, every class in its share (seed 0)"
    );
    assert_eq!(words(Some(1200), SubsetRule::First), "the first 1,200 of 10,000 test images");
    assert_eq!(words(None, SubsetRule::DEFAULT), "10,000 test images");
    let taken = Subset::new(&classes, Some(300), SubsetRule::DEFAULT).summary();
    assert_eq!(
        serde_json::to_string(&taken).unwrap(),
        r#"{"count":300,"of":10000,"rule":"every class in its share (seed 0)"}"#
    );
}

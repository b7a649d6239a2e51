use std::cmp::Ordering;

use num_rational::BigRational;
use proptest::prelude::*;

use super::{Exact, ExactSum};

pub(crate) fn rational(number: f64) -> BigRational {
    BigRational::from_float(number).expect("finite")
}

fn exact(products: &[(f64, f32)]) -> Exact {
    let mut sum = ExactSum::new();
    products.iter().for_each(|&(a, b)| sum.add_product(a, b));
    sum.finish()
}

fn reference(products: &[(f64, f32)]) -> BigRational {
    let products = products.iter().map(|&(a, b)| rational(a) * rational(b.into()));
    products.fold(rational(0.0), |sum, product| sum + product)
}

/// Whether `found` is the nearest `f64`, with ties to even. Infinity is nearest to numbers beyond
/// the largest `f64`.
pub(crate) fn is_nearest(found: f64, number: &BigRational) -> bool {
    if found.is_infinite() {
        let largest = rational(f64::MAX);
        return if found > 0.0 { *number > largest } else { *number < -largest };
    }
    let distance = |candidate: f64| {
        let difference = rational(candidate) - number;
        if difference < rational(0.0) { -difference } else { difference }
    };
    let neighbours = [found.next_up(), found.next_down()];
    neighbours.into_iter().filter(|other| other.is_finite()).all(|other| {
        match distance(found).cmp(&distance(other)) {
            Ordering::Less => true,
            Ordering::Equal => found.to_bits() & 1 == 0,
            Ordering::Greater => false,
        }
    })
}

/// Any finite `f64` up to `2^890`, so that sums of products with any `f32` are finite.
fn doubles() -> impl Strategy<Value = f64> {
    let any = any::<u64>().prop_map(f64::from_bits);
    let any = any.prop_map(|number| if number.abs() < 2f64.powi(890) { number } else { 0.5 });
    prop_oneof![any, -2.0..2.0_f64, Just(0.0), Just(f64::from_bits(1)), Just(-f64::MIN_POSITIVE)]
}

fn singles() -> impl Strategy<Value = f32> {
    let any = any::<u32>().prop_map(f32::from_bits);
    let any = any.prop_map(|number| if number.is_finite() { number } else { 1.0 });
    prop_oneof![any, -2.0..2.0_f32, Just(-0.0), Just(f32::from_bits(1)), Just(f32::MAX)]
}

fn products() -> impl Strategy<Value = Vec<(f64, f32)>> {
    prop::collection::vec((doubles(), singles()), 0..12)
}

proptest! {
    #[test]
    fn sums_are_rounded_to_the_nearest_number(products in products()) {
        let found = exact(&products).value();
        prop_assert!(is_nearest(found, &reference(&products)), "{found:e}");
    }

    #[test]
    fn differences_are_rounded_to_the_nearest_number(
        one in products(),
        other in products(),
    ) {
        let found = exact(&one).minus(&exact(&other));
        prop_assert!(is_nearest(found, &(reference(&one) - reference(&other))), "{found:e}");
    }

    #[test]
    fn sums_are_ordered_like_rational_sums(one in products(), other in products()) {
        let order = exact(&one).cmp(&exact(&other));
        prop_assert_eq!(order, reference(&one).cmp(&reference(&other)));
    }

    #[test]
    fn the_order_of_products_does_not_matter(products in products().prop_shuffle()) {
        let mut sorted = products.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        prop_assert_eq!(exact(&products), exact(&sorted));
    }

    #[test]
    fn a_sum_of_numbers_and_their_negatives_is_zero(products in products()) {
        let back = products.iter().map(|&(a, b)| (-a, b));
        let all: Vec<_> = products.iter().copied().chain(back).collect();
        prop_assert_eq!(exact(&all), exact(&[]));
    }
}

#[test]
fn the_smallest_numbers_round_to_even_at_the_last_digit() {
    let smallest = f64::from_bits(1);
    for (halves, expected) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 2), (6, 3), (7, 4)] {
        let sum = exact(&[(smallest * f64::from(halves), 0.5)]);
        assert_eq!(sum.value(), smallest * f64::from(expected), "{halves} halves of the smallest");
    }
}

#[test]
fn sums_beyond_the_largest_number_are_infinite_but_ordered() {
    let large = exact(&[(f64::MAX, 2.0)]);
    let larger = exact(&[(f64::MAX, f32::MAX)]);
    assert_eq!((large.value(), larger.value()), (f64::INFINITY, f64::INFINITY));
    assert!(large < larger);
    assert_eq!(exact(&[(f64::MAX, -f32::MAX)]).value(), f64::NEG_INFINITY);
    let twice = exact(&[(f64::MAX, 1.0), (f64::MAX, 1.0)]);
    assert_eq!(twice.minus(&exact(&[(f64::MAX, 1.0)])), f64::MAX);
}

//! Golden numbers from other programs, and numbers computed by hand.

use tropex::bounds::{BoundKind, Structure};

use super::{decimal, dense, found, reason, table};

#[test]
fn upper_bounds_of_dense_networks_equal_golden_numbers() {
    let cases: [(usize, &[usize], &str); 9] = [
        (1, &[3, 3], "16"),
        (2, &[3], "7"),
        (2, &[3, 3], "40"),
        (2, &[4, 4], "121"),
        (3, &[5, 4, 3], "2338"),
        (2, &[2, 2, 2], "30"),
        (10, &[10, 10], "616666"),
        (32, &[16, 16, 16, 16], "3309193634222227461"),
        (784, &[11, 11], "2449868"),
    ];
    for (inputs, widths, expected) in cases {
        let table = table(&dense(inputs, widths));
        let found = decimal(&table, "Serra 2018, Thm 1", BoundKind::Upper);
        assert_eq!(found, expected, "{inputs} {widths:?}");
    }
    let cases: [(usize, &[usize], &str); 3] =
        [(2, &[3, 3], "49"), (3, &[5, 4, 3], "3120"), (2, &[2, 2, 2], "64")];
    for (inputs, widths, expected) in cases {
        let table = table(&dense(inputs, widths));
        assert_eq!(
            decimal(&table, "Montúfar 2017", BoundKind::Upper),
            expected,
            "{inputs} {widths:?}"
        );
    }
}

#[test]
fn bounds_of_a_convolution_along_one_axis_equal_golden_numbers() {
    let cases = [
        ([4, 2, 1, 1, 2], "55"),
        ([6, 3, 1, 1, 4], "12385"),
        ([8, 3, 2, 2, 4], "4096"),
        ([28, 3, 1, 1, 32], "37124879308586709735689339460001051725024533604961"),
    ];
    for ([inputs, filter, stride, channels, filters], expected) in cases {
        for (shape, kernel, strides) in [
            ([channels, 1, inputs], [1, filter], [1, stride]),
            ([channels, inputs, 1], [filter, 1], [stride, 1]),
        ] {
            let structure = Structure::new(&shape).unwrap();
            let table = table(&structure.conv(filters, kernel, strides, [0, 0]).unwrap());
            assert_eq!(
                decimal(&table, "Xiong 2020, one layer", BoundKind::Exact),
                expected,
                "{shape:?}"
            );
        }
    }
}

#[test]
fn bounds_of_a_convolution_along_two_axes_equal_golden_numbers() {
    for (filters, expected) in [(2, "256"), (3, "4013")] {
        let structure = Structure::new(&[1, 3, 3]).unwrap();
        let table = table(&structure.conv(filters, [2, 2], [1, 1], [0, 0]).unwrap());
        assert_eq!(decimal(&table, "Xiong 2020, one layer", BoundKind::Upper), expected);
        assert_eq!(table.best_upper().unwrap().count().decimal(), expected);
    }
}

/// Whether a logarithm equals a printed number after rounding to its decimals.
fn is_printed_as(log10: f64, printed: &str) -> bool {
    let decimals = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    format!("{log10:.decimals$}") == printed
}

/// Inputs and widths of a network; the logarithms of Serra's upper bound, of two lower bounds with
/// their `p`, and of the bound of the first layer.
type Zoo = (usize, &'static [usize], &'static str, [(&'static str, usize); 2], &'static str);

#[test]
fn bounds_of_fully_connected_networks_of_the_zoo_equal_golden_numbers() {
    let zoo: [Zoo; 5] = [
        (784, &[784, 200, 80], "320.30", [("83.40", 26), ("125.56", 78)], "236.0"),
        (
            784,
            &[2500, 2000, 1500, 1000, 500],
            "2157.19",
            [("827.97", 166), ("1190.1", 500)],
            "673.8",
        ),
        // The first 15 digits of the last lower bound are equal for all p from 1739 on.
        (3072, &[3072], "924.76", [("847.7", 1024), ("924.76", 3072)], "924.8"),
        (3072, &[3072, 400, 120], "1081.30", [("149.5", 40), ("261.1", 120)], "924.8"),
        (
            3072,
            &[4096, 3072, 2048, 1024, 512, 256, 128],
            "3352.27",
            [("408.4", 42), ("793.2", 128)],
            "1233.0",
        ),
    ];
    for (inputs, widths, upper, [serra, montufar], first) in zoo {
        let table = table(&dense(inputs, widths));
        let check = |name, kind, expected: &str, p: Option<usize>| {
            let found = found(&table, name, kind);
            let log10 = found.count.log10();
            assert!(is_printed_as(log10, expected), "{widths:?} {name}: {log10}, not {expected}");
            assert_eq!(found.inputs, p, "{widths:?} {name}");
        };
        check("Serra 2018, Thm 1", BoundKind::Upper, upper, None);
        check("Serra 2018, Thm 6", BoundKind::Lower, serra.0, Some(serra.1));
        check("Montúfar 2014, Thm 4", BoundKind::Lower, montufar.0, Some(montufar.1));
        check("Zaslavsky 1975, layer 1", BoundKind::Lower, first, None);
    }
}

#[test]
fn the_best_bounds_of_fcn4_are_named() {
    let table = table(&dense(784, &[784, 200, 80]));
    let (lower, upper) = (table.best_lower().unwrap(), table.best_upper().unwrap());
    assert_eq!(
        (lower.bound().name, upper.bound().name),
        ("Zaslavsky 1975, layer 1", "Serra 2018, Thm 1")
    );
    assert_eq!(upper.count().scientific(), "1.98e320");
    let serra = found(&table, "Serra 2018, Thm 6", BoundKind::Lower);
    assert_eq!((serra.count.scientific().as_str(), serra.count.digits()), ("2.53e83", 84));
}

#[test]
fn other_dense_bounds_equal_numbers_computed_by_hand() {
    // By hand: m = 2, w = 3, Z(1, 1) = 2.
    let deep = table(&dense(2, &[5, 3, 4]));
    assert_eq!(decimal(&deep, "Arora 2016", BoundKind::Lower), "36");
    assert_eq!(decimal(&deep, "Serra 2018, Thm 7", BoundKind::Lower), "64");
    assert_eq!(decimal(&deep, "all patterns", BoundKind::Upper), "4096");
    assert_eq!(decimal(&deep, "Zaslavsky 1975, layer 1", BoundKind::Lower), "16");
    assert_eq!(reason(&deep, "Raghu 2017, Thm 1", BoundKind::Order), "widths differ");
    assert_eq!(reason(&deep, "Zaslavsky 1975", BoundKind::Exact), "3 layers");
    assert_eq!(
        reason(&deep, "Serra 2018, Thm 1, ranks", BoundKind::TrainedUpper),
        "no trained weights"
    );
    let even = table(&dense(2, &[3, 3, 3]));
    assert_eq!(decimal(&even, "Raghu 2017, Thm 1", BoundKind::Order), "729");
    assert_eq!(decimal(&even, "Serra 2018, Thm 6", BoundKind::Lower), "64"); // p = 1: 4 * 4 * 4
    let narrow = table(&dense(5, &[2]));
    assert_eq!(
        reason(&narrow, "Serra 2018, Thm 6", BoundKind::Lower),
        "a layer of 2, fewer than 3"
    );
    assert_eq!(reason(&narrow, "Arora 2016", BoundKind::Lower), "one layer");
}

//! The names of columns in files that programs read.

use super::table::{Column, Table};

/// A key for every column: lower-case words joined by `_`, with the unit at the end where numbers
/// have one. Keys are unique: a repeated name gets a number.
pub(super) fn column_keys(table: &Table) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for column in &table.columns {
        let key = key(column);
        let numbered = (2..).map(|number| format!("{key}_{number}"));
        let free = [key.clone()].into_iter().chain(numbered).find(|key| !keys.contains(key));
        keys.extend(free);
    }
    keys
}

fn key(column: &Column) -> String {
    let (words, unit) = (words(&column.name), column.unit.in_files());
    match unit {
        Some(unit) if !words.ends_with(unit) => format!("{words}_{unit}"),
        _ => words,
    }
}

/// The letters and digits of a name. Columns that are named after numbers keep their signs.
fn words(name: &str) -> String {
    let name = name.to_lowercase().replace('\'', "");
    let parts = name.split(|letter: char| !letter.is_alphanumeric() && !"-.".contains(letter));
    let words = parts.map(|part| match part.parse::<f64>() {
        Ok(number) if number < 0.0 => format!("minus_{}", -number),
        _ => part.to_owned(),
    });
    let words: Vec<_> = words.flat_map(plain_words).collect();
    if words.is_empty() { "column".into() } else { words.join("_") }
}

fn plain_words(part: String) -> Vec<String> {
    let words = part.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Unit;

    fn keys(columns: &[(&str, Unit)]) -> Vec<String> {
        column_keys(&Table::new("t", "", columns))
    }

    #[test]
    fn keys_have_units() {
        let columns = [
            ("network's accuracy", Unit::Share),
            ("angle, images on which both agree", Unit::Degrees),
            ("degrees", Unit::Degrees),
            ("epoch", Unit::Epochs),
            ("gauge", Unit::Text),
        ];
        let expected =
            ["networks_accuracy_fraction", "angle_images_on_which_both_agree_degrees", "degrees"];
        assert_eq!(keys(&columns)[..3], expected);
        assert_eq!(keys(&columns)[3..], ["epoch", "gauge"]);
    }

    #[test]
    fn keys_are_unique() {
        let columns = [("fcn4", Unit::Text), ("fcn4", Unit::Text), ("fcn4, 2", Unit::Text)];
        assert_eq!(keys(&columns), ["fcn4", "fcn4_2", "fcn4_2_2"]);
        assert_eq!(
            keys(&[("-1", Unit::Share), ("1", Unit::Share)]),
            ["minus_1_fraction", "1_fraction"]
        );
        assert_eq!(keys(&[("", Unit::Text), ("\u{2013}", Unit::Text)]), ["column", "column_2"]);
    }
}

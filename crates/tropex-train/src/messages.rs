//! Texts that several errors need: hints at similar names, lists, and plain words for the errors of
//! parsers.

/// Least similarity of a name and a known name for a hint, from 0 to 1.
const SIMILAR: f64 = 0.55;

/// Largest number of names in a hint.
const MOST: usize = 3;

/// ` (did you mean fcn4 or fcn6?)` if some known names are similar to `name`; otherwise an empty
/// text.
///
/// ```
/// use tropex_train::messages::hint;
///
/// assert_eq!(hint("minst", ["cifar10", "mnist"]), " (did you mean mnist?)");
/// assert_eq!(hint("abc", ["cifar10", "mnist"]), "");
/// ```
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let name = name.to_lowercase();
    let similarity = |known: &'a str| (strsim::normalized_damerau_levenshtein(&name, known), known);
    let mut similar: Vec<_> = known.into_iter().map(similarity).collect();
    similar.retain(|(similarity, _)| *similarity >= SIMILAR);
    similar.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let names: Vec<_> = similar.iter().take(MOST).map(|(_, name)| *name).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => format!(" (did you mean {last}?)"),
        Some((last, names)) => format!(" (did you mean {} or {last}?)", names.join(", ")),
    }
}

/// The first `most` of some items, and the number of the others.
pub(crate) fn listed(items: &[String], most: usize) -> String {
    match items.len().checked_sub(most) {
        _ if items.is_empty() => "none".into(),
        Some(more @ 1..) => format!("{} and {more} more", items[..most].join(", ")),
        _ => items.join(", "),
    }
}

/// An error message of a JSON or TOML parser, without the names of Rust types.
///
/// ```
/// use tropex_train::messages::in_plain_words;
///
/// let message = "invalid value: integer `-1`, expected usize";
/// assert_eq!(in_plain_words(message), "found `-1`, expected a whole number of 0 or more");
/// ```
pub fn in_plain_words(message: &str) -> String {
    const WORDS: [(&str, &str); 14] = [
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
        ("found integer ", "found "),
        ("found floating point ", "found "),
        ("found boolean ", "found "),
        ("found string ", "found the text "),
        ("found sequence", "found a list"),
        ("found map", "found a table"),
        ("expected usize", "expected a whole number of 0 or more"),
        ("expected u64", "expected a whole number of 0 or more"),
        ("expected u32", "expected a whole number of 0 or more"),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
        ("expected a string", "expected a text"),
    ];
    WORDS.iter().fold(message.to_owned(), |message, (word, plain)| message.replace(word, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_names_come_first() {
        let known = ["fcn2", "fcn4", "fcn4-leaky", "fcn6", "vgg", "all-cnn"];
        assert_eq!(hint("FCN4x", known), " (did you mean fcn4, fcn2 or fcn6?)");
        assert_eq!(hint("vgg16", known), " (did you mean vgg?)");
        assert_eq!(hint("all_cnn", known), " (did you mean all-cnn?)");
        for nothing in ["", "resnet", "\u{e9}"] {
            assert_eq!(hint(nothing, known), "");
        }
    }
}

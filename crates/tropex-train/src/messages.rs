//! What errors have in common: hints at names that were probably meant, and plain words.

/// How like a known name another one has to be to be taken for it, from 0 to 1.
const ALIKE: f64 = 0.55;

/// Most names in a hint.
const MOST: usize = 3;

/// ` (did you mean fcn4 or fcn6?)` where some of the known names are like a name; else nothing.
///
/// ```
/// use tropex_train::messages::hint;
///
/// assert_eq!(hint("minst", ["cifar10", "mnist"]), " (did you mean mnist?)");
/// assert_eq!(hint("abc", ["cifar10", "mnist"]), "");
/// ```
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let name = name.to_lowercase();
    let likeness = |known: &'a str| (strsim::normalized_damerau_levenshtein(&name, known), known);
    let mut alike: Vec<_> = known.into_iter().map(likeness).collect();
    alike.retain(|(likeness, _)| *likeness >= ALIKE);
    alike.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let names: Vec<_> = alike.iter().take(MOST).map(|(_, name)| *name).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => format!(" (did you mean {last}?)"),
        Some((last, names)) => format!(" (did you mean {} or {last}?)", names.join(", ")),
    }
}

/// What a reader of JSON or TOML says about a value, without the names of types in Rust.
///
/// ```
/// use tropex_train::messages::in_plain_words;
///
/// let said = "invalid value: integer `-1`, expected usize";
/// assert_eq!(in_plain_words(said), "found `-1`, expected a whole number of 0 or more");
/// ```
pub fn in_plain_words(said: &str) -> String {
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
    WORDS.iter().fold(said.to_owned(), |said, (word, plain)| said.replace(word, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_names_come_first() {
        let known = ["fcn2", "fcn4", "fcn4-leaky", "fcn6", "vgg", "all-cnn"];
        assert_eq!(hint("FCN4x", known), " (did you mean fcn4, fcn2 or fcn6?)");
        assert_eq!(hint("vgg16", known), " (did you mean vgg?)");
        assert_eq!(hint("all_cnn", known), " (did you mean all-cnn?)");
        for nothing in ["", "resnet", "\u{e9}"] {
            assert_eq!(hint(nothing, known), "");
        }
    }
}

//! Stems of the names of files.

/// Longest stem: file systems allow 255 bytes.
const LONGEST: usize = 160;

/// Words joined by `-` that every file system takes as a name. Empty words are left out.
pub(super) fn file_stem<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = parts.into_iter().flat_map(|part| part.split(move |letter| !is_plain(letter)));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").chars().take(LONGEST).collect()
}

/// The last part of a path or a URL.
pub(crate) fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_plain_names() {
        assert_eq!(file_stem(["a study", "", "../x", "fcn4, tight"]), "a-study-x-fcn4-tight");
        assert_eq!(last_part("s3://bucket/studies/mine/"), "mine");
        assert_eq!(file_stem(["a".repeat(300).as_str()]).len(), LONGEST);
    }
}

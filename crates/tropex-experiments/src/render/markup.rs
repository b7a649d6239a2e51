//! Escapes texts for SVG and HTML.

/// A text that SVG and HTML show unchanged, between tags and in a quoted attribute. Control
/// characters, which neither format can contain, become spaces.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_contain_no_markup() {
        assert_eq!(escaped("a<b> & \"c\"\u{1}d'"), "a&lt;b&gt; &amp; &quot;c&quot; d&#39;");
    }
}

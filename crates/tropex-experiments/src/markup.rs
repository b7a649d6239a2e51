//! Texts in SVG, HTML and Markdown, none of which is taken for markup.

/// A text in SVG or HTML, between tags or in a quoted attribute. Control characters, which are
/// allowed in no form, become spaces.
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

/// A text in Markdown (CommonMark, and the tables, links, strike-through and formulas that GitHub
/// adds), wherever in a line it stands. Line ends become spaces.
pub(crate) fn markdown(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Four spaces at the start of a line would make it code.
    let text = text.trim();
    let mut safe = String::with_capacity(text.len() + 8);
    let mark = block_mark(text);
    for (at, letter) in text.char_indices() {
        let is_link = match letter {
            ':' => text[at..].starts_with("://"),
            '.' => ends_with_www(&text[..at]),
            _ => false,
        };
        match letter {
            // Entities rather than strokes: readers that take HTML know them all.
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                safe.extend(['\\', letter]);
            }
            letter if is_link || Some(at) == mark => safe.extend(['\\', letter]),
            letter => safe.push(letter),
        }
    }
    safe
}

/// Where in a text stands what would make the line that it begins a list, a rule or a heading.
fn block_mark(text: &str) -> Option<usize> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut after = text[digits..].chars();
    let mark = after.next()?;
    let ends = after.next().is_none_or(|next| !next.is_alphanumeric());
    let is_mark = match digits {
        0 => mark == '=' || ends && "-+".contains(mark),
        _ => ends && ".)".contains(mark),
    };
    is_mark.then_some(digits)
}

fn ends_with_www(text: &str) -> bool {
    text.len() >= 3 && text.as_bytes()[text.len() - 3..].eq_ignore_ascii_case(b"www")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_for_markup() {
        assert_eq!(escaped("a<b> & \"c\"\u{1}d'"), "a&lt;b&gt; &amp; &quot;c&quot; d&#39;");
    }

    #[test]
    fn nothing_is_taken_for_markdown() {
        for (text, expected) in [
            ("50.00 %, -1.5 (a-b), 1.5", "50.00 %, -1.5 (a-b), 1.5"),
            ("a | b", "a \\| b"),
            ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
            ("`*_~$\\", "\\`\\*\\_\\~\\$\\\\"),
            ("[a](javascript:b)", "\\[a\\](javascript:b)"),
            ("a\n\n# b", "a  \\# b"),
            ("    code", "code"),
            ("- a", "\\- a"),
            ("--- -", "\\--- -"),
            ("-5", "-5"),
            ("+", "\\+"),
            ("===", "\\==="),
            ("1. a", "1\\. a"),
            ("12) a", "12\\) a"),
            ("http://a.b and WWW.c.d", "http\\://a.b and WWW\\.c.d"),
            ("\u{e9}ww.a", "\u{e9}ww.a"),
            ("", ""),
        ] {
            assert_eq!(markdown(text), expected);
        }
    }
}

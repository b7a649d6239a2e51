//! Escapes texts for Markdown.

/// A text that Markdown (CommonMark with the tables, links, strike-through and formulas of GitHub)
/// shows unchanged, at any place in a line. Line ends become spaces.
pub(super) fn markdown(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // In Markdown, a line that starts with four spaces is code.
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
            // Entities instead of backslashes: every reader that accepts HTML supports them.
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

/// Position of the mark that would turn a line with this beginning into a list, a rule or a
/// heading.
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
    fn texts_contain_no_markdown() {
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

//! Words of a POSIX shell.

use shlex::Quoter;

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    // A NUL cannot be in an argument of a process, so no word has one.
    let quoted = Quoter::new().allow_nul(true).quote(word);
    quoted.map_or_else(|_| word.to_owned(), String::from)
}

/// A command line of words.
pub fn command_line<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    words.into_iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}

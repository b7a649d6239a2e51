//! Examples in the help.

/// The examples at the end of the help of a command, one line each, without the word `tropex`.
macro_rules! examples {
    ($($line:literal),+ $(,)?) => {
        concat!("Examples:", $("\n  tropex ", $line),+)
    };
}
pub(super) use examples;

//! Findings as a page: HTML that needs no other file, and Markdown.

mod content;
mod files;
mod findings;
#[cfg(test)]
mod foreign;
mod headline;
mod render;

pub use files::PageFiles;
pub use findings::Page;

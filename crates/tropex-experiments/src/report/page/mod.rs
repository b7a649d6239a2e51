//! Findings as a page: HTML that needs no other file, and Markdown.

mod cards;
mod changes;
mod claim_entry;
mod content;
mod files;
mod findings;
#[cfg(test)]
mod foreign;
mod render;
mod runs_table;
mod saved;

pub use files::PageFiles;
pub use findings::Page;

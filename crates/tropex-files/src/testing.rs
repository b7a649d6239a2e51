//! What the tests share with those of the whole.

#[path = "../../../tests/common/other_folder.rs"]
mod other_folder;

pub(crate) use other_folder::OtherFolder;

//! Names of datasets that contain the path of a file.

use std::path::Path;

/// Prefix of a dataset name that is the path of a safetensors file.
pub const FILE_PREFIX: &str = "file:";

/// The name of a dataset, with a relative path in it resolved from `folder`.
///
/// ```
/// use std::path::Path;
/// use tropex_train::data::relative_to;
///
/// assert_eq!(relative_to("file:d.safetensors", Path::new("/data")), "file:/data/d.safetensors");
/// assert_eq!(relative_to("mnist", Path::new("/data")), "mnist");
/// ```
pub fn relative_to(name: &str, folder: &Path) -> String {
    match name.strip_prefix(FILE_PREFIX) {
        Some(path) => format!("{FILE_PREFIX}{}", folder.join(path).display()),
        None => name.to_owned(),
    }
}

/// Whether the name of a dataset contains a path relative to the working directory.
pub fn is_relative(name: &str) -> bool {
    name.strip_prefix(FILE_PREFIX).is_some_and(|path| Path::new(path).is_relative())
}

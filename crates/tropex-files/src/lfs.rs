//! Pointers of Git LFS.

/// First line of a pointer file (Git LFS specification, version 1).
const FIRST_LINE: &[u8] = b"version https://git-lfs.github.com/spec/";

/// An explanation for the user if a file is a pointer of Git LFS; `None` for any other file.
/// `start` is the beginning of the file, of at least 64 bytes.
///
/// ```
/// let start = b"version https://git-lfs.github.com/spec/v1\noid sha256:";
/// assert!(tropex_files::lfs_pointer(start).unwrap().contains("git lfs pull"));
/// assert!(tropex_files::lfs_pointer(b"PK").is_none());
/// ```
pub fn lfs_pointer(start: &[u8]) -> Option<&'static str> {
    start.starts_with(FIRST_LINE).then_some(
        "this is a Git LFS pointer, not the file itself; `git lfs pull` in its repository fetches \
         the content",
    )
}

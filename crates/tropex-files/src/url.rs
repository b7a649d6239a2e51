//! URLs in place of paths.

/// Whether a text is a URL, such as `s3://bucket/run`, and not a path. A single letter before the
/// colon is a drive.
pub fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::is_url;

    #[test]
    fn a_url_has_a_scheme() {
        for path in ["runs/fcn4", "C:/runs", "C://runs", "", "://", "a b://c", "s3:/bucket"] {
            assert!(!is_url(path), "{path}");
        }
        for url in ["s3://bucket/run", "s3://", "odd://", "memory://a"] {
            assert!(is_url(url), "{url}");
        }
    }
}

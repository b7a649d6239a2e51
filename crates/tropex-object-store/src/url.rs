//! URLs of folders.

use crate::OpenError;

/// Bucket and folder of a URL; the folder may be empty.
pub(crate) fn bucket_and_folder(url: &str) -> Result<(&str, &str), OpenError> {
    let refused = |reason: &str| OpenError::Url { url: url.to_owned(), reason: reason.to_owned() };
    let path = url.strip_prefix("s3://").ok_or_else(|| refused("not a URL of S3"))?;
    let (bucket, folder) = path.split_once('/').unwrap_or((path, ""));
    match bucket {
        "" => Err(refused("it names no bucket")),
        bucket => Ok((bucket, folder.trim_end_matches('/'))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_bucket_and_folder() {
        for (url, parts) in [
            ("s3://bucket/runs/fcn4", ("bucket", "runs/fcn4")),
            ("s3://bucket/runs/fcn4/", ("bucket", "runs/fcn4")),
            ("s3://bucket", ("bucket", "")),
        ] {
            assert_eq!(bucket_and_folder(url).unwrap(), parts);
        }
        for (url, reason) in [("gs://bucket", "not a URL of S3"), ("s3:///runs", "no bucket")] {
            let error = bucket_and_folder(url).unwrap_err().to_string();
            assert!(error.contains(reason) && error.ends_with("s3://BUCKET/FOLDER"), "{error}");
        }
    }
}

//! A folder in an object store.

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Key;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode, RetryConfig, WriteMultipart,
};
use tokio::runtime::{Builder, Runtime};
use tropex_files::RemoteFiles;

use crate::OpenError;
use crate::error::io_error;
use crate::url::bucket_and_folder;

/// Bytes of one request of an upload. Shorter files are uploaded in one request. S3 takes 10,000
/// requests for a file, and at least 5 MiB in each but the last.
const CHUNK: usize = 16 << 20;

/// Requests of an upload at once.
const REQUESTS: usize = 4;

/// Time after which a failing request is given up, and the most that it is repeated before. The pauses
/// between grow to 15 seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const RETRIES: usize = 100;

/// A folder in an object store.
pub struct ObjectFolder {
    store: Arc<dyn ObjectStore>,
    folder: Key,
    runtime: Runtime,
}

impl ObjectFolder {
    /// The folder of a URL like `s3://bucket/runs/fcn4`, which need not exist. Credentials, region
    /// and endpoint come from the usual environment variables: `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`, those of web
    /// identities and containers, or from the metadata service of the machine. An endpoint that
    /// begins with `http://` is used without TLS.
    ///
    /// # Errors
    /// Another URL; a wrong value in the environment. The store is not asked yet.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        let (bucket, folder) = bucket_and_folder(url)?;
        let failed = |source| OpenError::Setup { url: url.to_owned(), source };
        // An error: another crate has chosen a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
        let endpoint = endpoint.into_iter().find_map(|name| env::var(name).ok());
        let is_plain = endpoint.is_some_and(|url| url.starts_with("http://"));
        let options = ClientOptions::new()
            .with_allow_http(is_plain)
            .with_timeout_disabled()
            .with_read_timeout(PATIENCE);
        let retries =
            RetryConfig { retry_timeout: PATIENCE, max_retries: RETRIES, ..RetryConfig::default() };
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(options)
            .with_retry(retries)
            .build()
            .map_err(|error| failed(io_error(error)))?;
        Self::within(Arc::new(store), folder).map_err(failed)
    }

    /// A folder in a store; the empty name stands for the whole store.
    ///
    /// # Errors
    /// A name that no folder can have.
    pub fn within(store: Arc<dyn ObjectStore>, folder: &str) -> io::Result<Self> {
        let folder = key(folder)?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { store, folder, runtime })
    }

    /// The key of a file or folder.
    fn key(&self, name: &str) -> io::Result<Key> {
        Ok(self.folder.parts().chain(key(name)?.parts()).collect())
    }

    /// The name of a key in the folder.
    fn name(&self, key: &Key) -> Option<String> {
        let parts: Vec<_> = key.prefix_match(&self.folder)?.collect();
        Some(parts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("/"))
    }

    async fn upload_in_chunks(&self, key: &Key, mut file: File) -> io::Result<()> {
        let upload = self.store.put_multipart(key).await.map_err(io_error)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, CHUNK);
        loop {
            let chunk = read_chunk(&mut file);
            match chunk {
                Ok(chunk) if chunk.is_empty() => break,
                Ok(chunk) => {
                    upload.wait_for_capacity(REQUESTS).await.map_err(io_error)?;
                    upload.put(chunk);
                }
                Err(error) => {
                    let _ = upload.abort().await; // the first error is the one to report
                    return Err(error);
                }
            }
        }
        upload.finish().await.map(|_| ()).map_err(io_error)
    }
}

fn key(name: &str) -> io::Result<Key> {
    Key::parse(name).map_err(|error| io_error(error.into()))
}

/// The next bytes of a file; none at its end.
fn read_chunk(file: &mut File) -> io::Result<Bytes> {
    let mut chunk = Vec::with_capacity(CHUNK);
    file.take(CHUNK as u64).read_to_end(&mut chunk)?;
    Ok(chunk.into())
}

impl RemoteFiles for ObjectFolder {
    fn list(&self, folder: &str) -> io::Result<Vec<(String, u64)>> {
        let prefix = self.key(folder)?;
        let files = self.store.list(Some(&prefix)).try_filter_map(async |file| {
            Ok(self.name(&file.location).map(|name| (name, file.size)))
        });
        self.runtime.block_on(files.try_collect()).map_err(io_error)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        let key = self.key(name)?;
        Ok(self.runtime.block_on(self.store.head(&key)).map_err(io_error)?.size)
    }

    fn download(&self, name: &str, to: &mut File) -> io::Result<()> {
        let key = self.key(name)?;
        self.runtime.block_on(async {
            let mut content = self.store.get(&key).await.map_err(io_error)?.into_stream();
            while let Some(chunk) = content.next().await {
                to.write_all(&chunk.map_err(io_error)?)?;
            }
            Ok(())
        })
    }

    fn upload(&self, name: &str, from: &Path) -> io::Result<()> {
        let (key, mut file) = (self.key(name)?, File::open(from)?);
        if file.metadata()?.len() > CHUNK as u64 {
            return self.runtime.block_on(self.upload_in_chunks(&key, file));
        }
        let content = read_chunk(&mut file)?;
        let put = self.store.put(&key, content.into());
        self.runtime.block_on(put).map(|_| ()).map_err(io_error)
    }

    fn create(&self, name: &str, content: &[u8]) -> io::Result<bool> {
        let (key, content) = (self.key(name)?, Bytes::copy_from_slice(content));
        let put = self.store.put_opts(&key, content.into(), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(io_error(error)),
        }
    }

    fn copy(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.key(from)?, self.key(to)?);
        self.runtime.block_on(self.store.copy(&from, &to)).map_err(io_error)
    }

    fn remove(&self, names: &[String]) -> io::Result<()> {
        let keys: Vec<_> = names.iter().map(|name| self.key(name)).collect::<io::Result<_>>()?;
        let keys = stream::iter(keys.into_iter().map(Ok)).boxed();
        let removed = self.store.delete_stream(keys).try_for_each(|_| async { Ok(()) });
        match self.runtime.block_on(removed) {
            Err(Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(io_error(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use object_store::memory::InMemory;

    use super::*;

    fn folder(store: &Arc<InMemory>, name: &str) -> ObjectFolder {
        ObjectFolder::within(store.clone(), name).unwrap()
    }

    #[test]
    fn files_of_all_lengths_come_back() {
        let (store, here) = (Arc::new(InMemory::new()), tempfile::tempdir().unwrap());
        let (folder, path) = (folder(&store, "runs/a"), here.path().join("file"));
        for length in [0, 1, 1000, CHUNK, CHUNK + 1, 3 * CHUNK + 17] {
            let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            fs::write(&path, &content).unwrap();
            folder.upload("inner/file", &path).unwrap();
            assert_eq!(folder.length("inner/file").unwrap(), length as u64);
            let copy = here.path().join("copy");
            let mut file = File::create(&copy).unwrap();
            folder.download("inner/file", &mut file).unwrap();
            assert!(fs::read(&copy).unwrap() == content, "{length} bytes");
        }
    }

    #[test]
    fn a_folder_holds_its_own_files_only() {
        let store = Arc::new(InMemory::new());
        let (one, other) = (folder(&store, "runs/a"), folder(&store, "runs/ab"));
        for name in ["config.json", "terms/x y#1/shard", "terms-old/shard"] {
            assert!(one.create(name, name.as_bytes()).unwrap());
            assert!(!one.create(name, b"other").unwrap());
        }
        other.create("config.json", b"").unwrap();
        let names = |of: &ObjectFolder, within: &str| {
            let mut names: Vec<_> =
                of.list(within).unwrap().into_iter().map(|(name, _)| name).collect();
            names.sort();
            names
        };
        assert_eq!(names(&one, ""), ["config.json", "terms-old/shard", "terms/x y#1/shard"]);
        assert_eq!(names(&one, "terms"), ["terms/x y#1/shard"]);
        assert_eq!(names(&folder(&store, ""), "runs/ab"), ["runs/ab/config.json"]);
        one.copy("config.json", "copy.json").unwrap();
        one.remove(&["config.json", "none"].map(String::from)).unwrap();
        assert_eq!(names(&one, "").len(), 3);
        let absent = one.length("config.json").unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
        assert!(one.copy("config.json", "x").is_err());
        assert!(folder(&store, "none").list("").unwrap().is_empty());
        assert_eq!(
            one.length("../ab/config.json").unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
    }
}

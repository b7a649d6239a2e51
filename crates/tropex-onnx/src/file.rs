//! Reading of an ONNX file and of its external data.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use prost::Message;

use crate::OnnxError;
use crate::error::OpError;
use crate::proto;

/// A model file.
pub(crate) struct OnnxFile {
    pub(crate) model: proto::ModelProto,
    /// Length of the file in bytes.
    pub(crate) bytes: u64,
    /// The file, or what the model is called in messages.
    pub(crate) path: PathBuf,
    /// The folder of external data; `None` if the model is not in a file.
    pub(crate) folder: Option<PathBuf>,
}

/// Name of a model that is not in a file, in messages.
const BYTES: &str = "the given bytes";

pub(crate) fn read(path: &Path) -> Result<OnnxFile, OnnxError> {
    let unreadable = |source| OnnxError::Read { path: path.to_owned(), source };
    let mut content = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    content.try_reserve_exact(length as usize).map_err(|error| unreadable(error.into()))?;
    { file }.take(length).read_to_end(&mut content).map_err(unreadable)?;
    if let Some(reason) = tropex_files::lfs_pointer(&content) {
        return Err(OnnxError::Damaged { path: path.to_owned(), reason: reason.into() });
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    OnnxFile::decode(content.into(), path, Some(folder))
}

impl OnnxFile {
    /// The model of the content of a file without external data.
    pub(crate) fn of_bytes(content: Bytes) -> Result<Self, OnnxError> {
        Self::decode(content, Path::new(BYTES), None)
    }

    /// Decoding from `Bytes` does not copy the weights.
    fn decode(content: Bytes, path: &Path, folder: Option<&Path>) -> Result<Self, OnnxError> {
        let bytes = content.len() as u64;
        let model = proto::ModelProto::decode(content).map_err(|error| OnnxError::Damaged {
            path: path.to_owned(),
            reason: format!(
                "its bytes are no protocol buffer of a model ({error}); is it complete?"
            ),
        })?;
        Ok(Self { model, bytes, path: path.to_owned(), folder: folder.map(Path::to_owned) })
    }
}

/// The other files that the model's tensors are in, relative to its folder.
pub(crate) fn external_files(model: &proto::ModelProto) -> Vec<PathBuf> {
    let Some(graph) = &model.graph else { return Vec::new() };
    let attributes = graph.nodes.iter().flat_map(|node| &node.attributes);
    let tensors = graph.initializers.iter().chain(attributes.filter_map(|a| a.tensor.as_ref()));
    let locations = tensors.flat_map(|tensor| &tensor.external);
    let locations = locations.filter(|entry| entry.key == "location");
    let files: BTreeSet<PathBuf> = locations.map(|entry| PathBuf::from(&entry.value)).collect();
    files.into_iter().collect()
}

/// Reads the `expected` bytes of a tensor from another file.
pub(crate) fn read_external(
    folder: Option<&Path>,
    tensor: &proto::TensorProto,
    expected: u64,
) -> Result<Bytes, OpError> {
    let folder = folder.ok_or(
        "its numbers are in another file, which a model in memory does not have; open the model's \
         file",
    )?;
    let entry = |key| {
        let found = tensor.external.iter().find(|entry| entry.key == key);
        found.map(|entry| entry.value.as_str())
    };
    let number = |key| match entry(key) {
        None => Ok(None),
        Some(text) => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_| format!("`{key}` of its external data is {text:?}, not a number")),
    };
    let location = entry("location").ok_or("its external data has no location")?;
    let path = inside(folder, Path::new(location))?;
    let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
    if length.is_some_and(|length| length != expected) {
        return Err(format!(
            "its external data has {} bytes, but its shape and type need {expected}",
            length.unwrap_or(0)
        )
        .into());
    }
    read_range(&path, offset, expected)
        .map(Bytes::from)
        .map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

fn read_range(path: &Path, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let end =
        offset.checked_add(length).filter(|&end| file.metadata().is_ok_and(|m| end <= m.len()));
    if end.is_none() {
        let reason = format!("it is too short for {length} bytes from byte {offset} on");
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut content = vec![0; length as usize];
    file.read_exact(&mut content)?;
    Ok(content)
}

/// The path of a file in the model's folder or below. A model must not read other files.
fn inside(folder: &Path, location: &Path) -> Result<PathBuf, OpError> {
    let is_plain =
        location.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let outside = || {
        format!(
            "its external data {} is outside the model's folder; copy the file there",
            location.display()
        )
    };
    if !is_plain {
        return Err(outside().into());
    }
    let path = folder.join(location);
    let real = |path: &Path| {
        path.canonicalize().map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    if real(&path)?.starts_with(real(folder)?) { Ok(path) } else { Err(outside().into()) }
}

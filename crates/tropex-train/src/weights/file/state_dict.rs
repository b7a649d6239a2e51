//! The search for state dicts in a checkpoint.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use safetensors::Dtype;

use super::pickle::{Pickle, PickleId, PickleObject, PickleValue};
use super::stored_tensor::{StoredTensor, TensorStorage};
use super::tensor_file::{CheckpointReader, TensorFile};
use crate::weights::WeightsError;

/// Largest depth of dictionaries and modules that are searched.
const MAX_DEPTH: usize = 32;
/// Largest number of dictionary entries, of characters of a name, and of axes of a tensor. The
/// limits are far above any checkpoint, and bound the work for pickles with many references to one
/// large value.
const MAX_ENTRIES: usize = 1 << 18;
const MAX_NAME: usize = 512;
const MAX_AXES: usize = 16;
/// Name of the outermost dictionary in lists of state dicts.
const TOP: &str = ".";

/// The reference of a tensor to its storage: `("storage", type, key, location, count, view)`.
pub(super) struct StorageUse {
    pub(super) key: String,
    pub(super) dtype: Dtype,
    /// Index of the first element of a view.
    start: usize,
}

impl StorageUse {
    pub(super) fn of(pickle: &Pickle, id: PickleId) -> Option<Self> {
        let parts = pickle.sequence(id)?;
        let &[tag, kind, key, _, _] = parts.first_chunk()?;
        let dtype = Self::dtype_of(pickle.global(kind)?)?;
        let key = pickle.key_text(key).filter(|_| pickle.text(tag) == Some("storage"))?;
        let view = parts.get(5).and_then(|&view| pickle.sequence(view));
        let start = view.and_then(|view| pickle.size(*view.get(1)?)).unwrap_or(0);
        Some(Self { key, dtype, start })
    }

    /// Element type of a storage class such as `torch.FloatStorage`.
    pub(super) fn dtype_of(class: &str) -> Option<Dtype> {
        Some(match class.rsplit('.').next()?.strip_suffix("Storage")? {
            "Float" => Dtype::F32,
            "Double" => Dtype::F64,
            "Half" => Dtype::F16,
            "BFloat16" => Dtype::BF16,
            "Long" => Dtype::I64,
            "Int" => Dtype::I32,
            "Short" => Dtype::I16,
            "Char" => Dtype::I8,
            "Byte" | "Untyped" => Dtype::U8,
            "Bool" => Dtype::BOOL,
            "ComplexFloat" => Dtype::C64,
            _ => return None,
        })
    }
}

/// Element type of a name such as `torch.float32`.
fn dtype_by_name(name: &str) -> Option<Dtype> {
    Some(match name.strip_prefix("torch.")? {
        "float32" => Dtype::F32,
        "float64" => Dtype::F64,
        "float16" => Dtype::F16,
        "bfloat16" => Dtype::BF16,
        "int64" => Dtype::I64,
        "int32" => Dtype::I32,
        "uint16" => Dtype::U16,
        "uint32" => Dtype::U32,
        "uint64" => Dtype::U64,
        _ => return None,
    })
}

/// A pickle with the storages and tensors that it refers to.
pub(super) struct PickledCheckpoint<'a> {
    pub(super) pickle: &'a Pickle,
    pub(super) storages: HashMap<String, TensorStorage>,
    /// Tensors of archives from before PyTorch 0.1.10.
    pub(super) tensors: HashMap<String, StoredTensor>,
}

/// A dictionary of tensors, or a whole module.
struct StateDictCandidate {
    /// Keys of the path to it, with dots between them.
    name: String,
    tensors: Vec<StoredTensor>,
    others: Vec<String>,
}

impl StateDictCandidate {
    fn has_weights(&self) -> bool {
        self.tensors.iter().any(|tensor| tensor.name.contains("weight"))
    }
}

/// A search for state dicts.
struct StateDictSearch {
    found: Vec<StateDictCandidate>,
    seen: HashSet<PickleId>,
    /// Number of entries that may still be examined.
    left: usize,
}

impl PickledCheckpoint<'_> {
    /// The only state dict, or the one that `entry` names.
    pub(super) fn state_dict(
        self,
        path: &Path,
        entry: Option<&str>,
        reader: CheckpointReader,
    ) -> Result<TensorFile, WeightsError> {
        let mut walk =
            StateDictSearch { found: Vec::new(), seen: HashSet::new(), left: MAX_ENTRIES };
        self.collect(self.pickle.root(), "", 0, &mut walk);
        let mut found = walk.found;
        // The state of an optimizer is a dictionary of tensors too, but these are not weights.
        if entry.is_none() && found.iter().any(StateDictCandidate::has_weights) {
            found.retain(StateDictCandidate::has_weights);
        }
        let names = || found.iter().map(|candidate| candidate.name.clone()).collect::<Vec<_>>();
        let chosen = match entry {
            Some(entry) => found.iter().position(|candidate| candidate.name == entry),
            None if found.len() > 1 => {
                return Err(WeightsError::Entries { path: path.into(), names: names() });
            }
            None => (!found.is_empty()).then_some(0),
        };
        let Some(chosen) = chosen else {
            return Err(match entry {
                Some(entry) => WeightsError::no_entry(path, entry, names()),
                None => WeightsError::NoStateDict { path: path.into() },
            });
        };
        let StateDictCandidate { tensors, others, .. } = found.swap_remove(chosen);
        Ok(TensorFile { path: path.into(), tensors, is_ordered: true, others, reader })
    }

    /// Finds the state dicts in a value and below it.
    fn collect(&self, id: PickleId, name: &str, depth: usize, walk: &mut StateDictSearch) {
        if depth > MAX_DEPTH || !walk.seen.insert(id) {
            return;
        }
        let (mut tensors, mut others) = (Vec::new(), Vec::new());
        if self.is_module(id) {
            self.module(id, "", depth, &mut walk.left, &mut tensors);
        }
        for (key, value) in self.named(id, &mut walk.left) {
            match self.tensor(value, key) {
                Some(tensor) => tensors.push(tensor),
                None => others.push(key.to_owned()),
            }
        }
        // Dictionaries of numbers and vectors only are records of a training.
        if tensors.iter().any(|tensor| tensor.shape.len() > 1) {
            let name = if name.is_empty() { TOP } else { name }.to_owned();
            walk.found.push(StateDictCandidate { name, tensors, others });
        }
        for (key, value) in self.named(id, &mut walk.left) {
            let dot = if name.is_empty() { "" } else { "." };
            self.collect(value, &format!("{name}{dot}{key}"), depth + 1, walk);
        }
    }

    /// The entries of a dictionary whose keys are texts, at most `left` entries.
    fn named(&self, id: PickleId, left: &mut usize) -> Vec<(&str, PickleId)> {
        let items = self.pickle.items(id).unwrap_or_default();
        let items = items.iter().take(*left).filter_map(|&(key, value)| {
            let name = self.pickle.text(key).filter(|name| name.len() <= MAX_NAME)?;
            Some((name, value))
        });
        let items: Vec<_> = items.collect();
        *left -= items.len();
        items
    }

    /// An attribute of an object.
    fn attribute(&self, id: PickleId, name: &str) -> Option<PickleId> {
        let PickleValue::Object(object) = self.pickle.get(id) else { return None };
        let mut items = self.pickle.items(object.state?)?.iter();
        items.find(|(key, _)| self.pickle.text(*key) == Some(name)).map(|(_, value)| *value)
    }

    fn is_module(&self, id: PickleId) -> bool {
        ["_parameters", "_modules"].iter().all(|name| self.attribute(id, name).is_some())
    }

    /// The state dict of a module that was pickled as a whole.
    fn module(
        &self,
        id: PickleId,
        prefix: &str,
        depth: usize,
        left: &mut usize,
        tensors: &mut Vec<StoredTensor>,
    ) {
        if depth > MAX_DEPTH || prefix.len() > MAX_NAME {
            return;
        }
        for group in ["_parameters", "_buffers"] {
            let Some(group) = self.attribute(id, group) else { continue };
            let named = self.named(group, left).into_iter();
            tensors.extend(
                named.filter_map(|(key, value)| self.tensor(value, &format!("{prefix}{key}"))),
            );
        }
        let Some(modules) = self.attribute(id, "_modules") else { return };
        for (key, value) in self.named(modules, left) {
            self.module(value, &format!("{prefix}{key}."), depth + 1, left, tensors);
        }
    }

    /// A tensor or parameter.
    fn tensor(&self, id: PickleId, name: &str) -> Option<StoredTensor> {
        match self.pickle.get(id) {
            PickleValue::Object(object) => self.call(object, name, 0),
            PickleValue::Persistent(key) => {
                let tensor = self.tensors.get(&self.pickle.key_text(*key)?)?;
                Some(StoredTensor { name: name.to_owned(), ..tensor.clone() })
            }
            _ => None,
        }
    }

    fn call(&self, object: &PickleObject, name: &str, depth: usize) -> Option<StoredTensor> {
        let function = self.pickle.global(object.class)?;
        self.rebuilt(function, self.pickle.sequence(object.arguments)?, name, depth)
    }

    fn rebuilt(
        &self,
        function: &str,
        arguments: &[PickleId],
        name: &str,
        depth: usize,
    ) -> Option<StoredTensor> {
        match function {
            "torch._utils._rebuild_tensor"
            | "torch._utils._rebuild_tensor_v2"
            | "torch._utils._rebuild_tensor_v3" => self.view(function, arguments, name),
            "torch._utils._rebuild_parameter"
            | "torch._utils._rebuild_parameter_with_state"
            | "torch.nn.parameter.Parameter" => match self.pickle.get(*arguments.first()?) {
                PickleValue::Object(inner) if depth < MAX_DEPTH => {
                    self.call(inner, name, depth + 1)
                }
                PickleValue::Persistent(_) => self.tensor(*arguments.first()?, name),
                _ => None,
            },
            "torch._tensor._rebuild_from_type_v2" if depth < MAX_DEPTH => {
                let &[function, _, arguments] = arguments.first_chunk()?;
                let arguments = self.pickle.sequence(arguments)?;
                self.rebuilt(self.pickle.global(function)?, arguments, name, depth + 1)
            }
            _ => None,
        }
    }

    /// A view of a storage: `(storage, offset, shape, strides, ...)`.
    fn view(&self, function: &str, arguments: &[PickleId], name: &str) -> Option<StoredTensor> {
        let &[storage, offset, shape, strides] = arguments.first_chunk()?;
        let PickleValue::Persistent(storage) = self.pickle.get(storage) else { return None };
        let StorageUse { key, mut dtype, start } = StorageUse::of(self.pickle, *storage)?;
        if function.ends_with("_v3") {
            dtype = dtype_by_name(self.pickle.global(*arguments.get(6)?)?)?;
        }
        let sizes = |id| {
            let sizes = self.pickle.sequence(id).filter(|sizes| sizes.len() <= MAX_AXES)?;
            sizes.iter().map(|&size| self.pickle.size(size)).collect::<Option<Vec<usize>>>()
        };
        let (shape, strides) = (sizes(shape)?, sizes(strides)?);
        let offset = self.pickle.size(offset)?.checked_add(start)?;
        let storage = self.storages.get(&key)?.clone();
        let name = name.to_owned();
        (shape.len() == strides.len()).then_some(StoredTensor {
            name,
            dtype,
            shape,
            strides,
            offset,
            storage,
        })
    }
}

//! Python's pickles, read without running them.
//!
//! An import in a pickle becomes a name, and a call becomes a [`PickleObject`] with the name and
//! the arguments. All values are in one table and refer to each other by [`PickleId`]: a value that
//! a pickle uses many times is stored once.

mod error;
mod instructions;
mod machine;
mod object;
mod opcode;

pub(super) use error::PickleError;
use machine::Unpickler;
pub(super) use object::{PickleId, PickleObject, PickleValue};

/// A pickle that was read.
#[derive(Debug)]
pub(super) struct Pickle {
    values: Vec<PickleValue>,
    root: PickleId,
    /// Length in bytes.
    pub(super) length: usize,
}

impl Pickle {
    /// Reads the pickle at the start of `bytes`.
    ///
    /// # Errors
    /// [`PickleError::Cut`] if `bytes` end before the pickle does.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PickleError> {
        let (values, root, length) = Unpickler::new(bytes).run()?;
        Ok(Self { values, root, length })
    }

    pub(super) fn root(&self) -> PickleId {
        self.root
    }

    pub(super) fn get(&self, id: PickleId) -> &PickleValue {
        &self.values[id.0 as usize]
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &PickleValue> {
        self.values.iter()
    }

    /// The elements of a list or tuple.
    pub(super) fn sequence(&self, id: PickleId) -> Option<&[PickleId]> {
        match self.get(id) {
            PickleValue::Sequence(elements) => Some(elements),
            _ => None,
        }
    }

    pub(super) fn text(&self, id: PickleId) -> Option<&str> {
        match self.get(id) {
            PickleValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A key as text; keys can be texts or integers.
    pub(super) fn key_text(&self, id: PickleId) -> Option<String> {
        match self.get(id) {
            PickleValue::Text(text) => Some(text.clone()),
            PickleValue::Int(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// An integer that is not negative.
    pub(super) fn size(&self, id: PickleId) -> Option<usize> {
        match self.get(id) {
            PickleValue::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The name of a class or function.
    pub(super) fn global(&self, id: PickleId) -> Option<&str> {
        match self.get(id) {
            PickleValue::Global(name) => Some(name),
            _ => None,
        }
    }

    /// Keys and values of a dictionary, or of an object with items.
    pub(super) fn items(&self, id: PickleId) -> Option<&[(PickleId, PickleId)]> {
        match self.get(id) {
            PickleValue::Dict(items) => Some(items),
            PickleValue::Object(object) if !object.items.is_empty() => Some(&object.items),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

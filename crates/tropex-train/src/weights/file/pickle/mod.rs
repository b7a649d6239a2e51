//! Python's pickles, read without running them.
//!
//! An import in a pickle becomes a name, and a call becomes a [`PickleObject`] with the name and
//! the arguments. All values are in one table and refer to each other by [`PickleId`]: a value that
//! a pickle uses many times is stored once.

mod instructions;
mod machine;
mod opcode;

use machine::Unpickler;

/// Index of a value in the table of a [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PickleId(u32);

/// A call, or an instance of a class, with its later state and items.
#[derive(Debug)]
pub(super) struct PickleObject {
    /// The class or function that is called, most often a [`PickleValue::Global`].
    pub(super) class: PickleId,
    /// A tuple of arguments.
    pub(super) arguments: PickleId,
    pub(super) state: Option<PickleId>,
    /// Keys and values, if the object is a mapping.
    pub(super) items: Vec<(PickleId, PickleId)>,
}

/// A value of a pickle, with the details that state dicts need.
#[derive(Debug)]
pub(super) enum PickleValue {
    Int(i64),
    Text(String),
    Sequence(Vec<PickleId>),
    Dict(Vec<(PickleId, PickleId)>),
    /// `module.name`
    Global(String),
    /// A persistent id: a reference to data outside of the pickle, such as a storage.
    Persistent(PickleId),
    Object(Box<PickleObject>),
    /// Anything else: `None`, floats, bytes, sets.
    Other,
}

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

/// Why a pickle cannot be read.
#[derive(Debug, PartialEq)]
pub(super) enum PickleError {
    /// The bytes end before the pickle does.
    Cut,
    /// The bytes are not a pickle, or the pickle has more than any checkpoint.
    Invalid(String),
}

impl PickleError {
    fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

impl From<PickleError> for String {
    fn from(error: PickleError) -> Self {
        match error {
            PickleError::Cut => "its pickle ends too early".into(),
            PickleError::Invalid(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests;

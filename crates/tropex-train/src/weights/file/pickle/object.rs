//! The values of a pickle.

/// Index of a value in the table of a [`Pickle`](super::Pickle).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PickleId(pub(super) u32);

/// A call, or an instance of a class, with its later state and items.
#[derive(Debug)]
pub(crate) struct PickleObject {
    /// The class or function that is called, most often a [`PickleValue::Global`].
    pub(crate) class: PickleId,
    /// A tuple of arguments.
    pub(crate) arguments: PickleId,
    pub(crate) state: Option<PickleId>,
    /// Keys and values, if the object is a mapping.
    pub(crate) items: Vec<(PickleId, PickleId)>,
}

/// A value of a pickle, with the details that state dicts need.
#[derive(Debug)]
pub(crate) enum PickleValue {
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

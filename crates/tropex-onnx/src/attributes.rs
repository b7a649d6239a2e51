//! Attributes of a node, with a record of those that its operator has read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::error::OpError;
use crate::proto::{self, attribute_type};

/// The attributes of a node.
#[derive(Clone, Debug)]
pub(crate) struct NodeAttributes(Vec<proto::AttributeProto>);

impl NodeAttributes {
    pub(crate) fn new(list: Vec<proto::AttributeProto>) -> Self {
        Self(list)
    }

    /// Whether an integer attribute exists and is not zero.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.0.iter().any(|attribute| attribute.name == name && attribute.int.unwrap_or(0) != 0)
    }

    /// Removes an attribute, which restores its default.
    pub(crate) fn clear(&mut self, name: &str) {
        self.0.retain(|attribute| attribute.name != name);
    }
}

/// Reads attributes and records their names. [`unread`](Self::unread) finds attributes that the
/// operator has not read. They could change the result.
pub(crate) struct AttributeReader<'a> {
    attributes: &'a NodeAttributes,
    read: RefCell<BTreeSet<&'static str>>,
}

impl<'a> AttributeReader<'a> {
    pub(crate) fn new(attributes: &'a NodeAttributes) -> Self {
        Self { attributes, read: RefCell::default() }
    }

    pub(crate) fn find(&self, name: &'static str) -> Option<&'a proto::AttributeProto> {
        self.read.borrow_mut().insert(name);
        self.attributes.0.iter().find(|attribute| attribute.name == name)
    }

    /// The first attribute that was not read.
    pub(crate) fn unread(&self) -> Option<&'a str> {
        let read = self.read.borrow();
        let mut names = self.attributes.0.iter().map(|attribute| attribute.name.as_str());
        names.find(|name| !read.contains(name))
    }

    pub(crate) fn int(&self, name: &'static str) -> Result<Option<i64>, OpError> {
        self.get(name, |attribute| attribute.int.or(default(attribute, attribute_type::INT)))
    }

    pub(crate) fn float(&self, name: &'static str) -> Result<Option<f64>, OpError> {
        let number = |attribute: &proto::AttributeProto| attribute.float.map(f64::from);
        self.get(name, |attribute| number(attribute).or(default(attribute, attribute_type::FLOAT)))
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&'a str>, OpError> {
        self.get(name, |attribute| match &attribute.string {
            Some(string) => std::str::from_utf8(string).ok(),
            None => default(attribute, attribute_type::STRING),
        })
    }

    pub(crate) fn ints(&self, name: &'static str) -> Result<Option<&'a [i64]>, OpError> {
        self.get(name, |attribute| {
            let is_list = attribute.kind == attribute_type::INTS || !attribute.ints.is_empty();
            is_list.then_some(&attribute.ints[..])
        })
    }

    pub(crate) fn floats(&self, name: &'static str) -> Result<Option<&'a [f32]>, OpError> {
        self.get(name, |attribute| {
            let is_list = attribute.kind == attribute_type::FLOATS || !attribute.floats.is_empty();
            is_list.then_some(&attribute.floats[..])
        })
    }

    fn get<T>(
        &self,
        name: &'static str,
        value: impl FnOnce(&'a proto::AttributeProto) -> Option<T>,
    ) -> Result<Option<T>, OpError> {
        let Some(attribute) = self.find(name) else { return Ok(None) };
        match value(attribute) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("its attribute `{name}` has another type than ONNX says").into()),
        }
    }
}

/// The default of a type, because some programs leave out zeros and empty texts.
fn default<T: Default>(attribute: &proto::AttributeProto, kind: i32) -> Option<T> {
    (attribute.kind == kind).then(T::default)
}

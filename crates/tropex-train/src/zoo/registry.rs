//! The list of architectures.

use std::sync::LazyLock;

use super::entry::ArchitectureEntry;
use super::error::ArchitectureError;
use super::{all_cnn, fcn, googlenet, resnet, vgg};
use crate::messages::hint;

/// A family of architectures.
pub(super) struct ArchitectureFamily {
    pub(super) members: &'static [ArchitectureEntry],
    pub(super) has_convolutions: bool,
    /// Whether each member has a variant with leaky ReLU.
    has_leaky: bool,
}

impl ArchitectureFamily {
    const fn convolutional(members: &'static [ArchitectureEntry], has_leaky: bool) -> Self {
        Self { members, has_convolutions: true, has_leaky }
    }
}

/// Every family, in the order in which they are listed.
pub(super) static FAMILIES: &[ArchitectureFamily] = &[
    ArchitectureFamily { members: fcn::FAMILY, has_convolutions: false, has_leaky: true },
    ArchitectureFamily::convolutional(vgg::FAMILY, true),
    ArchitectureFamily::convolutional(all_cnn::FAMILY, false),
    ArchitectureFamily::convolutional(resnet::FAMILY, false),
    ArchitectureFamily::convolutional(googlenet::FAMILY, false),
];

/// Every architecture of the zoo: family by family, then the variants with leaky ReLU.
pub static ARCHITECTURES: LazyLock<Vec<ArchitectureEntry>> = LazyLock::new(|| {
    let members = FAMILIES.iter().flat_map(|family| family.members).copied();
    let leaky = FAMILIES.iter().filter(|family| family.has_leaky);
    members.chain(leaky.flat_map(|family| family.members).map(ArchitectureEntry::leaky)).collect()
});

/// The names of the zoo.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ARCHITECTURES.iter().map(|entry| entry.name)
}

impl ArchitectureEntry {
    /// The entry of that name.
    ///
    /// # Errors
    /// [`ArchitectureError::Unknown`], with similar names.
    pub fn find(name: &str) -> Result<&'static Self, ArchitectureError> {
        let known = ARCHITECTURES.iter();
        #[cfg(test)]
        let known = known.chain([&super::testing::TINY_ENTRY]);
        let found = known.into_iter().find(|entry| entry.name == name);
        found.ok_or_else(|| ArchitectureError::Unknown {
            name: name.into(),
            hint: hint(name, names()),
        })
    }
}

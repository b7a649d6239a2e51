//! A type name has one meaning in all crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::imports::{code, is_test};
use super::{CRATES, crates, module_path, source_files};

/// The type of the errors of a crate. Several crates have one.
const OF_EVERY_CRATE: &str = "Error";

/// The crate whose classes have the names of the Rust types that they wrap.
const WRAPPERS: &str = "tropex-python";

#[test]
fn no_two_types_have_one_name() {
    let folders: BTreeSet<_> = CRATES.iter().map(|order| order.folder).collect();
    let mut files = BTreeMap::<(bool, String), BTreeSet<PathBuf>>::new();
    for folder in folders {
        for file in source_files(&crates().join(folder).join("src")) {
            let source = fs::read_to_string(&file).unwrap();
            let relative = file.strip_prefix(crates()).unwrap();
            if is_test_or_stand_in(relative) {
                continue;
            }
            for name in type_names(&code(&source)) {
                let key = (folder == WRAPPERS, name);
                assert!(
                    files.entry(key).or_default().insert(relative.to_owned()),
                    "{} defines a type twice",
                    relative.display()
                );
            }
        }
    }
    let shared =
        files.iter().filter(|((_, name), files)| files.len() > 1 && name != OF_EVERY_CRATE);
    let lines: Vec<_> = shared.map(|((_, name), files)| format!("{name} in {files:?}")).collect();
    assert!(lines.is_empty(), "types with equal names:\n{}", lines.join("\n"));
}

/// Whether a file holds tests, or other versions of modules of `tropex-kernels`.
fn is_test_or_stand_in(file: &Path) -> bool {
    let folders = file.iter().filter_map(|name| name.to_str());
    let is_stand_in = |name: &str| name == "without_flex" || name == "without_gpu";
    folders.into_iter().any(is_stand_in) || module_path(file).iter().any(|name| is_test(name))
}

/// The names of the structs, enums, unions, traits and type aliases in some code. Types of traits
/// and their implementations are left out.
fn type_names(code: &str) -> Vec<String> {
    let names = code.lines().filter_map(|line| {
        let is_nested = line.starts_with(' ');
        let line = line.trim_start();
        let declaration = match line.strip_prefix("pub(") {
            Some(rest) => rest.split_once(") ")?.1,
            None => line.strip_prefix("pub ").unwrap_or(line),
        };
        let (kind, name) = declaration.trim_start_matches("unsafe ").split_once(' ')?;
        let is_type = match kind {
            "struct" | "enum" | "union" | "trait" => true,
            "type" => !is_nested,
            _ => false,
        };
        let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        (is_type && name.starts_with(char::is_uppercase)).then(|| name.to_owned())
    });
    names.collect()
}

#[test]
fn names_of_types_are_read() {
    let code = "pub(in crate::data) enum A {\n    B,\n}\ntype C<'a> = &'a A;\nimpl D for A {\n    \
                type E = A;\n}\npub struct F(u8);\nfn f() {\n    struct G;\n}\n";
    assert_eq!(type_names(code), ["A", "C", "F", "G"]);
}

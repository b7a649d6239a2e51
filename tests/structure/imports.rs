//! The paths that a Rust source file reads from its own crate.

use std::collections::BTreeSet;

/// The paths below `crate::` and `super::` in the source of a module, from the root of the crate.
///
/// `module` is the path of the module. Comments and test modules are left out.
pub(super) fn imports(source: &str, module: &[&str]) -> Vec<Vec<String>> {
    let code = code(source);
    let own = paths_after("crate::", &code).into_iter();
    own.chain(paths_after("super::", &code).into_iter().filter_map(|path| {
        let ups = 1 + path.iter().take_while(|name| *name == "super").count();
        let parent = module.len().checked_sub(ups)?;
        let parent = module[..parent].iter().map(|name| (*name).to_owned());
        Some(parent.chain(path.into_iter().skip(ups - 1)).collect())
    }))
    .collect()
}

/// The paths below `self::` and below the names of child modules, from the root of the crate.
pub(super) fn child_imports(source: &str, module: &[&str], children: &[&str]) -> Vec<Vec<String>> {
    let code = code(source);
    let mut found = Vec::new();
    for (word, child) in children.iter().map(|child| (*child, Some(*child))).chain([("self", None)])
    {
        let parent = module.iter().copied().chain(child);
        let parent: Vec<_> = parent.map(str::to_owned).collect();
        let paths = paths_after(&format!("{word}::"), &code).into_iter();
        found.extend(paths.map(|path| [&parent[..], &path].concat()));
    }
    found
}

/// The `use` statements of a module, without the other code.
pub(super) fn use_statements(source: &str) -> String {
    let code = code(source);
    let statements = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
    statements.collect::<Vec<_>>().join(";\n")
}

/// The re-exports of a module, and its other code without declarations of modules.
pub(super) fn split_reexports(source: &str) -> [String; 2] {
    let [mut reexports, mut rest] = [String::new(), String::new()];
    let mut is_reexport = false;
    let code = code(source);
    for line in code.lines().filter(|line| !(line.contains("mod ") && line.ends_with(';'))) {
        let start = line.trim_start().split_once("use ").map_or("", |(start, _)| start);
        is_reexport |= start == "pub " || (start.starts_with("pub(") && start.ends_with(") "));
        let part = if is_reexport { &mut reexports } else { &mut rest };
        *part += line;
        *part += "\n";
        is_reexport &= !line.ends_with(';');
    }
    [reexports, rest]
}

/// The names and keywords of a text.
pub(super) fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

/// The modules that the source of a crate root declares, without those for tests.
pub(super) fn declared_modules(source: &str) -> Vec<String> {
    let code = code(source);
    let names =
        code.lines().filter_map(|line| Some(line.strip_suffix(';')?.rsplit_once("mod ")?.1));
    names.filter(|name| !is_test(name)).map(str::to_owned).collect()
}

/// The names that the source of a crate root imports from its modules, each with its module.
pub(super) fn reexports(source: &str) -> Vec<(String, String)> {
    let paths = paths_after("use ", &code(source)).into_iter();
    let paths = paths.filter(|path| path.len() > 1);
    paths.map(|mut path| (path.pop().unwrap_or_default(), path.swap_remove(0))).collect()
}

/// Whether a module holds tests.
pub(super) fn is_test(module: &str) -> bool {
    module == "testing" || module.ends_with("tests")
}

/// The source without comments and without the test module at its end.
pub(super) fn code(source: &str) -> String {
    let tests = source.match_indices("#[cfg(test)]\n").find(|(at, matched)| {
        let declaration = source[at + matched.len()..].lines().next().unwrap_or_default();
        declaration.contains("mod ") && declaration.ends_with('{')
    });
    let source = &source[..tests.map_or(source.len(), |(at, _)| at)];
    let lines = source.lines().map(|line| line.split("//").next().unwrap_or_default().trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths of all use trees after a word such as `crate::`. Paths below `$crate::` in macros are
/// left out.
fn paths_after(start: &str, code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(start) {
        let is_path = |c: char| c.is_alphanumeric() || "_:$".contains(c);
        if !code[..at].ends_with(is_path) {
            add_tree(&code[at + start.len()..], &[], &mut paths);
        }
    }
    paths
}

/// Adds the paths of a use tree such as `a::{b, c::d as e}` and returns the text after the tree.
fn add_tree<'a>(text: &'a str, prefix: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(inside) = text.strip_prefix('{') {
        return add_trees(inside, prefix, paths);
    }
    let (name, rest) = split_name(text);
    let path = [prefix, &[name.to_owned()]].concat();
    if let Some(rest) = rest.strip_prefix("::") {
        return add_tree(rest, &path, paths);
    }
    match rest.trim_start().strip_prefix("as ") {
        None => {
            paths.push(path);
            rest
        }
        Some(renamed) => {
            let (name, rest) = split_name(renamed);
            paths.push([prefix, &[name.to_owned()]].concat());
            rest
        }
    }
}

/// Adds the use trees up to the closing brace and returns the text after it.
fn add_trees<'a>(mut text: &'a str, prefix: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '*');
        match text.strip_prefix('}') {
            Some(rest) => return rest,
            None if text.is_empty() => return text,
            None => text = add_tree(text, prefix, paths),
        }
    }
}

fn split_name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    text.split_at(end.unwrap_or(text.len()))
}

#[test]
fn use_trees_and_paths_are_read() {
    let source = "use crate::{Error, a::{self, b as c, d::*}};\nuse super::e::F;\n\
                  use super::super::{G, h};\n// use crate::comment;\n\
                  fn f() { crate::i::j(tropex_crate::k) }\n\
                  #[cfg(test)]\nmod tests {\n    use crate::l;\n}\n";
    let found = imports(source, &["x", "y"]);
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        ["Error", "a::self", "a::c", "a::d::", "i::j", "x::e::F", "G", "h"],
        "{found:?}"
    );
    let root = "mod a;\npub mod b;\n#[cfg(test)]\nmod testing;\npub use a::{C, d::E};\n";
    assert_eq!(declared_modules(root), ["a", "b"]);
    let pair = |(name, module): &(String, String)| format!("{module} {name}");
    assert_eq!(reexports(root).iter().map(pair).collect::<Vec<_>>(), ["a C", "a E"]);
}

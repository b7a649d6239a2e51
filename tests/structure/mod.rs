//! The modules of every crate import only modules below them, in a declared order. The source files
//! of a crate do not import each other in a circle. A type name has one meaning. ARCHITECTURE names
//! the dependencies of the crates.
//!
//! A module is a file or a folder beside the root of its crate. Names that the root re-exports
//! count as imports of the module that defines them. Tests may import anything.

mod arrows;
mod circles;
mod imports;
mod type_names;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use imports::{declared_modules, imports, is_test, reexports};

/// The modules of a crate, the lowest one first: a module may import those before it.
struct ModuleOrder {
    /// The folder below `crates/`.
    folder: &'static str,
    /// The file that declares the modules.
    root: &'static str,
    modules: &'static [&'static str],
}

const CRATES: &[ModuleOrder] = &[
    ModuleOrder {
        folder: "tropex-files",
        root: "lib.rs",
        modules: &[
            "url",
            "checksum",
            "checked",
            "lfs",
            "memory",
            "own",
            "lock",
            "atomic_write",
            "mirror",
            "publish",
            "replace",
            "access",
            "leftovers",
            "scratch",
        ],
    },
    ModuleOrder {
        folder: "tropex-object-store",
        root: "lib.rs",
        modules: &["error", "url", "object_folder"],
    },
    ModuleOrder {
        folder: "tropex-kernels",
        root: "lib.rs",
        modules: &[
            "attempt",
            "cache",
            "cancelled",
            "sparsity",
            "simd",
            "backend",
            "precision",
            "device_error",
            "target",
            "read",
            "devices",
            "data",
            "declines",
            "generic",
            "flex",
            "gpu",
            "operations",
            "tiling",
            "worker_pool",
        ],
    },
    ModuleOrder {
        folder: "tropex-extract",
        root: "lib.rs",
        modules: &[
            "unsupported",
            "part_number",
            "capture_error",
            "error",
            "exact",
            "ops",
            "network",
            "capture",
            "points",
            "terms",
            "gauge",
            "extract",
            "store",
            "function",
            "job",
        ],
    },
    ModuleOrder {
        folder: "tropex-geometry",
        root: "lib.rs",
        modules: &[
            "error",
            "facet",
            "tensor",
            "lp",
            "pattern",
            "distance_method",
            "path",
            "polytope",
            "distance",
            "slice",
        ],
    },
    ModuleOrder {
        folder: "tropex-bounds",
        root: "lib.rs",
        modules: &[
            "error",
            "exact_count",
            "deadline",
            "structure",
            "bound",
            "binomial",
            "rank",
            "maximize",
            "conv",
            "dense",
            "catalogue",
            "table",
        ],
    },
    ModuleOrder {
        folder: "tropex-train",
        root: "lib.rs",
        modules: &[
            "checkpoint",
            "memory",
            "messages",
            "data",
            "naming",
            "training_config",
            "zoo",
            "weights",
            "training",
            "import",
            "run",
        ],
    },
    ModuleOrder {
        folder: "tropex-onnx",
        root: "lib.rs",
        modules: &[
            "error",
            "proto",
            "attributes",
            "constant",
            "file",
            "array",
            "decode",
            "graph",
            "op_args",
            "output",
            "ops",
            "weights",
            "run",
            "probe",
            "transpose_weights",
            "model",
            "options",
        ],
    },
    ModuleOrder {
        folder: "tropex-experiments",
        root: "lib.rs",
        modules: &[
            "unit",
            "statistics",
            "data",
            "error",
            "render",
            "run",
            "report",
            "query",
            "explorer",
            "experiments",
            "study",
        ],
    },
    ModuleOrder {
        folder: "tropex-python",
        root: "lib.rs",
        modules: &[
            "errors",
            "local_path",
            "arrays",
            "batches",
            "choices",
            "json",
            "node_table",
            "origin",
            "points",
            "threads",
            "work",
            "progress",
            "parts",
            "stream",
            "assignment",
            "bounds",
            "linear_terms",
            "network",
            "path",
            "patterns",
            "pattern_counts",
            "polytope",
            "region",
            "slice_place",
            "slice",
            "function",
            "store",
            "source",
            "extraction",
            "load",
            "run",
            "open",
            "network_methods",
        ],
    },
    ModuleOrder { folder: "tropex", root: "lib.rs", modules: &["device"] },
    ModuleOrder {
        folder: "tropex",
        root: "main.rs",
        modules: &["allocator", "error_text", "remote", "output", "interrupt", "commands"],
    },
];

#[test]
fn modules_import_only_modules_below_them() {
    let upward: BTreeMap<[&str; 3], BTreeSet<PathBuf>> =
        CRATES.iter().flat_map(ModuleOrder::upward_imports).collect();
    let lines = upward
        .iter()
        .map(|([folder, from, to], files)| format!("{folder}: {from} imports {to} in {files:?}"));
    let lines: Vec<_> = lines.collect();
    assert!(lines.is_empty(), "imports from above:\n{}", lines.join("\n"));
}

#[test]
fn every_module_has_a_place_in_the_order() {
    for order in CRATES {
        let declared: BTreeSet<_> = declared_modules(&order.root_source()).into_iter().collect();
        let placed: BTreeSet<_> = order.modules.iter().map(|module| (*module).to_owned()).collect();
        assert_eq!(declared, placed, "modules of {} in {}", order.folder, order.root);
    }
}

#[test]
fn every_crate_has_an_order() {
    let crates = fs::read_dir(crates()).unwrap().map(|entry| entry.unwrap().file_name());
    let crates: BTreeSet<_> = crates.map(|name| name.into_string().unwrap()).collect();
    let ordered: BTreeSet<_> = CRATES.iter().map(|order| order.folder.to_owned()).collect();
    assert_eq!(crates, ordered);
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates")
}

impl ModuleOrder {
    fn source_folder(&self) -> PathBuf {
        crates().join(self.folder).join("src")
    }

    fn root_source(&self) -> String {
        fs::read_to_string(self.source_folder().join(self.root)).unwrap()
    }

    /// Every import of a module from above, and the files that contain it.
    fn upward_imports(&self) -> BTreeMap<[&'static str; 3], BTreeSet<PathBuf>> {
        let reexports: BTreeMap<String, String> =
            reexports(&self.root_source()).into_iter().collect();
        let mut upward: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for file in source_files(&self.source_folder()) {
            let relative = file.strip_prefix(self.source_folder()).unwrap();
            let module = module_path(relative);
            let Some(from) = module.first().and_then(|name| self.place(name)) else { continue };
            if module.iter().any(|name| is_test(name)) {
                continue;
            }
            for path in imports(&fs::read_to_string(&file).unwrap(), &module) {
                let name = reexports.get(&path[0]).unwrap_or(&path[0]);
                if let Some(to) = self.place(name).filter(|to| *to > from) {
                    let import = [self.folder, self.modules[from], self.modules[to]];
                    upward.entry(import).or_default().insert(relative.to_owned());
                }
            }
        }
        upward
    }

    fn place(&self, module: &str) -> Option<usize> {
        self.modules.iter().position(|name| *name == module)
    }
}

/// All Rust files below a folder, in order.
fn source_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    let files = entries.into_iter().flat_map(|path| match path.is_dir() {
        true => source_files(&path),
        false => vec![path],
    });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The path of the module in a file. Empty for the root of a crate. `without_flex/` and
/// `without_gpu/` hold other versions of modules of `tropex-kernels`.
fn module_path(file: &Path) -> Vec<&str> {
    let others = ["without_flex", "without_gpu"].into_iter();
    let file = others.filter_map(|folder| file.strip_prefix(folder).ok()).next().unwrap_or(file);
    let mut names: Vec<_> = file.iter().filter_map(|name| name.to_str()).collect();
    let name = names.pop().and_then(|name| name.strip_suffix(".rs"));
    names.extend(name.filter(|name| !["lib", "main", "mod"].contains(name)));
    names
}

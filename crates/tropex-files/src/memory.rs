//! Free memory.

use std::fs;
use std::path::Path;

/// Free bytes that are assumed on systems other than Linux.
const UNKNOWN: u64 = 2 << 30;

/// Linux's folder of control groups.
const GROUPS: &str = "/sys/fs/cgroup";

/// Bytes of memory that this process can still allocate. On Linux, the smallest of the machine's
/// available memory, the limits of the control groups of the process, and its own limit (`ulimit
/// -v`). On other systems, 2 GiB.
pub fn free_memory() -> usize {
    let process = |file: &str| read(Path::new(&format!("/proc/self/{file}")));
    let machine = available(&read(Path::new("/proc/meminfo")));
    let own = below_limit(&process("limits"), &process("status"));
    let groups = free_in_groups(&process("cgroup"), Path::new(GROUPS));
    let free = [machine, own, groups].into_iter().flatten().min().unwrap_or(UNKNOWN);
    usize::try_from(free).unwrap_or(usize::MAX)
}

/// The text of a file; empty if it cannot be read, as on other systems.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Available bytes in `/proc/meminfo`.
fn available(text: &str) -> Option<u64> {
    kibibytes(text, "MemAvailable:")
}

/// Bytes in a line such as `VmSize: 12 kB`.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Bytes below the limit of the address space in `/proc/self/limits`, if there is a limit.
fn below_limit(limits: &str, status: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(kibibytes(status, "VmSize:")?))
}

/// Least free bytes of the control groups in `/proc/self/cgroup` and their parents.
fn free_in_groups(groups: &str, root: &Path) -> Option<u64> {
    let groups = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, Path::new(parts.next()?.trim_start_matches('/')));
        let is_memory = controllers.split(',').any(|controller| controller == "memory");
        match (controllers, is_memory) {
            ("", _) => Some((root.to_owned(), path, &SECOND)),
            (_, true) => Some((root.join("memory"), path, &FIRST)),
            (_, false) => None,
        }
    });
    let free = groups.flat_map(|(root, path, version)| {
        path.ancestors().filter_map(move |path| version.free(&root.join(path)))
    });
    free.min()
}

/// File names of a version of the control group interface.
struct Version {
    limit: &'static str,
    used: &'static str,
    /// Entry of `memory.stat` for file pages that can be reclaimed.
    cache: &'static str,
}

const FIRST: Version = Version {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};

const SECOND: Version =
    Version { limit: "memory.max", used: "memory.current", cache: "inactive_file" };

impl Version {
    fn free(&self, group: &Path) -> Option<u64> {
        let number = |file: &str| -> Option<u64> { read(&group.join(file)).trim().parse().ok() };
        let (limit, used) = (number(self.limit)?, number(self.used)?);
        let statistics = read(&group.join("memory.stat"));
        let mut lines = statistics.lines().filter_map(|line| line.split_once(' '));
        let cache = lines.find(|(name, _)| *name == self.cache);
        let cache = cache.and_then(|(_, bytes)| bytes.trim().parse().ok()).unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(cache)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_in_bytes() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:   12345678 kB\n";
        assert_eq!(available(text), Some(12_345_678 * 1024));
        for other in ["", "MemAvailable: 1 MB", "MemAvailable:", "MemAvailable: -1 kB"] {
            assert_eq!(available(other), None);
        }
    }

    #[test]
    fn memory_below_the_limit_of_the_process_is_free() {
        let limits = |soft: &str| {
            format!(
                "Max file size   unlimited  unlimited  bytes\nMax address space  {soft}  9999999  bytes\n"
            )
        };
        let status = "VmPeak: 5 kB\nVmSize:\t    2 kB\n";
        assert_eq!(below_limit(&limits("5000"), status), Some(5000 - 2048));
        assert_eq!(below_limit(&limits("50"), status), Some(0));
        assert_eq!(below_limit(&limits("unlimited"), status), None);
        assert_eq!(below_limit("", ""), None);
    }

    #[test]
    fn the_strictest_group_decides() {
        let root = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("a/memory.max", "1000\n");
        write("a/memory.current", "700\n");
        write("a/memory.stat", "anon 5\ninactive_file 50\n");
        write("a/b/memory.max", "max\n");
        write("a/b/memory.current", "10\n");
        write("memory/c/memory.limit_in_bytes", "200\n");
        write("memory/c/memory.usage_in_bytes", "150\n");
        let free = |groups: &str| free_in_groups(groups, root.path());
        assert_eq!(free("0::/a/b\n"), Some(350));
        assert_eq!(free("3:cpu:/a\n2:cpuset,memory:/c/d\n0::/\n"), Some(50));
        for none in ["", "0::/\n", "0::/elsewhere\n", "3:cpu:/a\n", "x"] {
            assert_eq!(free(none), None, "{none}");
        }
    }

    #[test]
    fn some_memory_is_free() {
        assert!(free_memory() > 1 << 20);
    }
}

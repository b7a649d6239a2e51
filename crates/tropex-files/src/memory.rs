//! How much memory is free.

use std::fs;

/// Bytes that are taken to be free where nobody says how many are.
const UNKNOWN: u64 = 2 << 30;

/// Bytes of memory that are free, as Linux counts them for the machine and for the control group
/// that the program runs in.
pub fn free_memory() -> usize {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    let number = |file: &str| -> Option<u64> {
        fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse().ok()
    };
    let group = number("memory.max").zip(number("memory.current"));
    let group = group.map(|(limit, used)| limit.saturating_sub(used));
    let free = machine.into_iter().chain(group).min().unwrap_or(UNKNOWN);
    usize::try_from(free).unwrap_or(usize::MAX)
}

/// What `/proc/meminfo` says is available.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_read_in_bytes() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:   12345678 kB\n";
        assert_eq!(available(text), Some(12_345_678 * 1024));
        for other in ["", "MemAvailable: 1 MB", "MemAvailable:", "MemAvailable: -1 kB"] {
            assert_eq!(available(other), None);
        }
    }

    #[test]
    fn some_memory_is_free() {
        assert!(free_memory() > 1 << 20);
    }
}

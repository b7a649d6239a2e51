//! The end of the process when memory runs out: one line on standard error and exit code 1.
//!
//! An allocator that returns null makes Rust print several lines and abort, which stable Rust
//! cannot change. This allocator ends the process instead of returning null. `Vec::try_reserve`
//! therefore never fails in this program. Destructors do not run: a half-written file keeps its
//! temporary name, and the next command in that folder removes it.

#![allow(unsafe_code)] // an allocator needs it

use std::alloc::{GlobalAlloc, Layout};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// An allocator that ends the process if the inner allocator returns null.
#[derive(Debug)]
pub struct ExitOnOutOfMemory<A>(pub A);

// SAFETY: the inner allocator keeps the contract, and its results are returned unchanged, except
// null, after which the process ends.
unsafe impl<A: GlobalAlloc> GlobalAlloc for ExitOnOutOfMemory<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        or_exit(unsafe { self.0.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        or_exit(unsafe { self.0.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `realloc`, and the block is the inner
        // allocator's.
        or_exit(unsafe { self.0.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, and the block is the inner
        // allocator's.
        unsafe { self.0.dealloc(block, layout) }
    }
}

#[inline]
fn or_exit(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() { end(size) } else { block }
}

/// Prints how many bytes were requested and ends the process, without allocating.
#[cold]
fn end(size: usize) -> ! {
    static IS_ENDING: AtomicBool = AtomicBool::new(false);
    if IS_ENDING.swap(true, Ordering::Relaxed) {
        // Another thread is already printing.
        loop {
            std::hint::spin_loop();
        }
    }
    let mut buffer = [0; 256];
    let length = write_line(&mut buffer, size);
    exit(&buffer[..length])
}

/// Writes the line into `buffer` and returns its length.
fn write_line(buffer: &mut [u8], size: usize) -> usize {
    let room = buffer.len();
    let mut rest = buffer;
    // A buffer that is too short cuts the line off.
    let _ = writeln!(
        rest,
        "error: out of memory: {:.1} MB more are not free; take fewer or smaller images, smaller \
         batches or a smaller network, or free memory",
        size as f64 / 1e6
    );
    room - rest.len()
}

/// Ends the process without exit handlers, which might allocate.
#[cfg(unix)]
fn exit(line: &[u8]) -> ! {
    // SAFETY: the pointer and the length are those of a slice.
    unsafe {
        libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len());
        libc::_exit(1)
    }
}

#[cfg(not(unix))]
fn exit(line: &[u8]) -> ! {
    let _ = std::io::stderr().write_all(line);
    std::process::exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_contains_the_requested_bytes() {
        let mut buffer = [0; 256];
        let length = write_line(&mut buffer, 3_136_700_000);
        let line = std::str::from_utf8(&buffer[..length]).unwrap();
        assert!(line.starts_with("error: out of memory: 3136.7 MB more are not free; "), "{line}");
        assert!(line.ends_with("free memory\n"), "{line}");
        assert!(write_line(&mut buffer, usize::MAX) < buffer.len(), "the longest line fits");
    }
}

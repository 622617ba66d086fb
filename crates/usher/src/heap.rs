//! How memory is taken from the system and given back.

#![cfg_attr(
    target_env = "gnu",
    expect(unsafe_code, reason = "malloc's settings have no safe wrapper")
)]

/// Has one heap serve all threads, and whatever is large be given back when it is freed.
///
/// glibc gives each thread a heap of its own, which spares locks that nobody waits for here (an
/// announce allocates nothing once its tables have room) and costs what lies free in each. And
/// where something large was freed once, it keeps larger things on the heap from then on, where
/// what lies behind them holds them. Call it before there are threads. Where there is no glibc, it
/// does nothing.
pub fn settle() {
    #[cfg(target_env = "gnu")]
    // SAFETY: both only set a number.
    let _ = unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES)
    };
}

/// Gives the free pages of the heap back to the system. O(the heap), under malloc's lock.
pub fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it touches free memory alone.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// What has pages of its own.
#[cfg(target_env = "gnu")]
const LARGE_BYTES: i32 = 64 << 10;

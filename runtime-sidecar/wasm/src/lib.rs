//! `sidecar-spec` behind a C interface, for WebAssembly without imports.
//!
//! The host allocates with [`spec_alloc`], writes UTF-8, calls [`spec_check`] and frees both buffers with [`spec_free`]. A result
//! is its length in bytes (u32, little endian) and then JSON. [`spec_check_edited`] does the same for a document that is being edited,
//! and remembers of it what does not change until [`spec_forget`]. A panic traps; the host reads its message with [`spec_panic_ptr`]
//! and [`spec_panic_len`] and drops the instance.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;

use serde::Serialize;
use sidecar_spec::{Editing, Findings, Problem};
use zlayer_types::spec::DeploymentSpec;

#[derive(Serialize)]
struct Checked {
    /// For ZLayer's own crate.
    valid: bool,
    /// What ZLayer refuses or, of a spec that is valid for it, what can never run.
    problems: Vec<Problem>,
    /// What this engine refuses of a valid spec.
    unserved: Vec<Problem>,
    /// The spec with all defaults filled in, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<DeploymentSpec>,
}

/// Ask for the effective spec too.
const WITH_SPEC: u32 = 1;

fn check(text: &str, flags: u32) -> Checked {
    match sidecar_spec::parse(text) {
        Err(problems) => Checked {
            valid: false,
            problems,
            unserved: Vec::new(),
            spec: None,
        },
        Ok(spec) => Checked {
            valid: true,
            // The variables of the engine are not known here.
            problems: sidecar_spec::impossible(text, &spec, None),
            unserved: sidecar_spec::unserved(text, &spec),
            spec: (flags & WITH_SPEC != 0).then_some(spec),
        },
    }
}

fn leak(bytes: Vec<u8>) -> *mut u8 {
    Box::into_raw(bytes.into_boxed_slice()).cast::<u8>()
}

static PANIC: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps the message of a panic for the host. Call it once, first.
#[unsafe(no_mangle)]
pub extern "C" fn spec_init() {
    std::panic::set_hook(Box::new(|info| {
        if let Ok(mut message) = PANIC.lock() {
            *message = info.to_string().into_bytes();
        }
    }));
}

/// `len` bytes, zeroed.
#[unsafe(no_mangle)]
pub extern "C" fn spec_alloc(len: usize) -> *mut u8 {
    leak(vec![0; len])
}

/// # Safety
/// `ptr` and `len` are of one [`spec_alloc`], or a result with its length and the 4 bytes before it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spec_free(ptr: *mut u8, len: usize) {
    // SAFETY: by the contract above this is a box that `leak` gave away.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(ptr, len)) });
}

/// Checks the UTF-8 text at `ptr`.
///
/// # Safety
/// `len` bytes are readable at `ptr`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spec_check(ptr: *const u8, len: usize, flags: u32) -> *mut u8 {
    // SAFETY: by the contract above.
    let bytes = unsafe { std::slice::from_raw_parts(ptr, len) };
    answer(&check(&String::from_utf8_lossy(bytes), flags))
}

thread_local! {
    static DOCUMENTS: RefCell<HashMap<u32, Editing>> = RefCell::default();
}

/// Checks the UTF-8 text at `ptr`, the next version of a document whose number the host chose. The answer is that of
/// [`spec_check`], but warnings about services that this engine does not serve stay while other services are wrong.
///
/// # Safety
/// `len` bytes are readable at `ptr`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spec_check_edited(document: u32, ptr: *const u8, len: usize) -> *mut u8 {
    // SAFETY: by the contract above.
    let bytes = unsafe { std::slice::from_raw_parts(ptr, len) };
    let text = String::from_utf8_lossy(bytes);
    let Findings {
        valid,
        problems,
        unserved,
    } = DOCUMENTS.with_borrow_mut(|documents| documents.entry(document).or_default().check(&text));
    answer(&Checked {
        valid,
        problems,
        unserved,
        spec: None,
    })
}

/// The host will not ask for this document again.
#[unsafe(no_mangle)]
pub extern "C" fn spec_forget(document: u32) {
    DOCUMENTS.with_borrow_mut(|documents| documents.remove(&document));
}

fn answer(checked: &Checked) -> *mut u8 {
    let body = serde_json::to_vec(checked).unwrap_or_default();
    let mut out = Vec::with_capacity(body.len() + 4);
    out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&body);
    leak(out)
}

/// Where the message of the last panic is.
#[unsafe(no_mangle)]
pub extern "C" fn spec_panic_ptr() -> *const u8 {
    PANIC.lock().map_or(std::ptr::null(), |message| message.as_ptr())
}

/// How long the message of the last panic is, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn spec_panic_len() -> usize {
    PANIC.lock().map_or(0, |message| message.len())
}

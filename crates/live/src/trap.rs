//! From wasmtime's errors to the reasons for which a program crashes.

use wasmtime::{Error, ThrownException, Trap, WasmBacktrace, WasmCoreDump};
use wasmtime_wasi::I32Exit;
use wdb_coredump::{Crash, CrashKind, code};

use crate::host::MemoryLimitReached;

/// The exit code, if `error` is how WASI's `proc_exit` ends a guest.
pub(crate) fn exit_code(error: &Error) -> Option<i32> {
    error.downcast_ref::<I32Exit>().map(|exit| exit.0)
}

/// The crash that a trap is.
pub(crate) fn from_trap(trap: Trap) -> Crash {
    let (kind, code) = match trap {
        Trap::StackOverflow => (CrashKind::Trap, code::STACK_OVERFLOW),
        Trap::MemoryOutOfBounds => (CrashKind::Trap, code::MEMORY_OUT_OF_BOUNDS),
        Trap::HeapMisaligned => (CrashKind::Trap, code::MEMORY_MISALIGNED),
        Trap::TableOutOfBounds => (CrashKind::Trap, code::TABLE_OUT_OF_BOUNDS),
        Trap::IndirectCallToNull => (CrashKind::Trap, code::INDIRECT_CALL_NULL),
        Trap::BadSignature => (CrashKind::Trap, code::INDIRECT_CALL_TYPE),
        Trap::IntegerOverflow => (CrashKind::Trap, code::INTEGER_OVERFLOW),
        Trap::IntegerDivisionByZero => (CrashKind::Trap, code::INTEGER_DIVIDE_BY_ZERO),
        Trap::BadConversionToInteger => (CrashKind::Trap, code::INVALID_CONVERSION),
        Trap::UnreachableCodeReached => (CrashKind::Trap, code::UNREACHABLE),
        Trap::Interrupt => (CrashKind::Limit, code::TIMEOUT),
        Trap::OutOfFuel => (CrashKind::Limit, code::FUEL),
        Trap::NullReference => (CrashKind::Trap, code::NULL_REFERENCE),
        Trap::ArrayOutOfBounds => (CrashKind::Trap, code::ARRAY_OUT_OF_BOUNDS),
        Trap::AllocationTooLarge => (CrashKind::Trap, code::ALLOCATION_TOO_LARGE),
        Trap::CastFailure => (CrashKind::Trap, code::CAST_FAILURE),
        // The rest concern stack switching and the component model: their words are their code.
        other => {
            let message = other.to_string();
            let code = kebab(message.trim_start_matches("wasm trap: "));
            return crash(CrashKind::Trap, &code, message);
        }
    };
    let message = match trap {
        Trap::Interrupt => "the time limit is reached".to_owned(),
        Trap::OutOfFuel => "the fuel is used up".to_owned(),
        other => other.to_string(),
    };
    crash(kind, code, message)
}

/// The crash that an error from a host call is: a trap, a limit, or the host's own error with its causes.
pub(crate) fn from_error(error: &Error) -> Crash {
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return from_trap(*trap);
    }
    if error.is::<ThrownException>() {
        let message = "uncaught exception".into();
        return crash(CrashKind::Exception, code::UNCAUGHT_EXCEPTION, message);
    }
    if let Some(limit) = error.downcast_ref::<MemoryLimitReached>() {
        return crash(CrashKind::Limit, code::MEMORY_LIMIT, limit.to_string());
    }
    // What wasmtime itself attaches is for embedders: the frames are here in better form.
    let attached = [
        error
            .downcast_ref::<WasmCoreDump>()
            .map(ToString::to_string),
        error
            .downcast_ref::<WasmBacktrace>()
            .map(ToString::to_string),
    ];
    let mut chain = error
        .chain()
        .map(ToString::to_string)
        .filter(|cause| !attached.iter().flatten().any(|it| it == cause));
    let mut crash = crash(
        CrashKind::HostError,
        code::HOST_ERROR,
        chain.next().unwrap_or_default(),
    );
    crash.causes = chain.collect();
    crash
}

/// The crash that the end of the time is.
pub(crate) fn timeout() -> Crash {
    from_trap(Trap::Interrupt)
}

/// The crash that the end of the fuel is.
pub(crate) fn out_of_fuel() -> Crash {
    from_trap(Trap::OutOfFuel)
}

pub(crate) fn crash(kind: CrashKind, code: &str, message: String) -> Crash {
    Crash {
        thread: 0,
        kind,
        code: code.to_owned(),
        message,
        causes: Vec::new(),
        exception: None,
    }
}

fn kebab(words: &str) -> String {
    let mut out = String::new();
    for c in words.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

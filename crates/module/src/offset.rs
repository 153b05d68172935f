//! The four offsets of a WebAssembly binary, each its own type.
//!
//! They look alike and are not: a pc that wasmtime reports counts from the core module's first
//! byte, DWARF counts from the code section's payload, a core dump from the function's body, and a
//! hex editor from the start of the file, which for a component is somewhere else altogether.
//! [`crate::Module`] converts between them, because only it knows where the sections are.

macro_rules! offset {
    ($($(#[$doc:meta])* $name:ident($int:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }
    )*};
}

offset! {
    /// Bytes from the start of the file: what a hex editor shows.
    FileOffset(u64);
    /// Bytes from the `\0asm` of the core module: the pc of wasmtime, of browsers' stack traces and
    /// of source maps. Equal to [`FileOffset`] unless the module is nested in a component.
    ModuleOffset(u64);
    /// Bytes from the start of the code section's payload, whose first byte is the function count:
    /// the code address of DWARF (tool-conventions, `Debugging.md`).
    CodeOffset(u64);
    /// Bytes from the start of a function's body, which is the count of its local declarations,
    /// after the size field: `codeoffset` of a core dump as wasmtime writes it.
    FunctionOffset(u32);
}

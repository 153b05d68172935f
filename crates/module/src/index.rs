//! Indices of the WebAssembly index spaces, each its own type.
//!
//! An index counts imports first and definitions after them, as the core specification does
//! (section 2.5.1, "Indices"). Mixing two spaces is a type error.

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a position in a slice.
            pub fn position(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

index! {
    /// A function of a module, imported ones first.
    FuncIndex;
    /// A type of a module, recursion groups flattened.
    TypeIndex;
    /// A table of a module, imported ones first.
    TableIndex;
    /// A memory of a module, imported ones first.
    MemoryIndex;
    /// A global of a module, imported ones first.
    GlobalIndex;
    /// An exception tag of a module, imported ones first.
    TagIndex;
    /// A local of a function, parameters first.
    LocalIndex;
}

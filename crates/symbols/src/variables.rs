//! The variables that a place in the code can see, and where they are.

use std::ops::Range;
use std::sync::Arc;

use crate::types::TypeRef;

/// A variable, parameter or constant of the source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Its name as the source has it, with namespaces for statics: `count`, `scene::origin`, `this`, `self`.
    pub name: Arc<str>,
    /// Its type.
    pub ty: TypeRef,
    /// What it is.
    pub kind: VariableKind,
    /// The line it is declared in.
    pub line: Option<u32>,
    /// Whether the compiler made it (`DW_AT_artificial`).
    pub artificial: bool,
    /// Whether an inner variable of the same name hides it.
    pub shadowed: bool,
    /// Its entry: the offset in `.debug_info`.
    pub(crate) entry: usize,
    /// Where in the code section the scope is that declares it. Empty for statics.
    pub(crate) scope: Range<u32>,
}

/// What a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VariableKind {
    /// A parameter of the function, or of the inlined function.
    Parameter,
    /// A local variable.
    Local,
    /// One value for the whole program: a global, `static` in a file, function or class.
    Static,
    /// One for each thread.
    ThreadLocal,
}

impl crate::Symbols {
    /// The parameters and locals that the instruction at `pc` can see: a list for each of the places that
    /// [`Symbols::locate`](crate::Symbols::locate) gives, in the same order. In each, parameters first, then the locals
    /// of the outermost block, then those of the blocks in it.
    pub fn variables(&self, _pc: wdb_module::ModuleOffset) -> Vec<Vec<Variable>> {
        Vec::new()
    }

    /// The statics of the unit that `pc` is in, and of the functions in it.
    pub fn statics(&self, _pc: wdb_module::ModuleOffset) -> Vec<Variable> {
        Vec::new()
    }

    /// The statics of this name from all units. `name` may be qualified, and its qualification may be left out from the front.
    pub fn statics_named(&self, _name: &str) -> Vec<Variable> {
        Vec::new()
    }

    /// The static that lies at `address`, and how far into it that is.
    pub fn static_at(&self, _address: u64) -> Option<(Variable, u64)> {
        None
    }

    /// Where a variable is when the frame that `machine` shows stands at `pc`.
    pub fn object(
        &self,
        variable: &Variable,
        _pc: wdb_module::ModuleOffset,
        _machine: &mut dyn crate::Machine,
    ) -> crate::Object {
        crate::Object::nowhere(
            variable.ty.clone(),
            crate::Unavailable::OptimisedOut(Vec::new()),
        )
    }
}

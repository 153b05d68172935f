//! The variables in scope at a place in the code, and their places in memory.

mod declaration;
mod expression;
mod in_scope;
pub(crate) mod location;
pub(crate) mod statics;

use std::ops::Range;
use std::sync::Arc;

use wdb_module::ModuleOffset;

use crate::types::TypeRef;
use crate::{Machine, Object, Storage, Symbols, Unavailable, inlines, lookup};

/// A variable, parameter or constant of the source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Its name in the source, with namespaces for statics: `count`, `scene::origin`, `this`, `self`. Statics of a
    /// function have their plain name inside of that function.
    pub name: Arc<str>,
    /// Its type.
    pub ty: TypeRef,
    /// What it is.
    pub kind: VariableKind,
    /// The line of its declaration.
    pub line: Option<u32>,
    /// Whether the compiler made it (`DW_AT_artificial`).
    pub artificial: bool,
    /// Whether an inner variable of the same name hides it.
    pub shadowed: bool,
    /// Whether its location is the same everywhere in its scope, also where it has no value yet.
    pub(crate) everywhere: bool,
    /// The offset of its entry in `.debug_info`.
    pub(crate) entry: usize,
    /// The code of the scope that declares it, as the DWARF counts. Empty if it is not declared in a function.
    pub(crate) scope: Arc<[Range<u32>]>,
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

impl Variable {
    /// Whether `line` is before the variable's declaration. Its memory then still holds an older value. The debug
    /// information of unoptimised code gives a variable the same location in its whole block.
    pub fn is_ahead(&self, line: u32) -> bool {
        let is_local = self.everywhere && self.kind == VariableKind::Local;
        is_local && self.line.is_some_and(|declared| line < declared)
    }
}

impl Symbols {
    /// The parameters and locals in scope at `pc`: one list for each place that [`Symbols::locate`] returns, in the
    /// same order. In each list parameters come first, then the locals of the outermost block, then those of inner
    /// blocks. The lists include the statics that a function declares.
    ///
    /// For a frame that waits for a call, pass the pc of the call.
    pub fn variables(&self, pc: ModuleOffset) -> Vec<Vec<Variable>> {
        let Some(function) = self.module.function_at(pc) else {
            return Vec::new();
        };
        let found = || {
            let dwarf = self.dwarf.as_ref()?.read();
            let address = self.to_code(pc)?;
            let body = self.code_of(function)?;
            let (unit, entry) = lookup::function(&dwarf, address, &body)?;
            let (calls, _) = inlines::at(&dwarf, &unit, entry, address);
            let (mut places, broken) = in_scope::at(&dwarf, &unit, entry, address, &calls);
            if let Some(error) = broken {
                dwarf.notes().add(format!(
                    "the DWARF of function {function} is broken ({error}); variables may be missing"
                ));
            }
            places.reverse();
            Some(places)
        };
        found().unwrap_or_else(|| vec![Vec::new()])
    }

    /// The statics of the unit that `pc` is in, and of the functions in it, by their qualified names.
    pub fn statics(&self, pc: ModuleOffset) -> Vec<Variable> {
        let found = || {
            let dwarf = self.dwarf()?;
            let body = self.code_of(self.module().function_at(pc)?)?;
            let (unit, _) = lookup::function(&dwarf, self.to_code(pc)?, &body)?;
            Some(statics::of_unit(&dwarf, &unit))
        };
        found().unwrap_or_default()
    }

    /// The statics with this name from all units. `name` may be qualified fully, partly or not at all.
    pub fn statics_named(&self, name: &str) -> Vec<Variable> {
        let found = self.dwarf().map(|dwarf| statics::named(&dwarf, name));
        found.unwrap_or_default()
    }

    /// Whether the program had a static with this name that the linker removed because nothing uses it.
    pub fn is_removed_static(&self, name: &str) -> bool {
        self.dwarf()
            .is_some_and(|dwarf| statics::is_removed(&dwarf, name))
    }

    /// The static that contains `address`, and the offset in it. If there are several, one that starts there.
    pub fn static_at(&self, address: u64) -> Option<(Variable, u64)> {
        let dwarf = self.dwarf()?;
        let mut all = dwarf.statics().before(address);
        all.find_map(|start| {
            let (variable, size) = start.variable(&dwarf, |it| self.size(&it.ty).ok())?;
            let offset = address - start.address;
            (offset < *size || offset == 0).then(|| (variable.clone(), offset))
        })
    }

    /// The variable as an object, for the frame behind `machine`, which is at `pc`. For a static any pc will do.
    pub fn object(
        &self,
        variable: &Variable,
        pc: ModuleOffset,
        machine: &mut dyn Machine,
    ) -> Object {
        let place = match &self.dwarf {
            Some(dwarf) => {
                let dwarf = dwarf.read();
                location::Site::new(self, &dwarf, pc).place(variable, machine)
            }
            None => Err(Unavailable::OptimisedOut(Vec::new())),
        };
        Object {
            ty: variable.ty.clone(),
            place: place.unwrap_or_else(Storage::Nowhere),
            bits: None,
        }
    }
}

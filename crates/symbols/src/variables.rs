//! The variables that a place in the code can see, and where they are.

mod declaration;
mod expression;
mod in_scope;
pub(crate) mod location;
pub(crate) mod statics;

use std::ops::Range;
use std::sync::Arc;

use wdb_module::ModuleOffset;

use crate::types::TypeRef;
use crate::{Machine, Object, Place, Symbols, Unavailable, inlines, lookup};

/// A variable, parameter or constant of the source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Its name as the source has it, with namespaces for statics: `count`, `scene::origin`, `this`, `self`.
    /// Statics of a function have their plain name where the function sees them.
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
    /// Whether it is at the same place wherever it can be seen, and not only where it has a value.
    pub(crate) everywhere: bool,
    /// Its entry: the offset in `.debug_info`.
    pub(crate) entry: usize,
    /// The code of the scope that declares it, as the DWARF counts. Empty for what no function declares.
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
    /// Whether code at `line` stands before its declaration, so that what is found in its place is what was there before. The debug
    /// information of unoptimised code says that a variable is there in all of its block.
    pub fn is_ahead(&self, line: u32) -> bool {
        let is_set_there = self.everywhere && self.kind == VariableKind::Local;
        is_set_there && self.line.is_some_and(|it| line < it)
    }
}

impl Symbols {
    /// The parameters and locals that the instruction at `pc` can see: a list for each of the places that
    /// [`Symbols::locate`] gives, in the same order. In each, parameters first, then the locals
    /// of the outermost block, then those of the blocks in it. Statics are among them where a function declares them.
    ///
    /// The pc of a frame that waits for a call is that of the call.
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

    /// The statics of this name from all units. `name` may be qualified, and its qualification may be left out from the front.
    pub fn statics_named(&self, name: &str) -> Vec<Variable> {
        let found = self.dwarf().map(|dwarf| statics::named(&dwarf, name));
        found.unwrap_or_default()
    }

    /// Whether the program had a static of this name, and the linker removed it: nothing uses it.
    pub fn is_removed_static(&self, name: &str) -> bool {
        self.dwarf()
            .is_some_and(|dwarf| statics::is_removed(&dwarf, name))
    }

    /// The static that lies at `address`, and how far into it that is. Of several, one that starts there.
    pub fn static_at(&self, address: u64) -> Option<(Variable, u64)> {
        let dwarf = self.dwarf()?;
        let mut all = dwarf.statics().before(address);
        all.find_map(|start| {
            let (found, size) = start.variable(&dwarf, |it| self.size(&it.ty).ok())?;
            let into = address - start.address;
            (into < *size || into == 0).then(|| (found.clone(), into))
        })
    }

    /// Where a variable is when the frame that `machine` shows stands at `pc`. For a static any pc will do.
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
            place: place.unwrap_or_else(Place::Nowhere),
            bits: None,
        }
    }
}

//! The variables of a frame, with their values.

use std::rc::Rc;

use wdb_symbols::render::{Limits, Tree};
use wdb_symbols::{Context, Language, Symbols, Variable, VariableKind};

use crate::machine::{Doubts, FrameMachine};
use crate::stop::{FrameId, Stop};

/// Which variables are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// None.
    None,
    /// The parameters of the functions.
    Arguments,
    /// These, and the local variables.
    #[default]
    Locals,
    /// These, those that are hidden by others or made by the compiler, and the statics of the units.
    All,
}

/// A variable with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Valued {
    /// What it is.
    pub kind: VariableKind,
    /// Whether a variable of an inner block hides it.
    pub shadowed: bool,
    /// What its value is based on, besides what was recorded.
    pub doubts: Doubts,
    /// The language of its type.
    pub language: Option<Language>,
    /// Its name, type and value.
    pub tree: Tree,
}

/// The variables that a frame can see, parameters first.
pub fn of_frame(stop: &mut Stop<'_>, id: FrameId, which: Which, limits: &Limits) -> Vec<Valued> {
    let wanted = |variable: &&Variable| match which {
        Which::None => false,
        Which::Arguments => variable.kind == VariableKind::Parameter,
        Which::Locals => !variable.shadowed && !variable.name.is_empty(),
        Which::All => true,
    };
    if which == Which::None {
        return Vec::new();
    }
    let Some(all) = stop.variables(id) else {
        return Vec::new();
    };
    let variables = all.get(id.inlined).into_iter().flatten();
    let variables: Vec<&Variable> = variables.filter(wanted).collect();
    value(stop, id, &variables, limits)
}

/// The statics of the unit that a frame is in.
pub fn statics(stop: &mut Stop<'_>, id: FrameId, limits: &Limits) -> Vec<Valued> {
    let Some((symbols, at)) = stop.symbols_at(id) else {
        return Vec::new();
    };
    let variables = symbols.statics(at);
    value(stop, id, &variables.iter().collect::<Vec<_>>(), limits)
}

fn value(
    stop: &mut Stop<'_>,
    id: FrameId,
    variables: &[&Variable],
    limits: &Limits,
) -> Vec<Valued> {
    let Some((symbols, at)) = stop.symbols_at(id) else {
        return Vec::new();
    };
    let symbols: Rc<Symbols> = symbols;
    variables
        .iter()
        .map(|variable| {
            let mut machine = FrameMachine::new(stop, id);
            let object = symbols.object(variable, at, &mut machine);
            let mut context = Context {
                symbols: &symbols,
                machine: &mut machine,
                pc: Some(at),
            };
            let tree = context.tree(&variable.name, &object, limits);
            Valued {
                kind: variable.kind,
                shadowed: variable.shadowed,
                doubts: machine.doubts,
                language: symbols.ty(&variable.ty).language,
                tree,
            }
        })
        .collect()
}

impl Valued {
    /// The variable as its language declares it: `int values[4]`, `const char *name`, `plan: &Plan`.
    pub fn declaration(&self) -> String {
        declaration(&self.tree.name, &self.tree.ty, self.language)
    }
}

fn declaration(name: &str, ty: &str, language: Option<Language>) -> String {
    if !matches!(language, Some(Language::C | Language::Cpp)) {
        return format!("{name}: {ty}");
    }
    // The name stands where the type would be used: after the star in parentheses, before the sizes of
    // an array.
    let inside = ty.find("(*").map(|at| at + 2);
    let before = ty.ends_with(']').then(|| ty.find('[')).flatten();
    match (inside, before) {
        (Some(at), _) if ty.ends_with(')') || ty.ends_with(']') => {
            format!("{}{name}{}", &ty[..at], &ty[at..])
        }
        (_, Some(at)) => format!("{} {name}{}", ty[..at].trim_end(), &ty[at..]),
        _ if ty.ends_with(['*', '&']) => format!("{ty}{name}"),
        _ => format!("{ty} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_of_its_language() {
        let c = |name, ty| declaration(name, ty, Some(Language::C));
        assert_eq!(c("sum", "unsigned int"), "unsigned int sum");
        assert_eq!(c("name", "const char *"), "const char *name");
        assert_eq!(c("grid", "int[3][4]"), "int grid[3][4]");
        assert_eq!(c("compare", "int (*)(int)"), "int (*compare)(int)");
        assert_eq!(c("row", "int (*)[4]"), "int (*row)[4]");
        assert_eq!(
            declaration("plan", "&Plan", Some(Language::Rust)),
            "plan: &Plan"
        );
    }
}

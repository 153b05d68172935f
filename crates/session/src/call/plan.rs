//! What a call needs: the function, and its arguments as they are passed.

use wasmparser::{FuncType, ValType};
use wdb_debuggee::coredump::{InstanceId, ModuleId};
use wdb_module::FuncIndex;
use wdb_symbols::TypeRef;
use wdb_symbols::types::{Kind, Signature};

use super::abi;
use super::arguments::{self, Passed};
use super::callee::{self, Callee};
use super::result::{self, Returning};
use crate::error::Error;
use wdb_examine::expression::{self, Request};
use wdb_examine::view::{FrameId, View};

/// A call that can be made.
pub(super) struct Plan {
    pub(super) instance: InstanceId,
    pub(super) module: ModuleId,
    pub(super) func: FuncIndex,
    /// What the source says that it takes and gives back, if it says so.
    pub(super) source: Option<Signature>,
    /// What the function was called.
    pub(super) name: String,
    /// The size of the result in bytes, if that is in memory: the first argument points to it.
    pub(super) result: Option<u64>,
    pub(super) passed: Vec<Passed>,
}

/// Plans a call that an expression asks for in the frame `at`.
///
/// # Errors
///
/// When there is no such function, it cannot be called, or takes other arguments.
pub(super) fn plan(view: &mut View<'_>, at: FrameId, request: &Request) -> Result<Plan, Error> {
    let callee = callee::find(view, at, request)?;
    let instance = view.frame(at).ok_or(Error::NotStarted)?.instance;
    let wasm = view.binary(callee.module);
    let wasm = wasm.and_then(|it| it.function_type(callee.func));
    let wasm =
        wasm.ok_or_else(|| Error::Refused(format!("the type of `{}` is not known", callee.name)))?;
    let wasm = wasm.clone();
    let source = match &callee.signature {
        Some(signature) => Some(signature.clone()),
        None => {
            let symbols = view.symbols(callee.module);
            symbols.and_then(|it| it.signature(callee.func))
        }
    };
    let takes = Takes::find(view, at, &callee, source.as_ref(), &wasm)?;
    // A function may change the program, and is not called for what has no value.
    if takes.gives_nothing && !request.is_whole {
        let message = format!("`{}` gives back no value", request.text);
        return Err(Error::Refused(message));
    }
    takes.check_count(&callee)?;
    let mut params = takes.params;
    let (fixed, rest) = callee.arguments.split_at(takes.count());
    let mut passed = Vec::new();
    for (position, argument) in fixed.iter().enumerate() {
        let ty = takes.types.and_then(|it| it.get(position));
        let local = (wasm.params().len() - params.len()) as u32;
        if let (Some(ty), Some(source)) = (ty, &source)
            && source.located.get(position) == Some(&false)
            && may_be_replaced(view, &callee, ty, local)
        {
            return Err(Error::Refused(format!(
                "`{}` cannot be called: an optimiser has changed it, and whether it takes the pointer that is argument {}, or what that points to, is not known",
                callee.name,
                position + 1 - receivers(&callee).min(position)
            )));
        }
        passed.extend(arguments::pass(view, argument, ty, &mut params)?);
    }
    if takes.takes_rest {
        passed.push(arguments::rest(view, rest)?);
    }
    let result = takes.result;
    Ok(Plan {
        instance,
        module: callee.module,
        func: callee.func,
        source,
        name: callee.name,
        result,
        passed,
    })
}

/// LLVM passes the number in place of a pointer to it where it knows all callers, and marks nothing.
fn may_be_replaced(view: &mut View<'_>, callee: &Callee, ty: &TypeRef, local: u32) -> bool {
    let symbols = view.symbols(callee.module);
    let is_pointer = symbols.is_some_and(|it| matches!(it.bare(ty).kind, Kind::Pointer(..)));
    let binary = view.binary(callee.module);
    is_pointer && binary.is_some_and(|it| result::reads(it, callee.func, local))
}

/// What a function takes.
struct Takes<'a> {
    /// It gives back nothing that can be computed with.
    gives_nothing: bool,
    /// The size of its result, if the first parameter points to that.
    result: Option<u64>,
    /// Its other parameters in WebAssembly.
    params: &'a [ValType],
    /// Its parameters in the source, if these are what the code takes.
    types: Option<&'a [TypeRef]>,
    /// `...` follows them.
    takes_rest: bool,
    /// How many parameters the source has, where the code takes others.
    changed: Option<usize>,
    /// The first of them is what a method is called on.
    has_this: bool,
}

impl<'a> Takes<'a> {
    fn find(
        view: &mut View<'_>,
        at: FrameId,
        callee: &Callee,
        source: Option<&'a Signature>,
        wasm: &'a FuncType,
    ) -> Result<Self, Error> {
        let Some(source) = source else {
            return Ok(Takes {
                gives_nothing: wasm.results().len() != 1,
                result: None,
                params: wasm.params(),
                types: None,
                takes_rest: false,
                changed: None,
                has_this: false,
            });
        };
        let ((returning, result, params, fits), _) =
            expression::with_context(view, at, |context| {
                let returning = result::returning(context, source, wasm);
                let in_memory = returning == Returning::Memory;
                let size = in_memory.then(|| context.size(&source.result).unwrap_or(0));
                let params = wasm.params().get(usize::from(in_memory)..);
                let params = params.unwrap_or_default();
                let fits = abi::fit(context, source, params);
                (returning, size, params, fits)
            });
        if returning == Returning::Unproven {
            return Err(Error::Refused(format!(
                "`{}` cannot be called: an optimiser has changed what it takes",
                callee.name
            )));
        }
        Ok(Takes {
            gives_nothing: match returning {
                Returning::Nothing | Returning::OptimisedOut => true,
                Returning::Raw => wasm.results().len() != 1,
                Returning::Value | Returning::Memory | Returning::Unproven => false,
            },
            result,
            params,
            types: fits.then_some(&*source.parameters),
            takes_rest: source.variadic && fits,
            changed: Some(source.parameters.len()).filter(|it| !fits && *it != 0),
            has_this: source.has_this,
        })
    }

    /// How many arguments it takes, without those for `...`.
    fn count(&self) -> usize {
        self.types.map_or(self.params.len(), <[TypeRef]>::len)
    }

    /// That there are as many arguments as it takes.
    fn check_count(&self, callee: &Callee) -> Result<(), Error> {
        let (takes, given) = (self.count(), callee.arguments.len());
        let is_enough = takes == given || self.takes_rest && takes < given;
        if let Some(in_source) = self.changed
            && (in_source == takes || !is_enough)
        {
            return Err(Error::Refused(format!(
                "`{}` cannot be called so: an optimiser has changed it, and of {} in the source its code takes {}",
                callee.name,
                counted(in_source),
                types_as_text(self.params)
            )));
        }
        if is_enough {
            return Ok(());
        }
        // What a method is called on is not among what is written as its arguments.
        let receivers = receivers(callee);
        let given = match given - receivers {
            1 => "1 is".to_owned(),
            count => format!("{count} are"),
        };
        let object = if self.has_this && receivers == 0 {
            let name = &callee.name;
            format!("; the first is the object that it is called on, as in `this->{name}()`")
        } else {
            String::new()
        };
        Err(Error::Refused(format!(
            "`{}` takes {}{}, and {given} given{object}",
            callee.name,
            if self.takes_rest { "at least " } else { "" },
            counted(takes.saturating_sub(receivers))
        )))
    }
}

fn receivers(callee: &Callee) -> usize {
    let arguments = callee.arguments.iter();
    arguments.filter(|it| it.is_receiver).count()
}

/// A number of arguments, as text.
fn counted(arguments: usize) -> String {
    match arguments {
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    }
}

/// WebAssembly's types, as text.
fn types_as_text(types: &[ValType]) -> String {
    let name = |ty: &ValType| {
        let name = wdb_module::spelling::value_type(*ty, |index| index.to_string());
        format!("`{name}`")
    };
    match types {
        [] => "nothing".to_owned(),
        types => types.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

//! What a name means in a frame.

use std::ops::Range;

use wdb_module::{FuncIndex, ModuleOffset};
use wdb_symbols::types::{Function, Kind};
use wdb_symbols::{Object, Symbols, TypeRef, Variable};

use super::Error;
use super::access;
use super::error::{did_you_mean, quoted};
use super::evaluate::{Evaluator, Operand};
use super::made;
use super::tree::Path;
use super::with_context;
use crate::view::{FrameId, View};

/// At most this many frames are searched for a name that the frame itself does not have.
const MOST_FRAMES: u32 = 1000;
/// At most this many are searched to say where the name would mean something.
const MOST_HINTS: u32 = 50;
/// At most this many elements of a table are searched for a function.
const MOST_ELEMENTS: u64 = 100_000;

impl Evaluator<'_, '_, '_> {
    /// The object that a name means: the innermost variable of the frame, else a member of what `this` is, else a
    /// static of the unit, else one of another unit, else an enumerator.
    pub(super) fn named(
        &mut self,
        path: &Path,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let text = path.text();
        if let Some(file) = &path.file {
            return self.in_file(file, &text, frame, span);
        }
        if let Some(found) = self.in_scope(path, frame) {
            return Ok(found);
        }
        if let Some(found) = self.other_static(&text, frame, span)? {
            return Ok(found);
        }
        if let [scope @ .., name] = path.names.as_slice()
            && let Some(found) = self.local_of(&scope.join("::"), name, frame)
        {
            return Ok(found);
        }
        if let Some(found) = self.enumerator(&text, frame, span)? {
            return Ok(found);
        }
        if let Some(found) = self.function(&text, frame, span)? {
            return Ok(found);
        }
        Err(self.unknown(path, frame, span))
    }

    /// The variable of this name that the source at the frame's place can name: one that hides types and functions.
    pub(super) fn in_scope(&mut self, path: &Path, frame: FrameId) -> Option<Operand> {
        if let [name] = path.names.as_slice() {
            let found = self.local(name, frame);
            if let Some(found) = found.or_else(|| self.captured(name, frame)) {
                return Some(found);
            }
        }
        self.own_static(&path.text(), frame)
    }

    /// Whether a variable is called so. What C++ calls as the type is, its constructor, is none.
    pub(super) fn is_variable(&mut self, name: &str, frame: FrameId) -> bool {
        self.named(&Path::of(name), frame, &(0..0))
            .is_ok_and(|it| !it.object.is_function())
    }

    /// Where a frame is, if its variables can be known.
    fn pc(&mut self, frame: FrameId) -> Option<ModuleOffset> {
        self.view.place(frame)?.at
    }

    fn line(&mut self, frame: FrameId) -> Option<u32> {
        let place = self.view.place(frame)?;
        place.chain.get(frame.inlined)?.location.line
    }

    /// The parameters and locals of a frame, those of inner blocks last.
    fn locals(&mut self, frame: FrameId) -> Vec<Variable> {
        let places = self.view.variables(frame);
        let own = places.and_then(|it| it.get(frame.inlined).cloned());
        own.unwrap_or_default()
    }

    fn object(&mut self, variable: &Variable, frame: FrameId) -> Operand {
        // A static needs no place in the code.
        let pc = self.pc(frame).unwrap_or(ModuleOffset(0));
        let object = self.ask(frame, |context| {
            context.symbols.object(variable, pc, context.machine)
        });
        Operand { object, frame }
    }

    pub(super) fn local(&mut self, name: &str, frame: FrameId) -> Option<Operand> {
        // A condition asks for the same name a hundred thousand times.
        let places = self.view.variables(frame)?;
        let locals = places.get(frame.inlined)?;
        let line = self.line(frame);
        // What is declared further down has no value yet, and may hide what has one.
        let named = |it: &Variable| &*it.name == name;
        let begun = |it: &Variable| line.is_none_or(|line| !it.is_ahead(line));
        let found = locals.iter().rposition(|it| named(it) && begun(it));
        let found = found.or_else(|| locals.iter().rposition(named))?;
        Some(self.object(&locals[found], frame))
    }

    /// A member of the object that a method is called on, or of what a closure captured.
    fn captured(&mut self, name: &str, frame: FrameId) -> Option<Operand> {
        let this = self.local("this", frame)?;
        let member = |text: &mut Self, object: &Object, name: &str| {
            text.ask(frame, |context| access::member(context, object, name))
                .ok()
                .flatten()
        };
        let found = member(self, &this.object, name).or_else(|| {
            // In a lambda, `this` is the lambda; what it captured may be the `this` around it.
            let outer = member(self, &this.object, "this")?;
            member(self, &outer, name)
        });
        found.map(|object| Operand { object, frame })
    }

    /// A static of the frame's unit.
    fn own_static(&mut self, name: &str, frame: FrameId) -> Option<Operand> {
        let all = self.view.statics(frame)?;
        let found = all.iter().find(|it| &*it.name == name);
        let found = found.or_else(|| only(all.iter().filter(|it| is_called(&it.name, name))))?;
        Some(self.object(found, frame))
    }

    /// A static of any unit of the module.
    fn other_static(
        &mut self,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Option<Operand>, Error> {
        let mut all = self.ask(frame, |context| context.symbols.statics_named(name));
        if all.iter().any(|it| &*it.name == name) {
            all.retain(|it| &*it.name == name);
        }
        match all.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(self.object(one, frame))),
            several => Err(self.ambiguous(name, several, frame, span)),
        }
    }

    fn ambiguous(
        &mut self,
        name: &str,
        candidates: &[Variable],
        frame: FrameId,
        span: &Range<usize>,
    ) -> Error {
        let names = candidates.iter().map(|it| self.with_file(it, frame));
        let mut names: Vec<String> = names.collect();
        names.dedup();
        let names = quoted(names.iter().map(String::as_str).take(8), "or");
        Error::new(format!("`{name}` may be {names}"), span)
    }

    /// The name of a static with the file in which it differs from others.
    fn with_file(&mut self, variable: &Variable, frame: FrameId) -> String {
        match self.ask(frame, |context| context.symbols.unit_of(variable)) {
            Some(file) => {
                let file = file.rsplit('/').next().unwrap_or_default().to_owned();
                let quote = if file.contains('.') && !file.contains([' ', '@']) {
                    ""
                } else {
                    "'"
                };
                format!("{quote}{file}{quote}::{}", variable.name)
            }
            None => variable.name.to_string(),
        }
    }

    /// `main.c::count`: the static of the unit whose path ends so.
    fn in_file(
        &mut self,
        file: &str,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let all = self.ask(frame, |context| context.symbols.statics_named(name));
        let mut files = Vec::new();
        let mut found = Vec::new();
        for variable in &all {
            let Some(unit) = self.ask(frame, |context| context.symbols.unit_of(variable)) else {
                continue;
            };
            let is_it = unit
                .strip_suffix(file)
                .is_some_and(|it| it.is_empty() || it.ends_with('/'));
            if is_it {
                found.push(variable.clone());
            }
            files.push(unit);
        }
        if found.iter().any(|it| &*it.name == name) {
            found.retain(|it| &*it.name == name);
        }
        match found.as_slice() {
            [] => {}
            [one] => return Ok(self.object(one, frame)),
            several => return Err(self.ambiguous(name, several, frame, span)),
        }
        // `odd name`::x, where the quotes are around a namespace or a function.
        let path = Path {
            file: None,
            names: std::iter::once(file)
                .chain(name.split("::"))
                .map(str::to_owned)
                .collect(),
        };
        if !file.contains('.') && found.is_empty() {
            return self.named(&path, frame, span);
        }
        let message = match files.as_slice() {
            [] => format!("no file has a static variable `{name}`"),
            files => {
                let files = quoted(files.iter().map(String::as_str).take(8), "and");
                format!("`{file}` has no static variable `{name}`; there is one in {files}")
            }
        };
        Err(Error::new(message, span))
    }

    /// `RED`, `Color::Red`.
    fn enumerator(
        &mut self,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Option<Operand>, Error> {
        let (scope, last) = name.rsplit_once("::").unwrap_or(("", name));
        let found = self.ask(frame, |context| {
            let named = |name: &str| {
                let found = context.symbols.enumerators_named(name).into_iter();
                let named = found.map(|(ty, value)| (context.ty(&ty), ty, value));
                named.collect::<Vec<_>>()
            };
            let found = named(name);
            if scope.is_empty() || !found.is_empty() {
                return found;
            }
            // In C++, those of an enumeration without `class` are next to it as well.
            let mut found = named(last);
            found.retain(|(ty, ..)| {
                let around = ty.name.rsplit_once("::").map_or("", |it| it.0);
                matches!(&ty.kind, Kind::Enumeration(it) if !it.scoped) && is_called(around, scope)
            });
            found
        });
        match found.as_slice() {
            [] => Ok(None),
            [(_, ty, value)] => Ok(self.constant(*value, ty.clone(), frame)),
            several => {
                let candidates: Vec<String> = several
                    .iter()
                    .map(|it| format!("{}::{last}", it.0.name))
                    .collect();
                let candidates = quoted(candidates.iter().map(String::as_str).take(8), "or");
                Err(Error::new(format!("`{name}` may be {candidates}"), span))
            }
        }
    }

    /// A function, which is at the place in table 0 where a pointer to it points.
    fn function(
        &mut self,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Option<Operand>, Error> {
        let functions = functions_meant(self.view, frame, name);
        let func = match functions[..] {
            [] => return Ok(None),
            [func] => func,
            _ => {
                let names = self.ask(frame, |context| may_be(context.symbols, &functions));
                return Err(Error::new(format!("`{name}` may be {names}"), span));
            }
        };
        let module = self
            .view
            .frame(frame)
            .and_then(|it| self.view.binary(it.module));
        let tables = module.map_or(&[][..], |it| it.tables());
        let most = tables.first().map_or(0, |it| it.initial.min(MOST_ELEMENTS));
        let element = self.ask(frame, |context| {
            (0..most)
                .find(|index| matches!(context.machine.element(*index), Ok(Some(it)) if it == func))
        });
        let ty = self.function_type(Some(func), frame);
        let object = match element {
            Some(element) => Object::at(element, ty),
            None => {
                let module = self.view.frame(frame).map(|it| it.module);
                let binary = module.and_then(|it| self.view.binary(it));
                let at = binary.and_then(|it| it.first_instruction(func));
                let at = at.map_or_else(String::new, |at| format!("its code is at {at}; "));
                let why = format!("{at}no pointer points to it: it is not in table 0");
                Object::nowhere(ty, access::words(why))
            }
        };
        Ok(Some(Operand { object, frame }))
    }

    /// The type of a function, as far as the debug information has it.
    pub(super) fn function_type(&mut self, function: Option<FuncIndex>, frame: FrameId) -> TypeRef {
        let known = self.ask(frame, |context| context.symbols.function_type(function?));
        let unknown = || Function {
            parameters: Vec::new(),
            variadic: false,
            result: TypeRef::Void,
        };
        known.unwrap_or_else(|| made::ty("function", None, 0, Kind::Function(unknown())))
    }

    /// `function::name`: a local of the innermost frame of a function.
    fn local_of(&mut self, function: &str, name: &str, frame: FrameId) -> Option<Operand> {
        if function.is_empty() {
            return None;
        }
        for number in 0..MOST_FRAMES {
            let candidate = self.view.frame_numbered(frame.thread, number)?;
            let place = self.view.place(candidate)?;
            let of = place.chain.get(candidate.inlined)?;
            if is_called(&plain(&of.function), function) || is_called(&of.function, function) {
                return self.local(name, candidate);
            }
        }
        None
    }

    fn unknown(&mut self, path: &Path, frame: FrameId, span: &Range<usize>) -> Error {
        let text = path.text();
        let locals = self.locals(frame);
        let pc = self.pc(frame);
        let statics = self.view.statics(frame).unwrap_or_default();
        // Of statics the qualification may be left out, unless there is one in what was looked for.
        let qualified = path.names.len() > 1;
        let names = locals.iter().chain(statics.iter()).map(|variable| {
            match variable.name.rsplit_once("::") {
                Some((_, last)) if !qualified => last,
                _ => &variable.name,
            }
        });
        let mut hint = did_you_mean(&text, names);
        let elsewhere = match path.names.as_slice() {
            [name] => self.frame_with(name, frame),
            _ => None,
        };
        if let Some((number, function)) = elsewhere {
            hint = format!("; frame {number}, `{function}`, has one: `$frame[{number}].{text}`");
        } else if self.ask(frame, |context| context.symbols.is_removed_static(&text)) {
            return Error::new(
                format!(
                    "`{text}` is not in the module: the linker removed it, because nothing uses it"
                ),
                span,
            );
        } else if self.ask(frame, |context| {
            !context.symbols.types_named(&text).is_empty()
        }) {
            hint = format!(", but a type: `({text})x` casts, `sizeof({text})` is its size");
        }
        if pc.is_none() {
            hint.push_str("; the place in the code is not known, and so no variable is");
        }
        Error::new(format!("nothing is called `{text}` here{hint}"), span)
    }

    /// A frame that has a local of this name, by number, and its function.
    fn frame_with(&mut self, name: &str, frame: FrameId) -> Option<(u32, String)> {
        for number in 0..MOST_HINTS {
            let candidate = self.view.frame_numbered(frame.thread, number)?;
            if self.locals(candidate).iter().any(|it| &*it.name == name) {
                let place = self.view.place(candidate)?;
                return Some((number, place.chain.get(candidate.inlined)?.function.clone()));
            }
        }
        None
    }
}

/// The name of a function without what is in angle brackets and parentheses.
fn plain(function: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::new();
    for c in function.chars() {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out.replace("::::", "::").trim_end_matches("::").to_owned()
}

/// The functions of a name that are the program's own.
pub fn functions_named(symbols: &Symbols, name: &str) -> Vec<FuncIndex> {
    let mut found = symbols.functions_named(name);
    // What tables of virtual functions have in place of a function of a second base class.
    found.retain(|it| !symbols.function_name(*it).display.starts_with('{'));
    found
}

/// The functions that a name means in a frame. Those of a scope around the frame hide those further out, as in C++, and
/// a static one of the frame's file those of others. A name that begins with `::` is a whole one.
pub fn functions_meant(view: &mut View<'_>, frame: FrameId, name: &str) -> Vec<FuncIndex> {
    let place = view.place(frame);
    let spot = place.as_ref().and_then(|it| it.chain.get(frame.inlined));
    let within = spot.map_or("", |it| it.function.as_str());
    let (found, _) = with_context(view, frame, |context| {
        let whole = name.trim().strip_prefix("::");
        let found = functions_named(context.symbols, whole.unwrap_or(name));
        match (whole, found.len()) {
            (None, 0..=1) => found,
            _ => context.symbols.nearest_functions(found, name, within),
        }
    });
    let file = spot.and_then(|it| it.location.file.as_ref());
    let module = view.frame(frame).map(|it| it.module);
    let (Some(file), Some(binary), 2..) =
        (file, module.and_then(|it| view.binary(it)), found.len())
    else {
        return found;
    };
    let starts = found.iter().map(|it| binary.first_instruction(*it));
    let starts: Vec<_> = found.iter().copied().zip(starts).collect();
    let (own, _) = with_context(view, frame, |context| {
        let is_own = |start: &ModuleOffset| {
            let places = context.symbols.locate(*start);
            places.last().and_then(|it| it.file.as_ref()) == Some(file)
        };
        let own = starts.iter().filter(|it| it.1.as_ref().is_some_and(is_own));
        own.map(|it| it.0).collect::<Vec<_>>()
    });
    if own.is_empty() { found } else { own }
}

/// Functions as text: "`f(int)` or `f(double)`".
pub fn may_be(symbols: &Symbols, functions: &[FuncIndex]) -> String {
    let names = functions.iter().take(8);
    let names: Vec<String> = names.map(|it| symbols.function_name(*it).display).collect();
    quoted(names.iter().map(String::as_str), "or")
}

/// The only one, if it is that.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next();
    first.filter(|_| all.next().is_none())
}

/// Whether a qualified name ends in `name`, which may be qualified itself.
fn is_called(qualified: &str, name: &str) -> bool {
    let rest = qualified.strip_suffix(name);
    rest.is_some_and(|it| it.is_empty() || it.ends_with("::"))
}

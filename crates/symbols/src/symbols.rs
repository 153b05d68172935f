//! Everything that is known about the source of a module, from all of its parts and files.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sourcemap::SourceMap;
use wdb_module::{FuncIndex, Module, ModuleOffset};

use crate::dwarf::{self, Sections};
use crate::name::{Language, Name, Origin};
use crate::notes::Notes;
use crate::reading::{Observer, Reading};
use crate::runtime::{self, Family};
use crate::{functions, lookup, source_map};

/// The symbols of one module.
///
/// Cheap to make: everything is read at its first use, and only as far as needed. Broken parts count as absent, and
/// [`Symbols::notes`] reports them.
pub struct Symbols {
    pub(crate) module: Arc<Module>,
    pub(crate) debug: Option<Arc<Module>>,
    pub(crate) dwarf: Option<Sections>,
    source_map_bytes: Option<Bytes>,
    source_map: OnceLock<Option<SourceMap>>,
    pub(crate) names: OnceLock<Vec<Name>>,
    pub(crate) observer: Observer,
    notes: Arc<Notes>,
}

/// Files beside a module that contain what the module lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The module has no DWARF: a debug file with the same build id is worth a search.
    pub debug_file: bool,
    /// The URL of that file in the module (`external_debug_info`), relative or not.
    pub debug_file_url: Option<String>,
    /// The URL of the source map in the module (`sourceMappingURL`), relative or not.
    pub source_map_url: Option<String>,
}

/// A source place, with its function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceLocation {
    /// The function; `None` for an inlined function that the DWARF does not name.
    pub function: Option<Name>,
    /// The path of the source file, as the compiler recorded it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The function was inlined: the next location is the call to it.
    pub inlined: bool,
    /// The instruction belongs to no particular line; this is the line before it, in the same function.
    pub approximate: bool,
}

impl Symbols {
    /// The files that would add to the symbols of a module.
    pub fn wanted(module: &Module) -> Wanted {
        if dwarf::has_dwarf(module) {
            return Wanted::default();
        }
        let url = module.source_mapping_url();
        Wanted {
            debug_file: true,
            debug_file_url: module.external_debug_info().map(str::to_owned),
            source_map_url: url
                .filter(|it| !source_map::is_data_url(it))
                .map(str::to_owned),
        }
    }

    /// The symbols of `module`. Its DWARF and names may be in a `debug` file instead, which may lack the code.
    /// `source_map` is used if there is no DWARF.
    pub fn new(module: Arc<Module>, debug: Option<Arc<Module>>, source_map: Option<Bytes>) -> Self {
        let notes = Arc::new(Notes::default());
        let code = module
            .code_section()
            .map_or(0, |it| it.end.0.saturating_sub(it.start.0));
        let code_size = u32::try_from(code).unwrap_or(u32::MAX);
        let sections = |file: &Module| Sections::new(file, code_size, Arc::clone(&notes));
        let beside = debug.as_deref().and_then(sections);
        if debug.is_some() && beside.is_none() {
            notes.add("the debug file has no DWARF (no .debug_info section)".to_owned());
        }
        Symbols {
            dwarf: beside.or_else(|| sections(&module)),
            module,
            debug,
            source_map_bytes: source_map,
            source_map: OnceLock::new(),
            names: OnceLock::new(),
            observer: Observer::default(),
            notes,
        }
    }

    /// The same symbols, which report to `reading` while they read debug information.
    #[must_use]
    pub fn observed_by(mut self, reading: Arc<dyn Reading>) -> Self {
        let observer = Observer(Some(reading));
        if let Some(dwarf) = &mut self.dwarf {
            dwarf.observer = observer.clone();
        }
        self.observer = observer;
        self
    }

    /// The source places of the instruction at `pc`: the innermost inlined function first, the function of the module
    /// last. Empty only for an address outside of all functions.
    pub fn locate(&self, pc: ModuleOffset) -> Vec<SourceLocation> {
        let Some(index) = self.module.function_at(pc) else {
            return Vec::new();
        };
        let mut places = self.locate_in_dwarf(index, pc);
        if places.is_empty() {
            places.push(self.locate_in_source_map(index, pc));
        }
        if let Some(outermost) = places.last_mut() {
            outermost.function = Some(self.best_name(index, outermost.function.take()));
        }
        places
    }

    /// The name of a function, from the DWARF, else the name section, else its export or import. Every index has a
    /// name, also an index that is out of range.
    pub fn function_name(&self, index: FuncIndex) -> Name {
        let in_dwarf = self.in_dwarf(index, |dwarf, address, body| {
            let (unit, entry) = lookup::function(dwarf, address, body)?;
            functions::name(dwarf, &unit, entry)
        });
        self.best_name(index, in_dwarf)
    }

    /// The file and the line, from 1, of a function's declaration.
    pub fn function_declaration(&self, index: FuncIndex) -> Option<(String, u32)> {
        self.in_dwarf(index, |dwarf, address, body| {
            let (unit, entry) = lookup::function(dwarf, address, body)?;
            functions::declaration(dwarf, &unit, entry)
        })
    }

    /// The part of the language's runtime that contains a place; `None` for user code.
    pub fn family(&self, place: &SourceLocation) -> Option<Family> {
        let name = place.function.as_ref()?;
        if name.origin != Origin::Dwarf && self.is_shim_of_main(&name.raw) {
            return Some(Family::Entry);
        }
        runtime::family(name, place.file.as_deref())
    }

    /// The path of the source file of a variable's unit, as the compiler recorded it.
    pub fn unit_of(&self, variable: &crate::Variable) -> Option<String> {
        let dwarf = self.dwarf()?;
        let offset = gimli::DebugInfoOffset(variable.entry);
        let (id, _) = dwarf.units().containing(offset)?;
        let unit = dwarf.units().open(&dwarf, id).ok()?;
        let text = |it: &crate::dwarf::Slice<'_>| String::from_utf8_lossy(it.slice()).into_owned();
        let name = unit.gimli.name.as_ref().map(text)?;
        match unit.gimli.comp_dir.as_ref().map(text) {
            Some(folder) if !name.starts_with('/') => Some(format!("{folder}/{name}")),
            _ => Some(name),
        }
    }

    /// Whether something in the debug information may be called so: a variable of any function, a member. Where this is
    /// false, nothing is; where it is true, nothing may be.
    pub fn mentions(&self, name: &str) -> bool {
        self.dwarf.as_ref().is_some_and(|it| it.mentions(name))
    }

    /// The text of a source file, if the debug information contains it.
    pub fn source_text(&self, file: &str) -> Option<&str> {
        source_map::text(self.source_map()?, file)
    }

    /// Sentences about what was found broken or missing so far.
    pub fn notes(&self) -> Vec<String> {
        self.notes.all()
    }

    fn locate_in_dwarf(&self, index: FuncIndex, pc: ModuleOffset) -> Vec<SourceLocation> {
        let Some(address) = self.to_code(pc) else {
            return Vec::new();
        };
        self.in_dwarf(index, |dwarf, _, body| {
            Some(lookup::locate(dwarf, address, body))
        })
        .unwrap_or_default()
    }

    fn locate_in_source_map(&self, index: FuncIndex, pc: ModuleOffset) -> SourceLocation {
        let found = || {
            let body = self.module.function(index)?.body?;
            source_map::locate(self.source_map()?, pc.0, body.start.0)
        };
        let Some((file, line, column)) = found() else {
            return SourceLocation::default();
        };
        SourceLocation {
            file: Some(file),
            line: Some(line),
            column,
            ..SourceLocation::default()
        }
    }

    /// The DWARF, if there is any.
    pub(crate) fn dwarf(&self) -> Option<dwarf::Dwarf<'_>> {
        Some(self.dwarf.as_ref()?.read())
    }

    /// The module.
    pub(crate) fn module(&self) -> &Module {
        &self.module
    }

    /// The name of a function in the name section of the module or of its debug file, else its export or import.
    pub(crate) fn raw_symbol(&self, index: FuncIndex) -> Option<std::borrow::Cow<'_, str>> {
        let beside = || self.debug.as_ref()?.function_name(index);
        match self.module.function_name(index).or_else(beside) {
            Some(name) => Some(name.into()),
            None => self.module.function_name_or_export(index),
        }
    }

    /// Calls `ask` with the DWARF, the address of the function's first byte, and its code.
    pub(crate) fn in_dwarf<T>(
        &self,
        index: FuncIndex,
        ask: impl FnOnce(&dwarf::Dwarf<'_>, u32, &Range<u32>) -> Option<T>,
    ) -> Option<T> {
        let dwarf = self.dwarf.as_ref()?.read();
        let start = self.to_code(self.module.function(index)?.body?.start)?;
        ask(&dwarf, start, &self.code_of(index)?)
    }

    /// The code of a function, as the DWARF counts.
    pub(crate) fn code_of(&self, index: FuncIndex) -> Option<Range<u32>> {
        let body = self.module.function(index)?.body?;
        let start = self.to_code(body.start)?;
        let length = u32::try_from(body.end.0.checked_sub(body.start.0)?).ok()?;
        // Some producers give a function the address of the size field before its body. That field has at most five
        // bytes.
        Some(start.saturating_sub(5)..start.checked_add(length)?)
    }

    /// An offset in the module as the DWARF counts: from the start of the code section.
    pub(crate) fn to_code(&self, offset: ModuleOffset) -> Option<u32> {
        u32::try_from(self.module.to_code(offset)?.0).ok()
    }

    /// The source map, if there is one and no DWARF.
    pub(crate) fn source_map(&self) -> Option<&SourceMap> {
        let read = || {
            if self.dwarf.is_some() {
                return None;
            }
            let url = self.module.source_mapping_url();
            source_map::read(self.source_map_bytes.as_ref(), url).unwrap_or_else(|error| {
                self.notes.add(error);
                None
            })
        };
        self.source_map.get_or_init(read).as_ref()
    }

    /// The name in the DWARF, unless the name in the binary says more: with `-gline-tables-only`, clang writes
    /// `terminate` into the DWARF for `std::terminate()`.
    fn best_name(&self, index: FuncIndex, in_dwarf: Option<Name>) -> Name {
        let Some(name) = in_dwarf else {
            return self.symbol(index);
        };
        if name.display != name.raw || name.language == Some(Language::C) {
            return name;
        }
        let symbol = self.symbol(index);
        let path = symbol.display.split(['(', '<']).next().unwrap_or_default();
        let is_qualified = path
            .strip_suffix(&name.display)
            .is_some_and(|it| it.ends_with("::"));
        if is_qualified { symbol } else { name }
    }

    /// The name of a function in the binary itself.
    fn symbol(&self, index: FuncIndex) -> Name {
        let beside = || self.debug.as_ref()?.function_name(index);
        let in_section = self.module.function_name(index).or_else(beside);
        // Empty names are valid, but useless to the user.
        if let Some(name) = in_section.filter(|it| !it.is_empty()) {
            return Name::from_symbol(name.to_owned(), Origin::NameSection);
        }
        match self
            .module
            .function_name_or_export(index)
            .filter(|it| !it.is_empty())
        {
            Some(name) if self.module.function_import(index).is_some() => {
                Name::from_symbol(name.into_owned(), Origin::Import)
            }
            Some(name) => Name::from_symbol(name.into_owned(), Origin::Export),
            None => Name::from_index(index),
        }
    }

    /// Whether a function without DWARF is start code that calls the program's `main`.
    ///
    /// `__main_void` and `__original_main` are code of wasi-libc if there is a `main` with arguments, and of rustc if
    /// there is a `lang_start`. Otherwise they are other names of a `main` without arguments.
    fn is_shim_of_main(&self, symbol: &str) -> bool {
        let any = |is: fn(&str) -> bool| {
            (0..self.module.function_count())
                .any(|it| self.module.function_name(FuncIndex(it)).is_some_and(is))
        };
        let is_rust = || any(|it| it.contains("lang_start"));
        match symbol
            .strip_suffix(runtime::EXPORT_SUFFIX)
            .unwrap_or(symbol)
        {
            "main" | "__main_argc_argv" => is_rust(),
            "__main_void" | "__original_main" => {
                any(|it| it == "main" || it == "__main_argc_argv") || is_rust()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The condition of a breakpoint needs the symbols on the guest's thread.
    #[test]
    fn symbols_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Symbols>();
    }
}

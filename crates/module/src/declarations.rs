//! What a module declares: types, imports, exports and the index spaces.

use std::sync::Arc;

use wasmparser::{
    BinaryReader, CompositeInnerType, ExternalKind, FromReader, FuncType, GlobalType, MemoryType,
    RecGroup, SectionLimited, SubType, TableType, TagType, TypeRef,
};

use crate::error::Base;
use crate::section::{self, Section};
use crate::{Error, FuncIndex, GlobalIndex, ModuleOffset, TypeIndex};

/// The most entries of an index space: what every engine stops at too (WebAssembly JavaScript
/// Interface, "Implementation-defined Limits").
const LIMIT: usize = 1_000_000;

/// An import of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The name of the module it is imported from.
    pub module: Arc<str>,
    /// Its name in there.
    pub name: String,
    /// What it is, with its type.
    pub ty: TypeRef,
}

/// An export of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// Which index space `index` counts in.
    pub kind: ExternalKind,
    /// The index of what is exported. Not checked to exist.
    pub index: u32,
}

impl Export {
    /// The exported function, if it is one.
    pub fn function(&self) -> Option<FuncIndex> {
        matches!(self.kind, ExternalKind::Func | ExternalKind::FuncExact)
            .then_some(FuncIndex(self.index))
    }

    /// The exported global, if it is one.
    pub fn global(&self) -> Option<GlobalIndex> {
        matches!(self.kind, ExternalKind::Global).then_some(GlobalIndex(self.index))
    }
}

/// Everything a module declares outside of its code and its segments; index spaces imports first.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    pub(crate) types: Vec<SubType>,
    pub(crate) imports: Vec<Import>,
    pub(crate) exports: Vec<Export>,
    /// The types of all functions.
    pub(crate) functions: Vec<TypeIndex>,
    /// For each imported function the position of its import.
    pub(crate) imported_functions: Vec<usize>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<GlobalType>,
    pub(crate) tags: Vec<TagType>,
}

impl Declarations {
    pub(crate) fn parse(module: &[u8], sections: &[Section], base: Base) -> Result<Self, Error> {
        let mut declarations = Declarations::default();
        // Imports come first in every index space, wherever their section is.
        let imports_first = |s: &&Section| s.id != section::IMPORT;
        let mut ordered: Vec<&Section> = sections.iter().collect();
        ordered.sort_by_key(imports_first);
        for section in ordered {
            declarations.section(module, section, base)?;
        }
        Ok(declarations)
    }

    fn section(&mut self, module: &[u8], section: &Section, base: Base) -> Result<(), Error> {
        let start = section.range.start.0 as usize;
        let contents = module.get(start..section.range.end.0 as usize);
        let reader = BinaryReader::new(contents.unwrap_or_default(), start);
        let context = Context { section, base };
        match section.id {
            section::TYPE => context.each(reader, |group: RecGroup| {
                context.extend(&mut self.types, group.into_types())
            }),
            section::IMPORT => self.imports(reader, context),
            section::FUNCTION => context.each(reader, |ty: u32| {
                context.extend(&mut self.functions, [TypeIndex(ty)])
            }),
            section::TABLE => context.each(reader, |table: wasmparser::Table<'_>| {
                context.extend(&mut self.tables, [table.ty])
            }),
            section::MEMORY => context.each(reader, |memory: MemoryType| {
                context.extend(&mut self.memories, [memory])
            }),
            section::GLOBAL => context.each(reader, |global: wasmparser::Global<'_>| {
                context.extend(&mut self.globals, [global.ty])
            }),
            section::TAG => {
                context.each(reader, |tag: TagType| context.extend(&mut self.tags, [tag]))
            }
            section::EXPORT => context.each(reader, |export: wasmparser::Export<'_>| {
                let export = Export {
                    name: export.name.to_owned(),
                    kind: export.kind,
                    index: export.index,
                };
                context.extend(&mut self.exports, [export])
            }),
            _ => Ok(()),
        }
    }

    fn imports(&mut self, reader: BinaryReader<'_>, context: Context<'_>) -> Result<(), Error> {
        // The compact encoding gives one module name to many imports, so it is not copied for each.
        let mut shared: (&str, Arc<str>) = ("", Arc::from(""));
        let imports = SectionLimited::new(reader).map_err(|e| context.corrupt(&e))?;
        for import in imports.into_imports() {
            let import = import.map_err(|e| context.corrupt(&e))?;
            if !std::ptr::eq(shared.0, import.module) && shared.0 != import.module {
                shared = (import.module, Arc::from(import.module));
            }
            match import.ty {
                TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                    self.functions.push(TypeIndex(ty));
                    self.imported_functions.push(self.imports.len());
                }
                TypeRef::Table(ty) => self.tables.push(ty),
                TypeRef::Memory(ty) => self.memories.push(ty),
                TypeRef::Global(ty) => self.globals.push(ty),
                TypeRef::Tag(ty) => self.tags.push(ty),
            }
            let import = Import {
                module: shared.1.clone(),
                name: import.name.to_owned(),
                ty: import.ty,
            };
            context.extend(&mut self.imports, [import])?;
        }
        Ok(())
    }

    pub(crate) fn function_type(&self, func: FuncIndex) -> Option<&FuncType> {
        let ty = self.functions.get(func.position())?;
        match &self.types.get(ty.position())?.composite_type.inner {
            CompositeInnerType::Func(ty) => Some(ty),
            _ => None,
        }
    }
}

/// The section that is being read, for the error messages.
#[derive(Clone, Copy)]
struct Context<'a> {
    section: &'a Section,
    base: Base,
}

impl Context<'_> {
    fn corrupt(self, error: &wasmparser::Error) -> Error {
        let what = format!("the {} section", self.section.kind());
        self.base.corrupt(&what, error)
    }

    fn each<'a, T: FromReader<'a>>(
        self,
        reader: BinaryReader<'a>,
        mut item: impl FnMut(T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let entries = SectionLimited::new(reader).map_err(|e| self.corrupt(&e))?;
        for entry in entries {
            item(entry.map_err(|e| self.corrupt(&e))?)?;
        }
        Ok(())
    }

    fn extend<T>(self, list: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Result<(), Error> {
        list.extend(items);
        if list.len() > LIMIT {
            let kind = self.section.kind();
            let message = format!("the {kind} section has more than {LIMIT} entries");
            return Err(self.base.error(message, self.start()));
        }
        Ok(())
    }

    fn start(self) -> ModuleOffset {
        self.section.range.start
    }
}

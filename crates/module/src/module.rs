//! One core module: what it declares, what its things are called, who it is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use wasmparser::{FuncType, GlobalType, MemoryType, SubType, TableType, TagType};

use crate::code::Bodies;
use crate::declarations::{Declarations, Export, Import};
use crate::error::Base;
use crate::metadata::{Metadata, Producer};
use crate::names::{Names, Space};
use crate::section::{self, Section};
use crate::{
    Error, FileOffset, FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, ModuleOffset, TableIndex,
    TagIndex, TypeIndex,
};

/// A core module. Made by [`crate::Binary::parse`], which reads the section headers and what the
/// module declares; code, names, metadata and the hash are read once, when first asked for.
///
/// Nothing is validated: an index that a part of the module mentions need not exist. The default is a module with nothing in it,
/// not even a header.
#[derive(Debug, Default)]
pub struct Module {
    bytes: Bytes,
    file_offset: FileOffset,
    sections: Vec<Section>,
    code: Option<Range<ModuleOffset>>,
    pub(crate) declarations: Declarations,
    notes: Vec<Error>,
    bodies: OnceLock<Bodies>,
    names: OnceLock<Names>,
    metadata: OnceLock<Metadata>,
    export_names: OnceLock<HashMap<FuncIndex, usize>>,
    sha256: OnceLock<[u8; 32]>,
    pub(crate) origin: Option<Arc<Origin>>,
}

/// The file that a module was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where it is.
    pub path: PathBuf,
    /// When it was written last before it was read.
    pub modified: SystemTime,
}

impl Module {
    /// Reads the module that is `bytes`, eight bytes of header included, at `file_offset`.
    pub(crate) fn parse(bytes: Bytes, file_offset: FileOffset) -> Result<Self, Error> {
        let base = Base(file_offset);
        let (sections, notes) = section::scan(&bytes, base)?;
        let code = sections.iter().find(|s| s.id == section::CODE);
        Ok(Module {
            code: code.map(|section| section.range.clone()),
            declarations: Declarations::parse(&bytes, &sections, base)?,
            bytes,
            file_offset,
            sections,
            notes,
            bodies: OnceLock::new(),
            names: OnceLock::new(),
            metadata: OnceLock::new(),
            export_names: OnceLock::new(),
            sha256: OnceLock::new(),
            origin: None,
        })
    }

    /// The file that it was read from, as its reader says it.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// The module's own bytes, from its `\0asm` on.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Where it starts in the file: 0 unless it is nested in a component.
    pub fn file_offset(&self) -> FileOffset {
        self.file_offset
    }

    /// The SHA-256 of [`Module::bytes`].
    pub fn sha256(&self) -> [u8; 32] {
        *self
            .sha256
            .get_or_init(|| Sha256::digest(&self.bytes).into())
    }

    /// What is wrong with parts that the module can do without: names, metadata, function bodies.
    /// Reads all of those.
    pub fn notes(&self) -> Vec<Error> {
        let bodies = self.bodies().note.iter();
        let lazy = bodies.chain(&self.names().notes);
        let lazy = lazy.chain(&self.metadata().notes);
        self.notes.iter().chain(lazy).cloned().collect()
    }

    /// All sections, in file order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The contents of the code section, whose first byte is the function count. `None` if there is
    /// none, as in a debug file that dropped it.
    pub fn code_section(&self) -> Option<Range<ModuleOffset>> {
        self.code.clone()
    }

    /// The contents of the first custom section of this name.
    pub fn custom_section(&self, name: &str) -> Option<Bytes> {
        let (contents, _) = self.custom(name)?;
        Some(self.bytes.slice_ref(contents))
    }

    /// The names of the custom sections and where their contents are, in file order.
    pub fn custom_sections(&self) -> impl Iterator<Item = (&str, Range<FileOffset>)> {
        self.sections.iter().filter_map(|section| {
            let range = self.to_file(section.range.start)..self.to_file(section.range.end);
            Some((section.name.as_deref()?, range))
        })
    }

    /// The types, recursion groups flattened.
    pub fn types(&self) -> &[SubType] {
        &self.declarations.types
    }

    /// The imports, in file order.
    pub fn imports(&self) -> &[Import] {
        &self.declarations.imports
    }

    /// The exports, in file order.
    pub fn exports(&self) -> &[Export] {
        &self.declarations.exports
    }

    /// How many functions are imported: the index of the first defined one.
    pub fn imported_function_count(&self) -> u32 {
        self.declarations.imported_functions.len() as u32
    }

    /// How many functions there are, imported and defined.
    pub fn function_count(&self) -> u32 {
        self.declarations.functions.len() as u32
    }

    /// The type of a function. `None` if there is no such function or its type is not a function's.
    pub fn function_type(&self, func: FuncIndex) -> Option<&FuncType> {
        self.declarations.function_type(func)
    }

    /// The import that a function is. `None` if it is defined here or does not exist.
    pub fn function_import(&self, func: FuncIndex) -> Option<&Import> {
        let declarations = &self.declarations;
        let position = declarations.imported_functions.get(func.position())?;
        declarations.imports.get(*position)
    }

    /// The types of all tables, imported ones first.
    pub fn tables(&self) -> &[TableType] {
        &self.declarations.tables
    }

    /// The types of all memories, imported ones first.
    pub fn memories(&self) -> &[MemoryType] {
        &self.declarations.memories
    }

    /// The types of all globals, imported ones first.
    pub fn globals(&self) -> &[GlobalType] {
        &self.declarations.globals
    }

    /// The types of all exception tags, imported ones first.
    pub fn tags(&self) -> &[TagType] {
        &self.declarations.tags
    }

    /// Its build id, of any length but zero, without the length that the section may start with.
    pub fn build_id(&self) -> Option<&[u8]> {
        self.metadata().build_id.as_deref()
    }

    /// The URL or path of the file with its debug information.
    pub fn external_debug_info(&self) -> Option<&str> {
        self.metadata().external_debug_info.as_deref()
    }

    /// The URL or path of its source map.
    pub fn source_mapping_url(&self) -> Option<&str> {
        self.metadata().source_mapping_url.as_deref()
    }

    /// The tools that made it.
    pub fn producers(&self) -> &[Producer] {
        &self.metadata().producers
    }

    /// Its own name in the name section.
    pub fn name(&self) -> Option<&str> {
        self.names().module()
    }

    /// The name of a function in the name section.
    pub fn function_name(&self, func: FuncIndex) -> Option<&str> {
        self.name_in(Space::Function, 0, func.0)
    }

    /// The name of a function in the name section, else as `module.name` of its import, else of its
    /// first export.
    pub fn function_name_or_export(&self, func: FuncIndex) -> Option<Cow<'_, str>> {
        if let Some(name) = self.function_name(func) {
            return Some(name.into());
        }
        if let Some(import) = self.function_import(func) {
            return Some(format!("{}.{}", import.module, import.name).into());
        }
        let export = self.export_names().get(&func)?;
        Some(self.exports().get(*export)?.name.as_str().into())
    }

    /// The name of a local or parameter.
    pub fn local_name(&self, func: FuncIndex, local: LocalIndex) -> Option<&str> {
        self.name_in(Space::Local, func.0, local.0)
    }

    /// The name of a label, counted in the order in which the function's blocks start.
    pub fn label_name(&self, func: FuncIndex, label: u32) -> Option<&str> {
        self.name_in(Space::Label, func.0, label)
    }

    /// The name of a type.
    pub fn type_name(&self, ty: TypeIndex) -> Option<&str> {
        self.name_in(Space::Type, 0, ty.0)
    }

    /// The name of a field of a struct type.
    pub fn field_name(&self, ty: TypeIndex, field: u32) -> Option<&str> {
        self.name_in(Space::Field, ty.0, field)
    }

    /// The name of a table.
    pub fn table_name(&self, table: TableIndex) -> Option<&str> {
        self.name_in(Space::Table, 0, table.0)
    }

    /// The name of a memory.
    pub fn memory_name(&self, memory: MemoryIndex) -> Option<&str> {
        self.name_in(Space::Memory, 0, memory.0)
    }

    /// The name of a global.
    pub fn global_name(&self, global: GlobalIndex) -> Option<&str> {
        self.name_in(Space::Global, 0, global.0)
    }

    /// The name of an exception tag.
    pub fn tag_name(&self, tag: TagIndex) -> Option<&str> {
        self.name_in(Space::Tag, 0, tag.0)
    }

    fn name_in(&self, space: Space, outer: u32, index: u32) -> Option<&str> {
        self.names().get(space, outer, index)
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| match self.custom("name") {
            Some((contents, start)) => {
                Names::parse(self.bytes.slice_ref(contents), start, self.base())
            }
            None => Names::default(),
        })
    }

    fn metadata(&self) -> &Metadata {
        self.metadata.get_or_init(|| Metadata::parse(self))
    }

    fn export_names(&self) -> &HashMap<FuncIndex, usize> {
        self.export_names.get_or_init(|| {
            let mut names = HashMap::new();
            for (position, export) in self.exports().iter().enumerate() {
                if let Some(func) = export.function() {
                    names.entry(func).or_insert(position);
                }
            }
            names
        })
    }

    pub(crate) fn bodies(&self) -> &Bodies {
        self.bodies.get_or_init(|| {
            let Some(code) = self.code_section() else {
                return Bodies::default();
            };
            let defined = self.function_count() - self.imported_function_count();
            let contents = self.range(&code).unwrap_or_default();
            Bodies::parse(contents, code.start, defined as usize, self.base())
        })
    }

    pub(crate) fn base(&self) -> Base {
        Base(self.file_offset)
    }

    /// The contents of the first custom section of this name, and where they start.
    pub(crate) fn custom(&self, name: &str) -> Option<(&[u8], ModuleOffset)> {
        let found = |s: &&Section| s.name.as_deref() == Some(name);
        let section = self.sections.iter().find(found)?;
        Some((self.range(&section.range)?, section.range.start))
    }

    pub(crate) fn range(&self, range: &Range<ModuleOffset>) -> Option<&[u8]> {
        let start = usize::try_from(range.start.0).ok()?;
        self.bytes.get(start..usize::try_from(range.end.0).ok()?)
    }
}

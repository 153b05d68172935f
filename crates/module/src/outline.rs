//! A binary without its code and data: what it imports and exports, with all types. An engine that compiles it, in
//! no time, says what it would say of the whole binary about its imports and exports.

use std::sync::Arc;

use wasmparser::{BinaryReader, ConstExpr, ExternalKind, SectionLimited, TableInit, ValType};

use crate::error::Base;
use crate::{Binary, FileOffset, Kind, Module, section};

impl Binary {
    /// The binary with the same imports and exports. Of a core module the functions, tables, memories, globals and tags are
    /// left, with initial values of no meaning; an exported function is one that traps. A component keeps all but
    /// the code of its core modules. `None` where that cannot be: a reference that must not be null has no
    /// initial value without the code. Nothing is validated.
    pub fn outline(&self) -> Option<Vec<u8>> {
        let mut modules = self.modules().iter();
        match self.kind() {
            Kind::Module => module(modules.next()?),
            Kind::Component => component(self.bytes(), &mut modules),
        }
    }
}

/// Sections are at most as long as the format's counts, which are 32 bits.
fn number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn add_section(out: &mut Vec<u8>, id: u8, contents: &[u8]) -> Option<()> {
    out.push(id);
    number(out, u32::try_from(contents.len()).ok()?);
    out.extend_from_slice(contents);
    Some(())
}

/// An entry of a section, in bytes.
type Entry = Vec<u8>;

/// A section that is a vector of `items`.
fn add_vector(out: &mut Vec<u8>, id: u8, items: &[Entry]) -> Option<()> {
    if items.is_empty() {
        return Some(());
    }
    let mut contents = Vec::new();
    number(&mut contents, u32::try_from(items.len()).ok()?);
    contents.extend(items.iter().flatten());
    add_section(out, id, &contents)
}

fn component<'a>(
    bytes: &[u8],
    modules: &mut impl Iterator<Item = &'a Arc<Module>>,
) -> Option<Vec<u8>> {
    let mut out = bytes.get(..8)?.to_vec();
    // The binary was read with the same limits of size and depth.
    for (id, range) in section::headers(bytes, Base(FileOffset(0))).ok()? {
        let contents = bytes.get(range)?;
        match id {
            section::CUSTOM => {}
            section::CORE_MODULE => add_section(&mut out, id, &module(modules.next()?)?)?,
            section::COMPONENT => add_section(&mut out, id, &component(contents, modules)?)?,
            _ => add_section(&mut out, id, contents)?,
        }
    }
    Some(out)
}

/// The body of a function without locals: `unreachable end`, after its size.
const TRAPS: [u8; 4] = [3, 0, 0, 0x0b];

fn module(module: &Module) -> Option<Vec<u8>> {
    let mut out = b"\0asm\x01\0\0\0".to_vec();
    let contents = |id| {
        let section = module.sections().iter().find(|it| it.id == id)?;
        let range = section.range.start.0 as usize..section.range.end.0 as usize;
        module.bytes().get(range)
    };
    let add = |out: &mut Vec<u8>, id| match contents(id) {
        Some(contents) => add_section(out, id, contents),
        None => Some(()),
    };
    let (functions, exports) = exported(module)?;
    add(&mut out, section::TYPE)?;
    add(&mut out, section::IMPORT)?;
    add_vector(&mut out, section::FUNCTION, &functions)?;
    let tables = contents(section::TABLE).map_or(Some(Vec::new()), tables)?;
    add_vector(&mut out, section::TABLE, &tables)?;
    add(&mut out, section::MEMORY)?;
    add(&mut out, section::TAG)?;
    let globals = contents(section::GLOBAL).map_or(Some(Vec::new()), globals)?;
    add_vector(&mut out, section::GLOBAL, &globals)?;
    add_vector(&mut out, section::EXPORT, &exports)?;
    let bodies = vec![TRAPS.to_vec(); functions.len()];
    add_vector(&mut out, section::CODE, &bodies)?;
    Some(out)
}

/// The entries of the function section, one for each type of an exported function, and of the export section.
fn exported(module: &Module) -> Option<(Vec<Entry>, Vec<Entry>)> {
    let imported = module.imported_function_count();
    let mut types = Vec::new();
    let mut exports = Vec::new();
    for export in module.exports() {
        let mut index = export.index;
        let kind = match export.kind {
            ExternalKind::Func => {
                if let Some(func) = export.function().filter(|it| it.0 >= imported) {
                    let ty = module.function(func)?.type_index;
                    let known = types.iter().position(|it| *it == ty);
                    let place = known.unwrap_or_else(|| {
                        types.push(ty);
                        types.len() - 1
                    });
                    index = imported.checked_add(u32::try_from(place).ok()?)?;
                }
                0
            }
            ExternalKind::Table => 1,
            ExternalKind::Memory => 2,
            ExternalKind::Global => 3,
            ExternalKind::Tag => 4,
            ExternalKind::FuncExact => return None,
        };
        let mut entry = Vec::new();
        number(&mut entry, u32::try_from(export.name.len()).ok()?);
        entry.extend_from_slice(export.name.as_bytes());
        entry.push(kind);
        number(&mut entry, index);
        exports.push(entry);
    }
    let functions = types.iter().map(|ty| {
        let mut entry = Vec::new();
        number(&mut entry, ty.0);
        entry
    });
    Some((functions.collect(), exports))
}

fn tables(contents: &[u8]) -> Option<Vec<Entry>> {
    let items =
        SectionLimited::<wasmparser::Table<'_>>::new(BinaryReader::new(contents, 0)).ok()?;
    let mut entries = Vec::new();
    for (bytes, start, table) in entries_of(items, contents)? {
        entries.push(match table.init {
            TableInit::RefNull => bytes.to_vec(),
            _ if !table.ty.element_type.is_nullable() => return None,
            // Core specification, 5.5.7: 0x40 0x00, the type, the initial value.
            TableInit::Expr(value) => bytes.get(2..position(&value).checked_sub(start)?)?.to_vec(),
        });
    }
    Some(entries)
}

fn globals(contents: &[u8]) -> Option<Vec<Entry>> {
    let items =
        SectionLimited::<wasmparser::Global<'_>>::new(BinaryReader::new(contents, 0)).ok()?;
    let mut entries = Vec::new();
    for (bytes, start, global) in entries_of(items, contents)? {
        let ty = bytes.get(..position(&global.init_expr).checked_sub(start)?)?;
        let mut entry = ty.to_vec();
        match global.ty.content_type {
            ValType::I32 => entry.extend([0x41, 0]),
            ValType::I64 => entry.extend([0x42, 0]),
            ValType::F32 => entry.extend([0x43, 0, 0, 0, 0]),
            ValType::F64 => entry.extend([0x44, 0, 0, 0, 0, 0, 0, 0, 0]),
            ValType::V128 => {
                entry.extend([0xfd, 12]);
                entry.extend([0; 16]);
            }
            ValType::Ref(ty) if !ty.is_nullable() => return None,
            ValType::Ref(_) => {
                // Before the byte that says whether it is mutable: the heap type, after 0x63 unless that is implied (5.3.5).
                let (_, ty) = ty.split_last()?;
                entry.push(0xd0);
                entry.extend_from_slice(ty.strip_prefix(&[0x63]).unwrap_or(ty));
            }
        }
        entry.push(0x0b);
        entries.push(entry);
    }
    Some(entries)
}

fn position(expression: &ConstExpr<'_>) -> usize {
    expression.get_binary_reader().original_position()
}

/// An item of a section, after its bytes and where they start.
type Item<'a, T> = (&'a [u8], usize, T);

/// The items of a section.
fn entries_of<'a, T: wasmparser::FromReader<'a>>(
    items: SectionLimited<'a, T>,
    contents: &'a [u8],
) -> Option<Vec<Item<'a, T>>> {
    let items: Vec<(usize, T)> = items
        .into_iter_with_offsets()
        .collect::<Result<_, _>>()
        .ok()?;
    let ends = items.iter().skip(1).map(|(start, _)| *start);
    let ends: Vec<usize> = ends.chain([contents.len()]).collect();
    let entries = items.into_iter().zip(ends);
    entries
        .map(|((start, item), end)| Some((contents.get(start..end)?, start, item)))
        .collect()
}

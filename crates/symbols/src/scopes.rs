//! The nesting of namespaces, types, functions and statics in a unit, and their qualified names.
//!
//! An entry of the DWARF does not refer to its parent, and a qualified name needs the names of all parents. So each
//! unit is read once, when one of its names is first needed. A few numbers are kept for each entry that may be part
//! of a name.

use std::borrow::Cow;

use gimli::{AttributeValue, DebugInfoOffset, UnitOffset};

use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};
use crate::functions;
use crate::spelling;
use crate::units::Unit;

/// The entries of a unit that are parts of names, in order of their offsets.
#[derive(Default)]
pub(crate) struct Scopes(Vec<Scope>);

/// An entry that is a part of names.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    /// Its offset in its unit.
    pub(crate) entry: UnitOffset<u32>,
    /// Its kind.
    pub(crate) kind: ScopeKind,
    /// The hash of its unqualified name. `None`: it has no name.
    pub(crate) key: Option<u32>,
    /// The index of the scope around it.
    parent: Option<u32>,
    /// The offset in the unit of the end of its last child.
    end: u32,
    /// The offset in `.debug_info` of another entry, which has its name and is inside of its namespaces and classes:
    /// the declaration in a class (`DW_AT_specification`), the definition in a type unit (`DW_AT_signature`), the
    /// typedef of an unnamed structure.
    origin: Option<u32>,
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// A namespace or module.
    Namespace,
    /// A namespace that qualified names leave out: an inline namespace of C++ (`DW_AT_export_symbols`), libc++'s
    /// `std::__2`.
    InlineNamespace,
    /// A type.
    Type,
    /// A type that is declared here and defined elsewhere.
    DeclaredType,
    /// A function.
    Function,
    /// A variable that exists once for the whole program, or once for each thread.
    Static,
    /// A table of virtual functions, which rustc and clang describe as a static.
    Vtable,
    /// A value of an enumeration.
    Enumerator,
}

/// Scopes are nested at most this deep; deeper ones count as siblings.
const MOST_DEPTH: usize = 256;

/// A name has at most this many parts.
const MOST_PARTS: usize = 64;

/// A name has at most about this many bytes; the rest is cut: hostile DWARF may repeat a megabyte in every part.
const LONGEST_NAME: usize = 16 << 10;

impl Scopes {
    /// Reads a unit. If the DWARF is broken, the result has the scopes before the error.
    pub(crate) fn scan<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> (Self, Option<CutShort>) {
        let mut scan = Scan::default();
        let stop = scan.run(dwarf, unit).err();
        scan.name_by_typedefs(dwarf, unit);
        (Scopes(scan.found), stop)
    }

    /// All scopes.
    pub(crate) fn all(&self) -> &[Scope] {
        &self.0
    }

    /// The scope whose entry is at `offset`.
    pub(crate) fn at(&self, offset: UnitOffset) -> Option<&Scope> {
        let find = self
            .0
            .binary_search_by_key(&offset.0, |it| it.entry.0 as usize);
        find.ok().map(|it| &self.0[it])
    }

    /// The innermost scope around the entry at `offset`, which may be of any kind.
    pub(crate) fn around(&self, offset: UnitOffset) -> Option<&Scope> {
        let before = self
            .0
            .partition_point(|it| (it.entry.0 as usize) < offset.0);
        let mut scope = self.0.get(before.checked_sub(1)?)?;
        // A parent comes before its children, so this loop ends.
        while scope.end as usize <= offset.0 {
            scope = self.parent(scope)?;
        }
        Some(scope)
    }

    fn parent(&self, scope: &Scope) -> Option<&Scope> {
        self.0.get(scope.parent? as usize)
    }
}

#[derive(Default)]
struct Scan {
    found: Vec<Scope>,
    /// The scopes around the current entry: their depths and indices.
    around: Vec<(isize, u32)>,
    /// The depth of the outermost function around it.
    function: Option<isize>,
    /// Typedefs: the offset in the unit of the type that each names, and that of the typedef.
    typedefs: Vec<(usize, u32)>,
}

/// The attributes of an entry.
#[derive(Default)]
struct Seen<'a> {
    name: Option<AttributeValue<Slice<'a>>>,
    origin: Option<AttributeValue<Slice<'a>>>,
    ty: Option<AttributeValue<Slice<'a>>>,
    location: Option<AttributeValue<Slice<'a>>>,
    is_constant: bool,
    is_declaration: bool,
    is_inline: bool,
}

impl Scan {
    fn run<'a>(&mut self, dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> Result<(), CutShort> {
        let mut entries = unit.gimli.entries_raw(None)?;
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            let attributes = abbreviation.attributes();
            dwarf.names_fuel().burn(1 + attributes.len())?;
            while let Some((_, ended)) = self.around.pop_if(|it| depth <= it.0) {
                self.found[ended as usize].end = position(offset)?;
            }
            if self.function.is_some_and(|it| depth <= it) {
                self.function = None;
            }
            let tag = abbreviation.tag();
            let has_value = || {
                let mut names = attributes.iter().map(|it| it.name());
                names.any(|it| it == gimli::DW_AT_const_value)
            };
            // DWARF 4 declares the constants of a class as members.
            let is_part = is_part_of_names(tag) || tag == gimli::DW_TAG_member && has_value();
            if !is_part {
                entries.skip_attributes(attributes)?;
                continue;
            }
            let mut seen = Seen::default();
            for spec in attributes {
                let attribute = entries.read_attribute(*spec)?;
                let value = attribute.value();
                match attribute.name() {
                    gimli::DW_AT_name => seen.name = Some(value),
                    gimli::DW_AT_specification
                    | gimli::DW_AT_abstract_origin
                    | gimli::DW_AT_signature => seen.origin = Some(value),
                    gimli::DW_AT_type => seen.ty = Some(value),
                    gimli::DW_AT_location => seen.location = Some(value),
                    gimli::DW_AT_const_value => seen.is_constant = true,
                    gimli::DW_AT_declaration => seen.is_declaration = true,
                    gimli::DW_AT_export_symbols => seen.is_inline = true,
                    _ => {}
                }
            }
            self.note(dwarf, unit, offset, depth, tag, &seen)?;
        }
        Ok(())
    }

    fn note<'a>(
        &mut self,
        dwarf: &Dwarf<'a>,
        unit: &Unit<'a>,
        offset: UnitOffset,
        depth: isize,
        tag: gimli::DwTag,
        seen: &Seen<'a>,
    ) -> Result<(), CutShort> {
        let name = match (seen.name, seen.origin) {
            (Some(name), _) => dwarf.gimli.attr_string(&unit.gimli, name).ok(),
            (None, Some(_)) => functions::plain_name(dwarf, unit, offset, dwarf.names_fuel()),
            (None, None) => None,
        };
        let name = name.as_ref().map(|it| it.to_string_lossy());
        if let Some(name) = &name {
            // All entries may share the same string.
            dwarf.names_fuel().burn(name.len() / 16)?;
        }
        let Some(kind) = kind(tag, name.as_deref(), seen, self.function.is_some()) else {
            return Ok(());
        };
        if tag == gimli::DW_TAG_typedef
            && let Some(AttributeValue::UnitRef(target)) = seen.ty
        {
            self.typedefs.push((target.0, position(offset)?));
        }
        let index = position(UnitOffset(self.found.len()))?;
        let has_children = self.around.len() < MOST_DEPTH;
        self.found.push(Scope {
            entry: UnitOffset(position(offset)?),
            kind,
            key: name.map(|it| spelling::key(&it)),
            parent: self.around.last().map(|it| it.1),
            end: if has_children {
                u32::MAX
            } else {
                position(offset)?
            },
            origin: seen.origin.and_then(|it| in_debug_info(dwarf, unit, it)),
        });
        if has_children {
            self.around.push((depth, index));
        }
        if kind == ScopeKind::Function && self.function.is_none() {
            self.function = Some(depth);
        }
        Ok(())
    }

    /// Gives unnamed types the name of their typedef, as C++ does "for linkage purposes".
    fn name_by_typedefs<'a>(&mut self, dwarf: &Dwarf<'a>, unit: &Unit<'a>) {
        for (target, typedef) in std::mem::take(&mut self.typedefs) {
            let find = |offset: usize, found: &[Scope]| {
                found
                    .binary_search_by_key(&offset, |it| it.entry.0 as usize)
                    .ok()
            };
            let (Some(ty), Some(alias)) = (
                find(target, &self.found),
                find(typedef as usize, &self.found),
            ) else {
                continue;
            };
            let key = self.found[alias].key;
            let ty = &mut self.found[ty];
            if ty.kind == ScopeKind::Type && ty.key.is_none() && ty.origin.is_none() {
                let origin = AttributeValue::UnitRef(UnitOffset(typedef as usize));
                ty.origin = in_debug_info(dwarf, unit, origin);
                ty.key = key;
            }
        }
    }
}

/// Whether entries with this tag may be part of names. [`kind`] decides by their attributes.
fn is_part_of_names(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_namespace
            | gimli::DW_TAG_module
            | gimli::DW_TAG_subprogram
            | gimli::DW_TAG_variable
            | gimli::DW_TAG_enumerator
    ) || is_type(tag)
}

/// Whether an entry with this tag is a type that may have a name. Pointers have names in Rust.
fn is_type(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_interface_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_enumeration_type
            | gimli::DW_TAG_typedef
            | gimli::DW_TAG_template_alias
            | gimli::DW_TAG_base_type
            | gimli::DW_TAG_unspecified_type
            | gimli::DW_TAG_subrange_type
            | gimli::DW_TAG_pointer_type
            | gimli::DW_TAG_array_type
            | gimli::DW_TAG_subroutine_type
    )
}

fn kind(
    tag: gimli::DwTag,
    name: Option<&str>,
    seen: &Seen<'_>,
    in_function: bool,
) -> Option<ScopeKind> {
    Some(match tag {
        gimli::DW_TAG_namespace | gimli::DW_TAG_module => {
            // DWARF 4 cannot mark inline namespaces; those of libc++ are numbered.
            let is_inline = seen.is_inline || matches!(name, Some("__1" | "__2"));
            if is_inline {
                ScopeKind::InlineNamespace
            } else {
                ScopeKind::Namespace
            }
        }
        gimli::DW_TAG_subprogram if seen.is_declaration => return None,
        gimli::DW_TAG_subprogram => ScopeKind::Function,
        gimli::DW_TAG_member => ScopeKind::Static,
        gimli::DW_TAG_variable => {
            let is_static = match seen.location {
                Some(AttributeValue::Exprloc(it)) => !in_function || has_address(it.0.slice()),
                Some(_) => !in_function,
                None => seen.is_constant && !in_function,
            };
            match name {
                Some(name) if is_static && is_vtable(name) => ScopeKind::Vtable,
                Some(_) if is_static => ScopeKind::Static,
                _ => return None,
            }
        }
        gimli::DW_TAG_enumerator => ScopeKind::Enumerator,
        // Most pointers and arrays have no name, and contain no other scopes.
        _ if name.is_none() && !is_container(tag) => return None,
        _ if seen.is_declaration => ScopeKind::DeclaredType,
        _ => ScopeKind::Type,
    })
}

fn is_container(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_interface_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_enumeration_type
    )
}

/// rustc: `<T as Trait>::{vtable}`. clang: the static member `_vtable$`.
fn is_vtable(name: &str) -> bool {
    name == "_vtable$" || name.ends_with("::{vtable}")
}

/// Whether a location is a fixed address, in memory or in the thread's variables. LLVM writes the latter as
/// `DW_OP_WASM_location 0x3 __tls_base, DW_OP_addr, DW_OP_plus`.
fn has_address(expression: &[u8]) -> bool {
    let rest = match expression {
        [0xed, 0x03, _, _, _, _, rest @ ..] => rest,
        other => other,
    };
    let is_address = |operation| {
        matches!(
            gimli::DwOp(operation),
            gimli::DW_OP_addr
                | gimli::DW_OP_addrx
                | gimli::DW_OP_GNU_addr_index
                | gimli::DW_OP_constx
                | gimli::DW_OP_GNU_const_index
                | gimli::DW_OP_const4u
                | gimli::DW_OP_const8u
        )
    };
    rest.first().is_some_and(|it| is_address(*it))
}

/// A part of a qualified name, from one entry.
struct Part<'a> {
    kind: ScopeKind,
    name: Option<Cow<'a, str>>,
}

/// The qualified name of the entry at `offset` of a unit, or of the entry that it is an instance of. `None`: no name.
///
/// Inline namespaces are left out, and unnamed ones are `(anonymous namespace)`. The name of a type that a function
/// declares does not contain the function. That of a static does, because many are called `count`.
pub(crate) fn qualified_name<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    offset: UnitOffset,
    fuel: &Fuel,
) -> Option<String> {
    let mut innermost = None;
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    let mut length = 0;
    each_part(dwarf, unit, offset, fuel, |part| {
        let Some(kind) = innermost else {
            innermost = Some(part.kind);
            parts.extend(part.name);
            return !parts.is_empty();
        };
        match (part.name, part.kind) {
            (_, ScopeKind::InlineNamespace) => {}
            (_, ScopeKind::Function) if kind != ScopeKind::Static => return false,
            (Some(name), _) => parts.push(name),
            (None, ScopeKind::Namespace) => parts.push("(anonymous namespace)".into()),
            (None, _) => {}
        }
        length += parts.last().map_or(0, |it| it.len());
        length < LONGEST_NAME
    });
    parts.reverse();
    let name = parts.join("::");
    (!parts.is_empty()).then(|| spelling::tidy(name.into()).into_owned())
}

/// Whether the qualified name of an entry is `path`, which has the parts of a name, or ends with it.
pub(crate) fn is_named<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    offset: UnitOffset,
    path: &[&str],
    fuel: &Fuel,
) -> bool {
    let mut wanted = path.iter().rev().peekable();
    each_part(dwarf, unit, offset, fuel, |part| {
        let name = part.name.as_deref().unwrap_or("(anonymous namespace)");
        let is_wanted = wanted.next_if(|it| spelling::same(name, it)).is_some();
        let may_be_left_out = part.kind == ScopeKind::InlineNamespace || part.name.is_none();
        (is_wanted || may_be_left_out) && wanted.peek().is_some()
    });
    wanted.peek().is_none()
}

/// Calls `see` with the parts of an entry's name, the innermost first, as long as it returns `true`.
fn each_part<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    offset: UnitOffset,
    fuel: &Fuel,
    mut see: impl FnMut(Part<'a>) -> bool,
) {
    let mut other = None;
    let mut offset = offset;
    for _ in 0..MOST_PARTS {
        let mut unit = other.as_ref().unwrap_or(unit);
        let mut scopes = dwarf.units().scopes(dwarf, unit);
        let scope = scopes.at(offset);
        let kind = scope.map_or(ScopeKind::Static, |it| it.kind);
        // The declaration, not the definition, is inside of the namespaces and classes.
        if let Some(origin) = scope.and_then(|it| it.origin) {
            let place = dwarf.units().containing(DebugInfoOffset(origin as usize));
            let Some((id, origin)) = place else {
                return;
            };
            offset = origin;
            if id != unit.id {
                let Ok(opened) = dwarf.units().open(dwarf, id) else {
                    return;
                };
                unit = other.insert(opened);
                scopes = dwarf.units().scopes(dwarf, unit);
            }
        }
        let name = functions::plain_name(dwarf, unit, offset, fuel).map(|it| cut(it.slice()));
        if fuel
            .burn(name.as_ref().map_or(0, |it| it.len() / 16))
            .is_err()
        {
            return;
        }
        let name = name.map(spelling::tidy);
        if !see(Part { kind, name }) {
            return;
        }
        match scopes.around(offset) {
            Some(around) => offset = UnitOffset(around.entry.0 as usize),
            None => return,
        }
    }
}

/// The name, or its start if it is too long.
fn cut(name: &[u8]) -> Cow<'_, str> {
    match name.get(..LONGEST_NAME) {
        Some(start) => format!("{}…", String::from_utf8_lossy(start)).into(),
        None => String::from_utf8_lossy(name),
    }
}

fn position(offset: UnitOffset) -> Result<u32, CutShort> {
    u32::try_from(offset.0).map_err(|_| CutShort::Exhausted)
}

/// The target of a reference, as an offset in `.debug_info`.
fn in_debug_info<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    reference: AttributeValue<Slice<'a>>,
) -> Option<u32> {
    let offset = match reference {
        AttributeValue::UnitRef(offset) => offset.to_debug_info_offset(&unit.gimli.header)?,
        AttributeValue::DebugInfoRef(offset) => offset,
        AttributeValue::DebugTypesRef(signature) => dwarf.units().with_signature(signature)?,
        _ => return None,
    };
    u32::try_from(offset.0).ok()
}

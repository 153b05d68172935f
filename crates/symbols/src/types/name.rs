//! The names of types, as their language writes them.

use gimli::AttributeValue;

use super::read::{
    Entry, Error, Found, LONGEST_NAME, MOST_HOPS, Reader, constant, flag, is_qualifier,
};
use super::{Count, Kind, PointerKind, Type, TypeRef, UNNAMED};
use crate::fuel::Fuel;
use crate::{Language, Symbols, scopes};

/// At most this many levels of functions as parameters of functions are written out.
const MOST_DEPTH: u32 = 6;

impl Symbols {
    /// Adds to `declarator` the pointers, arrays and functions of a type. Returns the innermost type, which has a
    /// name of its own, or members.
    pub fn declare(&self, declarator: &mut Declarator, ty: &TypeRef) -> TypeRef {
        let Some(dwarf) = self.dwarf() else {
            return ty.clone();
        };
        let fuel = &Fuel::for_one(dwarf.size());
        let reader = Reader {
            dwarf: &dwarf,
            fuel,
        };
        reader.declare(declarator, ty, MOST_DEPTH).0
    }

    /// A name with its type, as C and C++ declare it: `const char *name`, `int (*compare)(const void *)`.
    pub fn declaration(&self, name: &str, ty: &TypeRef) -> String {
        let mut declarator = Declarator::of(name);
        let base = self.declare(&mut declarator, ty);
        declarator.around(&self.ty(&base).name)
    }
}

impl<'a> Reader<'_, 'a> {
    /// The name of a type. An unreadable part is `…`.
    pub(super) fn name(&self, ty: &TypeRef) -> String {
        self.name_within(ty, MOST_DEPTH)
    }

    fn name_within(&self, ty: &TypeRef, depth: u32) -> String {
        let mut declarator = Declarator::default();
        let (_, name) = self.declare(&mut declarator, ty, depth);
        declarator.around(name.as_deref().unwrap_or("…"))
    }

    /// A type of C is written around the name that it declares: `int (*)[3]`. This goes from the outermost pointer or
    /// array to the innermost element, and returns that with its name.
    fn declare(
        &self,
        declarator: &mut Declarator,
        ty: &TypeRef,
        depth: u32,
    ) -> (TypeRef, Option<String>) {
        let mut ty = ty.clone();
        for _ in 0..MOST_HOPS {
            let id = match &ty {
                TypeRef::Void => return (ty, Some("void".to_owned())),
                TypeRef::Made(made) => match self.declare_made(declarator, made, depth) {
                    Some(next) => {
                        ty = next;
                        continue;
                    }
                    None => {
                        let name = made.name.to_string();
                        return (ty, Some(name));
                    }
                },
                TypeRef::Entry(id) => *id,
            };
            let Ok(found) = self.find(id) else {
                break;
            };
            if depth == 0 || declarator.text.len() > LONGEST_NAME {
                break;
            }
            match self.name_step(&found, declarator, depth - 1) {
                Ok(Step::Into(next)) => ty = next,
                Ok(Step::Named(name)) => return (ty, Some(name)),
                Err(_) => break,
            }
        }
        (ty, None)
    }

    /// The same for one step of a type that no entry describes. Returns the type that it is made of.
    fn declare_made(
        &self,
        declarator: &mut Declarator,
        made: &Type,
        depth: u32,
    ) -> Option<TypeRef> {
        match (&made.kind, made.language) {
            (
                Kind::Pointer(PointerKind::Pointer, target),
                None | Some(Language::C | Language::Cpp),
            ) => {
                declarator.point("*");
                Some(target.clone())
            }
            (Kind::Array(array), None | Some(Language::C | Language::Cpp)) => {
                let brackets: String = array.dimensions.iter().map(bracket).collect();
                declarator.follow(&brackets);
                Some(array.element.clone())
            }
            (Kind::Function(function), Some(Language::C | Language::Cpp)) => {
                let names = function.parameters.iter();
                let names = names.map(|it| self.name_within(it, depth.saturating_sub(1)));
                let more = function.variadic.then(|| "...".to_owned());
                let names: Vec<String> = names.chain(more).collect();
                declarator.follow(&if names.is_empty() && made.language == Some(Language::C) {
                    "(void)".to_owned()
                } else {
                    format!("({})", names.join(", "))
                });
                Some(function.result.clone())
            }
            (Kind::Qualified(target), None | Some(Language::C | Language::Cpp)) => {
                // The qualifiers are in the name as the user wrote them, before the type or after the `*`.
                let name = made.name.rsplit('*').next().unwrap_or_default();
                for word in name.split(|c: char| !c.is_alphanumeric() && c != '_') {
                    match word {
                        "const" => declarator.qualify("const"),
                        "volatile" => declarator.qualify("volatile"),
                        "restrict" => declarator.qualify("restrict"),
                        _ => break,
                    }
                }
                Some(target.clone())
            }
            _ => None,
        }
    }

    fn name_step(
        &self,
        found: &Found<'a>,
        declarator: &mut Declarator,
        depth: u32,
    ) -> Result<Step, Error> {
        let (unit, entry) = (&found.unit, &found.entry);
        let target = || self.reference(unit, entry.attr_value(gimli::DW_AT_type));
        let is_rust = unit.language == Some(Language::Rust);
        let is_c = unit.language == Some(Language::C);
        if let Some(name) = scopes::qualified_name(self.dwarf, unit, entry.offset(), self.fuel) {
            self.fuel.burn(name.len())?;
            if unit.language == Some(Language::C)
                && let Some(tag) = tag(entry.tag())
                && let Some(name) = self.own_name(unit, entry)?
            {
                return Ok(Step::Named(format!("{tag} {name}")));
            }
            return Ok(Step::Named(match &*name {
                // The name that programmers use.
                "decltype(nullptr)" => "std::nullptr_t".to_owned(),
                _ if unit.language == Some(Language::Cpp) => {
                    let arguments = self.arguments(found, depth)?;
                    if arguments.is_empty() {
                        name
                    } else {
                        crate::spelling::tidy((name + &arguments).into()).into_owned()
                    }
                }
                _ => name,
            }));
        }
        match entry.tag() {
            gimli::DW_TAG_pointer_type => declarator.point("*"),
            gimli::DW_TAG_reference_type => declarator.point("&"),
            gimli::DW_TAG_rvalue_reference_type => declarator.point("&&"),
            gimli::DW_TAG_ptr_to_member_type => {
                let class = entry.attr_value(gimli::DW_AT_containing_type);
                let class = self.name_within(&self.reference(unit, class), depth);
                declarator.point(&format!("{class}::*"));
            }
            gimli::DW_TAG_array_type => {
                let dimensions = self.dimensions(found)?;
                self.fuel.burn(8 * dimensions.len())?;
                match unit.language {
                    Some(Language::Rust) => {
                        let mut name = self.name_within(&target(), depth);
                        for dimension in dimensions.iter().rev() {
                            name = match dimension {
                                Count::Known(count) => format!("[{name}; {count}]"),
                                Count::InVariable(_) | Count::Unknown => format!("[{name}]"),
                            };
                            self.fuel.burn(name.len())?;
                        }
                        return Ok(Step::Named(name));
                    }
                    Some(Language::Zig) => {
                        let brackets: String = dimensions.iter().map(bracket).collect();
                        let element = self.name_within(&target(), depth);
                        return Ok(Step::Named(format!("{brackets}{element}")));
                    }
                    _ => {
                        let brackets: String = dimensions.iter().map(bracket).collect();
                        declarator.follow(&brackets);
                    }
                }
            }
            gimli::DW_TAG_subroutine_type => {
                let (parameters, is_const) = self.parameter_names(found, depth)?;
                if is_rust {
                    let result = match target() {
                        TypeRef::Void => String::new(),
                        ty => format!(" -> {}", self.name_within(&ty, depth)),
                    };
                    return Ok(Step::Named(format!("fn({parameters}){result}")));
                }
                let after = if is_const { " const" } else { "" };
                let parameters = match &*parameters {
                    "" if is_c && flag(entry, gimli::DW_AT_prototyped) => "void",
                    // Before C23, only a function without a prototype accepts any arguments.
                    "..." if is_c => "",
                    other => other,
                };
                declarator.follow(&format!("({parameters}){after}"));
            }
            gimli::DW_TAG_const_type => declarator.qualify("const"),
            gimli::DW_TAG_volatile_type => declarator.qualify("volatile"),
            gimli::DW_TAG_restrict_type => declarator.qualify("restrict"),
            gimli::DW_TAG_atomic_type => declarator.qualify("_Atomic"),
            tag if is_qualifier(tag) => {}
            dwarf_tag if is_c && let Some(tag) = tag(dwarf_tag) => {
                return Ok(Step::Named(format!("{tag} {UNNAMED}")));
            }
            gimli::DW_TAG_structure_type => return Ok(Step::unnamed("struct")),
            gimli::DW_TAG_class_type if self.is_lambda(found)? => {
                return Ok(Step::Named("{lambda}".to_owned()));
            }
            gimli::DW_TAG_class_type | gimli::DW_TAG_interface_type => {
                return Ok(Step::unnamed("class"));
            }
            gimli::DW_TAG_union_type => return Ok(Step::unnamed("union")),
            gimli::DW_TAG_enumeration_type => return Ok(Step::unnamed("enum")),
            _ => return Ok(Step::unnamed("type")),
        }
        Ok(Step::Into(target()))
    }

    /// The names of a function's parameters, and whether it is a member function of a `const` object.
    fn parameter_names(&self, found: &Found<'a>, depth: u32) -> Result<(String, bool), Error> {
        let mut names = String::new();
        let mut is_const = false;
        let mut add = |name: &str| {
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(name);
        };
        self.each_below(
            found,
            |_| false,
            |_, entry| {
                let name = match entry.tag() {
                    gimli::DW_TAG_formal_parameter => {
                        let ty = entry.attr_value(gimli::DW_AT_type);
                        self.name_within(&self.reference(&found.unit, ty), depth)
                    }
                    gimli::DW_TAG_unspecified_parameters => "...".to_owned(),
                    _ => return Ok(()),
                };
                self.fuel.burn(name.len())?;
                if flag(entry, gimli::DW_AT_artificial) {
                    // `this`, which the source does not list.
                    is_const |= name.starts_with("const ");
                } else {
                    add(&name);
                }
                Ok(())
            },
        )?;
        Ok((names, is_const))
    }

    /// The template arguments of a class whose name lacks them (clang's `-gsimple-template-names`): `<int, 3>`.
    fn arguments(&self, found: &Found<'a>, depth: u32) -> Result<String, Error> {
        if !found.entry.has_children() || !is_class(found.entry.tag()) {
            return Ok(String::new());
        }
        let name = self.own_name(&found.unit, &found.entry)?;
        if name.is_none_or(|it| it.ends_with('>')) {
            return Ok(String::new());
        }
        let unit = &found.unit.gimli;
        let mut entries = unit.entries_raw(Some(found.entry.offset()))?;
        let mut entry = Entry::null();
        entries.read_entry(&mut entry)?;
        let mut arguments = Vec::new();
        // The parameters come before the members.
        while !entries.is_empty() && entries.next_depth() > 0 {
            if !entries.read_entry(&mut entry)? {
                continue;
            }
            self.fuel.burn(1 + entry.attrs().len())?;
            let ty = entry.attr_value(gimli::DW_AT_type);
            let ty = || self.reference(&found.unit, ty);
            arguments.push(match entry.tag() {
                gimli::DW_TAG_template_type_parameter => self.name_within(&ty(), depth),
                gimli::DW_TAG_template_value_parameter => self.value(&entry, &ty(), depth)?,
                gimli::DW_TAG_GNU_template_template_param => {
                    let name = entry.attr_value(gimli::DW_AT_GNU_template_name);
                    let name = name.and_then(|it| self.dwarf.gimli.attr_string(unit, it).ok());
                    name.map_or("…".into(), |it| it.to_string_lossy().into_owned())
                }
                gimli::DW_TAG_GNU_template_parameter_pack => continue,
                _ => break,
            });
            self.fuel.burn(arguments.last().map_or(0, String::len))?;
        }
        Ok(if arguments.is_empty() {
            String::new()
        } else {
            format!("<{}>", arguments.join(", "))
        })
    }

    /// A template argument that is a value, as clang writes it.
    fn value(&self, entry: &Entry<'a>, ty: &TypeRef, depth: u32) -> Result<String, Error> {
        let name = self.name_within(ty, depth);
        let is_signed = self.is_signed(ty).unwrap_or(false);
        let value = entry.attr_value(gimli::DW_AT_const_value);
        let size = self.size(ty)?;
        let Some(value) = value.and_then(|it| constant(it, size, is_signed)) else {
            return Ok("…".to_owned());
        };
        let suffix = match &*name {
            "bool" => return Ok((value != 0).to_string()),
            "char" => match u8::try_from(value) {
                Ok(char @ b' '..=b'~') => return Ok(format!("'{}'", char as char)),
                _ => return Ok(format!("(char){value}")),
            },
            "int" => "",
            "unsigned int" => "U",
            "long" => "L",
            "unsigned long" => "UL",
            "long long" => "LL",
            "unsigned long long" => "ULL",
            other => return Ok(format!("({other}){value}")),
        };
        Ok(format!("{value}{suffix}"))
    }

    /// clang gives the class of a lambda no name: it is one with a call operator.
    fn is_lambda(&self, found: &Found<'a>) -> Result<bool, Error> {
        let mut is_lambda = false;
        let is_call = |entry: &Entry<'a>| {
            let name = entry.attr_value(gimli::DW_AT_name)?;
            let name: AttributeValue<_> = name;
            let name = self.dwarf.gimli.attr_string(&found.unit.gimli, name).ok()?;
            Some(name.slice() == b"operator()")
        };
        self.each_below(
            found,
            |_| false,
            |_, entry| {
                is_lambda |= is_call(entry) == Some(true);
                Ok(())
            },
        )?;
        Ok(is_lambda)
    }
}

fn is_class(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_union_type
    )
}

/// The keyword that C writes before the name of a type, except for a typedef.
pub(crate) fn tag(dwarf_tag: gimli::DwTag) -> Option<&'static str> {
    match dwarf_tag {
        gimli::DW_TAG_structure_type => Some("struct"),
        gimli::DW_TAG_union_type => Some("union"),
        gimli::DW_TAG_enumeration_type => Some("enum"),
        _ => None,
    }
}

/// What an entry adds to the name of a type.
enum Step {
    /// A pointer, array or similar, which was added around the name of this type.
    Into(TypeRef),
    /// This is the innermost name.
    Named(String),
}

impl Step {
    fn unnamed(word: &str) -> Step {
        Step::Named(format!("{{unnamed {word}}}"))
    }
}

/// The part of a declaration of C around the declared name.
#[derive(Debug, Default)]
pub struct Declarator {
    text: String,
    /// Whether a pointer was added last: brackets after it need parentheses.
    is_pointer: bool,
    /// The qualifiers of the next pointer or of the innermost type.
    qualifiers: Vec<&'static str>,
}

impl Declarator {
    /// Only a name, which may be empty.
    pub fn of(name: &str) -> Declarator {
        Declarator {
            text: name.to_owned(),
            ..Declarator::default()
        }
    }

    /// A pointer without a name.
    pub fn pointer() -> Declarator {
        let mut declarator = Declarator::default();
        declarator.point("*");
        declarator
    }

    /// An array without a name.
    pub fn array(count: u64) -> Declarator {
        Declarator::of(&format!("[{count}]"))
    }

    fn point(&mut self, symbol: &str) {
        let qualifiers = self.qualifiers.join(" ");
        let is_apart = !qualifiers.is_empty() && !self.text.is_empty() && !self.is_brackets();
        let space = if is_apart { " " } else { "" };
        self.text = format!("{symbol}{qualifiers}{space}{}", self.text);
        self.qualifiers.clear();
        self.is_pointer = true;
    }

    fn follow(&mut self, brackets: &str) {
        self.text = if self.is_pointer {
            format!("({}){brackets}", self.text)
        } else {
            format!("{}{brackets}", self.text)
        };
        self.is_pointer = false;
    }

    fn qualify(&mut self, word: &'static str) {
        if !self.qualifiers.contains(&word) {
            self.qualifiers.push(word);
        }
    }

    /// The same on one line and without characters that control a terminal.
    pub fn printable(self) -> Declarator {
        Declarator {
            text: crate::printable(&self.text).into_owned(),
            ..self
        }
    }

    fn is_brackets(&self) -> bool {
        self.text.starts_with(['[', '('])
    }

    /// The whole declaration, with `name` as the name of the innermost type.
    pub fn around(&self, name: &str) -> String {
        let mut out = self.qualifiers.join(" ");
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(name);
        if !self.text.is_empty() && !self.text.starts_with('[') {
            out.push(' ');
        }
        out.push_str(&self.text);
        out
    }
}

fn bracket(count: &Count) -> String {
    match count {
        Count::Known(count) => format!("[{count}]"),
        Count::InVariable(_) | Count::Unknown => "[]".to_owned(),
    }
}

//! `ptype`: a type as its language declares it. `info types`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use wdb_symbols::glob;
use wdb_symbols::types::{Declarator, Enumeration, Kind, Member, Record, RecordKind, Role, tagged};
use wdb_symbols::{Language, Name, Origin, Symbols, Type, TypeRef, printable, runtime};

use crate::call::Call;
use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::output::{Output, Style};
use wdb_examine::view::View;

/// At most this many members are listed.
const MOST: usize = 1_000;
/// As deep as unnamed structures in each other are listed.
const MOST_DEPTH: usize = 16;
/// At most this many typedefs and pointers are followed.
const MOST_HOPS: usize = 16;

/// The declaration of a type, without a line end.
pub(super) fn declaration(symbols: &Symbols, ty: &TypeRef) -> String {
    let known = symbols.bare(ty);
    let (mut text, listed) = match known.language {
        // What an expression made before the program has a frame is of no language.
        Some(Language::C | Language::Cpp) | None => c(symbols, ty),
        Some(_) => other(symbols, &known),
    };
    let has_members = text.contains('\n');
    let in_all = if has_members { " in all" } else { "" };
    // What has members is what one asks for, and not a pointer to it.
    let sized = match known.kind {
        Kind::Pointer(..) if has_members => &listed,
        _ => &known,
    };
    match (sized.size, &sized.kind) {
        // A function has none.
        (_, Kind::Function(..)) => {}
        (Some(1), _) => text += &format!("  // 1 byte{in_all}"),
        (Some(size), _) => text += &format!("  // {size} bytes{in_all}"),
        (None, Kind::Record(it)) if it.members.is_empty() => {
            text += "  // only declared: the debug information does not have its members";
        }
        (None, _) => {}
    }
    text
}

/// Of C and C++, a type with pointers and arrays of it, whatever it is called, and the type whose members are listed. In C it
/// is a type that a compiler takes.
fn c(symbols: &Symbols, ty: &TypeRef) -> (String, Arc<Type>) {
    let mut declarator = Declarator::default();
    let mut base = symbols.declare(&mut declarator, ty);
    for _ in 0..MOST_HOPS {
        let Kind::Alias(target) = &symbols.ty(&base).kind else {
            break;
        };
        base = symbols.declare(&mut declarator, target);
    }
    let listed = symbols.ty(&base);
    let text = Listing::default().members(symbols, &listed, 0);
    (declarator.printable().around(&text), listed)
}

/// Of other languages, what a pointer points to.
fn other(symbols: &Symbols, ty: &Arc<Type>) -> (String, Arc<Type>) {
    let mut ty = Arc::clone(ty);
    let mut stars = String::new();
    for _ in 0..MOST_HOPS {
        ty = match &ty.kind {
            Kind::Alias(target) | Kind::Qualified(target) => symbols.ty(target),
            Kind::Pointer(_, target) => {
                let inner = symbols.ty(target);
                if !matches!(
                    inner.kind,
                    Kind::Record(_) | Kind::Enumeration(_) | Kind::Qualified(_) | Kind::Alias(_)
                ) {
                    break;
                }
                stars.push_str(" *");
                inner
            }
            _ => break,
        };
    }
    let text = Listing::default().members(symbols, &ty, 0) + &stars;
    (text, ty)
}

/// A type with its members that is being written.
#[derive(Default)]
struct Listing {
    /// How many lines there are.
    lines: usize,
    /// How many types it is in.
    depth: usize,
}

impl Listing {
    /// A type with its members, each with where it is, `from` bytes being before the type. Of what has none, the name.
    fn members(&mut self, symbols: &Symbols, ty: &Type, from: u64) -> String {
        let is_c = ty.language == Some(Language::C);
        let head = |word: &str| match tagged(&ty.name) {
            // A typedef's name has no place there.
            (None, _) if is_c => word.to_owned(),
            _ if ty.is_unnamed() => word.to_owned(),
            (Some(_), _) if is_c => printable(&ty.name).into_owned(),
            _ => format!("{word} {}", printable(&ty.name)),
        };
        match &ty.kind {
            Kind::Record(record) => {
                let variants = record.variants.as_ref().map_or(0, |it| it.variants.len());
                let head = head(match record.kind {
                    _ if variants > 1 => "enum",
                    RecordKind::Struct => "struct",
                    RecordKind::Class => "class",
                    RecordKind::Union => "union",
                });
                let is_declared = ty.size.is_none() && record.members.is_empty();
                if is_declared {
                    head
                } else {
                    head + &self.record(symbols, ty, record, from)
                }
            }
            Kind::Enumeration(it) => {
                head(match ty.language {
                    Some(Language::Cpp) if it.scoped => "enum class",
                    _ => "enum",
                }) + &self.enumeration(it)
            }
            _ => printable(&ty.name).into_owned(),
        }
    }

    fn record(&mut self, symbols: &Symbols, ty: &Type, record: &Record, from: u64) -> String {
        let mut out = String::new();
        let bases = record.members.iter().filter(|it| it.role != Role::Field);
        for (position, base) in bases.enumerate() {
            let word = match base.role {
                Role::VirtualBase(_) => "virtual ",
                Role::Base | Role::Field => "",
            };
            let separator = if position == 0 { " : " } else { ", " };
            let name = &symbols.ty(&base.ty).name;
            let _ = write!(out, "{separator}{word}{}", printable(name));
        }
        out.push_str(" {\n");
        self.depth += 1;
        let fields = record.members.iter().filter(|it| it.role == Role::Field);
        let discriminant = record.variants.as_ref();
        let discriminant = discriminant.and_then(|it| it.discriminant.as_ref());
        for member in fields.filter(|it| Some(*it) != discriminant) {
            if !self.begin_line(&mut out) {
                break;
            }
            self.field(&mut out, symbols, member, ty.language, from);
        }
        let variants = record.variants.iter().flat_map(|it| &it.variants);
        for member in variants.flat_map(|it| &it.members) {
            if let Some(name) = &member.name {
                if !self.begin_line(&mut out) {
                    break;
                }
                let _ = writeln!(out, "{},", variant_line(symbols, name, member));
            }
        }
        for name in &record.statics {
            if !self.begin_line(&mut out) {
                break;
            }
            let _ = writeln!(out, "static {};", printable(name));
        }
        self.end(&mut out);
        out
    }

    /// A member with where it is: `int x;  // at 4`.
    fn field(
        &mut self,
        out: &mut String,
        symbols: &Symbols,
        member: &Member,
        language: Option<Language>,
        from: u64,
    ) {
        let name = member.name.as_deref().unwrap_or_default();
        let at = from.saturating_add(member.offset);
        let mut text = match language {
            Some(Language::C | Language::Cpp) => {
                let mut declarator = Declarator::of(name);
                let base = symbols.declare(&mut declarator, &member.ty);
                let inner = symbols.ty(&base);
                let is_listed = inner.is_unnamed() && self.depth < MOST_DEPTH;
                let text = if is_listed {
                    // Of a pointer or an array there is not one place.
                    let from = if base == member.ty { at } else { 0 };
                    self.members(symbols, &inner, from)
                } else {
                    printable(&inner.name).into_owned()
                };
                declarator.printable().around(&text)
            }
            _ => printable(&wdb_examine::variables::declaration(
                symbols, name, &member.ty,
            ))
            .into_owned(),
        };
        if let Some(bits) = member.bits {
            let _ = write!(text, " : {}", bits.size);
        }
        let is_rust = language == Some(Language::Rust);
        text.push(if is_rust { ',' } else { ';' });
        let (before, last) = match text.rsplit_once('\n') {
            Some((before, last)) => (format!("{before}\n"), last),
            None => (String::new(), &*text),
        };
        let indent = if before.is_empty() { 4 * self.depth } else { 0 };
        let width = 44_usize.saturating_sub(indent);
        let _ = writeln!(out, "{before}{last:<width$}  // at {at}");
    }

    fn enumeration(&mut self, ty: &Enumeration) -> String {
        let mut out = " {\n".to_owned();
        self.depth += 1;
        for (name, value) in &ty.enumerators {
            if !self.begin_line(&mut out) {
                break;
            }
            let _ = writeln!(out, "{} = {value},", printable(name));
        }
        self.end(&mut out);
        out
    }

    /// Indents a line. `false`: there are enough, which is said.
    fn begin_line(&mut self, out: &mut String) -> bool {
        let _ = write!(out, "{:1$}", "", 4 * self.depth);
        let is_wanted = self.lines < MOST;
        if is_wanted {
            self.lines += 1
        } else {
            out.push_str("…\n")
        }
        is_wanted
    }

    fn end(&mut self, out: &mut String) {
        self.depth -= 1;
        let _ = write!(out, "{:1$}}}", "", 4 * self.depth);
    }
}

/// `Circle { radius: f64 }`: a variant's one member is a structure of its fields.
fn variant_line(symbols: &Symbols, name: &str, member: &Member) -> String {
    let ty = symbols.ty(&member.ty);
    let Kind::Record(inner) = &ty.kind else {
        return format!("{}({})", printable(name), printable(&ty.name));
    };
    let is_tuple = |it: &Member| it.name.as_deref().is_some_and(|it| it.starts_with("__"));
    let fields: Vec<String> = inner
        .members
        .iter()
        .map(|member| {
            let ty = wdb_examine::variables::without_paths(&symbols.ty(&member.ty).name);
            match &member.name {
                Some(name) if !is_tuple(member) => {
                    format!("{}: {}", printable(name), printable(&ty))
                }
                _ => printable(&ty).into_owned(),
            }
        })
        .collect();
    let name = printable(name);
    match fields.len() {
        0 => name.into_owned(),
        _ if inner.members.iter().all(is_tuple) => format!("{name}({})", fields.join(", ")),
        _ => format!("{name} {{ {} }}", fields.join(", ")),
    }
}

pub(super) fn list(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let pattern = crate::words::pattern(call.rest);
    let mut found = names(&mut console.session.view());
    // Each template that takes a type has its name in its arguments.
    let named = |text: &str| {
        if pattern.contains('<') {
            text.to_owned()
        } else {
            text.split('<').next().unwrap_or_default().to_owned()
        }
    };
    let is_meant = |it: &str| glob::matches(&pattern, it);
    let has_tag = pattern.contains(' ');
    found.retain(|it, _| is_meant(&named(tagged(it).1)) || has_tag && is_meant(&named(it)));
    if found.is_empty() {
        return Err(match call.rest {
            "" => match crate::words::any_without_file(&console.session.view()) {
                None => "the program has no debug information with types".into(),
                Some(why) => Failure(why),
            },
            rest => Failure(format!("no type has a name like `{rest}`")),
        });
    }
    let height = console.settings.height;
    // The program's own first, then pointers to them and the like, numbers and functions, and then what its language
    // brings.
    let mut found: Vec<(String, Option<Arc<str>>)> = found.into_iter().collect();
    let has_own_name = |it: &str| it.starts_with(|c: char| c.is_alphabetic() || c == '_');
    found.sort_by_cached_key(|(name, file)| {
        let is_library = is_library(tagged(name).1, file.as_deref());
        let own_name = tagged(name).1;
        // Of types of Rust no file is known.
        let is_declared = file.is_some() || is_path(own_name);
        let is_made = !has_own_name(name) || !is_declared;
        (
            is_library,
            is_made,
            !has_own_name(name),
            own_name.to_owned(),
        )
    });
    for (name, _) in found.iter().take(height) {
        out.write(Style::Name, &printable(name));
        out.write(Style::Plain, "\n");
    }
    crate::words::rest_of_list("info types", found.len().saturating_sub(height), out);
    Ok(Flow::Go)
}

/// Whether a name is the path of something that a programmer has named: no closure, no `fn(a::B)` and no `dyn a::B`.
fn is_path(name: &str) -> bool {
    let path = name.split(['<', '(']).next().unwrap_or_default();
    path.contains("::") && !path.contains([' ', '{'])
}

/// The crates that Rust's library is built from, as it is since 1.80. Of their types no file is known.
const CRATES_OF_STD: &[&str] = &[
    "addr2line::",
    "adler2::",
    "gimli::",
    "hashbrown::",
    "memchr::",
    "miniz_oxide::",
    "object::",
];

/// Whether a type belongs to the language's library, as far as its name and its file tell, or has no name of its own.
fn is_library(name: &str, file: Option<&str>) -> bool {
    let path = name.trim_start_matches(|c: char| !c.is_alphabetic() && c != '_');
    let path = ["mut ", "const ", "dyn "]
        .iter()
        .fold(path, |it, word| it.strip_prefix(word).unwrap_or(it));
    let name = Name {
        raw: String::new(),
        display: path.to_owned(),
        origin: Origin::Dwarf,
        language: None,
    };
    let is_of_std = file.is_none() && CRATES_OF_STD.iter().any(|it| path.starts_with(it));
    path.is_empty() || is_of_std || runtime::family(&name, file).is_some()
}

/// The names of all types of all modules, with the files that declare them.
pub(super) fn names(view: &mut View<'_>) -> BTreeMap<String, Option<Arc<str>>> {
    let modules = view.module_ids();
    let symbols: Vec<_> = modules.filter_map(|it| view.symbols(it)).collect();
    symbols.iter().flat_map(|it| it.type_names()).collect()
}

//! `ptype`: a type as its language declares it. `info types`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use wdb_symbols::types::{Enumeration, Kind, Member, PointerKind, Record, RecordKind, Role};
use wdb_symbols::{Language, Name, Origin, Symbols, TypeRef, printable, runtime};
use wdb_target::coredump::ModuleId;

use super::call::Call;
use super::{Console, Failure, Flow, Output, Style};
use crate::stop::Stop;

/// As many members are listed.
const MOST: usize = 1_000;

/// The declaration of a type, without a line end.
pub(super) fn declaration(symbols: &Symbols, ty: &TypeRef) -> String {
    let mut prefix = String::new();
    let mut suffix = String::new();
    let mut ty = symbols.ty(ty);
    // The members of what is pointed to are what one asks for.
    for _ in 0..16 {
        match &ty.kind {
            Kind::Alias(target) | Kind::Qualified(target) => ty = symbols.ty(target),
            Kind::Pointer(kind, target) => {
                let inner = symbols.ty(target);
                if !matches!(
                    inner.kind,
                    Kind::Record(_) | Kind::Enumeration(_) | Kind::Qualified(_) | Kind::Alias(_)
                ) {
                    break;
                }
                suffix.insert_str(
                    0,
                    match kind {
                        PointerKind::Pointer => " *",
                        PointerKind::Reference => " &",
                        PointerKind::RvalueReference => " &&",
                    },
                );
                ty = inner;
            }
            _ => break,
        }
    }
    let mut text = match &ty.kind {
        Kind::Record(record) => self::record(symbols, &ty.name, ty.language, record),
        Kind::Enumeration(it) => enumeration(&ty.name, ty.language, it),
        _ => printable(&ty.name).into_owned(),
    };
    if matches!(ty.kind, Kind::Record(_) | Kind::Enumeration(_)) {
        text.push_str(&suffix);
    } else if !suffix.is_empty() {
        prefix.push_str(&suffix);
        text.push_str(&prefix);
    }
    if let Some(size) = ty.size {
        let plural = if size == 1 { "byte" } else { "bytes" };
        let comment = match text.lines().count() {
            1 => format!("  // {size} {plural}"),
            _ => format!("  // {size} {plural} in all"),
        };
        text.push_str(&comment);
    }
    text
}

fn record(symbols: &Symbols, name: &str, language: Option<Language>, record: &Record) -> String {
    let is_rust = language == Some(Language::Rust);
    let word = match record.kind {
        _ if record
            .variants
            .as_ref()
            .is_some_and(|it| it.variants.len() > 1) =>
        {
            "enum"
        }
        RecordKind::Struct => "struct",
        RecordKind::Class => "class",
        RecordKind::Union => "union",
    };
    let mut out = format!("{word} {}", printable(name));
    let bases = record.members.iter().filter(|it| it.role != Role::Field);
    for (position, base) in bases.enumerate() {
        let word = if matches!(base.role, Role::VirtualBase(_)) {
            "virtual "
        } else {
            ""
        };
        let separator = if position == 0 { " : " } else { ", " };
        let _ = write!(
            out,
            "{separator}{word}{}",
            printable(&symbols.ty(&base.ty).name)
        );
    }
    out.push_str(" {\n");
    let fields = record.members.iter().filter(|it| it.role == Role::Field);
    let is_discriminant = |it: &&Member| {
        let variants = record.variants.as_ref();
        variants.and_then(|it| it.discriminant.as_ref()) == Some(*it)
    };
    for (position, member) in fields.filter(|it| !is_discriminant(it)).enumerate() {
        if position == MOST {
            out.push_str("    …\n");
            break;
        }
        let _ = writeln!(out, "{}", field(symbols, member, language, is_rust));
    }
    for variant in record
        .variants
        .iter()
        .flat_map(|it| &it.variants)
        .take(MOST)
    {
        for member in &variant.members {
            let line = match &member.name {
                Some(name) => variant_line(symbols, name, member),
                None => continue,
            };
            let _ = writeln!(out, "    {line},");
        }
    }
    for name in &record.statics {
        let _ = writeln!(out, "    static {};", printable(name));
    }
    out.push('}');
    out
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
        .map(|it| {
            let ty = crate::variables::without_paths(&symbols.ty(&it.ty).name);
            match &it.name {
                Some(name) if !is_tuple(it) => format!("{}: {}", printable(name), printable(&ty)),
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

/// A member with where it is: `    int x;  // at 4`.
fn field(symbols: &Symbols, member: &Member, language: Option<Language>, is_rust: bool) -> String {
    let ty = symbols.ty(&member.ty);
    let name = member.name.as_deref().unwrap_or_default();
    let mut text = crate::variables::declaration(name, &ty.name, language);
    if let Some(bits) = member.bits {
        let _ = write!(text, " : {}", bits.size);
    }
    let end = if is_rust { "," } else { ";" };
    format!(
        "    {:<40}  // at {}",
        format!("{}{end}", printable(text.trim_end())),
        member.offset
    )
}

fn enumeration(name: &str, language: Option<Language>, ty: &Enumeration) -> String {
    let word = match language {
        Some(Language::Cpp) if ty.scoped => "enum class",
        _ => "enum",
    };
    let mut out = format!("{word} {} {{\n", printable(name));
    for (name, value) in ty.enumerators.iter().take(MOST) {
        let _ = writeln!(out, "    {} = {value},", printable(name));
    }
    if ty.enumerators.len() > MOST {
        out.push_str("    …\n");
    }
    out.push('}');
    out
}

pub(super) fn list(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let pattern = super::pattern(call.rest);
    let mut found = names(&mut console.session.stop());
    // Each template that takes a type has its name in its arguments.
    let named = |it: &str| match pattern.contains('<') {
        true => it.to_owned(),
        false => it.split('<').next().unwrap_or_default().to_owned(),
    };
    found.retain(|it, _| crate::breakpoints::matches(&pattern, &named(it)));
    if found.is_empty() {
        return Err(match call.rest {
            "" => "the program has no debug information with types".into(),
            rest => Failure(format!("no type has a name like `{rest}`")),
        });
    }
    let height = console.settings.height;
    // The program's own first, then pointers to them and the like, and then what its language brings.
    let mut found: Vec<(String, Option<Arc<str>>)> = found.into_iter().collect();
    let has_own_name = |it: &str| it.starts_with(|c: char| c.is_alphabetic() || c == '_');
    found.sort_by_cached_key(|(name, file)| {
        let is_library = is_library(name, file.as_deref());
        (is_library, !has_own_name(name), file.is_none())
    });
    for (name, _) in found.iter().take(height) {
        out.write(Style::Name, &printable(name));
        out.write(Style::Plain, "\n");
    }
    super::rest_of_list("info types", found.len().saturating_sub(height), out);
    Ok(Flow::Go)
}

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
    path.is_empty() || runtime::family(&name, file).is_some()
}

/// The names of all types of all modules, with the files that declare them.
pub(super) fn names(stop: &mut Stop<'_>) -> BTreeMap<String, Option<Arc<str>>> {
    let modules = (0..stop.modules().len() as u32).map(ModuleId);
    let symbols: Vec<_> = modules.filter_map(|it| stop.symbols(it)).collect();
    symbols.iter().flat_map(|it| it.type_names()).collect()
}

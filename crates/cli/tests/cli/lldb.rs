//! Every scalar variable of the C and C++ guests, compared with what LLDB says at the same stop:
//! the recordings in `fixtures/lldb`, which `cargo xtask lldb` makes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Failed;
use serde_json::Value;
use wdb_debuggee::PostMortem;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::Resolver;
use wdb_examine::View;
use wdb_examine::machine::FrameMachine;
use wdb_examine::view::FrameId;
use wdb_module::Binary;
use wdb_symbols::object::Scalar;
use wdb_symbols::types::{Array, Count, Kind, Role};
use wdb_symbols::{Context, Object, Symbols, Type, TypeRef, Variable};

use super::{fixtures, root};

/// What wdb and LLDB say differently, and why that is right: the guest, the start of the path, the reason.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("c-variables-o1", "single_complex", DROPPED),
    ("c-variables-o1", "low", WIDE),
    ("c-variables-o1", "high", WIDE),
    ("c-variables-o1", "u16", WIDE),
    ("c-variables-o2", "single_complex", DROPPED),
    ("c-variables-o2", "low", WIDE),
    ("c-variables-o2", "high", WIDE),
    ("c-variables-o2", "u16", WIDE),
    ("cpp-types", "no_member", MEMBER),
    ("cpp-types", "nothing", NULLPTR),
    ("cpp-types-o2", "no_member", MEMBER),
    ("cpp-types-o2", "nothing", NULLPTR),
    ("cpp-types-o2", "colour", WIDE),
    ("cpp-types-o2", "shared.__ptr_", DROPPED),
    ("cpp-types-o2", "lambda_function.__f_", DROPPED),
];

const DROPPED: &str = "a piece that the compiler dropped: LLDB shows zeros";
const WIDE: &str = "LLDB takes all bytes of the local for a narrower type";
const MEMBER: &str =
    "a pointer to a data member is a signed offset, -1 where it is null; LLDB's has no sign";
const NULLPTR: &str = "the type of nullptr has no values but null";

/// The guests that were recorded.
pub(super) fn guests() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("fixtures/lldb"))
        .unwrap()
        .filter_map(|frame| {
            let name = frame.unwrap().file_name().into_string().unwrap();
            Some(name.strip_suffix(".json")?.to_owned())
        })
        .collect();
    names.sort();
    names
}

struct Own(Arc<Symbols>);

impl Resolver for Own {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        Some(Arc::clone(&self.0))
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}

/// Compares all variables of all frames.
pub(super) fn compare(guest: &str) -> Result<(), Failed> {
    let recorded = fs::read(root().join(format!("fixtures/lldb/{guest}.json")))?;
    let recorded: Value = serde_json::from_slice(&recorded)?;
    let directory = tempfile::tempdir()?;
    let core = directory.path().join("core");
    // The guest's arguments lie in its memory, and have to be those that it had under LLDB.
    let name = format!("{guest}.wasm");
    let path = fixtures().join(&name);
    let run = Command::new(env!("CARGO_BIN_EXE_wdb"))
        .arg("run")
        .arg("--core")
        .arg(&core)
        .arg(&name)
        .current_dir(fixtures())
        .output()?;
    if run.status.code() != Some(134) {
        return Err(format!("{guest} ended with {}", run.status).into());
    }
    let module = Binary::parse(fs::read(path)?.into())?.modules()[0].clone();
    let symbols = Arc::new(Symbols::new(Arc::clone(&module), None, None));
    let reading = wdb_coredump::read(fs::read(core)?.into())?;
    let mut debuggee = PostMortem::new(reading, vec![Some(module)]);
    let mut resolver = Own(Arc::clone(&symbols));
    let mut view = View::new(&mut debuggee, &mut resolver)?;

    let mut tally = Tally::default();
    let frames = recorded["frames"].as_array().unwrap();
    for (number, frame) in frames.iter().enumerate() {
        let function = frame["function"].as_str().unwrap();
        let id = view
            .frame_numbered(0, number as u32)
            .ok_or_else(|| format!("wdb has no frame {number}, {function}"))?;
        let place = view.place(id).unwrap();
        let spot = &place.chain[id.inlined];
        if spot.location.line.map(u64::from) != frame["line"].as_u64() {
            let line = spot.location.line;
            return Err(format!(
                "frame {number} is {} {line:?}, not {function}",
                spot.function
            )
            .into());
        }
        let lists = view.variables(id);
        let ours: &[Variable] = lists.as_ref().map_or(&[], |it| &it[id.inlined]);
        for variable in frame["variables"].as_array().unwrap() {
            tally.variable(guest, &mut view, id, &symbols, ours, variable);
        }
    }
    let innermost = FrameId {
        thread: 0,
        activation: 0,
        inlined: 0,
    };
    for unit in recorded["units"].as_array().into_iter().flatten() {
        for variable in unit["variables"].as_array().unwrap() {
            let name = variable["name"].as_str().unwrap();
            let statics = symbols.statics_named(last(name));
            tally.variable(guest, &mut view, innermost, &symbols, &statics, variable);
        }
    }
    tally.verdict()
}

#[derive(Default)]
struct Tally {
    same: usize,
    explained: BTreeMap<&'static str, usize>,
    different: String,
    count: usize,
}

impl Tally {
    fn variable(
        &mut self,
        guest: &str,
        view: &mut View<'_>,
        id: FrameId,
        symbols: &Symbols,
        ours: &[Variable],
        recorded: &Value,
    ) {
        let name = recorded["name"].as_str().unwrap();
        let line = recorded["line"].as_u64().filter(|it| *it != 0);
        // Statics of templates are alike except for their arguments, which wdb writes shorter.
        let found = ours
            .iter()
            .rev()
            .filter(|it| last(&it.name) == last(name))
            .max_by_key(|ours| {
                let same_line = line.is_none() || ours.line.map(u64::from) == line;
                let (ours, theirs) = (short(&ours.name), short(name));
                let start = ours.chars().zip(theirs.chars());
                let end = ours.chars().rev().zip(theirs.chars().rev());
                let alike = start.take_while(|(a, b)| a == b).count()
                    + end.take_while(|(a, b)| a == b).count();
                (
                    same_line,
                    alike as i64 - ours.len().max(theirs.len()) as i64,
                )
            });
        let at = view.place(id).and_then(|it| it.at).unwrap();
        let mut machine = FrameMachine::new(view, id);
        let object = found.map(|it| symbols.object(it, at, &mut machine));
        let mut context = Context {
            symbols,
            machine: &mut machine,
            pc: Some(at),
        };
        for scalar in recorded["scalars"].as_array().unwrap() {
            let path = scalar["path"].as_str().unwrap();
            let lldb = expected(scalar);
            let wdb = match &object {
                None => "no such variable".to_owned(),
                Some(object) => {
                    let object = resolve(&mut context, object, name, path);
                    object.map_or_else(
                        || "no such path".into(),
                        |it| value(&mut context, &it, scalar),
                    )
                }
            };
            let Some(lldb) = lldb else {
                // LLDB has no value: then wdb may have one.
                continue;
            };
            if lldb == wdb {
                self.same += 1;
                continue;
            }
            let explained = DIFFERENT
                .iter()
                .find(|(of, start, _)| (guest, true) == (*of, path.starts_with(start)));
            match explained {
                Some((_, _, reason)) => *self.explained.entry(reason).or_default() += 1,
                None => {
                    self.count += 1;
                    if self.count <= 40 {
                        writeln!(
                            self.different,
                            "frame {} `{path}`: LLDB {lldb}, wdb {wdb}",
                            id.activation
                        )
                        .unwrap();
                    }
                }
            }
        }
    }

    fn verdict(self) -> Result<(), Failed> {
        if self.count > 0 {
            return Err(format!(
                "{} of {} scalars differ:\n{}",
                self.count,
                self.same + self.count,
                self.different
            )
            .into());
        }
        if self.same == 0 {
            return Err("nothing was compared".into());
        }
        Ok(())
    }
}

/// A name without libc++'s inline namespace and without spaces: LLDB and wdb set them differently.
fn short(name: &str) -> String {
    name.replace("__2::", "")
        .replace(' ', "")
        .replace("LL,", ",")
        .replace("LL>", ">")
}

fn last(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// What LLDB says, in a form that is compared as text.
fn expected(scalar: &Value) -> Option<String> {
    if let Some(bytes) = scalar["bytes"].as_str() {
        return Some(bytes.to_owned());
    }
    scalar["number"].as_number().map(ToString::to_string)
}

fn value(context: &mut Context<'_>, object: &Object, scalar: &Value) -> String {
    if scalar["bytes"].is_string() {
        return match context.bytes(object) {
            Ok(bytes) => bytes.iter().map(|it| format!("{it:02x}")).collect(),
            Err(reason) => reason.to_string(),
        };
    }
    match context.scalar(object) {
        Ok(Scalar::Signed(value)) => value.to_string(),
        Ok(Scalar::Unsigned(value)) => value.to_string(),
        Ok(Scalar::Float(value)) => value.to_string(),
        Ok(Scalar::Boolean(value)) => value.to_string(),
        Ok(Scalar::Character { code, .. }) => code.to_string(),
        Ok(Scalar::Address(value)) => value.to_string(),
        Err(reason) => reason.to_string(),
    }
}

/// Follows a path as LLDB writes it: `*a.b`, `(*a)[0]`, `a->b[1].<Base>.c`, where `a` is `name` and means
/// `object`.
fn resolve(context: &mut Context<'_>, object: &Object, name: &str, path: &str) -> Option<Object> {
    if let Some(path) = path.strip_prefix('*') {
        let pointer = resolve(context, object, name, path)?;
        return context.target(&pointer).ok()?;
    }
    let (mut found, mut rest) = match path.strip_prefix("(*") {
        Some(rest) => {
            let (inner, rest) = rest.split_once(')')?;
            let pointer = resolve(context, object, name, inner)?;
            (context.target(&pointer).ok()??, rest)
        }
        None => (object.clone(), path.strip_prefix(name)?),
    };
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            found = element(context, &found, index.parse().ok()?)?;
            rest = after;
            continue;
        }
        let after = match rest.strip_prefix("->") {
            Some(after) => {
                found = context.target(&found).ok()??;
                after
            }
            None => rest.strip_prefix('.')?,
        };
        let end = if after.starts_with('<') {
            balanced(after)?
        } else {
            after.find(['.', '[', '-']).unwrap_or(after.len())
        };
        let (part, after) = after.split_at(end);
        // LLDB looks through references without a sign of it.
        if let Kind::Pointer(..) = context.bare(&found.ty).kind {
            found = context.target(&found).ok()??;
        }
        found = match part.strip_prefix('<') {
            Some(part) => {
                let part = part.strip_suffix('>')?;
                // The recorder takes the first members for bases where LLDB counts them so.
                let field = context.field(&found, part);
                field.or_else(|| base(context, &found, part))?
            }
            None => context.field(&found, part)?,
        };
        rest = after;
    }
    Some(found)
}

fn balanced(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn base(context: &mut Context<'_>, object: &Object, name: &str) -> Option<Object> {
    let ty = context.bare(&object.ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    // wdb leaves out what the library adds to template arguments.
    let name = short(name);
    let alike = |ty: &TypeRef| {
        let ours = short(&context.ty(ty).name);
        let start = ours.chars().zip(name.chars());
        let end = ours.chars().rev().zip(name.chars().rev());
        (
            start.take_while(|(a, b)| a == b).count(),
            end.take_while(|(a, b)| a == b).count(),
        )
    };
    let bases = record.members.iter().filter(|it| it.role != Role::Field);
    let member = bases.max_by_key(|it| alike(&it.ty))?.clone();
    Some(context.member(object, &member))
}

fn element(context: &mut Context<'_>, object: &Object, index: u64) -> Option<Object> {
    let ty = context.bare(&object.ty);
    let Kind::Array(array) = &ty.kind else {
        return None;
    };
    let (_, inner) = array.dimensions.split_first()?;
    let counts = inner.iter().map(|inner| match inner {
        Count::Known(count) => Some(*count),
        Count::InVariable(_) | Count::Unknown => None,
    });
    let stride = counts
        .collect::<Option<Vec<u64>>>()?
        .iter()
        .product::<u64>()
        .checked_mul(context.size(&array.element).ok()?)?;
    let element = match inner {
        [] => array.element.clone(),
        _ => TypeRef::Made(Arc::new(Type {
            name: ty.name.clone(),
            language: ty.language,
            size: Some(stride),
            kind: Kind::Array(Array {
                element: array.element.clone(),
                dimensions: inner.to_vec(),
            }),
        })),
    };
    Some(object.part(index.checked_mul(stride)?, Some(stride), element))
}

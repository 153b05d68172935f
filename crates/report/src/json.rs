//! A report as JSON, for programs. `docs/formats/report.md` describes the format.

use serde::Serialize;
use serde_with_macros::skip_serializing_none;
use wdb_debuggee::Trust;
use wdb_debuggee::coredump::{CrashKind, Inference, Missing, Slot};
use wdb_debuggee::identity::hex;
use wdb_symbols::VariableKind;
use wdb_symbols::render::Tree;

use super::Report;
use wdb_examine::frames::{Entry, Local};
use wdb_examine::value;
use wdb_examine::variables::Valued;

/// The version of the format. A new number means that readers of the old format break.
const SCHEMA: &str = "wdb-report/1";

/// The JSON form of `report`.
pub fn json(report: &Report) -> impl Serialize {
    document(report)
}

#[skip_serializing_none]
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    program: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    arguments: &'a [String],
    pid: Option<u32>,
    /// Milliseconds since 1970-01-01 UTC.
    time: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    producers: &'a [String],
    reason: Option<Reason<'a>>,
    panic: Option<Panic<'a>>,
    diagnosis: Option<Diagnosis<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    circumstances: Vec<Diagnosis<'a>>,
    modules: Vec<Module<'a>>,
    instances: Vec<Instance>,
    threads: Vec<Thread<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statics: Vec<Statics<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evaluations: Vec<Evaluation<'a>>,
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
}

#[derive(Serialize)]
struct Reason<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    engine_message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [String],
    #[serde(skip_serializing_if = "is_false")]
    inferred: bool,
}

#[skip_serializing_none]
#[derive(Serialize)]
struct Panic<'a> {
    message: &'a str,
    thread: Option<&'a str>,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Diagnosis<'a> {
    rule: &'static str,
    message: &'a str,
}

#[skip_serializing_none]
#[derive(Serialize)]
struct Module<'a> {
    name: &'a str,
    path: Option<&'a str>,
    build_id: Option<String>,
    sha256: Option<String>,
    found: bool,
}

#[derive(Serialize)]
struct Instance {
    module: u32,
}

#[derive(Serialize)]
struct Thread<'a> {
    name: &'a str,
    crashed: bool,
    frames: Vec<Frame<'a>>,
}

/// A frame of the program; or host code between two frames, which has only a name, or none; or omitted frames.
#[skip_serializing_none]
#[derive(Serialize, Default)]
struct Frame<'a> {
    #[serde(skip_serializing_if = "is_false")]
    host: bool,
    omitted: Option<u32>,
    index: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    function: &'a str,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    #[serde(skip_serializing_if = "is_false")]
    approximate: bool,
    inlined: Option<bool>,
    runtime: Option<String>,
    module: Option<u32>,
    instance: Option<u32>,
    func_index: Option<u32>,
    module_offset: Option<String>,
    trust: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locals: Vec<Value<'a>>,
    stack: Option<Vec<Value<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variables: Vec<Variable<'a>>,
}

/// The statics of a unit.
#[derive(Serialize)]
struct Statics<'a> {
    module: u32,
    file: &'a str,
    variables: Vec<Variable<'a>>,
}

/// An expression with its value or error.
#[skip_serializing_none]
#[derive(Serialize)]
struct Evaluation<'a> {
    expression: &'a str,
    error: Option<&'a str>,
    #[serde(flatten)]
    value: Option<Variable<'a>>,
}

/// A variable of the source, or a part of one.
#[skip_serializing_none]
#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
    /// Its kind; parts have no kind.
    kind: Option<&'static str>,
    value: Option<&'a str>,
    /// Why there is no value.
    unavailable: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    shadowed: bool,
    inferred: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    assumed_zero: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Variable<'a>>,
    /// Which children were left out.
    cut: Option<&'a str>,
}

#[skip_serializing_none]
#[derive(Serialize, Default)]
struct Value<'a> {
    name: Option<&'a str>,
    #[serde(rename = "type")]
    ty: Option<&'a str>,
    value: Option<String>,
    inferred: Option<&'static str>,
    missing: Option<&'static str>,
}

#[skip_serializing_none]
#[derive(Serialize)]
struct Source<'a> {
    file: &'a str,
    line: u32,
    column: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    lines: &'a [String],
    first_line: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<Named<'a>>,
}

/// A name in a line of source, and its value.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    value: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}

fn document(report: &Report) -> Document<'_> {
    Document {
        schema: SCHEMA,
        program: &report.program,
        arguments: &report.arguments,
        pid: report.pid,
        time: report.time,
        producers: &report.producers,
        reason: report.reason.as_ref().map(|reason| Reason {
            kind: kind(reason.kind),
            code: &reason.code,
            message: &reason.message,
            engine_message: &reason.engine_message,
            causes: &reason.causes,
            inferred: reason.inferred,
        }),
        panic: report.panic.as_ref().map(|panic| Panic {
            message: &panic.message,
            thread: panic.thread.as_deref(),
            file: &panic.file,
            line: panic.line,
            column: panic.column,
        }),
        diagnosis: report.diagnosis.as_ref().map(diagnosis),
        circumstances: report.circumstances.iter().map(diagnosis).collect(),
        modules: report.modules.iter().map(module).collect(),
        instances: report
            .instances
            .iter()
            .map(|module| Instance { module: module.0 })
            .collect(),
        threads: report.threads.iter().map(thread).collect(),
        statics: report.statics.iter().map(statics).collect(),
        evaluations: report.evaluations.iter().map(evaluation).collect(),
        source: report.source.as_ref().map(|source| Source {
            file: &source.file,
            line: source.line,
            column: source.column,
            lines: &source.lines,
            first_line: source.first_line,
            values: source.values.iter().map(named).collect(),
        }),
        notes: &report.notes,
    }
}

fn diagnosis(found: &super::Diagnosis) -> Diagnosis<'_> {
    Diagnosis {
        rule: found.rule,
        message: &found.message,
    }
}

fn kind(kind: CrashKind) -> &'static str {
    match kind {
        CrashKind::Trap => "trap",
        CrashKind::Exception => "exception",
        CrashKind::HostError => "host-error",
        CrashKind::Limit => "limit",
        CrashKind::Interrupt => "interrupt",
        CrashKind::Requested => "requested",
        CrashKind::Other => "other",
    }
}

fn module(module: &super::Module) -> Module<'_> {
    Module {
        name: &module.name,
        path: module.path.as_deref(),
        build_id: module.build_id.as_deref().map(hex),
        sha256: module.sha256.as_ref().map(|hash| hex(hash)),
        found: module.at_hand,
    }
}

fn thread(thread: &super::Thread) -> Thread<'_> {
    Thread {
        name: &thread.name,
        crashed: thread.crashed,
        frames: thread.entries.iter().map(entry).collect(),
    }
}

fn entry(entry: &Entry) -> Frame<'_> {
    let frame = match entry {
        Entry::Frame(frame) => frame,
        Entry::Host(name) => {
            return Frame {
                host: true,
                function: name,
                ..Frame::default()
            };
        }
        Entry::Omitted(frames) => {
            return Frame {
                omitted: Some(*frames),
                ..Frame::default()
            };
        }
    };
    Frame {
        host: false,
        omitted: None,
        index: Some(frame.index),
        function: &frame.function,
        file: frame.file.as_deref(),
        line: frame.line,
        column: frame.column,
        approximate: frame.approximate,
        inlined: Some(frame.inlined),
        runtime: frame.family.map(|family| family.to_string()),
        module: Some(frame.module.0),
        instance: Some(frame.instance.0),
        func_index: Some(frame.func.0),
        module_offset: frame.at.map(|at| at.to_string()),
        trust: Some(match frame.trust {
            Trust::Exact => "exact",
            Trust::Assumed => "assumed",
            Trust::Doubtful => "doubtful",
        }),
        locals: frame.locals.iter().map(local).collect(),
        stack: frame
            .stack
            .as_ref()
            .map(|stack| stack.iter().map(slot).collect()),
        variables: frame.variables.iter().map(variable).collect(),
    }
}

fn statics(statics: &super::Statics) -> Statics<'_> {
    Statics {
        module: statics.module.0,
        file: &statics.file,
        variables: statics.variables.iter().map(variable).collect(),
    }
}

fn evaluation(evaluation: &super::Evaluation) -> Evaluation<'_> {
    let value = evaluation.value.as_ref();
    Evaluation {
        expression: &evaluation.expression,
        error: value.err().map(String::as_str),
        value: value.ok().map(|value| Variable {
            kind: None,
            ..variable(value)
        }),
    }
}

fn variable(variable: &Valued) -> Variable<'_> {
    Variable {
        kind: Some(match variable.kind {
            VariableKind::Parameter => "parameter",
            VariableKind::Local => "local",
            VariableKind::Static => "static",
            VariableKind::ThreadLocal => "thread-local",
        }),
        shadowed: variable.shadowed,
        inferred: variable.doubts.inferred.map(inferred),
        assumed_zero: variable.doubts.assumed_zero,
        ..part(&variable.tree)
    }
}

/// A value with its parts. The limits of a report bound the depth of the tree.
fn part(tree: &Tree) -> Variable<'_> {
    let unavailable = tree.unavailable.as_ref().map(ToString::to_string);
    Variable {
        name: &tree.name,
        ty: &tree.ty,
        kind: None,
        value: unavailable.is_none().then_some(&*tree.value),
        unavailable,
        shadowed: false,
        inferred: None,
        assumed_zero: false,
        children: tree.children.iter().map(part).collect(),
        cut: tree.cut.as_deref(),
    }
}

fn named((name, value): &(String, String)) -> Named<'_> {
    Named { name, value }
}

fn local(local: &Local) -> Value<'_> {
    let value = slot(&local.value);
    Value {
        name: local.name.as_deref(),
        ty: local.ty.as_deref().or(value.ty),
        ..value
    }
}

fn slot(slot: &Slot) -> Value<'_> {
    let missing = match slot {
        Slot::Missing(Missing::NotRecorded) => Some("not-recorded"),
        Slot::Missing(Missing::Filler) => Some("filler"),
        Slot::Missing(Missing::Damaged) => Some("damaged"),
        Slot::Known(_) | Slot::Inferred(..) => None,
    };
    let how = match slot {
        Slot::Inferred(_, inference) => Some(inferred(*inference)),
        Slot::Known(_) | Slot::Missing(_) => None,
    };
    Value {
        name: None,
        ty: slot.value().map(value::type_name),
        value: slot.value().map(value::text),
        inferred: how,
        missing,
    }
}

fn inferred(inference: Inference) -> &'static str {
    match inference {
        Inference::Low32Bits => "low-32-bits",
        Inference::CStack => "c-stack",
    }
}

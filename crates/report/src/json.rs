//! A report for programs: the JSON that `docs/formats/report.md` describes.

use serde::Serialize;
use wdb_debuggee::Trust;
use wdb_debuggee::coredump::{CrashKind, Inference, Missing, Slot};
use wdb_debuggee::identity::hex;
use wdb_symbols::VariableKind;
use wdb_symbols::render::Tree;

use super::Report;
use wdb_examine::frames::{Entry, Local};
use wdb_examine::value;
use wdb_examine::variables::Valued;

/// The version of the format. A new number means that readers of the old one break.
const SCHEMA: &str = "wdb-report/1";

/// The JSON form of `report`.
pub fn json(report: &Report) -> impl Serialize + use<> {
    Document::from(report)
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    program: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    /// Milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    producers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    panic: Option<Panic>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<Diagnosis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    circumstances: Vec<Diagnosis>,
    modules: Vec<Module>,
    instances: Vec<Instance>,
    threads: Vec<Thread>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statics: Vec<Statics>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evaluations: Vec<Evaluation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Reason {
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    code: String,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    engine_message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(skip_serializing_if = "is_false")]
    inferred: bool,
}

#[derive(Serialize)]
struct Panic {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    file: String,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Diagnosis {
    rule: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Module {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    found: bool,
}

#[derive(Serialize)]
struct Instance {
    module: u32,
}

#[derive(Serialize)]
struct Thread {
    name: String,
    crashed: bool,
    frames: Vec<Frame>,
}

/// A frame of the program; or host code between two, which has a name at most; or omitted frames.
#[derive(Serialize, Default)]
struct Frame {
    #[serde(skip_serializing_if = "is_false")]
    host: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    function: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "is_false")]
    approximate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    inlined: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    func_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_offset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trust: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locals: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variables: Vec<Variable>,
}

/// The statics of a unit.
#[derive(Serialize)]
struct Statics {
    module: u32,
    file: String,
    variables: Vec<Variable>,
}

/// An expression with its value, or what is wrong with it.
#[derive(Serialize)]
struct Evaluation {
    expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    value: Option<Variable>,
}

/// A variable of the source, or a part of one.
#[derive(Serialize)]
struct Variable {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    /// What it is; parts have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    shadowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    inferred: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    assumed_zero: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Variable>,
    /// What was left out of the children.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<String>,
}

#[derive(Serialize, Default)]
struct Value {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inferred: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'static str>,
}

#[derive(Serialize)]
struct Source {
    file: String,
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
    first_line: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<Named>,
}

/// What a line of source names, and its value.
#[derive(Serialize)]
struct Named {
    name: String,
    value: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}

impl From<&Report> for Document {
    fn from(report: &Report) -> Self {
        Document {
            schema: SCHEMA,
            program: report.program.clone(),
            arguments: report.arguments.clone(),
            pid: report.pid,
            time: report.time,
            producers: report.producers.clone(),
            reason: report.reason.as_ref().map(|reason| Reason {
                kind: kind(reason.kind),
                code: reason.code.clone(),
                message: reason.message.clone(),
                engine_message: reason.engine_message.clone(),
                causes: reason.causes.clone(),
                inferred: reason.inferred,
            }),
            panic: report.panic.as_ref().map(|panic| Panic {
                message: panic.message.clone(),
                thread: panic.thread.clone(),
                file: panic.file.clone(),
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
                file: source.file.clone(),
                line: source.line,
                column: source.column,
                lines: source.lines.clone(),
                first_line: source.first_line,
                values: source.values.iter().map(named).collect(),
            }),
            notes: report.notes.clone(),
        }
    }
}

fn diagnosis(found: &super::Diagnosis) -> Diagnosis {
    Diagnosis {
        rule: found.rule,
        message: found.message.clone(),
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

fn module(module: &super::Module) -> Module {
    Module {
        name: module.name.clone(),
        path: module.path.clone(),
        build_id: module.build_id.as_deref().map(hex),
        sha256: module.sha256.as_ref().map(|hash| hex(hash)),
        found: module.at_hand,
    }
}

fn thread(thread: &super::Thread) -> Thread {
    Thread {
        name: thread.name.clone(),
        crashed: thread.crashed,
        frames: thread.entries.iter().map(entry).collect(),
    }
}

fn entry(entry: &Entry) -> Frame {
    let frame = match entry {
        Entry::Frame(frame) => frame,
        Entry::Host(name) => {
            return Frame {
                host: true,
                function: name.clone(),
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
        function: frame.function.clone(),
        file: frame.file.clone(),
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

fn statics(statics: &super::Statics) -> Statics {
    Statics {
        module: statics.module.0,
        file: statics.file.clone(),
        variables: statics.variables.iter().map(variable).collect(),
    }
}

fn evaluation(evaluation: &super::Evaluation) -> Evaluation {
    let value = evaluation.value.as_ref();
    Evaluation {
        expression: evaluation.expression.clone(),
        error: value.err().cloned(),
        value: value.ok().map(|it| Variable {
            kind: None,
            ..variable(it)
        }),
    }
}

fn variable(variable: &Valued) -> Variable {
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

/// A value with its parts. A tree is as deep as the limits of a report let it be.
fn part(tree: &Tree) -> Variable {
    let unavailable = tree.unavailable.as_ref().map(ToString::to_string);
    Variable {
        name: tree.name.clone(),
        ty: tree.ty.clone(),
        kind: None,
        value: unavailable.is_none().then(|| tree.value.clone()),
        unavailable,
        shadowed: false,
        inferred: None,
        assumed_zero: false,
        children: tree.children.iter().map(part).collect(),
        cut: tree.cut.clone(),
    }
}

fn named((name, value): &(String, String)) -> Named {
    Named {
        name: name.clone(),
        value: value.clone(),
    }
}

fn local(local: &Local) -> Value {
    let value = slot(&local.value);
    Value {
        name: local.name.clone(),
        ty: local.ty.clone().or(value.ty),
        ..value
    }
}

fn slot(slot: &Slot) -> Value {
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
        ty: slot.value().map(|value| value::type_name(value).to_owned()),
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

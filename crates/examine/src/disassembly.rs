//! The instructions of a function in the text format of WebAssembly.

mod text;

use std::collections::HashMap;
use std::ops::Range;

use wasmparser::Operator;
use wdb_debuggee::coredump::ModuleId;
use wdb_module::instruction::branch_target;
use wdb_module::{FuncIndex, GlobalIndex, LocalIndex, Module, ModuleOffset, TypeIndex};

use crate::view::{FrameId, View};

/// A line of a disassembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Where it is.
    pub at: ModuleOffset,
    /// Its function.
    pub func: FuncIndex,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many blocks it is in: what it is indented by.
    pub depth: u32,
    /// The instruction: `call 12`.
    pub text: String,
    /// What its index means: the name of the function, local or global, where a branch goes.
    pub note: Option<String>,
    /// The source line, where another one begins here than that of the instruction before.
    pub source: Option<SourceLine>,
}

/// The source line of instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The path of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// Its text, if the file is available.
    pub text: Option<String>,
}

/// Longer lists of a branch table or of catches are cut.
const LONGEST_TEXT: usize = 400;

/// All instructions of a function, in order. Empty if it has no code here.
///
/// A function may have millions: [`around`] renders those that are shown.
pub fn function(view: &mut View<'_>, module: ModuleId, func: FuncIndex) -> Vec<Instruction> {
    instructions(view, module, func, 0..usize::MAX)
}

/// The instruction of a function that holds `pc`, with up to `before` and `after` ones around it, in order. Empty if
/// there is no code.
pub fn around(
    view: &mut View<'_>,
    module: ModuleId,
    pc: ModuleOffset,
    before: usize,
    after: usize,
) -> Vec<Instruction> {
    let found = view.binary(module).and_then(|binary| {
        let func = binary.function_at(pc)?;
        let earlier = binary.instructions(func).map_while(Result::ok);
        Some((func, earlier.take_while(|it| it.0 <= pc).count()))
    });
    let Some((func, count)) = found else {
        return Vec::new();
    };
    let position = count.saturating_sub(1);
    let window = position.saturating_sub(before)..position.saturating_add(after).saturating_add(1);
    instructions(view, module, func, window)
}

/// The instruction that holds `pc`, with up to `before` and `after` ones around it in the whole code of the module: where a
/// function ends, those of the next one that has code follow. Empty if there is no code at `pc`.
pub fn range(
    view: &mut View<'_>,
    module: ModuleId,
    pc: ModuleOffset,
    before: usize,
    after: usize,
) -> Vec<Instruction> {
    let mut found = around(view, module, pc, before, after);
    let Some(middle) = found.iter().rposition(|it| it.at <= pc) else {
        return found;
    };
    let mut missing = before - middle.min(before);
    let mut first = found.first().map(|it| it.func);
    while missing > 0
        && let Some((func, last)) = first.and_then(|it| function_before(view, module, it))
    {
        let mut earlier = around(view, module, last, missing - 1, 0);
        missing -= earlier.len().min(missing);
        earlier.append(&mut found);
        found = earlier;
        first = Some(func);
    }
    let mut missing = after
        .saturating_sub(found.len() - 1 - found.iter().rposition(|it| it.at <= pc).unwrap_or(0));
    let mut last = found.last().map(|it| it.func);
    while missing > 0
        && let Some((func, start)) = last.and_then(|it| function_after(view, module, it))
    {
        let later = around(view, module, start, 0, missing - 1);
        missing -= later.len().min(missing);
        found.extend(later);
        last = Some(func);
    }
    found
}

/// The first function with code after another, and its first instruction.
fn function_after(
    view: &View<'_>,
    module: ModuleId,
    func: FuncIndex,
) -> Option<(FuncIndex, ModuleOffset)> {
    let binary = view.binary(module)?;
    let mut later = (func.0.saturating_add(1)..binary.function_count()).map(FuncIndex);
    later.find_map(|it| Some((it, binary.first_instruction(it)?)))
}

/// The last function with code before another, and its last instruction.
fn function_before(
    view: &View<'_>,
    module: ModuleId,
    func: FuncIndex,
) -> Option<(FuncIndex, ModuleOffset)> {
    let binary = view.binary(module)?;
    let mut earlier = (0..func.0).rev().map(FuncIndex);
    earlier.find_map(|func| {
        let last = binary.instructions(func).map_while(Result::ok).last()?;
        Some((func, last.0))
    })
}

/// The instruction at which a frame is. `None`: there is no code of it.
pub fn of_frame(view: &mut View<'_>, frame: FrameId) -> Option<Instruction> {
    let module = view.frame(frame)?.module;
    let at = view.place(frame)?.at?;
    around(view, module, at, 0, 0).pop()
}

fn instructions(
    view: &mut View<'_>,
    module: ModuleId,
    func: FuncIndex,
    window: Range<usize>,
) -> Vec<Instruction> {
    let Some(binary) = view.debuggee.modules().get(module.position()) else {
        return Vec::new();
    };
    let Some(binary) = binary.binary.clone() else {
        return Vec::new();
    };
    let mut lines = listed(&binary, func, &window);
    for line in &mut lines {
        if let Listed::Call(callee) = line.meaning {
            line.instruction.note = Some(view.function_name(module, callee));
        }
    }
    let mut instructions: Vec<_> = lines.into_iter().map(|it| it.instruction).collect();
    add_sources(view, module, &mut instructions);
    instructions
}

/// An instruction in the making.
struct Line {
    instruction: Instruction,
    meaning: Listed,
}

/// What is still to be said of an instruction.
enum Listed {
    /// Nothing.
    Done,
    /// The name of the function that it calls or refers to.
    Call(FuncIndex),
    /// Where it branches to.
    Branch,
}

/// A block that is open: where branches to it go, or, until that is known, which lines do.
struct Block {
    loop_start: Option<ModuleOffset>,
    branches: Vec<usize>,
}

fn listed(binary: &Module, func: FuncIndex, window: &Range<usize>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // The outermost is the function.
    let mut blocks = vec![Block {
        loop_start: None,
        branches: Vec::new(),
    }];
    // The name section numbers labels in the order in which the blocks begin.
    let mut labels = 0..;
    let bytes = |from: ModuleOffset, to: ModuleOffset| {
        let range = usize::try_from(from.0).ok()?..usize::try_from(to.0).ok()?;
        Some(binary.bytes().get(range)?.to_vec())
    };
    let all = binary.instructions(func).map_while(Result::ok);
    for (position, (at, operator)) in all.enumerate() {
        // Each ends where the next one begins; after the last there is none, and it has one byte.
        if let Some(line) = lines.last_mut().filter(|_| position <= window.end) {
            line.instruction.bytes = bytes(line.instruction.at, at).unwrap_or_default();
        }
        if position >= window.end && blocks.iter().all(|it| it.branches.is_empty()) {
            break;
        }
        if let Operator::End | Operator::Delegate { .. } = operator
            && let Some(block) = blocks.pop()
        {
            for line in block.branches {
                if let Some(line) = lines.get_mut(line) {
                    line.instruction.note = Some(format!("to {at}"));
                }
            }
        }
        if window.contains(&position) {
            let middle = matches!(
                operator,
                Operator::Else | Operator::Catch { .. } | Operator::CatchAll
            );
            let depth = blocks.len().saturating_sub(1 + usize::from(middle));
            let mut line = Line {
                instruction: Instruction {
                    at,
                    func,
                    bytes: bytes(at, ModuleOffset(at.0 + 1)).unwrap_or_default(),
                    depth: u32::try_from(depth).unwrap_or(u32::MAX),
                    text: cut(text::instruction(&operator)),
                    note: None,
                    source: None,
                },
                meaning: Listed::Done,
            };
            annotate(binary, func, &operator, &mut line);
            if let (Listed::Branch, Some(depth)) = (&line.meaning, branch_target(&operator))
                && let Some(block) =
                    (blocks.len().checked_sub(depth as usize + 1)).and_then(|it| blocks.get_mut(it))
            {
                match block.loop_start {
                    Some(start) => line.instruction.note = Some(format!("to {start}")),
                    None => block.branches.push(lines.len()),
                }
            }
            lines.push(line);
        }
        if let Operator::Block { .. }
        | Operator::If { .. }
        | Operator::Try { .. }
        | Operator::TryTable { .. }
        | Operator::Loop { .. } = operator
        {
            let label = labels.next().and_then(|it| binary.label_name(func, it));
            if let (Some(line), true) = (lines.last_mut(), window.contains(&position)) {
                line.instruction.note = label.map(|it| cut(it.to_owned()));
            }
            blocks.push(Block {
                loop_start: matches!(operator, Operator::Loop { .. }).then_some(at),
                branches: Vec::new(),
            });
        }
    }
    lines
}

fn annotate(binary: &Module, func: FuncIndex, operator: &Operator<'_>, line: &mut Line) {
    let name = match operator {
        Operator::Call { function_index }
        | Operator::ReturnCall { function_index }
        | Operator::RefFunc { function_index } => {
            line.meaning = Listed::Call(FuncIndex(*function_index));
            return;
        }
        Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } => binary.local_name(func, LocalIndex(*local_index)),
        Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
            binary.global_name(GlobalIndex(*global_index))
        }
        Operator::CallIndirect { type_index, .. }
        | Operator::ReturnCallIndirect { type_index, .. }
        | Operator::CallRef { type_index }
        | Operator::ReturnCallRef { type_index } => {
            let name = binary.type_name(TypeIndex(*type_index)).map(str::to_owned);
            let ty = binary.types().get(*type_index as usize);
            line.instruction.note = name.or_else(|| ty.map(|it| cut(it.to_string())));
            return;
        }
        Operator::StructGet {
            struct_type_index: ty,
            field_index: field,
        }
        | Operator::StructGetS {
            struct_type_index: ty,
            field_index: field,
        }
        | Operator::StructGetU {
            struct_type_index: ty,
            field_index: field,
        }
        | Operator::StructSet {
            struct_type_index: ty,
            field_index: field,
        } => binary.field_name(TypeIndex(*ty), *field),
        _ if branch_target(operator).is_some() => {
            line.meaning = Listed::Branch;
            return;
        }
        _ => return,
    };
    line.instruction.note = name.map(|it| cut(it.to_owned()));
}

/// Marks where source lines begin.
fn add_sources(view: &mut View<'_>, module: ModuleId, instructions: &mut [Instruction]) {
    let Some(symbols) = view.symbols(module) else {
        return;
    };
    // Each file is split once: a function of SQLite has thousands of lines of a file of 9 MB.
    let mut files: HashMap<String, Vec<String>> = HashMap::new();
    let mut last = None;
    for instruction in instructions {
        let place = symbols.locate(instruction.at).into_iter().next();
        let Some(here) = place.and_then(|it| it.file.zip(it.line)) else {
            continue;
        };
        if last.as_ref() == Some(&here) {
            continue;
        }
        let (file, line) = here.clone();
        let lines = files.entry(file.clone()).or_insert_with(|| {
            let text = view.source(module, &file).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        });
        let position = (line as usize).checked_sub(1);
        instruction.source = Some(SourceLine {
            text: position.and_then(|it| lines.get(it)).cloned(),
            file,
            line,
        });
        last = Some(here);
    }
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        text.push('…');
    }
    text
}

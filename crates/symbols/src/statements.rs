//! Which code belongs to which statement, for stepping by lines.

use std::collections::BTreeMap;
use std::ops::Range;

use wdb_module::{CodeOffset, FuncIndex, ModuleOffset, Operator};

use crate::blocks::{BlockId, Blocks};
use crate::fuel::Fuel;
use crate::lines::{Lines, Row};
use crate::lookup;
use crate::{Language, Symbols, source_map};

/// A range of a function's code that belongs to one line.
pub(crate) struct Span {
    pub(crate) code: Range<ModuleOffset>,
    /// The index of the file, in the unit or the source map.
    pub(crate) file: u32,
    /// The line; 0: of no line.
    pub(crate) line: u32,
    /// The column; 0: unknown.
    pub(crate) column: u16,
    pub(crate) is_statement: bool,
    /// The innermost inlined call.
    pub(crate) block: Option<BlockId>,
}

/// The code of a function by line.
#[derive(Default)]
pub(crate) struct Code {
    /// In order. None is before the first instruction.
    pub(crate) spans: Vec<Span>,
    /// The inlined calls.
    pub(crate) blocks: Blocks,
    /// The line program that its lines come from. `None`: a source map.
    pub(crate) program: Option<usize>,
    /// The code is optimised: calls are inlined, or all calls are described (`DW_AT_call_all_calls`), which LLVM does
    /// only for optimised code.
    pub(crate) is_optimised: bool,
}

impl Code {
    /// The span that contains the instruction at `pc`.
    pub(crate) fn span_at(&self, pc: ModuleOffset) -> Option<&Span> {
        let after = self.spans.partition_point(|it| it.code.start <= pc);
        let span = self.spans.get(after.checked_sub(1)?)?;
        span.code.contains(&pc).then_some(span)
    }
}

impl Symbols {
    /// The starts of the statements of a function, inlined ones too. Ascending. Empty if its lines are unknown.
    pub fn statements(&self, func: FuncIndex) -> Vec<ModuleOffset> {
        let code = self.code(func, None);
        if code.spans.is_empty() {
            return Vec::new();
        }
        let loops = self.loops(func);
        let start_in_loop = |span: &Span| {
            let inside = loops.get(&span.code.start)?;
            let span_inside = code.span_at(*inside)?;
            ((span_inside.file, span_inside.line) == (span.file, span.line)).then_some(*inside)
        };
        let statements = code
            .spans
            .iter()
            .filter(|it| it.is_statement && it.line != 0);
        let mut starts: Vec<_> = statements
            .map(|span| start_in_loop(span).unwrap_or(span.code.start))
            .collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// The places in a function where code with a line starts, or where the line or the inlined call changes.
    /// Ascending.
    pub fn boundaries(&self, func: FuncIndex) -> Vec<ModuleOffset> {
        let spans = self.code(func, None).spans;
        let with_line = spans.iter().filter(|it| it.line != 0);
        with_line.map(|it| it.code.start).collect()
    }

    /// For each instruction that only starts a loop, the start of the code in that loop. The next iteration does not
    /// pass the instruction, because a branch to a `loop` continues after it.
    pub(crate) fn loops(&self, func: FuncIndex) -> BTreeMap<ModuleOffset, ModuleOffset> {
        let mut found = BTreeMap::new();
        let (mut row, mut blocks) = (Vec::new(), Vec::new());
        for (at, operator) in self.module.instructions(func).map_while(Result::ok) {
            match operator {
                Operator::Block { .. } => blocks.push(at),
                Operator::Loop { .. } => {
                    row.append(&mut blocks);
                    row.push(at);
                }
                _ => {
                    found.extend(row.drain(..).map(|it| (it, at)));
                    blocks.clear();
                }
            }
        }
        found
    }

    /// The place for a breakpoint on a function: after the prologue, which puts the parameters in the places that the
    /// debug information names. If the prologue is unknown, the first instruction. `None` if the function has no
    /// code: it is imported, or does not exist.
    pub fn body_start(&self, func: FuncIndex) -> Option<ModuleOffset> {
        let first = self.module.first_instruction(func)?;
        let after = self.in_dwarf(func, |dwarf, start, body| {
            let (unit, entry) = lookup::owner(dwarf, start, body)?;
            // Assembly has no functions, and no prologue.
            entry?;
            let lines = Lines::of(dwarf, &unit);
            // Not from the start of `body`: the end of the previous function may be there, with the end of its
            // prologue.
            let code = start..body.end;
            let mut rows = lines.within(&code);
            let start = rows.next()?;
            if start.ends_prologue {
                return Some(start.address);
            }
            let mut rows =
                rows.skip_while(|it| !it.ends_prologue && (!it.is_statement || it.line == 0));
            let second = rows.next()?;
            let after = if second.ends_prologue {
                second
            } else {
                rows.find(|it| it.ends_prologue).unwrap_or(second)
            };
            // In Zig the prologue ends before the first parameter is in its place, on the line of the declaration.
            let is_parameter = unit.language == Some(Language::Zig) && after.line == start.line;
            let is_body = |it: &Row| it.is_statement && ![0, start.line].contains(&it.line);
            let body = rows.find(is_body).filter(|_| is_parameter);
            Some(body.unwrap_or(after).address)
        });
        let after = after.and_then(|it| self.module.from_code(CodeOffset(it.into())));
        let after = after.or_else(|| self.first_mapped(func, first));
        Some(after.map_or(first, |it| it.max(first)))
    }

    /// The first instruction with a line in the source map, if every call of the function passes it. The prologues of
    /// AssemblyScript have no line.
    fn first_mapped(&self, func: FuncIndex, first: ModuleOffset) -> Option<ModuleOffset> {
        let start = self.spans_of_source_map(func, first).first()?.code.start;
        let prologue = self.module.instructions(func).map_while(Result::ok);
        let mut prologue = prologue.take_while(|(at, _)| *at < start);
        let is_straight = |operator: &Operator<'_>| {
            use Operator::{GlobalGet, GlobalSet, I32Const, I32Sub, LocalGet, LocalSet, LocalTee};
            matches!(
                operator,
                I32Const { .. }
                    | I32Sub
                    | GlobalGet { .. }
                    | GlobalSet { .. }
                    | LocalGet { .. }
                    | LocalSet { .. }
                    | LocalTee { .. }
            )
        };
        prologue.all(|(_, it)| is_straight(&it)).then_some(start)
    }

    /// The code of a function by line. `fuel` is for its inlined calls; `None`: a fresh one.
    pub(crate) fn code(&self, func: FuncIndex, fuel: Option<&Fuel>) -> Code {
        let Some(first) = self.module.first_instruction(func) else {
            return Code::default();
        };
        let from_dwarf = self.in_dwarf(func, |dwarf, start, body| {
            let (unit, entry) = lookup::owner(dwarf, start, body)?;
            let lines = Lines::of(dwarf, &unit);
            let blocks = entry.map(|entry| match fuel {
                Some(fuel) => Blocks::of(dwarf, &unit, entry, fuel),
                None => Blocks::of(dwarf, &unit, entry, &Fuel::for_reading(dwarf.size())),
            });
            let blocks = blocks.unwrap_or_default();
            let span = |(code, row): (Range<u32>, Row)| {
                let at = |it: u32| ModuleOffset(self.code_start() + u64::from(it));
                Some(Span {
                    block: blocks.at(code.start),
                    code: at(code.start).max(first)..at(code.end),
                    file: row.file,
                    line: row.line,
                    column: row.column,
                    is_statement: row.is_statement,
                })
                .filter(|it| !it.code.is_empty())
            };
            let spans: Vec<Span> = lines
                .spans(body)
                .flat_map(|it| split(it, &blocks))
                .filter_map(span)
                .collect();
            let entry = entry.and_then(|it| unit.gimli.entry(it).ok());
            let describes_calls = entry.is_some_and(|entry| {
                let names = [gimli::DW_AT_call_all_calls, gimli::DW_AT_GNU_all_call_sites];
                names.into_iter().any(|name| entry.attr(name).is_some())
            });
            Some(Code {
                is_optimised: describes_calls || !blocks.all().is_empty(),
                program: unit.line_program.map(|it| it.0),
                spans,
                blocks,
            })
        });
        from_dwarf
            .filter(|it| !it.spans.is_empty())
            .unwrap_or_else(|| Code {
                spans: self.spans_of_source_map(func, first),
                ..Code::default()
            })
    }

    fn spans_of_source_map(&self, func: FuncIndex, first: ModuleOffset) -> Vec<Span> {
        let body = self.module.function(func).and_then(|it| it.body);
        let Some((map, body)) = self.source_map().zip(body) else {
            return Vec::new();
        };
        let tokens = source_map::within(map, first..body.end);
        let ends = tokens.iter().skip(1).map(|it| it.0).chain([body.end]);
        let mut before = None;
        let mut spans = Vec::new();
        for (token, end) in tokens.iter().zip(ends) {
            let (start, file, line) = *token;
            spans.push(Span {
                code: start..end,
                file,
                line,
                column: 0,
                is_statement: before.replace((file, line)) != Some((file, line)),
                block: None,
            });
        }
        spans
    }

    /// The start of the code section's contents in the module.
    pub(crate) fn code_start(&self) -> u64 {
        self.module.code_section().map_or(0, |it| it.start.0)
    }
}

/// Splits the code of a row where inlined calls start and end. Only the first piece can start a statement.
fn split((code, row): (Range<u32>, Row), blocks: &Blocks) -> Vec<(Range<u32>, Row)> {
    let mut row = row;
    let mut pieces = Vec::new();
    let mut start = code.start;
    for boundary in blocks.boundaries(&code).chain([code.end]) {
        if start < boundary {
            pieces.push((start..boundary, row));
            row.is_statement = false;
            start = boundary;
        }
    }
    pieces
}

//! Which code belongs to which statement: what stepping from line to line asks.

use std::collections::BTreeMap;
use std::ops::Range;

use wdb_module::{CodeOffset, FuncIndex, ModuleOffset, Operator};

use crate::blocks::{BlockId, Blocks};
use crate::fuel::Fuel;
use crate::lines::{Lines, Row};
use crate::lookup;
use crate::{Language, Symbols, source_map};

/// A stretch of a function's code that was made of one line.
pub(crate) struct Span {
    pub(crate) code: Range<ModuleOffset>,
    /// The index of the file, in the unit or the source map.
    pub(crate) file: u32,
    /// The line; 0: of none.
    pub(crate) line: u32,
    /// The column; 0: not known.
    pub(crate) column: u16,
    pub(crate) is_statement: bool,
    /// The innermost inlined call.
    pub(crate) block: Option<BlockId>,
}

/// The code of a function by line.
#[derive(Default)]
pub(crate) struct Code {
    /// In order. Before the first instruction there is none.
    pub(crate) spans: Vec<Span>,
    /// The calls that were inlined.
    pub(crate) blocks: Blocks,
    /// The line program that its lines are from. `None`: a source map.
    pub(crate) program: Option<usize>,
    /// An optimiser was at work: calls are inlined, or all calls are described, which LLVM does for no other code
    /// (`DW_AT_call_all_calls`).
    pub(crate) is_optimised: bool,
}

impl Code {
    /// What the instruction at `pc` was made of.
    pub(crate) fn span_at(&self, pc: ModuleOffset) -> Option<&Span> {
        let after = self.spans.partition_point(|it| it.code.start <= pc);
        let span = self.spans.get(after.checked_sub(1)?)?;
        span.code.contains(&pc).then_some(span)
    }
}

impl Symbols {
    /// Where the statements of a function begin, inlined ones too. Ascending. Empty if nothing is known of its lines.
    pub fn statements(&self, func: FuncIndex) -> Vec<ModuleOffset> {
        let code = self.code(func, None);
        if code.spans.is_empty() {
            return Vec::new();
        }
        let loops = self.loops(func);
        let start = |of: &Span| {
            let inside = loops.get(&of.code.start)?;
            let there = code.span_at(*inside)?;
            ((there.file, there.line) == (of.file, of.line)).then_some(*inside)
        };
        let of_lines = code
            .spans
            .iter()
            .filter(|it| it.is_statement && it.line != 0);
        let mut starts: Vec<_> = of_lines
            .map(|it| start(it).unwrap_or(it.code.start))
            .collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Where the code of a function that has a line begins to be of another line or of another inlined call. Ascending.
    pub fn boundaries(&self, func: FuncIndex) -> Vec<ModuleOffset> {
        let spans = self.code(func, None).spans;
        let of_lines = spans.iter().filter(|it| it.line != 0);
        of_lines.map(|it| it.code.start).collect()
    }

    /// For the instructions that do nothing but begin loops: where the code in these begins. Who comes round again does
    /// not come by them, for a branch to a `loop` goes to what is behind it.
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

    /// Where a breakpoint on a function belongs: after the prologue, which puts the parameters where the debug
    /// information says that they are. The first instruction where nothing is known of that. `None` if the code is
    /// not here: it is imported, or there is no such function.
    pub fn body_start(&self, func: FuncIndex) -> Option<ModuleOffset> {
        let first = self.module.first_instruction(func)?;
        let after = self.in_dwarf(func, |dwarf, start, body| {
            let (unit, entry) = lookup::owner(dwarf, start, body)?;
            // Assembly has none.
            entry?;
            let lines = Lines::of(dwarf, &unit);
            // Not from where `body` begins: there may be the end of the function before, with what ends its prologue.
            let code = start..body.end;
            let mut rows = lines.within(&code);
            let start = rows.next()?;
            if start.ends_prologue {
                return Some(start.address);
            }
            let mut rows =
                rows.skip_while(|it| !it.ends_prologue && (!it.is_statement || it.line == 0));
            let second = rows.next()?;
            let after = match second.ends_prologue {
                true => second,
                false => rows.find(|it| it.ends_prologue).unwrap_or(second),
            };
            // Of Zig the prologue ends where the first parameter is put in its place, on the line of the declaration.
            let is_parameter = unit.language == Some(Language::Zig) && after.line == start.line;
            let is_body = |it: &Row| it.is_statement && ![0, start.line].contains(&it.line);
            let body = rows.find(is_body).filter(|_| is_parameter);
            Some(body.unwrap_or(after).address)
        });
        let after = after.and_then(|it| self.module.from_code(CodeOffset(it.into())));
        let after = after.or_else(|| self.first_mapped(func, first));
        Some(after.map_or(first, |it| it.max(first)))
    }

    /// The first instruction that a source map tells the line of, if every call of the function comes by there.
    /// AssemblyScript's prologues are of no line.
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

    /// The code of a function by line. `fuel` is for its inlined calls; a fresh one if it is not given.
    pub(crate) fn code(&self, func: FuncIndex, fuel: Option<&Fuel>) -> Code {
        let Some(first) = self.module.first_instruction(func) else {
            return Code::default();
        };
        let from_dwarf = self.in_dwarf(func, |dwarf, start, body| {
            let (unit, entry) = lookup::owner(dwarf, start, body)?;
            let lines = Lines::of(dwarf, &unit);
            let blocks = entry.map(|it| match fuel {
                Some(fuel) => Blocks::of(dwarf, &unit, it, fuel),
                None => Blocks::of(dwarf, &unit, it, &Fuel::for_reading(dwarf.size())),
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
            let describes_calls = entry.is_some_and(|it| {
                let names = [gimli::DW_AT_call_all_calls, gimli::DW_AT_GNU_all_call_sites];
                names.into_iter().any(|name| it.attr(name).is_some())
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

    /// Where the code section's contents start in the module.
    pub(crate) fn code_start(&self) -> u64 {
        self.module.code_section().map_or(0, |it| it.start.0)
    }
}

/// A row cut where inlined calls begin and end in it. Only its first piece begins a statement.
fn split(of: (Range<u32>, Row), blocks: &Blocks) -> Vec<(Range<u32>, Row)> {
    let (code, mut row) = of;
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

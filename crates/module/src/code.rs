//! The map of function bodies, and what is in a body: locals and instructions.

use std::ops::Range;

use wasmparser::{BinaryReader, FunctionBody, Operator, OperatorsReader, ValType};

use crate::error::Base;
use crate::instruction::is_call;
use crate::{Error, FuncIndex, Module, ModuleOffset, TypeIndex};

/// The most locals of a function, parameters included: what every engine stops at too (WebAssembly
/// JavaScript Interface, "Implementation-defined Limits").
const LOCALS_LIMIT: usize = 50_000;

/// A function of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its index.
    pub index: FuncIndex,
    /// Its type. Not checked to exist, nor to be a function type; see [`Module::function_type`].
    pub type_index: TypeIndex,
    /// Its body: the declarations of locals and the instructions, without the size field. `None` if
    /// it is imported, and if the code is not here: debug files drop it, corruption loses it.
    pub body: Option<Range<ModuleOffset>>,
}

/// Where the bodies are, relative to the contents of the code section, ascending and disjoint.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    ranges: Vec<Range<u32>>,
    pub(crate) note: Option<Error>,
}

impl Bodies {
    /// Reads the size fields of the first `limit` bodies of the code section `contents`, which
    /// starts at `start`. On an error the bodies before it stay.
    pub(crate) fn parse(contents: &[u8], start: ModuleOffset, limit: usize, base: Base) -> Self {
        let mut bodies = Bodies::default();
        let mut reader = BinaryReader::new(contents, start.0 as usize);
        bodies.note = bodies
            .read(&mut reader, limit)
            .err()
            .map(|e| base.corrupt("the code section", &e))
            .or_else(|| {
                (bodies.ranges.len() != limit || !reader.eof()).then(|| {
                    let message = format!(
                        "the code section does not have a body for each of the {limit} functions \
                         that the function section declares"
                    );
                    base.error(message, start)
                })
            });
        bodies
    }

    fn read(&mut self, reader: &mut BinaryReader<'_>, limit: usize) -> wasmparser::Result<()> {
        let count = reader.read_var_u32()? as usize;
        for _ in 0..count.min(limit) {
            let size = reader.read_var_u32()?;
            // A section's size is a u32, so its inner positions are too.
            let begin = reader.current_position() as u32;
            reader.read_bytes(size as usize)?;
            self.ranges.push(begin..begin + size);
        }
        Ok(())
    }

    fn get(&self, position: usize, start: ModuleOffset) -> Option<Range<ModuleOffset>> {
        let range = self.ranges.get(position)?;
        let at = |offset: u32| ModuleOffset(start.0 + u64::from(offset));
        Some(at(range.start)..at(range.end))
    }

    fn position(&self, offset: u64) -> Option<usize> {
        let after = self
            .ranges
            .partition_point(|body| u64::from(body.start) <= offset);
        let position = after.checked_sub(1)?;
        (offset < u64::from(self.ranges.get(position)?.end)).then_some(position)
    }
}

impl Module {
    /// A function, imported or defined. `None` if there is no such function.
    pub fn function(&self, index: FuncIndex) -> Option<Function> {
        Some(Function {
            index,
            type_index: *self.declarations.functions.get(index.position())?,
            body: self.body(index),
        })
    }

    fn body(&self, index: FuncIndex) -> Option<Range<ModuleOffset>> {
        let position = index.0.checked_sub(self.imported_function_count())?;
        let start = self.code_section()?.start;
        self.bodies().get(position as usize, start)
    }

    /// The function whose body holds the byte at `offset`. `None` outside of the code section and on
    /// the size field before a body.
    pub fn function_at(&self, offset: ModuleOffset) -> Option<FuncIndex> {
        let start = self.code_section()?.start;
        let position = self.bodies().position(offset.0.checked_sub(start.0)?)?;
        Some(FuncIndex(self.imported_function_count() + position as u32))
    }

    /// The types of a function's locals, parameters first; those of an imported function are its
    /// parameters. `None` if there is no such function, if its type or its body is not here, if the
    /// declarations are corrupt, and for more than the 50,000 that engines allow.
    pub fn locals(&self, func: FuncIndex) -> Option<Vec<ValType>> {
        let mut locals = self.function_type(func)?.params().to_vec();
        if func.0 < self.imported_function_count() {
            return Some(locals);
        }
        let declarations = self.function_body(func)?.get_locals_reader().ok()?;
        for declaration in declarations {
            let (count, ty) = declaration.ok()?;
            let total = locals.len().checked_add(count as usize)?;
            if total > LOCALS_LIMIT {
                return None;
            }
            locals.resize(total, ty);
        }
        Some(locals)
    }

    /// Where the instructions of a function start, after the declarations of its locals. `None` if
    /// it has no body here or the declarations are corrupt.
    pub fn first_instruction(&self, func: FuncIndex) -> Option<ModuleOffset> {
        let reader = self.function_body(func)?.get_binary_reader_for_operators();
        Some(ModuleOffset(reader.ok()?.original_position() as u64))
    }

    /// The instructions of a function with their offsets, in order, the final `end` included. Empty
    /// if it has no body here. Ends after the first error, which is one of the bytes.
    pub fn instructions(
        &self,
        func: FuncIndex,
    ) -> impl Iterator<Item = Result<(ModuleOffset, Operator<'_>), Error>> {
        let base = self.base();
        let corrupt = move |e| base.corrupt(&format!("the body of function {func}"), &e);
        let (mut operators, mut error) = (None, None);
        match self
            .function_body(func)
            .map(|body| body.get_binary_reader_for_operators())
        {
            Some(Ok(reader)) => {
                operators = Some(OperatorsReader::new(reader).into_iter_with_offsets());
            }
            Some(Err(e)) => error = Some(Err(corrupt(e))),
            None => {}
        }
        error
            .into_iter()
            .chain(operators.into_iter().flatten().map(move |item| {
                let (operator, offset) = item.map_err(corrupt)?;
                Ok((ModuleOffset(offset as u64), operator))
            }))
    }

    /// The last instruction of a function that starts before `offset`.
    pub fn instruction_before(
        &self,
        func: FuncIndex,
        offset: ModuleOffset,
    ) -> Option<(ModuleOffset, Operator<'_>)> {
        self.instructions(func)
            .map_while(Result::ok)
            .take_while(|(at, _)| *at < offset)
            .last()
    }

    /// The first instruction of a function that starts after `offset`.
    pub fn instruction_after(
        &self,
        func: FuncIndex,
        offset: ModuleOffset,
    ) -> Option<(ModuleOffset, Operator<'_>)> {
        self.instructions(func)
            .map_while(Result::ok)
            .find(|(at, _)| *at > offset)
    }

    /// The call that a frame waits for if it goes on at `offset`: the instruction before, if that is
    /// a call.
    pub fn call_before(
        &self,
        func: FuncIndex,
        offset: ModuleOffset,
    ) -> Option<(ModuleOffset, Operator<'_>)> {
        self.instruction_before(func, offset)
            .filter(|(_, operator)| is_call(operator))
    }

    /// The instruction that starts at `offset`. `None` if none starts there. Reads the function up to
    /// there: instructions have no other boundaries than those of the ones before.
    pub fn instruction_at(&self, offset: ModuleOffset) -> Option<Operator<'_>> {
        self.instructions(self.function_at(offset)?)
            .map_while(Result::ok)
            .take_while(|(at, _)| *at <= offset)
            .find_map(|(at, operator)| (at == offset).then_some(operator))
    }

    fn function_body(&self, func: FuncIndex) -> Option<FunctionBody<'_>> {
        let range = self.body(func)?;
        let bytes = self.range(&range)?;
        let reader = BinaryReader::new(bytes, range.start.0 as usize);
        Some(FunctionBody::new(reader))
    }
}

//! What a module puts into its memory and its table when it is instantiated.

use std::ops::Range;

use wasmparser::{DataKind, ElementItems, ElementKind, Operator};
use wdb_module::{FuncIndex, Module};

/// The bytes that the module has put at `address` of memory 0 at its start: `length` of them, from one
/// data segment. What they are later is not known, but constants of the source do not change.
pub fn initial_memory(module: &Module, address: u64, length: usize) -> Option<&[u8]> {
    let (range, bytes) = segments(module).find(|(range, _)| range.contains(&address))?;
    let start = usize::try_from(address - range.start).ok()?;
    bytes.get(start..start.checked_add(length)?)
}

/// The active data segments of memory 0, with their addresses.
pub(crate) fn segments(module: &Module) -> impl Iterator<Item = (Range<u64>, &[u8])> {
    section(module, 11)
        .and_then(|reader| wasmparser::DataSectionReader::new(reader).ok())
        .into_iter()
        .flatten()
        .map_while(Result::ok)
        .filter_map(|data| match data.kind {
            DataKind::Active {
                memory_index: 0,
                offset_expr,
            } => {
                let start = constant(&offset_expr)?;
                Some((
                    start..start.saturating_add(data.data.len() as u64),
                    data.data,
                ))
            }
            _ => None,
        })
}

/// The contents of the section with this id.
pub(crate) fn section(module: &Module, id: u8) -> Option<wasmparser::BinaryReader<'_>> {
    let section = module.sections().iter().find(|section| section.id == id)?;
    let start = usize::try_from(section.range.start.0).ok()?;
    let end = usize::try_from(section.range.end.0).ok()?;
    let payload = module.bytes().get(start..end)?;
    Some(wasmparser::BinaryReader::new(payload, start))
}

/// The address that a constant expression of one instruction is.
pub(crate) fn constant(expression: &wasmparser::ConstExpr<'_>) -> Option<u64> {
    match expression.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(u64::from(value.cast_unsigned())),
        Operator::I64Const { value } => Some(value.cast_unsigned()),
        _ => None,
    }
}

/// The function that the module has put into table 0 at `index` at its start. LLVM's linker lets nothing
/// change that table.
pub fn initial_element(module: &Module, index: u64) -> Option<FuncIndex> {
    let reader = wasmparser::ElementSectionReader::new(section(module, 9)?).ok()?;
    reader
        .into_iter()
        .map_while(Result::ok)
        .find_map(|segment| {
            let ElementKind::Active {
                table_index: None | Some(0),
                offset_expr,
            } = segment.kind
            else {
                return None;
            };
            let position = index.checked_sub(constant(&offset_expr)?)?;
            let position = usize::try_from(position).ok()?;
            match segment.items {
                ElementItems::Functions(functions) => {
                    functions.into_iter().nth(position)?.ok().map(FuncIndex)
                }
                ElementItems::Expressions(_, expressions) => {
                    let expression = expressions.into_iter().nth(position)?.ok()?;
                    match expression.get_operators_reader().read().ok()? {
                        Operator::RefFunc { function_index } => Some(FuncIndex(function_index)),
                        _ => None,
                    }
                }
            }
        })
}

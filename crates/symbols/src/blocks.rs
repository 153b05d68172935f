//! All calls that were inlined into a function, and which of them contain an address.

use std::collections::BTreeMap;
use std::ops::Range;

use gimli::UnitOffset;

use crate::dwarf::Dwarf;
use crate::fuel::{CutShort, Fuel};
use crate::inlines::{self, Call};
use crate::units::Unit;

/// The inlined calls of a function, outer ones before inner ones.
#[derive(Default)]
pub(crate) struct Blocks {
    all: Vec<Block>,
    /// The innermost call, from each of these addresses up to the next.
    innermost: BTreeMap<u32, Option<BlockId>>,
}

/// The index of an inlined call in [`Blocks`]. It also identifies the chain of calls around it.
pub(crate) type BlockId = usize;

/// An inlined call.
pub(crate) struct Block {
    pub(crate) call: Call,
    /// The offset in `.debug_info` of the entry of the inlined function.
    pub(crate) origin: Option<u32>,
    /// The inlined call that contains it. `None`: the function itself.
    pub(crate) parent: Option<BlockId>,
}

impl Blocks {
    /// Reads the calls in the function whose entry is at `function`. If the DWARF is broken or `fuel` ends, the
    /// result has the calls before that.
    pub(crate) fn of<'a>(
        dwarf: &Dwarf<'a>,
        unit: &Unit<'a>,
        function: UnitOffset,
        fuel: &Fuel,
    ) -> Self {
        let mut blocks = Blocks {
            all: Vec::new(),
            innermost: BTreeMap::from([(0, None)]),
        };
        // `locate` finds the same error and notes it.
        let _ = blocks.read(dwarf, unit, function, fuel);
        blocks
    }

    /// The innermost call that contains `address`. `None`: the function itself.
    pub(crate) fn at(&self, address: u32) -> Option<BlockId> {
        *self.innermost.range(..=address).next_back()?.1
    }

    /// The addresses in `code`, after its start, at which the innermost call changes. Ascending.
    pub(crate) fn boundaries(&self, code: &Range<u32>) -> impl Iterator<Item = u32> {
        let code = code.start..code.end.max(code.start);
        let mut innermost = self.at(code.start);
        let starts = self.innermost.range(code);
        starts.filter_map(move |(at, block)| {
            let changes = *block != innermost;
            innermost = *block;
            changes.then_some(*at)
        })
    }

    /// All calls, outer ones before inner ones.
    pub(crate) fn all(&self) -> &[Block] {
        &self.all
    }

    fn read<'a>(
        &mut self,
        dwarf: &Dwarf<'a>,
        unit: &Unit<'a>,
        function: UnitOffset,
        fuel: &Fuel,
    ) -> Result<(), CutShort> {
        let mut entries = unit.gimli.entries_raw(Some(function))?;
        let Some(abbreviation) = entries.read_abbreviation()? else {
            return Ok(());
        };
        entries.skip_attributes(abbreviation.attributes())?;
        // The calls around the current entry, with their depths.
        let mut around: Vec<(isize, BlockId)> = Vec::new();
        // While the children of a nested function are skipped: its depth.
        let mut skipped: Option<isize> = None;
        while !entries.is_empty() {
            let depth = entries.next_depth();
            if depth <= 0 {
                break;
            }
            let entry = entries.next_offset();
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            fuel.burn(1 + abbreviation.attributes().len())?;
            skipped = skipped.filter(|skipped| *skipped < depth);
            // Also for a block of the source after a call: its children are not in the call.
            while around.pop_if(|(around, _)| *around >= depth).is_some() {}
            let tag = abbreviation.tag();
            if skipped.is_some() || tag != gimli::DW_TAG_inlined_subroutine {
                entries.skip_attributes(abbreviation.attributes())?;
                if skipped.is_none() && tag == gimli::DW_TAG_subprogram {
                    skipped = Some(depth);
                }
                continue;
            }
            let parent = around.last().map(|it| it.1);
            let (call, origin, extent) = inlines::read(unit, &mut entries, entry, abbreviation)?;
            let id = self.all.len();
            self.all.push(Block {
                call,
                origin,
                parent,
            });
            around.push((depth, id));
            extent.each(dwarf, &unit.gimli, fuel, |range| {
                self.cover(range, id, parent, fuel)
            })?;
        }
        Ok(())
    }

    /// Assigns to `block` the part of `range` that belonged to its parent.
    fn cover(
        &mut self,
        range: Range<u32>,
        block: BlockId,
        parent: Option<BlockId>,
        fuel: &Fuel,
    ) -> Result<(), CutShort> {
        for boundary in [range.start, range.end] {
            let around = self.at(boundary);
            self.innermost.entry(boundary).or_insert(around);
        }
        for (_, innermost) in self.innermost.range_mut(range) {
            fuel.burn(1)?;
            if *innermost == parent {
                *innermost = Some(block);
            }
        }
        Ok(())
    }
}

//! The calls that were inlined into a function, all at once: which of them each of its addresses is in.

use std::collections::BTreeMap;
use std::ops::Range;

use gimli::UnitOffset;

use crate::dwarf::Dwarf;
use crate::fuel::{Fuel, Stop};
use crate::inlines::{self, Call};
use crate::units::Unit;

/// The inlined calls of a function, those around before those inside.
#[derive(Default)]
pub(crate) struct Blocks {
    all: Vec<Block>,
    /// The innermost call from each of these addresses on.
    innermost: BTreeMap<u32, Option<BlockId>>,
}

/// An inlined call: its position in [`Blocks`]. It stands for the whole chain of calls around it.
pub(crate) type BlockId = usize;

/// An inlined call.
pub(crate) struct Block {
    pub(crate) call: Call,
    /// Where the entry of the function that was inlined is in `.debug_info`.
    pub(crate) origin: Option<u32>,
    /// The call that it was inlined into. `None`: the function itself.
    pub(crate) parent: Option<BlockId>,
}

impl Blocks {
    /// The calls in the function whose entry is at `function`. What is found before the DWARF breaks or `fuel` ends counts.
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
        // `locate` has the same break in its way and notes it.
        let _ = blocks.read(dwarf, unit, function, fuel);
        blocks
    }

    /// The innermost call that `address` is in. `None`: the function itself.
    pub(crate) fn at(&self, address: u32) -> Option<BlockId> {
        *self.innermost.range(..=address).next_back()?.1
    }

    /// Where in `code`, after its start, another call becomes the innermost. Ascending.
    pub(crate) fn boundaries(&self, code: &Range<u32>) -> impl Iterator<Item = u32> {
        let code = code.start..code.end.max(code.start);
        let mut innermost = self.at(code.start);
        let inside = self.innermost.range(code);
        inside.filter_map(move |(at, block)| {
            let changes = *block != innermost;
            innermost = *block;
            changes.then_some(*at)
        })
    }

    /// All calls, those around before those inside.
    pub(crate) fn all(&self) -> &[Block] {
        &self.all
    }

    fn read<'a>(
        &mut self,
        dwarf: &Dwarf<'a>,
        unit: &Unit<'a>,
        function: UnitOffset,
        fuel: &Fuel,
    ) -> Result<(), Stop> {
        let mut entries = unit.gimli.entries_raw(Some(function))?;
        let Some(own) = entries.read_abbreviation()? else {
            return Ok(());
        };
        entries.skip_attributes(own.attributes())?;
        // The calls around, with their depth.
        let mut around: Vec<(isize, BlockId)> = Vec::new();
        // The depth of a function that is declared in this one, while the walk is among its children.
        let mut aside: Option<isize> = None;
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
            aside = aside.filter(|it| *it < depth);
            // Also where a block of the source comes after a call: what is in that is not in the call.
            while around.pop_if(|it| it.0 >= depth).is_some() {}
            let tag = abbreviation.tag();
            if aside.is_some() || tag != gimli::DW_TAG_inlined_subroutine {
                entries.skip_attributes(abbreviation.attributes())?;
                if aside.is_none() && tag == gimli::DW_TAG_subprogram {
                    aside = Some(depth);
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

    /// Gives `block` what its parent has of `range`.
    fn cover(
        &mut self,
        range: Range<u32>,
        block: BlockId,
        parent: Option<BlockId>,
        fuel: &Fuel,
    ) -> Result<(), Stop> {
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

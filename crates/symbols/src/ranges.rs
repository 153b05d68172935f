//! The addresses that a DWARF entry covers.

use std::ops::Range;

use gimli::AttributeValue;

use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};

/// The attributes of an entry that say which code it covers.
#[derive(Default)]
pub(crate) struct Extent<'a> {
    low: Option<AttributeValue<Slice<'a>>>,
    high: Option<AttributeValue<Slice<'a>>>,
    list: Option<AttributeValue<Slice<'a>>>,
}

impl<'a> Extent<'a> {
    /// Keeps `attribute` if it says which code the entry covers.
    pub(crate) fn note(&mut self, attribute: &gimli::Attribute<Slice<'a>>) {
        match attribute.name() {
            gimli::DW_AT_low_pc => self.low = Some(attribute.value()),
            gimli::DW_AT_high_pc => self.high = Some(attribute.value()),
            gimli::DW_AT_ranges => self.list = Some(attribute.value()),
            _ => {}
        }
    }

    /// Whether the entry does not say which code it covers.
    pub(crate) fn is_unknown(&self) -> bool {
        self.low.is_none() && self.list.is_none()
    }

    /// Calls `found` with each range of live code.
    ///
    /// Linkers keep the entries of functions that they remove. LLVM's linker writes -1 for their addresses, and -2 in
    /// `.debug_ranges` and `.debug_loc`. LLVM before 11, and Binaryen to this day, write 0. No code has these
    /// addresses: the code section starts with the number of functions, and is much smaller.
    pub(crate) fn each(
        &self,
        dwarf: &Dwarf<'a>,
        unit: &gimli::Unit<Slice<'a>>,
        fuel: &Fuel,
        mut found: impl FnMut(Range<u32>) -> Result<(), CutShort>,
    ) -> Result<(), CutShort> {
        let mut check = |begin: u64, end: u64| match dwarf.live(begin, end) {
            Some(live) => found(live),
            None => Ok(()),
        };
        if let Some(list) = self.list
            && let Some(mut ranges) = dwarf.gimli.attr_ranges(unit, list)?
        {
            while let Some(range) = ranges.next()? {
                fuel.burn(1)?;
                check(range.begin, range.end)?;
            }
            return Ok(());
        }
        let (Some(low), Some(high)) = (self.low, self.high) else {
            return Ok(());
        };
        if let Some(begin) = dwarf.gimli.attr_address(unit, low)? {
            let end = match (dwarf.gimli.attr_address(unit, high)?, high.udata_value()) {
                (Some(end), _) => Some(end),
                // DWARF 4, section 2.17.2: a constant is a length.
                (None, Some(length)) => begin.checked_add(length),
                (None, None) => None,
            };
            if let Some(end) = end {
                check(begin, end)?;
            }
        }
        Ok(())
    }
}

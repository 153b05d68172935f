//! Finds the source places of an address in the DWARF.

use std::ops::Range;

use gimli::UnitOffset;

use crate::dwarf::Dwarf;
use crate::inlines::{self, Call};
use crate::lines::{self, Lines, Row};
use crate::units::Unit;
use crate::{SourceLocation, functions};

/// At most this many rows of a line table are searched for one with a line.
const MOST_ROWS: usize = 64;

/// The source places of `address`, innermost first; empty if the DWARF does not describe it. `body` is the WebAssembly
/// function that contains it.
pub(crate) fn locate(dwarf: &Dwarf<'_>, address: u32, body: &Range<u32>) -> Vec<SourceLocation> {
    let mut line_only = None;
    for unit in covering(dwarf, address, body) {
        let lines = Lines::of(dwarf, &unit);
        let functions = dwarf.units().functions(dwarf, &unit);
        if let Some(function) = functions.at(address, body.start) {
            let function = function.entry;
            return places(dwarf, &unit, function, &lines, address, body);
        }
        if line_only.is_none() {
            line_only = lines.before(address, body).next().map(|row| {
                let mut place = SourceLocation::default();
                place.set_row(dwarf, &unit, &row);
                place
            });
        }
    }
    // Assembly has lines and no functions.
    line_only.into_iter().collect()
}

/// The unit and the entry of the function at `address`.
pub(crate) fn function<'a>(
    dwarf: &Dwarf<'a>,
    address: u32,
    body: &Range<u32>,
) -> Option<(Unit<'a>, UnitOffset)> {
    covering(dwarf, address, body).find_map(|unit| {
        let functions = dwarf.units().functions(dwarf, &unit);
        let entry = functions.at(address, body.start)?.entry;
        Some((unit, entry))
    })
}

/// The unit whose lines cover `address`, and the entry of the function there. Assembly has no such entry.
pub(crate) fn owner<'a>(
    dwarf: &Dwarf<'a>,
    address: u32,
    body: &Range<u32>,
) -> Option<(Unit<'a>, Option<UnitOffset>)> {
    if let Some((unit, entry)) = function(dwarf, address, body) {
        return Some((unit, Some(entry)));
    }
    covering(dwarf, address, body)
        .find(|unit| {
            Lines::of(dwarf, unit)
                .before(address, body)
                .next()
                .is_some()
        })
        .map(|unit| (unit, None))
}

fn covering<'a>(
    dwarf: &Dwarf<'a>,
    address: u32,
    body: &Range<u32>,
) -> impl Iterator<Item = Unit<'a>> {
    let units = dwarf.units();
    let ids = units.covering(address, body).into_iter();
    ids.filter_map(|it| units.open(dwarf, it).ok())
}

fn places<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    lines: &Lines,
    address: u32,
    body: &Range<u32>,
) -> Vec<SourceLocation> {
    let calls_at = |address| {
        let (calls, broken) = inlines::at(dwarf, unit, function, address);
        if let Some(error) = broken {
            dwarf.notes().add(format!(
                "the DWARF of the function at .debug_info+{:#x} is broken ({error}); inlined functions may be missing",
                function.to_debug_info_offset(&unit.gimli.header).map_or(0, |it| it.0)
            ));
        }
        calls
    };
    let calls = calls_at(address);

    let mut place = SourceLocation::default();
    if let Some((row, is_exact)) = row(lines, address, body, |it| calls_at(it) == calls) {
        place.set_row(dwarf, unit, &row);
        place.approximate = !is_exact;
    }
    let mut places = Vec::with_capacity(calls.len() + 1);
    for call in calls.iter().rev() {
        place.inlined = true;
        place.function = functions::name(dwarf, unit, UnitOffset(call.entry));
        places.push(std::mem::take(&mut place));
        place.set_call(dwarf, unit, call);
    }
    place.function = functions::name(dwarf, unit, function);
    places.push(place);
    places
}

/// The row for `address`, and whether it is exact. If that row has no line, the nearest earlier row that has one and is
/// `in_same_call`.
fn row(
    lines: &Lines,
    address: u32,
    body: &Range<u32>,
    in_same_call: impl Fn(u32) -> bool,
) -> Option<(Row, bool)> {
    let mut rows = lines.before(address, body).take(MOST_ROWS);
    let exact = rows.next()?;
    if exact.line != 0 {
        return Some((exact, true));
    }
    let near = rows.find(|it| it.line != 0 && in_same_call(it.address));
    Some(near.map_or((exact, true), |it| (it, false)))
}

impl SourceLocation {
    fn set_row<'a>(&mut self, dwarf: &Dwarf<'a>, unit: &Unit<'a>, row: &Row) {
        self.file = lines::file(dwarf, unit, u64::from(row.file));
        self.line = Some(row.line).filter(|it| *it != 0);
        self.column = Some(row.column.into()).filter(|it| *it != 0 && row.line != 0);
    }

    fn set_call<'a>(&mut self, dwarf: &Dwarf<'a>, unit: &Unit<'a>, call: &Call) {
        self.file = call.file.and_then(|it| lines::file(dwarf, unit, it));
        self.line = call.line.filter(|it| *it != 0);
        self.column = call.column.filter(|it| *it != 0);
    }
}

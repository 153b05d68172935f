//! Where a variable is: its location at an address, or its constant value.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gimli::{AttributeValue, DebugInfoOffset, Expression};
use wdb_module::{FuncIndex, GlobalIndex, Module, ModuleOffset, Operator};

use super::Variable;
use super::declaration::Declaration;
use super::expression::{Evaluation, MOST_QUESTIONS, broken};
use crate::dwarf::{Dwarf, Slice};
use crate::fuel::Fuel;
use crate::lines::Lines;
use crate::machine::{Machine, Unavailable};
use crate::object::{Piece, Place};
use crate::types::{Encoding, Kind, TypeRef};
use crate::units::{Unit, UnitId};
use crate::{Symbols, inlines, lookup};

/// The place in the code that a variable is asked for at.
pub(super) struct Site<'s, 'a> {
    pub(super) dwarf: &'s Dwarf<'a>,
    symbols: &'s Symbols,
    /// The function. `None`: the place is not in one, and only statics can be found.
    function: Option<FuncIndex>,
    /// The address, as the DWARF counts; 0 if there is none.
    address: u32,
    /// The code of the function.
    body: Range<u32>,
}

/// An expression that holds at an address, found in the DWARF and to be run any number of times.
pub(super) struct Code {
    pub(super) unit: UnitId,
    pub(super) encoding: gimli::Encoding,
    pub(super) bytes: Box<[u8]>,
    /// The size of what it tells the place of. `None`: its type has none.
    size: Option<u64>,
}

impl Code {
    fn new(unit: &Unit<'_>, expression: Expression<Slice<'_>>, size: Option<u64>) -> Code {
        Code {
            unit: unit.id,
            encoding: unit.gimli.encoding(),
            bytes: expression.0.slice().into(),
            size,
        }
    }
}

/// The expressions that were found, by what they tell the place of and the address that they hold at: a condition
/// asks for the same a hundred thousand times.
#[derive(Default)]
pub(crate) struct Locations(Mutex<HashMap<(Asked, u32), Arc<Code>>>);

/// What an expression tells the place of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// The variable whose entry is there.
    Variable(usize),
    FrameBase,
}

/// As many expressions are kept.
const MOST_LOCATIONS: usize = 4096;
/// Longer ones are not kept. Honest ones have some tens of bytes.
const LONGEST_KEPT: usize = 4096;

impl Locations {
    fn known(&self) -> MutexGuard<'_, HashMap<(Asked, u32), Arc<Code>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, asked: Asked, address: u32) -> Option<Arc<Code>> {
        self.known().get(&(asked, address)).cloned()
    }

    fn keep(&self, asked: Asked, address: u32, code: &Arc<Code>) {
        if code.bytes.len() > LONGEST_KEPT {
            return;
        }
        let mut known = self.known();
        if known.len() == MOST_LOCATIONS {
            known.clear();
        }
        known.insert((asked, address), Arc::clone(code));
    }
}

/// As many spans of lines as a person reads.
const MOST_SPANS: usize = 3;

impl<'s, 'a> Site<'s, 'a> {
    pub(super) fn new(symbols: &'s Symbols, dwarf: &'s Dwarf<'a>, pc: ModuleOffset) -> Self {
        let function = symbols.module.function_at(pc);
        Site {
            dwarf,
            symbols,
            function,
            address: symbols.to_code(pc).unwrap_or(0),
            body: function.and_then(|it| symbols.code_of(it)).unwrap_or(0..0),
        }
    }

    /// The global of this name.
    pub(super) fn global(&self, name: &str) -> Option<GlobalIndex> {
        let Symbols { module, debug, .. } = self.symbols;
        let all = || (0..u32::MAX).map(GlobalIndex).take(module.globals().len());
        let named = |module: &Module| all().find(|it| module.global_name(*it) == Some(name));
        let export = || module.exports().iter().find(|it| it.name == name)?.global();
        named(module)
            .or_else(|| named(debug.as_deref()?))
            .or_else(export)
    }

    /// Whether the memory is one that several threads may use.
    pub(super) fn has_threads(&self) -> bool {
        let memories = self.symbols.module.memories();
        memories.first().is_some_and(|it| it.shared)
    }

    /// Where the variable is.
    pub(super) fn place(
        &self,
        variable: &Variable,
        machine: &mut dyn Machine,
    ) -> Result<Place, Unavailable> {
        let asked = Asked::Variable(variable.entry);
        if let Some(code) = self.dwarf.locations().get(asked, self.address) {
            return self.evaluate(&code, &variable.ty, machine);
        }
        // Rust's `()`, function items, closures that capture nothing: no byte of them can be missing.
        let size = self.symbols.size(&variable.ty);
        if size == Ok(0) {
            return Ok(Place::Bytes(Arc::default()));
        }
        let units = self.dwarf.units();
        let (id, offset) = units
            .containing(DebugInfoOffset(variable.entry))
            .ok_or_else(|| broken("a variable is outside of all units"))?;
        let unit = units.open(self.dwarf, id).map_err(broken)?;
        let found = Declaration::read(self.dwarf, &unit, offset);
        // The location may be that of an abstract function in another unit.
        let open = |id| units.open(self.dwarf, id).map_err(broken);
        if let Some((id, location)) = &found.location {
            let unit = open(*id)?;
            return match self.choose(&unit, location)? {
                Choice::Here(expression) => {
                    let code = Arc::new(Code::new(&unit, expression, size.ok()));
                    self.dwarf.locations().keep(asked, self.address, &code);
                    self.evaluate(&code, &variable.ty, machine)
                }
                Choice::Elsewhere(code) => {
                    let declared = found.file.zip(variable.line);
                    let lines = declared.map_or_else(Vec::new, |(file, line)| {
                        self.lines(&code, variable, file, line)
                    });
                    Err(Unavailable::OptimisedOut(lines))
                }
            };
        }
        match &found.constant {
            Some((id, constant)) => {
                let place = self.constant(&open(*id)?, constant)?;
                Ok(self.fit(place, &variable.ty, size.ok()))
            }
            None => Err(Unavailable::OptimisedOut(Vec::new())),
        }
    }

    fn evaluate(
        &self,
        code: &Code,
        ty: &TypeRef,
        machine: &mut dyn Machine,
    ) -> Result<Place, Unavailable> {
        let mut evaluation = Evaluation {
            site: self,
            code,
            opened: OnceCell::new(),
            machine,
            wide: code
                .size
                .is_some_and(|it| it > u64::from(code.encoding.address_size)),
            questions: MOST_QUESTIONS,
            is_frame_base: false,
        };
        let place = evaluation.run()?;
        Ok(self.fit(place, ty, code.size))
    }

    /// The place with as many bytes as the type has, where the DWARF leaves the last ones out.
    fn fit(&self, place: Place, ty: &TypeRef, size: Option<u64>) -> Place {
        let Some(size) = size else {
            return place;
        };
        match &place {
            // An integer that is wider than those of the expression.
            Place::Bytes(bytes) if (8..16).contains(&bytes.len()) && size == 16 => {
                let kind = &self.symbols.bare(ty).kind;
                let is_signed = matches!(kind, Kind::Base(Encoding::Signed));
                let is_negative = bytes.last().is_some_and(|it| it.cast_signed() < 0);
                let filler = if is_signed && is_negative { 0xff } else { 0 };
                let mut bytes = bytes.to_vec();
                bytes.resize(16, filler);
                Place::Bytes(bytes.into())
            }
            // Of a structure only some members may be left.
            Place::Pieces(pieces) => {
                let present = pieces
                    .iter()
                    .fold(0_u64, |sum, it| sum.saturating_add(it.size));
                match size.checked_sub(present) {
                    Some(size @ 1..) => {
                        let gone = Place::Nowhere(Unavailable::OptimisedOut(Vec::new()));
                        let rest = Piece { size, place: gone };
                        Place::Pieces(pieces.iter().cloned().chain([rest]).collect())
                    }
                    _ => place,
                }
            }
            _ => place,
        }
    }

    /// The bytes of a `DW_AT_const_value`, at least as many as the value has.
    fn constant(
        &self,
        unit: &Unit<'a>,
        value: &AttributeValue<Slice<'a>>,
    ) -> Result<Place, Unavailable> {
        let bytes = match value {
            AttributeValue::Block(bytes) => bytes.slice().to_vec(),
            AttributeValue::Sdata(value) => i128::from(*value).to_le_bytes().to_vec(),
            AttributeValue::Data16(value) => value.to_le_bytes().to_vec(),
            AttributeValue::String(_)
            | AttributeValue::DebugStrRef(_)
            | AttributeValue::DebugLineStrRef(_)
            | AttributeValue::DebugStrOffsetsIndex(_) => {
                let text = self.dwarf.gimli.attr_string(&unit.gimli, *value);
                let text = text.map_err(broken)?;
                text.slice().iter().copied().chain([0]).collect()
            }
            value => match value.udata_value() {
                Some(value) => u128::from(value).to_le_bytes().to_vec(),
                None => return Err(broken("a constant value of a form that has no value")),
            },
        };
        Ok(Place::Bytes(bytes.into()))
    }

    /// What a location says for the address.
    fn choose(
        &self,
        unit: &Unit<'a>,
        location: &AttributeValue<Slice<'a>>,
    ) -> Result<Choice<'a>, Unavailable> {
        match location {
            AttributeValue::Exprloc(expression) => return Ok(Choice::Here(*expression)),
            AttributeValue::Block(bytes) => return Ok(Choice::Here(Expression(*bytes))),
            _ => {}
        }
        let list = self.dwarf.gimli.attr_locations(&unit.gimli, *location);
        let mut list = list
            .map_err(broken)?
            .ok_or_else(|| broken("a location of a form that has no location"))?;
        let fuel = Fuel::for_one(self.dwarf.size());
        let mut default = None;
        let mut elsewhere = Vec::new();
        while let Some(entry) = list.next().map_err(broken)? {
            fuel.burn(1).map_err(broken)?;
            // Holds where no other does (DWARF 5, section 2.6.2).
            if (entry.range.begin, entry.range.end) == (0, u64::MAX) {
                default = Some(entry.data);
            } else if let Some(code) = self.dwarf.live(entry.range.begin, entry.range.end) {
                if code.contains(&self.address) {
                    return Ok(Choice::Here(entry.data));
                }
                elsewhere.push(code);
            }
        }
        Ok(default.map_or(Choice::Elsewhere(elsewhere), Choice::Here))
    }

    /// The lines that `code` was made from, as far as it is in the scope of the variable: those of `file` from `first` on.
    /// Of a call that was inlined it is the line of the call. Lines are in one span where none with other code is
    /// between them.
    fn lines(
        &self,
        code: &[Range<u32>],
        variable: &Variable,
        file: u64,
        first: u32,
    ) -> Vec<RangeInclusive<u32>> {
        let Some((unit, function)) = lookup::function(self.dwarf, self.address, &self.body) else {
            return Vec::new();
        };
        let scope = &*variable.scope;
        let entry = DebugInfoOffset(variable.entry).to_unit_offset(&unit.gimli.header);
        let calls = inlines::beside(self.dwarf, &unit, function, entry);
        let table = Lines::of(self.dwarf, &unit);
        let fuel = Fuel::for_one(self.dwarf.size());
        let lines = |code: &[Range<u32>], lines: RangeInclusive<u32>| -> BTreeSet<u32> {
            let rows = code.iter().flat_map(|it| table.within(it));
            rows.take_while(|_| fuel.burn(1).is_ok())
                .filter(|it| lines.contains(&it.line) && file == u64::from(it.file))
                .map(|it| it.line)
                .collect()
        };
        let mut live = BTreeSet::new();
        let mut live_code = Vec::new();
        for (code, scope) in code
            .iter()
            .flat_map(|it| scope.iter().map(move |scope| (it, scope)))
        {
            let both = code.start.max(scope.start)..code.end.min(scope.end);
            let mut own = vec![both];
            own.retain(|it| !it.is_empty());
            for it in &calls {
                if own.is_empty() || fuel.burn(it.code.len()).is_err() {
                    break;
                }
                let rest = without(&own, &it.code);
                if rest != own {
                    let line = it.call.line.filter(|_| it.call.file == Some(file));
                    live.extend(line.filter(|it| *it >= first));
                    own = rest;
                }
            }
            live_code.extend(own);
            // It is kept.
            if fuel.burn(16).is_err() {
                break;
            }
        }
        live.extend(lines(&live_code, first.max(1)..=u32::MAX));
        let (Some(first), Some(last)) = (live.first(), live.last()) else {
            return Vec::new();
        };
        let all = match last - first < live.len() as u32 {
            true => BTreeSet::new(),
            false => lines(scope, *first..=*last),
        };
        let mut spans: Vec<RangeInclusive<u32>> = Vec::new();
        for line in live {
            let is_full = spans.len() == MOST_SPANS;
            match spans.last_mut() {
                Some(span) if all.range(span.end() + 1..line).next().is_none() => {
                    *span = *span.start()..=line;
                }
                _ if is_full => break,
                _ => spans.push(line..=line),
            }
        }
        spans
    }

    /// The address that the variables on the stack of the frame are relative to.
    pub(super) fn frame_base(&self, machine: &mut dyn Machine) -> Result<u64, Unavailable> {
        let none = || broken("a variable is relative to a frame, and its function has none");
        let code = self.frame_base_code()?.ok_or_else(none)?;
        let mut evaluation = Evaluation {
            site: self,
            code: &code,
            opened: OnceCell::new(),
            machine,
            wide: false,
            questions: MOST_QUESTIONS,
            is_frame_base: true,
        };
        let base = match evaluation.run()? {
            Place::Memory(address) => address,
            Place::Bytes(bytes) => bytes
                .first_chunk()
                .map(|it| u64::from_le_bytes(*it))
                .ok_or_else(none)?,
            Place::Pieces(_) | Place::Nowhere(_) => return Err(none()),
        };
        set_up(base)
    }

    /// What tells the frame base. `None`: nothing does.
    fn frame_base_code(&self) -> Result<Option<Arc<Code>>, Unavailable> {
        if let Some(code) = self.dwarf.locations().get(Asked::FrameBase, self.address) {
            return Ok(Some(code));
        }
        let Some((unit, entry)) = lookup::function(self.dwarf, self.address, &self.body) else {
            return Ok(None);
        };
        let entry = unit.gimli.entry(entry).map_err(broken)?;
        let Some(location) = entry.attr_value(gimli::DW_AT_frame_base) else {
            return Ok(None);
        };
        let Choice::Here(expression) = self.choose(&unit, &location)? else {
            return Ok(None);
        };
        let code = Arc::new(Code::new(&unit, expression, None));
        let known = self.dwarf.locations();
        known.keep(Asked::FrameBase, self.address, &code);
        Ok(Some(code))
    }

    /// Whether an instruction of the function writes a local.
    pub(super) fn is_written(&self, local: u32) -> bool {
        let Some(function) = self.function else {
            return true;
        };
        let writes = |operator: &Operator<'_>| {
            use Operator::{LocalSet, LocalTee};
            matches!(operator, LocalSet { local_index } | LocalTee { local_index } if *local_index == local)
        };
        let mut instructions = self.symbols.module.instructions(function);
        instructions.any(|it| it.map_or(true, |it| writes(&it.1)))
    }
}

/// The code that is not cut out.
fn without(code: &[Range<u32>], cut: &[Range<u32>]) -> Vec<Range<u32>> {
    cut.iter().fold(code.to_vec(), |code, cut| {
        let around = |it: &Range<u32>| {
            [
                it.start..it.end.min(cut.start),
                it.start.max(cut.end)..it.end,
            ]
        };
        let parts = code.iter().flat_map(around);
        parts.filter(|it| !it.is_empty()).collect()
    })
}

/// The address of a frame that is there. A local is 0 until it is set, and no frame lies at address 0: the stack grows
/// down.
fn set_up(base: u64) -> Result<u64, Unavailable> {
    match base {
        0 => Err(Unavailable::Unsupported(
            "not there yet: the function has not set up its frame".to_owned(),
        )),
        base => Ok(base),
    }
}

/// What holds at an address.
enum Choice<'a> {
    /// This.
    Here(Expression<Slice<'a>>),
    /// Nothing; but elsewhere, in this code, something does.
    Elsewhere(Vec<Range<u32>>),
}

//! The place of a variable: its location at an address, or its constant value.

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
use crate::object::{Piece, Storage};
use crate::types::{Encoding, Kind, TypeRef};
use crate::units::{Unit, UnitId};
use crate::{Symbols, inlines, lookup};

/// The place in the code at which a variable is evaluated.
pub(super) struct Site<'s, 'a> {
    pub(super) dwarf: &'s Dwarf<'a>,
    symbols: &'s Symbols,
    /// The function. `None`: the place is not in a function, and only statics can be found.
    function: Option<FuncIndex>,
    /// The address, as the DWARF counts; 0 if unknown.
    address: u32,
    /// The code of the function.
    body: Range<u32>,
}

/// An expression from the DWARF that is valid at an address. It may be evaluated many times.
pub(super) struct Code {
    pub(super) unit: UnitId,
    pub(super) encoding: gimli::Encoding,
    pub(super) bytes: Box<[u8]>,
    /// The size of the object that it locates. `None`: the type has no size.
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

/// A cache of expressions, by the object that they locate and the address at which they are valid: a condition may need
/// the same expression a hundred thousand times.
#[derive(Default)]
pub(crate) struct Locations(Mutex<HashMap<(Asked, u32), Arc<Code>>>);

/// The object that an expression locates.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// The variable whose entry is at this offset.
    Variable(usize),
    FrameBase,
}

/// At most this many expressions are kept.
const MOST_LOCATIONS: usize = 4096;
/// An expression of at most this many bytes is kept. Real ones have some tens of bytes.
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

/// At most this many spans of lines are reported: more would not help the reader.
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

    /// Whether several threads may share the memory.
    pub(super) fn has_threads(&self) -> bool {
        let memories = self.symbols.module.memories();
        memories.first().is_some_and(|it| it.shared)
    }

    /// The place of the variable.
    pub(super) fn place(
        &self,
        variable: &Variable,
        machine: &mut dyn Machine,
    ) -> Result<Storage, Unavailable> {
        let asked = Asked::Variable(variable.entry);
        if let Some(code) = self.dwarf.locations().get(asked, self.address) {
            return self.evaluate(&code, &variable.ty, machine);
        }
        // Rust's `()`, function items, closures that capture nothing: they have no bytes that could be missing.
        let size = self.symbols.size(&variable.ty);
        if size == Ok(0) {
            return Ok(Storage::Bytes(Arc::default()));
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
    ) -> Result<Storage, Unavailable> {
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

    /// Extends a place to the size of the type, where the DWARF leaves out the last bytes.
    fn fit(&self, place: Storage, ty: &TypeRef, size: Option<u64>) -> Storage {
        let Some(size) = size else {
            return place;
        };
        match &place {
            // An integer that is wider than the numbers of the expression.
            Storage::Bytes(bytes) if (8..16).contains(&bytes.len()) && size == 16 => {
                let kind = &self.symbols.bare(ty).kind;
                let is_signed = matches!(kind, Kind::Base(Encoding::Signed));
                let is_negative = bytes.last().is_some_and(|it| it.cast_signed() < 0);
                let filler = if is_signed && is_negative { 0xff } else { 0 };
                let mut bytes = bytes.to_vec();
                bytes.resize(16, filler);
                Storage::Bytes(bytes.into())
            }
            // Only some members of a structure may still exist.
            Storage::Pieces(pieces) => {
                let present = pieces
                    .iter()
                    .fold(0_u64, |sum, it| sum.saturating_add(it.size));
                match size.checked_sub(present) {
                    Some(size @ 1..) => {
                        let gone = Storage::Nowhere(Unavailable::OptimisedOut(Vec::new()));
                        let rest = Piece { size, place: gone };
                        Storage::Pieces(pieces.iter().cloned().chain([rest]).collect())
                    }
                    _ => place,
                }
            }
            _ => place,
        }
    }

    /// The bytes of a `DW_AT_const_value`; there may be more bytes than the value has.
    fn constant(
        &self,
        unit: &Unit<'a>,
        value: &AttributeValue<Slice<'a>>,
    ) -> Result<Storage, Unavailable> {
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
        Ok(Storage::Bytes(bytes.into()))
    }

    /// What a location says about the address.
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
            // Valid where no other entry is (DWARF 5, section 2.6.2).
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

    /// The source lines of the parts of `code` that are in the scope of the variable: only lines of `file` from
    /// `first` on. Code of an inlined call counts as the line of the call. Two lines are in one span if no line of
    /// other code is between them.
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
            let mut not_inlined = vec![both];
            not_inlined.retain(|it| !it.is_empty());
            for inlined in &calls {
                if not_inlined.is_empty() || fuel.burn(inlined.code.len()).is_err() {
                    break;
                }
                let rest = without(&not_inlined, &inlined.code);
                if rest != not_inlined {
                    let line = inlined
                        .call
                        .line
                        .filter(|_| inlined.call.file == Some(file));
                    live.extend(line.filter(|line| *line >= first));
                    not_inlined = rest;
                }
            }
            live_code.extend(not_inlined);
            // The ranges are kept, so they cost fuel.
            if fuel.burn(16).is_err() {
                break;
            }
        }
        live.extend(lines(&live_code, first.max(1)..=u32::MAX));
        let (Some(first), Some(last)) = (live.first(), live.last()) else {
            return Vec::new();
        };
        let is_contiguous = last - first < live.len() as u32;
        let all = if is_contiguous {
            BTreeSet::new()
        } else {
            lines(scope, *first..=*last)
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

    /// The frame base: the address that the variables on the stack are relative to.
    pub(super) fn frame_base(&self, machine: &mut dyn Machine) -> Result<u64, Unavailable> {
        let no_base = || broken("a variable is relative to a frame, and its function has none");
        let code = self.frame_base_code()?.ok_or_else(no_base)?;
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
            Storage::Memory(address) => address,
            Storage::Bytes(bytes) => bytes
                .first_chunk()
                .map(|it| u64::from_le_bytes(*it))
                .ok_or_else(no_base)?,
            Storage::Pieces(_) | Storage::Nowhere(_) => return Err(no_base()),
        };
        set_up(base)
    }

    /// The expression for the frame base, if the function has one.
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

/// The parts of `code` that are not in `cut`.
fn without(code: &[Range<u32>], cut: &[Range<u32>]) -> Vec<Range<u32>> {
    cut.iter().fold(code.to_vec(), |code, cut| {
        let around = |range: &Range<u32>| {
            [
                range.start..range.end.min(cut.start),
                range.start.max(cut.end)..range.end,
            ]
        };
        let parts = code.iter().flat_map(around);
        parts.filter(|it| !it.is_empty()).collect()
    })
}

/// The frame base, unless it is 0. A local is 0 until it is set, and no frame is at address 0: the stack grows down.
fn set_up(base: u64) -> Result<u64, Unavailable> {
    match base {
        0 => Err(Unavailable::Unsupported(
            "not there yet: the function has not set up its frame".to_owned(),
        )),
        base => Ok(base),
    }
}

/// What a location says about an address.
enum Choice<'a> {
    /// This expression is valid there.
    Here(Expression<Slice<'a>>),
    /// No expression is valid there; one is in these other ranges of code.
    Elsewhere(Vec<Range<u32>>),
}

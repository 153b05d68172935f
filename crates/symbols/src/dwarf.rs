//! The DWARF of a module: its sections, borrowed from the file in memory.
//!
//! gimli parses DWARF. Only plain tables of offsets and addresses are kept between queries ([`crate::units`],
//! [`crate::functions`], [`crate::lines`], [`crate::scopes`]). Each is made at its first use. Everything else is read
//! again from the sections, which costs microseconds.
//!
//! This crate has its own look-up, because addr2line recurses for each level of inlining: a hostile file of a megabyte
//! overflows its stack and ends the process. For valid files the tests compare with addr2line.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use gimli::Section as _;
use memchr::memmem;

use crate::fuel::{CutShort, Fuel};
use crate::functions_by_name::InlinedCopies;
use crate::index::Index;
use crate::lines::LineTables;
use crate::notes::Notes;
use crate::reading::Observer;
use crate::sources::Sources;
use crate::types;
use crate::units::Units;
use crate::variables::location::Locations;
use crate::variables::statics::Addresses;

/// A section for gimli. WebAssembly is little-endian.
pub(crate) type Slice<'a> = gimli::EndianSlice<'a, gimli::LittleEndian>;

/// The DWARF sections of one file and the tables made of them.
pub(crate) struct Sections {
    bytes: gimli::DwarfSections<Bytes>,
    size: usize,
    code_size: u32,
    units: OnceLock<Units>,
    lines: Mutex<LineTables>,
    /// How many more rows, functions and ranges the tables may hold. In valid DWARF nothing is described twice, so
    /// each of them takes at least one byte.
    room: Fuel,
    /// The work that is left for making the tables. Each unit is read once.
    fuel: Fuel,
    /// The work that is left for finding names. Each unit is read once for them.
    names_fuel: Fuel,
    index: OnceLock<Index>,
    sources: OnceLock<Sources>,
    inlined: OnceLock<InlinedCopies>,
    statics: OnceLock<Addresses>,
    types: Mutex<types::Cache>,
    locations: Locations,
    vtables: OnceLock<types::vtable::Vtables>,
    notes: Arc<Notes>,
    pub(crate) observer: Observer,
}

impl Sections {
    /// The DWARF of `file`, which describes code of `code_size` bytes. `None` if the file has no DWARF.
    pub(crate) fn new(
        file: &wdb_module::Module,
        code_size: u32,
        notes: Arc<Notes>,
    ) -> Option<Self> {
        if !has_dwarf(file) {
            return None;
        }
        let mut size = 0_usize;
        let load = |id: gimli::SectionId| {
            let bytes = file.custom_section(id.name()).unwrap_or_default();
            size = size.saturating_add(bytes.len());
            Ok::<_, Infallible>(bytes)
        };
        let Ok(bytes) = gimli::DwarfSections::load(load);
        Some(Sections {
            bytes,
            size,
            room: Fuel::one_for_each(size),
            fuel: Fuel::for_reading(size),
            names_fuel: Fuel::for_reading(size),
            index: OnceLock::new(),
            sources: OnceLock::new(),
            inlined: OnceLock::new(),
            statics: OnceLock::new(),
            types: Mutex::default(),
            locations: Locations::default(),
            vtables: OnceLock::new(),
            code_size,
            units: OnceLock::new(),
            lines: Mutex::default(),
            notes,
            observer: Observer::default(),
        })
    }

    /// The types read so far.
    pub(crate) fn types(&self) -> MutexGuard<'_, types::Cache> {
        self.types.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a text that ends so, as every name is one: linkers let short ones share the end of long ones.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        let wanted = [name.as_bytes(), b"\0"].concat();
        let gimli = self.read().gimli;
        [
            gimli.debug_str.reader(),
            gimli.debug_info.reader(),
            gimli.debug_types.reader(),
        ]
        .iter()
        .any(|section| memmem::find(section.slice(), &wanted).is_some())
    }

    /// A view of the sections to read from.
    pub(crate) fn read(&self) -> Dwarf<'_> {
        let borrow = |bytes| gimli::EndianSlice::new(bytes, gimli::LittleEndian);
        Dwarf {
            gimli: self.bytes.borrow(|bytes| borrow(bytes)),
            sections: self,
        }
    }
}

/// Whether a file contains DWARF.
pub(crate) fn has_dwarf(file: &wdb_module::Module) -> bool {
    file.custom_section(".debug_info")
        .is_some_and(|it| !it.is_empty())
}

/// The DWARF of a module, for reading.
pub(crate) struct Dwarf<'a> {
    /// gimli's view.
    pub(crate) gimli: gimli::Dwarf<Slice<'a>>,
    sections: &'a Sections,
}

impl<'a> Dwarf<'a> {
    /// The units, found on first use.
    pub(crate) fn units(&self) -> &'a Units {
        self.sections.units.get_or_init(|| Units::scan(self))
    }

    /// The observer of long reading.
    pub(crate) fn observer(&self) -> &'a Observer {
        &self.sections.observer
    }

    /// The line tables read so far.
    pub(crate) fn lines(&self) -> &'a Mutex<LineTables> {
        &self.sections.lines
    }

    /// The notes about broken DWARF.
    pub(crate) fn notes(&self) -> &'a Notes {
        &self.sections.notes
    }

    /// The size of all sections together.
    pub(crate) fn size(&self) -> usize {
        self.sections.size
    }

    /// Takes room for one more row, function or range in the tables.
    pub(crate) fn keep(&self) -> Result<(), CutShort> {
        self.sections.room.burn(1)
    }

    /// The work that is left for making the tables.
    pub(crate) fn fuel(&self) -> &'a Fuel {
        &self.sections.fuel
    }

    /// The work that is left for finding names.
    pub(crate) fn names_fuel(&self) -> &'a Fuel {
        &self.sections.names_fuel
    }

    /// The index of all names, made on first use.
    pub(crate) fn index(&self) -> &'a Index {
        self.observer()
            .table(&self.sections.index, || Index::make(self))
    }

    /// The source files, found on first use.
    pub(crate) fn sources(&self) -> &'a Sources {
        let make = || Sources::make(self);
        self.observer().table(&self.sections.sources, make)
    }

    /// The places where functions were inlined, found on first use.
    pub(crate) fn inlined(&self) -> &'a InlinedCopies {
        let find = || InlinedCopies::find(self);
        self.observer().table(&self.sections.inlined, find)
    }

    /// The statics by address, found on first use.
    pub(crate) fn statics(&self) -> &'a Addresses {
        let make = || Addresses::make(self);
        self.observer().table(&self.sections.statics, make)
    }

    /// The types read so far.
    pub(crate) fn types(&self) -> MutexGuard<'a, types::Cache> {
        self.sections.types()
    }

    /// The locations of variables found so far.
    pub(crate) fn locations(&self) -> &'a Locations {
        &self.sections.locations
    }

    /// The tables of virtual functions, found on first use.
    pub(crate) fn vtables(&self) -> &'a types::vtable::Vtables {
        let find = || types::vtable::vtables(self);
        self.observer().table(&self.sections.vtables, find)
    }

    /// The range as offsets in the code section, if it is the range of live code.
    pub(crate) fn live(&self, begin: u64, end: u64) -> Option<Range<u32>> {
        let (begin, end) = (u32::try_from(begin).ok()?, u32::try_from(end).ok()?);
        (0 < begin && begin < end && end <= self.sections.code_size).then_some(begin..end)
    }
}

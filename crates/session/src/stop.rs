//! A debuggee that stands still, with its debug information: what every question about a program is
//! asked of.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use wdb_module::{FuncIndex, FunctionOffset, LocalIndex, ModuleOffset};
use wdb_symbols::runtime::Family;
use wdb_symbols::{Location, Symbols, Variable};
use wdb_target::coredump::{Global, Instance, MemoryShape, ModuleId, Table, TableId};
use wdb_target::{Debuggee, Error, Frame, Module, Thread};

/// What the debugger needs from outside, answered by who may do I/O. An answer of `None` makes what is shown
/// poorer and never fails it.
pub trait Resolver {
    /// The debug information of a module. Asked once for each module that has a frame.
    fn symbols(&mut self, module: ModuleId) -> Option<Arc<Symbols>>;

    /// The text of a source file, by the path that the debug information has for it.
    fn source(&mut self, path: &str) -> Option<String>;
}

/// A debuggee that stands still. What was asked of it once is remembered.
pub struct Stop<'a> {
    /// The debuggee.
    pub debuggee: &'a mut dyn Debuggee,
    /// Its modules.
    pub modules: Vec<Module>,
    /// Its instances.
    pub instances: Vec<Instance>,
    /// Its globals.
    pub globals: Vec<Global>,
    /// Its memories.
    pub memories: Vec<MemoryShape>,
    /// Its threads.
    pub threads: Vec<Thread>,
    resolver: &'a mut dyn Resolver,
    symbols: HashMap<ModuleId, Option<Arc<Symbols>>>,
    places: HashMap<(ModuleId, FuncIndex, Option<FunctionOffset>), Rc<Place>>,
    tables: HashMap<TableId, Option<Rc<Table>>>,
}

/// A frame as the source has it: an activation, or a function that was inlined into one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrameId {
    /// The position of its thread in [`Stop::threads`].
    pub thread: usize,
    /// The position of the activation in [`Thread::frames`].
    pub activation: usize,
    /// The position in [`Place::chain`]: 0 is the innermost inlined function.
    pub inlined: usize,
}

/// What is known of a place in the code.
pub struct Place {
    /// Where it is in the module. `None`: not recorded, or the module is not at hand.
    pub at: Option<ModuleOffset>,
    /// The chain of inlined functions, innermost first; the last is the function itself. Not empty.
    pub chain: Vec<Spot>,
    /// The names and types of the function's WebAssembly locals.
    pub locals: Vec<(Option<String>, String)>,
    /// The variables that each of the chain can see.
    variables: OnceCell<Rc<Vec<Vec<Variable>>>>,
}

/// A source place.
pub struct Spot {
    /// Where it is.
    pub location: Location,
    /// The name of its function, which always has one.
    pub function: String,
    /// The part of a language's runtime that it is in.
    pub family: Option<Family>,
}

impl<'a> Stop<'a> {
    /// Asks `debuggee` for its threads and what belongs to them.
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away.
    pub fn new(
        debuggee: &'a mut dyn Debuggee,
        resolver: &'a mut dyn Resolver,
    ) -> Result<Self, Error> {
        Ok(Stop {
            modules: debuggee.modules().to_vec(),
            instances: debuggee.instances()?,
            globals: debuggee.globals()?,
            memories: debuggee.memories()?,
            threads: debuggee.threads()?,
            debuggee,
            resolver,
            symbols: HashMap::new(),
            places: HashMap::new(),
            tables: HashMap::new(),
        })
    }

    /// The debug information of a module.
    pub fn symbols(&mut self, module: ModuleId) -> Option<Arc<Symbols>> {
        let resolver = &mut self.resolver;
        self.symbols
            .entry(module)
            .or_insert_with(|| resolver.symbols(module))
            .clone()
    }

    /// The binary of a module.
    pub fn binary(&self, module: ModuleId) -> Option<&wdb_module::Module> {
        self.modules.get(module.position())?.binary.as_deref()
    }

    /// An activation.
    pub fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.threads.get(id.thread)?.frames.get(id.activation)
    }

    /// The frame that a report gives this number: the frames of a thread count from 0, the youngest, inlined
    /// functions too.
    pub fn frame_numbered(&mut self, thread: usize, number: u32) -> Option<FrameId> {
        let mut left = number as usize;
        for activation in 0..self.threads.get(thread)?.frames.len() {
            let id = FrameId {
                thread,
                activation,
                inlined: left,
            };
            let length = self.place(id)?.chain.len();
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => return Some(id),
            }
        }
        None
    }

    /// Where a frame stands.
    pub fn place(&mut self, id: FrameId) -> Option<Rc<Place>> {
        let &Frame {
            module, func, pc, ..
        } = self.frame(id)?;
        if let Some(place) = self.places.get(&(module, func, pc)) {
            return Some(Rc::clone(place));
        }
        let place = Rc::new(self.find_place(module, func, pc));
        self.places.insert((module, func, pc), Rc::clone(&place));
        Some(place)
    }

    fn find_place(
        &mut self,
        module: ModuleId,
        func: FuncIndex,
        pc: Option<FunctionOffset>,
    ) -> Place {
        let symbols = self.symbols(module);
        let binary = self.binary(module);
        let at = binary.and_then(|binary| binary.from_function(func, pc?));
        let locals = binary.map_or(Vec::new(), |binary| locals(binary, func));
        let mut located = match (&symbols, at) {
            (Some(symbols), Some(at)) => symbols.locate(at),
            _ => Vec::new(),
        };
        if located.is_empty() {
            let name = symbols.as_ref().map(|symbols| symbols.function_name(func));
            located.push(Location {
                function: name,
                ..Location::default()
            });
        }
        let last = located.len() - 1;
        let chain = located
            .into_iter()
            .enumerate()
            .map(|(depth, location)| Spot {
                function: match &location.function {
                    Some(name) => name.display.clone(),
                    None if depth == last => self.function_name(module, func),
                    None => "an inlined function without a name".into(),
                },
                family: symbols
                    .as_ref()
                    .and_then(|symbols| symbols.family(&location)),
                location,
            });
        Place {
            at,
            chain: chain.collect(),
            locals,
            variables: OnceCell::new(),
        }
    }

    /// The debug information of a frame's module, and where the frame stands in it.
    pub fn symbols_at(&mut self, id: FrameId) -> Option<(Arc<Symbols>, ModuleOffset)> {
        let at = self.place(id)?.at?;
        let module = self.frame(id)?.module;
        Some((self.symbols(module)?, at))
    }

    /// The parameters and locals that the functions of an activation can see, in the order of
    /// [`Place::chain`].
    pub fn variables(&mut self, id: FrameId) -> Option<Rc<Vec<Vec<Variable>>>> {
        let (symbols, at) = self.symbols_at(id)?;
        let place = self.place(id)?;
        let found = place
            .variables
            .get_or_init(|| Rc::new(symbols.variables(at)));
        Some(Rc::clone(found))
    }

    /// The name of a function.
    pub fn function_name(&mut self, module: ModuleId, func: FuncIndex) -> String {
        if let Some(symbols) = self.symbols(module) {
            return symbols.function_name(func).display;
        }
        self.binary(module)
            .and_then(|binary| binary.function_name_or_export(func))
            .map_or_else(|| format!("func[{func}]"), |name| name.into_owned())
    }

    /// The text of a source file: from the debug information, else from outside.
    pub fn source(&mut self, module: ModuleId, path: &str) -> Option<String> {
        let embedded = self.symbols(module);
        embedded
            .and_then(|symbols| symbols.source_text(path).map(str::to_owned))
            .or_else(|| self.resolver.source(path))
    }

    /// A table with its elements.
    pub fn table(&mut self, id: TableId) -> Option<Rc<Table>> {
        let debuggee = &mut self.debuggee;
        self.tables
            .entry(id)
            .or_insert_with(|| debuggee.table(id).ok().map(Rc::new))
            .clone()
    }

    /// What is wrong with the debug information that was used.
    pub fn notes(&self) -> Vec<String> {
        let mut used: Vec<_> = self.symbols.iter().collect();
        used.sort_by_key(|(module, _)| **module);
        used.iter()
            .filter_map(|(_, symbols)| symbols.as_ref())
            .flat_map(|symbols| symbols.notes())
            .collect()
    }
}

fn locals(binary: &wdb_module::Module, func: FuncIndex) -> Vec<(Option<String>, String)> {
    let types = binary.locals(func).unwrap_or_default();
    (0..)
        .zip(types)
        .map(|(index, ty)| {
            let name = binary.local_name(func, LocalIndex(index));
            (name.map(str::to_owned), ty.to_string())
        })
        .collect()
}

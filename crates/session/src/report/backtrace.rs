//! From the frames of a thread to the frames that the source has.

use std::collections::HashMap;
use std::rc::Rc;

use wdb_module::{FuncIndex, FunctionOffset, LocalIndex, ModuleOffset};
use wdb_symbols::runtime::Family;
use wdb_symbols::{Location, Symbols};
use wdb_target::coredump::ModuleId;
use wdb_target::{Module, Thread};

use super::{Entry, Frame, Local, Resolver};

/// A report holds as many frames of a thread from the young end of its stack, and from the old one. An
/// engine's own limits are below the sum, unless somebody raised them; a hostile dump has millions.
const YOUNG: usize = 80_000;
const OLD: usize = 20_000;

/// Turns threads into entries, and remembers what it found for each place in the code: thousands of
/// frames of a recursion stand at few.
pub(super) struct Backtracer<'a> {
    modules: &'a [Module],
    resolver: &'a mut dyn Resolver,
    symbols: HashMap<ModuleId, Option<Rc<Symbols>>>,
    places: HashMap<(ModuleId, FuncIndex, Option<FunctionOffset>), Rc<Place>>,
}

/// What is known of a place in the code.
struct Place {
    at: Option<ModuleOffset>,
    /// The chain of inlined functions, innermost first; the last is the function itself. Not empty.
    chain: Vec<Spot>,
    /// The names and types of the function's locals.
    locals: Vec<(Option<String>, String)>,
}

struct Spot {
    location: Location,
    function: String,
    family: Option<Family>,
}

impl<'a> Backtracer<'a> {
    pub(super) fn new(modules: &'a [Module], resolver: &'a mut dyn Resolver) -> Self {
        Backtracer {
            modules,
            resolver,
            symbols: HashMap::new(),
            places: HashMap::new(),
        }
    }

    /// What is on the stack of `thread`, youngest first.
    pub(super) fn entries(&mut self, thread: &Thread) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut hosts = thread.host_frames.iter().take(YOUNG).peekable();
        let mut index = 0;
        let omitted = thread.frames.len().saturating_sub(YOUNG + OLD);
        for (position, frame) in (0u32..).zip(&thread.frames) {
            if omitted > 0 && (YOUNG..YOUNG + omitted).contains(&(position as usize)) {
                if position as usize == YOUNG {
                    let omitted = u32::try_from(omitted).unwrap_or(u32::MAX);
                    entries.push(Entry::Omitted(omitted));
                    index += omitted;
                }
                continue;
            }
            while let Some(host) = hosts.next_if(|host| host.before <= position) {
                entries.push(Entry::Host(host.name.clone()));
            }
            let place = self.place(frame.module, frame.func, frame.pc);
            for (depth, spot) in place.chain.iter().enumerate() {
                let inlined = depth + 1 < place.chain.len();
                entries.push(Entry::Frame(Frame {
                    index,
                    function: spot.function.clone(),
                    file: spot.location.file.clone(),
                    line: spot.location.line,
                    column: spot.location.column,
                    inlined,
                    approximate: spot.location.approximate,
                    family: spot.family,
                    module: frame.module,
                    instance: frame.instance,
                    func: frame.func,
                    at: place.at,
                    trust: frame.trust,
                    locals: if inlined {
                        Vec::new()
                    } else {
                        locals(frame, &place.locals)
                    },
                    stack: frame.stack.clone().filter(|_| !inlined),
                }));
                index += 1;
            }
        }
        entries.extend(hosts.map(|host| Entry::Host(host.name.clone())));
        entries
    }

    /// The name of a function.
    pub(super) fn function_name(&mut self, module: ModuleId, func: FuncIndex) -> String {
        if let Some(symbols) = self.symbols(module) {
            return symbols.function_name(func).display;
        }
        self.binary(module)
            .and_then(|binary| binary.function_name_or_export(func))
            .map_or_else(|| format!("func[{func}]"), |name| name.into_owned())
    }

    /// What is wrong with the debug information that was used.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut used: Vec<_> = self.symbols.iter().collect();
        used.sort_by_key(|(module, _)| **module);
        used.iter()
            .filter_map(|(_, symbols)| symbols.as_ref())
            .flat_map(|symbols| symbols.notes())
            .collect()
    }

    /// The text of a source file: from the source map, else from outside.
    pub(super) fn source(&mut self, module: ModuleId, path: &str) -> Option<String> {
        let embedded = self.symbols(module);
        embedded
            .and_then(|symbols| symbols.source_text(path).map(str::to_owned))
            .or_else(|| self.resolver.source(path))
    }

    fn symbols(&mut self, module: ModuleId) -> Option<Rc<Symbols>> {
        let resolver = &mut self.resolver;
        self.symbols
            .entry(module)
            .or_insert_with(|| resolver.symbols(module))
            .clone()
    }

    fn binary(&self, module: ModuleId) -> Option<&'a wdb_module::Module> {
        self.modules.get(module.position())?.binary.as_deref()
    }

    fn place(
        &mut self,
        module: ModuleId,
        func: FuncIndex,
        pc: Option<FunctionOffset>,
    ) -> Rc<Place> {
        if let Some(place) = self.places.get(&(module, func, pc)) {
            return Rc::clone(place);
        }
        let place = Rc::new(self.find(module, func, pc));
        self.places.insert((module, func, pc), Rc::clone(&place));
        place
    }

    fn find(&mut self, module: ModuleId, func: FuncIndex, pc: Option<FunctionOffset>) -> Place {
        let binary = self.binary(module);
        let at = binary.and_then(|binary| binary.from_function(func, pc?));
        let symbols = self.symbols(module);
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
        let chain = chain.collect();
        let locals = binary.map_or(Vec::new(), |binary| {
            let types = binary.locals(func).unwrap_or_default();
            (0..)
                .zip(types)
                .map(|(index, ty)| {
                    let name = binary.local_name(func, LocalIndex(index));
                    (name.map(str::to_owned), ty.to_string())
                })
                .collect()
        });
        Place { at, chain, locals }
    }
}

fn locals(frame: &wdb_target::Frame, declared: &[(Option<String>, String)]) -> Vec<Local> {
    (0..)
        .zip(&frame.locals)
        .map(|(index, value)| {
            let known = declared.get(index as usize);
            Local {
                index: LocalIndex(index),
                name: known.and_then(|(name, _)| name.clone()),
                ty: known.map(|(_, ty)| ty.clone()),
                value: value.clone(),
            }
        })
        .collect()
}

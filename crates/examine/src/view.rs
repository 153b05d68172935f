//! A debuggee that is stopped, with its debug information: what every question about a program is
//! asked of.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use wdb_debuggee::coredump::{
    Global, GlobalId, HostFrame, Instance, InstanceId, MemoryId, MemoryShape, ModuleId, Table,
    TableId,
};
use wdb_debuggee::{Certainty, CodeLocation, Debuggee, Error, Frame, Module, Pc, Trust};
use wdb_module::{FuncIndex, LocalIndex, ModuleOffset};
use wdb_symbols::runtime::Family;
use wdb_symbols::{SourceLocation, Symbols, Variable};

use crate::kept::Keeping;
use crate::looking::Looking;
use crate::source_paths::SourcePaths;

/// What the debugger needs from outside, answered by a caller that may do I/O. An answer of `None` makes what is shown
/// poorer and never fails it.
pub trait Resolver {
    /// The debug information of a module. Asked once for each module that has a frame, and for all where a name
    /// or a line may be in any.
    fn symbols(&mut self, module: ModuleId) -> Option<Arc<Symbols>>;

    /// The text of a source file, by the path that the debug information of a module has for it.
    fn source(&mut self, module: ModuleId, path: &str) -> Option<String>;

    /// Where sources are looked for, which the user may change. `None`: nothing is looked for on a disk.
    fn source_paths(&mut self) -> Option<&mut SourcePaths> {
        None
    }

    /// The program was built anew: these are its modules, and what was known of the old ones does not hold any more.
    fn renew(&mut self, modules: &[Module]) {
        let _ = modules;
    }

    /// What was looked for and not found, or was unusable, since this was asked last: sentences for the user.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// A debuggee that is stopped. What was asked of it once is remembered.
pub struct View<'a> {
    pub(crate) debuggee: &'a mut dyn Debuggee,
    resolver: &'a mut dyn Resolver,
    pub(crate) memo: Held<'a>,
}

/// What was asked of a program already.
#[derive(Default)]
pub struct Memo {
    // Of the code, which does not change.
    symbols: BTreeMap<ModuleId, Option<Arc<Symbols>>>,
    pub(crate) starts: HashMap<ModuleId, Arc<Starts>>,
    places: HashMap<(ModuleId, FuncIndex, Option<ModuleOffset>), Arc<FramePlace>>,
    /// A program only ever gets more of them, so that those which are here stay right.
    instances: Arc<[Instance]>,
    state: State,
    /// The innermost activation may be at the first instruction of several nested inlined calls. This many of them are
    /// hidden from the user until a step enters them.
    pub not_entered: usize,
    /// The values that the user has kept.
    pub kept: Keeping,
}

/// Where functions begin, behind their prologues, each with the place there.
pub type Starts = Vec<(CodeLocation, Spot)>;

/// What is good until the program runs again.
#[derive(Default)]
struct State {
    /// The instances are all that there are.
    all_instances: bool,
    globals: Option<Arc<[Global]>>,
    memories: Option<Arc<[MemoryShape]>>,
    threads: Option<Arc<[Thread]>>,
    depths: HashMap<usize, usize>,
    /// Of each thread, how many frames of the source are above each of its activations, as far as that was counted.
    numbers: HashMap<usize, Vec<usize>>,
    /// Those that were read one by one. They are few, and a condition asks for the same one again and again.
    frames: Vec<Single>,
    tables: HashMap<TableId, Option<Arc<Table>>>,
    /// Why a question was not answered that always has an answer.
    unanswered: Option<Error>,
}

impl State {
    /// That of a program of which nothing is known but one frame.
    fn supposed(frame: Option<Frame>) -> State {
        let thread = Thread {
            name: String::new(),
            frames: frame.into_iter().map(Arc::new).collect(),
            host_frames: Vec::new(),
        };
        State {
            all_instances: true,
            globals: Some(Arc::default()),
            memories: Some(Arc::default()),
            threads: Some(Arc::new([thread])),
            ..State::default()
        }
    }

    /// An answer; nothing, where the debuggee has gone away, which is reported later.
    fn answer<T: Default>(&mut self, answer: Result<T, Error>) -> T {
        match answer {
            Ok(answer) => answer,
            // That there is none of it is an answer.
            Err(Error::NotFound(_)) => T::default(),
            Err(error) => {
                self.unanswered.get_or_insert(error);
                T::default()
            }
        }
    }
}

/// An activation that was read by itself.
struct Single {
    thread: usize,
    activation: usize,
    frame: Option<Arc<Frame>>,
    place: Option<Arc<FramePlace>>,
}

/// A thread of the program.
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Its frames, innermost first.
    pub frames: Vec<Arc<Frame>>,
    /// Where host code is between them, innermost first.
    pub host_frames: Vec<HostFrame>,
}

pub(crate) enum Held<'a> {
    Own(Box<Memo>),
    Lent(&'a mut Memo),
}

/// At most this many of the innermost frames of a thread are read one by one. If one further out is asked for, all are read.
const SINGLE_FRAMES: usize = 8;

impl Memo {
    /// Forgets what the user can change.
    pub fn forget_values(&mut self) {
        // It is still to be reported.
        let unanswered = self.state.unanswered.take();
        self.state = State {
            unanswered,
            ..State::default()
        };
    }

    /// Why a question was not answered. What came in place of the answer is forgotten.
    pub fn take_unanswered(&mut self) -> Option<Error> {
        let error = self.state.unanswered.take()?;
        self.forget_values();
        Some(error)
    }

    /// Forgets what changes when the program runs.
    pub fn forget_state(&mut self) {
        self.forget_values();
        self.not_entered = 0;
    }
}

impl std::ops::Deref for Held<'_> {
    type Target = Memo;

    fn deref(&self) -> &Memo {
        match self {
            Held::Own(memo) => memo,
            Held::Lent(memo) => memo,
        }
    }
}

impl std::ops::DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Memo {
        match self {
            Held::Own(memo) => memo,
            Held::Lent(memo) => memo,
        }
    }
}

/// A frame as the source has it: an activation, or a function that was inlined into one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrameId {
    /// The position of its thread in [`View::threads`].
    pub thread: usize,
    /// The position of the activation in [`Thread::frames`].
    pub activation: usize,
    /// The position in [`FramePlace::chain`]: 0 is the innermost inlined function.
    pub inlined: usize,
}

/// What is known of a place in the code.
pub struct FramePlace {
    /// Where it is in the module. `None`: not recorded, or the module is not available.
    pub at: Option<ModuleOffset>,
    /// The chain of inlined functions, innermost first; the last is the function itself. Not empty.
    pub chain: Vec<Spot>,
    /// The names and types of the function's WebAssembly locals.
    pub locals: Vec<(Option<String>, String)>,
    /// The variables that each of the chain can see.
    variables: OnceLock<Arc<Vec<Vec<Variable>>>>,
    /// The statics of its unit.
    statics: OnceLock<Arc<Vec<Variable>>>,
}

/// A source place.
pub struct Spot {
    /// Where it is.
    pub location: SourceLocation,
    /// The name of its function, which always has one.
    pub function: String,
    /// The part of a language's runtime that it is in.
    pub family: Option<Family>,
}

impl<'a> View<'a> {
    /// Asks `debuggee` for its threads with all their frames.
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away.
    pub fn new(
        debuggee: &'a mut dyn Debuggee,
        resolver: &'a mut dyn Resolver,
    ) -> Result<Self, Error> {
        let threads = debuggee.threads()?;
        let mut memo = Memo::default();
        memo.state.threads = Some(threads.into_iter().map(Thread::from).collect());
        Ok(View {
            debuggee,
            resolver,
            memo: Held::Own(Box::new(memo)),
        })
    }

    /// The debuggee with what `memo` knows of it, which must be of this debuggee. Everything else is asked
    /// when it is wanted.
    pub fn over(
        debuggee: &'a mut dyn Debuggee,
        resolver: &'a mut dyn Resolver,
        memo: &'a mut Memo,
    ) -> Self {
        View {
            debuggee,
            resolver,
            memo: Held::Lent(memo),
        }
    }

    /// The program as if it were stopped at `at`: with one frame, of which nothing is known but where it is, and without
    /// instances, globals and memories. What names mean in the code does not depend on those. Without a frame where there
    /// is no code at `at`.
    pub fn supposing(&mut self, at: CodeLocation) -> View<'_> {
        // It is asked for each of them once.
        for module in 0..self.modules().len() as u32 {
            self.symbols(ModuleId(module));
        }
        let frame = self.function_at(at).map(|func| Frame {
            instance: InstanceId(0),
            module: at.module,
            func,
            pc: Pc::InModule(at.offset),
            locals: Vec::new(),
            stack: None,
            trust: Trust::Assumed,
        });
        let memo = Memo {
            symbols: self.memo.symbols.clone(),
            state: State::supposed(frame),
            ..Memo::default()
        };
        View {
            debuggee: &mut *self.debuggee,
            resolver: &mut *self.resolver,
            memo: Held::Own(Box::new(memo)),
        }
    }

    /// The debuggee, to be looked at.
    pub fn debuggee(&mut self) -> Looking<'_> {
        Looking::new(self.debuggee)
    }

    /// The threads with all their frames. None when a live debuggee has gone away.
    pub fn threads(&mut self) -> Arc<[Thread]> {
        if let Some(threads) = &self.memo.state.threads {
            return Arc::clone(threads);
        }
        let threads = self.debuggee.threads();
        let threads = self.memo.state.answer(threads);
        let threads: Arc<[Thread]> = threads.into_iter().map(Thread::from).collect();
        self.memo.state.threads = Some(Arc::clone(&threads));
        threads
    }

    /// How many activations a thread has.
    pub fn depth(&mut self, thread: usize) -> usize {
        if let Some(threads) = &self.memo.state.threads {
            return threads.get(thread).map_or(0, |it| it.frames.len());
        }
        if let Some(depth) = self.memo.state.depths.get(&thread) {
            return *depth;
        }
        let depth = self.debuggee.depth(thread);
        let depth = self.memo.state.answer(depth);
        self.memo.state.depths.insert(thread, depth);
        depth
    }

    /// The same, counted no further than `most`.
    pub fn depth_up_to(&mut self, thread: usize, most: usize) -> usize {
        let state = &self.memo.state;
        if state.threads.is_some() || state.depths.contains_key(&thread) {
            return self.depth(thread).min(most);
        }
        let depth = self.debuggee.depth_up_to(thread, most);
        self.memo.state.answer(depth)
    }

    /// An activation.
    pub fn frame(&mut self, id: FrameId) -> Option<Arc<Frame>> {
        if self.memo.state.threads.is_some() || id.activation >= SINGLE_FRAMES {
            let threads = self.threads();
            return threads.get(id.thread)?.frames.get(id.activation).cloned();
        }
        if let Some(known) = self.single(id) {
            return known.frame.clone();
        }
        let frame = self.debuggee.frame(id.thread, id.activation);
        let frame = self.memo.state.answer(frame.map(Some)).map(Arc::new);
        self.memo.state.frames.push(Single {
            thread: id.thread,
            activation: id.activation,
            frame: frame.clone(),
            place: None,
        });
        frame
    }

    fn single(&mut self, id: FrameId) -> Option<&mut Single> {
        let mut all = self.memo.state.frames.iter_mut();
        all.find(|it| (it.thread, it.activation) == (id.thread, id.activation))
    }

    /// Its instances.
    pub fn instances(&mut self) -> Arc<[Instance]> {
        if !self.memo.state.all_instances {
            let instances = self.debuggee.instances();
            self.memo.instances = self.memo.state.answer(instances).into();
            self.memo.state.all_instances = true;
        }
        Arc::clone(&self.memo.instances)
    }

    /// An instance.
    pub fn instance(&mut self, id: InstanceId) -> Option<Instance> {
        if id.position() >= self.memo.instances.len() {
            self.instances();
        }
        self.memo.instances.get(id.position()).cloned()
    }

    /// Its globals.
    pub fn globals(&mut self) -> Arc<[Global]> {
        if let Some(globals) = &self.memo.state.globals {
            return Arc::clone(globals);
        }
        let globals = self.debuggee.globals();
        let globals: Arc<[Global]> = self.memo.state.answer(globals).into();
        self.memo.state.globals = Some(Arc::clone(&globals));
        globals
    }

    /// A global.
    pub fn global(&mut self, id: GlobalId) -> Option<Global> {
        self.globals().get(id.position()).cloned()
    }

    /// Memory 0 of the instance of a frame: the one with the C stack and the heap.
    pub fn memory_of(&mut self, frame: FrameId) -> Option<MemoryId> {
        let instance = self.frame(frame)?.instance;
        *self.instance(instance)?.memories.first()?
    }

    /// Its memories.
    pub fn memories(&mut self) -> Arc<[MemoryShape]> {
        if let Some(memories) = &self.memo.state.memories {
            return Arc::clone(memories);
        }
        let memories = self.debuggee.memories();
        let memories: Arc<[MemoryShape]> = self.memo.state.answer(memories).into();
        self.memo.state.memories = Some(Arc::clone(&memories));
        memories
    }

    /// A memory.
    pub fn memory(&mut self, id: MemoryId) -> Option<MemoryShape> {
        self.memories().get(id.position()).copied()
    }

    /// How many tables it has.
    pub fn table_count(&mut self) -> u32 {
        let count = self.debuggee.table_count();
        self.memo.state.answer(count)
    }

    /// Its modules.
    pub fn modules(&self) -> &[Module] {
        self.debuggee.modules()
    }

    /// What names each of them.
    pub fn module_ids(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..).map(ModuleId).take(self.modules().len())
    }

    /// The debug information of a module.
    pub fn symbols(&mut self, module: ModuleId) -> Option<Arc<Symbols>> {
        let resolver = &mut self.resolver;
        self.memo
            .symbols
            .entry(module)
            .or_insert_with(|| resolver.symbols(module))
            .clone()
    }

    /// The binary of a module.
    pub fn binary(&self, module: ModuleId) -> Option<&wdb_module::Module> {
        self.debuggee
            .modules()
            .get(module.position())?
            .binary
            .as_deref()
    }

    /// The function that an instruction is in. `None`: there is no code, or the module is not available.
    pub fn function_at(&self, at: CodeLocation) -> Option<FuncIndex> {
        self.binary(at.module)?.function_at(at.offset)
    }

    /// The instruction at `offset`, if that is in the code of `func`.
    pub fn code(
        &self,
        module: ModuleId,
        func: FuncIndex,
        offset: ModuleOffset,
    ) -> Option<CodeLocation> {
        let at = CodeLocation { module, offset };
        (self.function_at(at) == Some(func)).then_some(at)
    }

    /// The values that the user has kept.
    pub fn keeping(&self) -> &Keeping {
        &self.memo.kept
    }

    /// How many of the functions that are inlined where the innermost activation is are not entered yet.
    pub fn not_entered(&self) -> usize {
        self.memo.not_entered
    }

    /// The frame that a report gives this number: the frames of a thread count from 0, the innermost, inlined
    /// functions too. They are counted once: after that, each is found at once.
    pub fn frame_numbered(&mut self, thread: usize, number: u32) -> Option<FrameId> {
        let number = (number as usize).saturating_add(self.hidden(thread));
        let depth = self.depth(thread);
        while self.counted(thread).last().is_none_or(|it| *it <= number) {
            if self.counted(thread).len() > depth {
                return None;
            }
            self.count_another(thread);
        }
        let above = self.counted(thread);
        let activation = above.partition_point(|it| *it <= number) - 1;
        Some(FrameId {
            thread,
            activation,
            inlined: number - above[activation],
        })
    }

    /// The number that a report gives a frame.
    pub fn frame_number(&mut self, id: FrameId) -> u32 {
        let activation = id.activation.min(self.depth(id.thread));
        while self.counted(id.thread).len() <= activation {
            self.count_another(id.thread);
        }
        let above = self.counted(id.thread)[activation];
        let number = (above + id.inlined).saturating_sub(self.hidden(id.thread));
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// How many frames a thread has, inlined functions among them.
    pub fn frame_count(&mut self, thread: usize) -> u32 {
        let activation = self.depth(thread);
        self.frame_number(FrameId {
            thread,
            activation,
            inlined: 0,
        })
    }

    /// How many of the functions that are inlined where the innermost activation is are not entered yet.
    fn hidden(&self, thread: usize) -> usize {
        if thread == 0 {
            self.memo.not_entered
        } else {
            0
        }
    }

    /// How many frames are above each of the activations of a thread that were counted.
    fn counted(&mut self, thread: usize) -> &[usize] {
        let numbers = self.memo.state.numbers.entry(thread);
        numbers.or_insert_with(|| vec![0])
    }

    /// Counts the frames of one more activation.
    fn count_another(&mut self, thread: usize) {
        let (activation, above) = match self.counted(thread) {
            [] => return,
            known => (known.len() - 1, known[known.len() - 1]),
        };
        let id = FrameId {
            thread,
            activation,
            inlined: 0,
        };
        let frames = self.place(id).map_or(1, |it| it.chain.len());
        if let Some(known) = self.memo.state.numbers.get_mut(&thread) {
            known.push(above + frames);
        }
    }

    /// The outermost frame of a thread.
    pub fn outermost(&mut self, thread: usize) -> Option<FrameId> {
        let activation = self.depth(thread).checked_sub(1)?;
        let id = FrameId {
            thread,
            activation,
            inlined: 0,
        };
        let inlined = self.place(id)?.chain.len() - 1;
        Some(FrameId { inlined, ..id })
    }

    /// Where a frame is.
    pub fn place(&mut self, id: FrameId) -> Option<Arc<FramePlace>> {
        if let Some(Single {
            place: Some(known), ..
        }) = self.single(id)
        {
            return Some(Arc::clone(known));
        }
        let frame = self.frame(id)?;
        let Frame { module, func, .. } = *frame;
        let key = (module, func, frame.offset());
        let place = match self.memo.places.get(&key) {
            Some(place) => Arc::clone(place),
            None => {
                let place = Arc::new(self.find_place(module, func, frame.offset()));
                self.memo.places.insert(key, Arc::clone(&place));
                place
            }
        };
        if let Some(single) = self.single(id) {
            single.place = Some(Arc::clone(&place));
        }
        Some(place)
    }

    fn find_place(
        &mut self,
        module: ModuleId,
        func: FuncIndex,
        at: Option<ModuleOffset>,
    ) -> FramePlace {
        let symbols = self.symbols(module);
        let binary = self.binary(module);
        let locals = binary.map_or(Vec::new(), |binary| locals(binary, func));
        let mut located = match (&symbols, at) {
            (Some(symbols), Some(at)) => symbols.locate(at),
            _ => Vec::new(),
        };
        if located.is_empty() {
            let name = symbols.as_ref().map(|symbols| symbols.function_name(func));
            located.push(SourceLocation {
                function: name,
                ..SourceLocation::default()
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
        FramePlace {
            at,
            chain: chain.collect(),
            locals,
            variables: OnceLock::new(),
            statics: OnceLock::new(),
        }
    }

    /// The debug information of a frame's module, and where the frame is in it.
    pub fn symbols_at(&mut self, id: FrameId) -> Option<(Arc<Symbols>, ModuleOffset)> {
        let at = self.place(id)?.at?;
        let module = self.frame(id)?.module;
        Some((self.symbols(module)?, at))
    }

    /// The parameters and locals that the functions of an activation can see, in the order of
    /// [`FramePlace::chain`].
    pub fn variables(&mut self, id: FrameId) -> Option<Arc<Vec<Vec<Variable>>>> {
        let (symbols, at) = self.symbols_at(id)?;
        let place = self.place(id)?;
        let found = place
            .variables
            .get_or_init(|| Arc::new(symbols.variables(at)));
        Some(Arc::clone(found))
    }

    /// The statics of the unit that a frame is in.
    pub fn statics(&mut self, id: FrameId) -> Option<Arc<Vec<Variable>>> {
        let (symbols, at) = self.symbols_at(id)?;
        let place = self.place(id)?;
        let found = place.statics.get_or_init(|| Arc::new(symbols.statics(at)));
        Some(Arc::clone(found))
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
            .or_else(|| self.resolver.source(module, path))
    }

    /// A table with its elements.
    pub fn table(&mut self, id: TableId) -> Option<Arc<Table>> {
        if let Some(known) = self.memo.state.tables.get(&id) {
            return known.clone();
        }
        let table = self.debuggee.table(id);
        let table = self.memo.state.answer(table.map(Some)).map(Arc::new);
        self.memo.state.tables.insert(id, table.clone());
        table
    }

    /// Fills `buffer` with the bytes at `address`.
    ///
    /// # Errors
    ///
    /// As of [`Debuggee::read_memory`].
    pub fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error> {
        let read = self.debuggee.read_memory(memory, address, buffer);
        if let Err(error) = &read
            && error.is_failure()
        {
            self.memo.state.unanswered.get_or_insert(error.clone());
        }
        read
    }

    /// Why a question was not answered since this was asked last: the debuggee has gone away. What was asked for looks as
    /// if there were none of it.
    pub fn take_unanswered(&mut self) -> Option<Error> {
        self.memo.take_unanswered()
    }

    /// What is wrong with the debug information that was used.
    pub fn notes(&self) -> Vec<String> {
        let used = self.memo.symbols.values();
        used.filter_map(Option::as_ref)
            .flat_map(|symbols| symbols.notes())
            .collect()
    }
}

impl From<wdb_debuggee::Thread> for Thread {
    fn from(thread: wdb_debuggee::Thread) -> Thread {
        Thread {
            name: thread.name,
            frames: thread.frames.into_iter().map(Arc::new).collect(),
            host_frames: thread.host_frames,
        }
    }
}

fn locals(binary: &wdb_module::Module, func: FuncIndex) -> Vec<(Option<String>, String)> {
    let types = binary.locals(func).unwrap_or_default();
    (0..)
        .zip(types)
        .map(|(index, ty)| {
            let name = binary.local_name(func, LocalIndex(index));
            (name.map(str::to_owned), binary.spelled(ty))
        })
        .collect()
}

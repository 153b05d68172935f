//! Debug information and source files, found on the disk.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use wdb_coredump::ModuleId;
use wdb_debuggee::identity::hex;
use wdb_examine::Resolver;
use wdb_examine::SourcePaths;
use wdb_module::Module;
use wdb_symbols::Symbols;
use wdb_symbols::printable;
use wdb_symbols::reading::Reading;
use wdb_terminal::CtrlC;
use wdb_terminal::repl::{Screen, TakesLong};

use crate::foreign;

/// Where to look.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Arguments {
    /// A directory with debug files and modules; repeat it for several
    ///
    /// A debug file is looked for as <build id>.wasm, <build id>.debug.wasm, <SHA-256>.wasm and by the name of
    /// the module, in that order.
    #[arg(long, value_name = "DIR")]
    pub(crate) symbols: Vec<PathBuf>,
    /// A directory with source files, when they are not where they were compiled; repeat it for several
    #[arg(long, value_name = "DIR")]
    pub(crate) sources: Vec<PathBuf>,
    /// Open source files in the --sources directories only, wherever the debug information says that they are
    ///
    /// For modules and dumps of others, whose debug information may name any file; with --json it is always so.
    #[arg(long)]
    pub(crate) sources_only: bool,
}

/// Answers what a report asks for.
pub(crate) struct Finder {
    /// Directories with debug files.
    symbols: Vec<PathBuf>,
    sources: SourcePaths,
    modules: Vec<(Option<Arc<Module>>, Option<PathBuf>)>,
    cache: HashMap<ModuleId, Option<Arc<Symbols>>>,
    /// What was looked for and not found, or was no good.
    pub(crate) notes: Vec<String>,
    /// The source files that were said to be newer than the file of a module: those of both.
    newer: HashSet<(PathBuf, PathBuf)>,
    /// The observer of the reading of debug information.
    reading: Option<Observer>,
}

/// The observer of the reading of debug information, which may give it up.
#[derive(Clone)]
pub(crate) struct Observer {
    screen: Screen,
    ctrl_c: CtrlC,
    /// How much of it is being read, one in the other.
    under_way: Arc<AtomicU32>,
}

/// The debug information of a module, while it is read.
struct OfModule {
    name: String,
    observer: Observer,
}

/// A part of it, until this is dropped.
struct Part {
    under_way: Arc<AtomicU32>,
    _shown: Option<TakesLong>,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reading for OfModule {
    fn begins(&self) -> Box<dyn Any> {
        let is_first = self.observer.under_way.fetch_add(1, Ordering::Relaxed) == 0;
        let what = || format!("reading the debug information of {}", printable(&self.name));
        Box::new(Part {
            under_way: Arc::clone(&self.observer.under_way),
            _shown: is_first.then(|| self.observer.screen.takes_long(&what())),
        })
    }

    fn is_given_up(&self) -> bool {
        self.observer.ctrl_c.given_up()
    }
}

impl Finder {
    pub(crate) fn new(arguments: &Arguments, modules: &[wdb_debuggee::Module]) -> Self {
        Finder {
            symbols: arguments.symbols.clone(),
            sources: SourcePaths {
                directories: arguments.sources.clone(),
                only: arguments.sources_only,
                ..SourcePaths::default()
            },
            modules: with_paths(modules),
            cache: HashMap::new(),
            notes: Vec::new(),
            newer: HashSet::new(),
            reading: None,
        }
    }

    /// The same for the debugger, which shows that debug information is read, and where Ctrl-C gives it up.
    pub(crate) fn for_debugger(
        arguments: &Arguments,
        modules: &[wdb_debuggee::Module],
        screen: Screen,
        ctrl_c: CtrlC,
    ) -> Self {
        Finder {
            reading: Some(Observer {
                screen,
                ctrl_c,
                under_way: Arc::default(),
            }),
            ..Finder::new(arguments, modules)
        }
    }

    /// Says, once, that a source file was written after the module that is said to be made of it.
    fn compare_times(&mut self, module: ModuleId, source: &Path, written: io::Result<SystemTime>) {
        let module = self.modules.get(module.position());
        let module = module.and_then(|it| it.0.as_deref()?.origin());
        let (Some(module), Ok(written)) = (module, written) else {
            return;
        };
        let files = (source.to_owned(), module.path.clone());
        let is_newer = written
            .duration_since(module.modified)
            .is_ok_and(|it| it > TOGETHER);
        if is_newer && !self.newer.contains(&files) {
            let name = |it: &Path| printable(&it.to_string_lossy()).into_owned();
            self.notes.push(format!(
                "the source file {} is newer than {}: its lines may not be those that the module was compiled from",
                name(source),
                name(&module.path),
            ));
            self.newer.insert(files);
        }
    }

    fn load(&mut self, id: ModuleId) -> Option<Arc<Symbols>> {
        let (module, path) = self.modules.get(id.position())?.clone();
        let module = module?;
        let wanted = Symbols::wanted(&module);
        let debug = wanted
            .debug_file
            .then(|| self.debug_file(&module, path.as_deref(), wanted.debug_file_url.as_deref()))
            .flatten();
        let source_map = match (&debug, &wanted.source_map_url) {
            (None, Some(url)) => self.source_map(path.as_deref(), url),
            _ => None,
        };
        let name = path.as_deref().and_then(Path::file_name);
        let name = name.map_or_else(
            || "the program".into(),
            |it| it.to_string_lossy().into_owned(),
        );
        let symbols = Symbols::new(module, debug, source_map);
        Some(Arc::new(match self.reading.clone() {
            Some(observer) => symbols.observed_by(Arc::new(OfModule { name, observer })),
            None => symbols,
        }))
    }

    fn debug_file(
        &mut self,
        module: &Module,
        path: Option<&Path>,
        url: Option<&str>,
    ) -> Option<Arc<Module>> {
        let beside = url.and_then(|url| foreign::url(path, url));
        let mut candidates: Vec<PathBuf> = beside.clone().into_iter().collect();
        for directory in &self.symbols {
            let mut stems = Vec::new();
            if let Some(build_id) = module.build_id() {
                stems.push(hex(build_id));
            }
            stems.push(hex(&module.sha256()));
            for stem in stems {
                for ending in ["wasm", "debug.wasm", "wasm.zst", "debug.wasm.zst"] {
                    candidates.push(directory.join(format!("{stem}.{ending}")));
                }
            }
            let name = url
                .and_then(|url| Path::new(url).file_name())
                .or_else(|| path?.file_name());
            candidates.extend(name.map(|name| directory.join(name)));
        }
        for candidate in candidates.iter().filter(|path| path.is_file()) {
            match crate::open::binary(candidate) {
                Ok(binary) => {
                    let Some(debug) = binary.modules().first() else {
                        continue;
                    };
                    match agrees(module, debug) {
                        Ok(doubt) => {
                            let note =
                                |doubt| format!("the debug file {} {doubt}", candidate.display());
                            self.notes.extend(doubt.map(note));
                            return Some(debug.clone());
                        }
                        Err(why) => self.notes.push(format!(
                            "the debug file {} {why} and is not used",
                            candidate.display()
                        )),
                    }
                }
                Err(error) => self.notes.push(format!("{error:#}")),
            }
        }
        if let Some(url) = url {
            self.notes.push(format!(
                "the module's debug information is in a file of its own, `{}`, which was not found; give its directory with --symbols",
                printable(url)
            ));
        }
        None
    }

    fn source_map(&mut self, path: Option<&Path>, url: &str) -> Option<Bytes> {
        let name = Path::new(url).file_name();
        let found = foreign::url(path, url)
            .into_iter()
            .chain(
                self.symbols
                    .iter()
                    .filter_map(|directory| Some(directory.join(name?))),
            )
            .find(|path| path.is_file())
            .and_then(|path| crate::open::open(&path).ok());
        if found.is_none() {
            self.notes.push(format!(
                "the module's source map, `{}`, was not found; give its directory with --symbols",
                printable(url)
            ));
        }
        found
    }
}

/// Whether a debug file belongs to the module: by the build id, and where that has none by the code.
///
/// # Errors
///
/// How it does not. Where it may, what speaks against being sure.
fn agrees(module: &Module, debug: &Module) -> Result<Option<&'static str>, &'static str> {
    if let Some(ours) = module.build_id() {
        return if debug.build_id() == Some(ours) {
            Ok(None)
        } else {
            Err("does not have the build id of the module")
        };
    }
    let code = |module: &Module| {
        let range = module.code_section()?;
        let range = usize::try_from(range.start.0).ok()?..usize::try_from(range.end.0).ok()?;
        module.bytes().get(range).map(<[u8]>::to_vec)
    };
    match (code(module), code(debug)) {
        (_, None) => Ok(Some(
            "has neither a build id nor code: it is believed to belong to the module by its name",
        )),
        (ours, theirs) if ours == theirs => Ok(None),
        _ if module.function_count() != debug.function_count() => {
            Err("has another number of functions than the module")
        }
        _ => Err("has other code than the module"),
    }
}

fn with_paths(modules: &[wdb_debuggee::Module]) -> Vec<(Option<Arc<Module>>, Option<PathBuf>)> {
    let with_path = |module: &wdb_debuggee::Module| {
        let path = module.record.path.as_deref().and_then(foreign::path);
        (module.binary.clone(), path)
    };
    modules.iter().map(with_path).collect()
}

impl Resolver for Finder {
    fn renew(&mut self, modules: &[wdb_debuggee::Module]) {
        self.modules = with_paths(modules);
        self.cache.clear();
        self.newer.clear();
    }

    fn symbols(&mut self, id: ModuleId) -> Option<Arc<Symbols>> {
        if let Some(known) = self.cache.get(&id) {
            return known.clone();
        }
        let symbols = self.load(id);
        self.cache.insert(id, symbols.clone());
        symbols
    }

    /// A source file where the user says that it is, where it was compiled, or in a --sources directory.
    fn source(&mut self, module: ModuleId, path: &str) -> Option<String> {
        let home = std::env::home_dir();
        let read = |path: PathBuf| {
            let file = path.metadata().ok()?;
            let is_source = file.is_file() && file.len() <= SOURCE_LIMIT;
            let bytes = is_source.then(|| std::fs::read(&path).ok())??;
            Some((path, file.modified(), bytes))
        };
        let candidates = self.sources.candidates(path, home.as_deref());
        let (path, written, bytes) = candidates.into_iter().find_map(read)?;
        self.compare_times(module, &path, written);
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn source_paths(&mut self) -> Option<&mut SourcePaths> {
        Some(&mut self.sources)
    }

    fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}

/// What a checkout or an archive writes together is this far apart at most, and times on FAT are this coarse.
const TOGETHER: Duration = Duration::from_secs(2);

/// A source file of more than this is none.
const SOURCE_LIMIT: u64 = 64 << 20;

//! Commands about what the program is made of.

use std::collections::{BTreeMap, HashSet};

use wdb_debuggee::Debuggee as _;
use wdb_debuggee::coredump::{InstanceId, ModuleId, TableId};
use wdb_module::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex};
use wdb_symbols::glob;
use wdb_symbols::{printable, runtime};

use crate::call::{Call, Flag, Options};
use crate::console::{COMMAND, Command, Completes, Console, Flow, Group};
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::{data, named, source, stack, stopped, words};
use wdb_examine::view::View;
use wdb_report::lacking;

pub(super) const GROUP: Group = Group {
    name: "program",
    summary: "what the program is made of, and its state",
    commands: &[
        Command {
            names: &[
                "info program",
                "info target",
                "process status",
                "target list",
                "status",
            ],
            summary: "shows what is debugged, and why it is stopped",
            run: program,
            ..COMMAND
        },
        Command {
            names: &[
                "info modules",
                "image list",
                "info files",
                "info sharedlibrary",
                "target modules list",
            ],
            summary: "lists the modules of the program",
            run: modules,
            ..COMMAND
        },
        Command {
            names: &["info instances"],
            summary: "lists the instances of the modules, with their memories, globals and tables",
            run: instances,
            ..COMMAND
        },
        Command {
            names: &["info memories", "memory region"],
            summary: "lists the memories",
            run: memories,
            ..COMMAND
        },
        Command {
            names: &["info globals"],
            summary: "shows the WebAssembly globals",
            help: "Variables of the source are shown by `info statics`.",
            run: globals,
            ..COMMAND
        },
        Command {
            names: &["info tables"],
            arguments: "[TABLE]",
            summary: "lists the tables, or the elements of one",
            help: "info tables\ninfo tables 0",
            run: tables,
            ..COMMAND
        },
        Command {
            names: &["info functions"],
            arguments: "[PATTERN]",
            summary: "lists the functions whose names have a text in them",
            help: "The program's own first, then what its language brings; `set height` says how many at most.
In PATTERN `*` stands for any text. Functions that are only there as copies, inlined into others, come last.

info functions parse
info functions Circle::*",
            completes: Completes::Function,
            run: functions,
            ..COMMAND
        },
        Command {
            names: &["info symbol"],
            arguments: "ADDRESS",
            summary: "shows which function or variable is at an address",
            help: "The code of a module and its memory have addresses of their own, and both are looked at.

info symbol 0x339
info symbol node->next",
            completes: Completes::Expression,
            run: named::symbol,
            ..COMMAND
        },
        Command {
            names: &["info address"],
            arguments: "NAME",
            summary: "shows where a function or a variable is",
            help: "info address main\ninfo address count",
            completes: Completes::Function,
            run: named::address,
            ..COMMAND
        },
        Command {
            names: &["info scope"],
            arguments: "PLACE",
            summary: "lists the variables that a place in the code can see",
            help: "info scope parse.c:120",
            completes: Completes::Place,
            run: named::scope,
            ..COMMAND
        },
        Command {
            names: &["image lookup", "target modules lookup"],
            arguments: "--name NAME|--address ADDRESS|--type TYPE|--file FILE --line LINE",
            summary: "looks up a function, an instruction, a type or a line",
            help: "As LLDB writes `info functions`, `info line` and `ptype`.\n\nimage lookup -n Circle::area\nimage lookup -a 0x1f0",
            completes: Completes::Function,
            run: lookup,
            ..COMMAND
        },
        Command {
            names: &["info sources"],
            arguments: "[TEXT]",
            summary: "lists the source files that the debug information names",
            completes: Completes::Source,
            run: sources,
            ..COMMAND
        },
        Command {
            names: &["info notes"],
            summary: "lists what was assumed, and what is damaged or missing",
            run: notes,
            ..COMMAND
        },
        Command {
            names: &[
                "dump core",
                "generate-core-file",
                "gcore",
                "process save-core",
            ],
            arguments: "FILE",
            summary: "writes a core dump of the program as it is now",
            help: "`wdb core` and `wdb report` read it.",
            completes: Completes::Path,
            run: dump,
            ..COMMAND
        },
    ],
};

fn program(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let can_run = console.session.can_run();
    let debuggee = console.session.debuggee();
    let name = printable(debuggee.executable()).into_owned();
    let process = debuggee.process().clone();
    let kind = if can_run {
        "a program that wdb runs"
    } else {
        "a core dump"
    };
    out.write(
        Style::Name,
        if name.is_empty() {
            "the program"
        } else {
            &name
        },
    );
    out.line(&format!(", {kind}"));
    if process.arguments.len() > 1 {
        let arguments: Vec<_> = process.arguments[1..]
            .iter()
            .map(|it| printable(it))
            .collect();
        out.line(&format!("arguments: {}", arguments.join(" ")));
    }
    for producer in process.producers.iter().filter(|_| !can_run) {
        let by = format!("{} {}", producer.name, producer.version);
        out.line(&format!("dump written by {}", printable(by.trim())));
    }
    let reasons = console.session.stopped().clone();
    if reasons.reasons.is_empty() {
        out.line("it is not known why it is stopped");
    }
    stopped::tell(console, &reasons, out);
    Ok(Flow::Go)
}

fn modules(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let mut view = console.session.view();
    for (id, module) in view.module_ids().zip(view.modules().to_vec()) {
        out.write(Style::Dim, &format!("{:<3}", id.0));
        out.write(Style::Name, &printable(&module.record.name));
        let Some(binary) = &module.binary else {
            out.line(match module.record.path {
                Some(_) => "  not found: name it with --module",
                // The engine makes modules of its own.
                None => "  not found, and no file is known that it came from",
            });
            continue;
        };
        let own = binary.function_count() - binary.imported_function_count();
        out.write(Style::Plain, &format!("  {own} functions"));
        let symbols = view.symbols(id);
        let files = symbols.map_or(0, |it| it.source_files().len());
        out.line(&match files {
            0 => ", no debug information".to_owned(),
            1 => ", 1 source file".to_owned(),
            files => format!(", {files} source files"),
        });
        if let Some(path) = &module.record.path {
            out.write(Style::Path, &format!("   {}\n", printable(path)));
        }
        if let Some(id) = binary.build_id() {
            let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            out.line(&format!("   build id {id}"));
        }
    }
    Ok(Flow::Go)
}

/// A name in backquotes with a space before it, or nothing.
fn quoted(name: Option<&str>) -> String {
    name.map_or_else(String::new, |it| format!(" `{}`", printable(it)))
}

fn module_name(view: &View<'_>, module: ModuleId) -> String {
    let module = view.modules().get(module.position());
    module.map_or_else(String::new, |it| printable(&it.record.name).into_owned())
}

fn instances(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    let mut view = console.session.view();
    let instances = view.instances();
    if instances.is_empty() {
        out.line("no module is instantiated yet");
    }
    for (position, instance) in instances.iter().enumerate() {
        out.write(Style::Dim, &format!("{position:<3}"));
        out.write(Style::Name, &module_name(&view, instance.module));
        let plural = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {many}"),
        };
        out.line(&format!(
            "  {}, {}, {}",
            plural(instance.memories.len(), "memory", "memories"),
            plural(instance.globals.len(), "global", "globals"),
            plural(instance.tables.len(), "table", "tables"),
        ));
    }
    Ok(Flow::Go)
}

fn memories(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let mut view = console.session.view();
    let memories = view.memories();
    if memories.is_empty() {
        out.line("there are no memories");
    }
    let instances = view.instances();
    for (position, shape) in memories.iter().enumerate() {
        let owner = instances.iter().enumerate().find_map(|(instance, of)| {
            let index = of
                .memories
                .iter()
                .position(|it| it.is_some_and(|it| it.position() == position))?;
            Some((instance, of.module, index))
        });
        out.write(Style::Dim, &format!("{position:<3}"));
        if let Some((instance, module, index)) = owner {
            let binary = view.binary(module);
            let name = binary.and_then(|it| it.memory_name(MemoryIndex(index as u32)));
            out.write(Style::Name, &format!("memory {index}{}", quoted(name)));
            out.write(Style::Plain, &format!(" of instance {instance}: "));
        }
        let mut text = wdb_report::memory_size(*shape);
        if let Some(maximum) = shape.maximum {
            text.push_str(&format!(", at most {maximum} pages"));
        }
        if shape.memory64 {
            text.push_str(", 64 bit addresses");
        }
        if shape.shared {
            text.push_str(", shared");
        }
        out.line(&text);
    }
    Ok(Flow::Go)
}

fn globals(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let selected = console.session.selected();
    let mut view = console.session.view();
    let own = selected
        .and_then(|it| view.frame(it))
        .map_or(InstanceId(0), |it| it.instance);
    let Some(instance) = view.instance(own) else {
        out.line("no module is instantiated yet");
        return Ok(Flow::Go);
    };
    if instance.globals.is_empty() {
        out.line("the instance has no globals");
    }
    for (index, id) in instance.globals.iter().enumerate() {
        let binary = view.binary(instance.module);
        let name = binary.and_then(|it| it.global_name(GlobalIndex(index as u32)));
        let name = name
            .map(|it| printable(it).into_owned())
            .unwrap_or_default();
        out.write(Style::Dim, &format!("global {index:<4}"));
        let Some(global) = id.and_then(|it| view.global(it)) else {
            out.line("(not recorded)");
            continue;
        };
        let mutable = if global.mutable { "mut " } else { "" };
        out.write(
            Style::Plain,
            &format!("{:<9} ", format!("{mutable}{}", global.ty)),
        );
        if !name.is_empty() {
            out.write(Style::Name, &format!("{name} "));
        }
        stack::slot_value(&global.value, out);
    }
    Ok(Flow::Go)
}

/// At most this many elements of a table are listed.
const MOST_ELEMENTS: usize = 200;

fn tables(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let mut view = console.session.view();
    let count = view.table_count();
    if call.rest.is_empty() {
        for position in 0..count {
            let Some(table) = view.table(TableId(position)) else {
                continue;
            };
            let name = table_name(&mut view, TableId(position));
            out.write(Style::Dim, &format!("{position:<3}"));
            let maximum = table
                .maximum
                .map_or_else(String::new, |it| format!(", at most {it}"));
            let word = if table.size == 1 {
                "element"
            } else {
                "elements"
            };
            out.line(&format!(
                "{}{name}: {} {word}{maximum}",
                table.element, table.size
            ));
        }
        if count == 0 {
            out.line("there are no tables, or they were not recorded");
        }
        return Ok(Flow::Go);
    }
    let wanted = crate::call::number(call.rest)?;
    let id = u32::try_from(wanted)
        .ok()
        .filter(|it| *it < count)
        .map(TableId);
    let table = id.and_then(|it| view.table(it));
    let table = table.ok_or_else(|| Failure(format!("there is no table {wanted}")))?;
    for (index, element) in table.elements.iter().take(MOST_ELEMENTS) {
        out.write(Style::Dim, &format!("{index:<5}"));
        match element {
            wdb_debuggee::coredump::Reference::Func { instance, func } => {
                let module = view.instance(*instance).map(|it| it.module);
                let name = module
                    .map(|it| view.function_name(it, *func))
                    .unwrap_or_default();
                out.write(Style::Name, &printable(&name));
                out.write(Style::Plain, "\n");
            }
            other => {
                let value = wdb_debuggee::coredump::Value::Ref(other.clone());
                out.line(&wdb_examine::value::text(&value));
            }
        }
    }
    let shown = table.elements.len().min(MOST_ELEMENTS);
    if shown < table.elements.len() {
        out.line(&format!(
            "… {} more; `print $table[INDEX]` shows one",
            table.elements.len() - shown
        ));
    } else if (shown as u64) < table.size {
        out.line("the others are null");
    }
    Ok(Flow::Go)
}

fn table_name(view: &mut View<'_>, id: TableId) -> String {
    let instances = view.instances();
    let found = instances.iter().find_map(|of| {
        let index = of.tables.iter().position(|it| *it == Some(id))?;
        Some((of.module, index))
    });
    let Some((module, index)) = found else {
        return String::new();
    };
    let binary = view.binary(module);
    quoted(binary.and_then(|it| it.table_name(TableIndex(index as u32))))
}

fn functions(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let pattern = words::pattern(call.rest);
    let height = console.settings.height;
    let mut view = console.session.view();
    let mut found: Vec<(ModuleId, FuncIndex, String)> = Vec::new();
    for module in view.module_ids() {
        let Some(binary) = view.modules()[module.position()].binary.clone() else {
            continue;
        };
        for func in (binary.imported_function_count()..binary.function_count()).map(FuncIndex) {
            let name = view.function_name(module, func);
            if glob::matches(&pattern, &name) {
                found.push((module, func, name));
            }
        }
    }
    let inlined = only_inlined(&mut view, &pattern, &found);
    if found.is_empty() && inlined.is_empty() {
        return Err(Failure(match (call.rest, words::any_without_file(&view)) {
            ("", None) => "the program has no functions".to_owned(),
            ("", Some(why)) => why,
            (rest, None) => format!("no function has a name like `{rest}`"),
            (rest, Some(why)) => format!("no function has a name like `{rest}`: {why}"),
        }));
    }
    // The program's own first, and then what its language brings.
    found.sort_by_cached_key(|(module, func, name)| {
        let symbols = view.symbols(*module);
        let strangeness = symbols.map_or(0, |symbols| {
            let file = symbols.function_declaration(*func).map(|it| it.0);
            match runtime::family(&symbols.function_name(*func), file.as_deref()) {
                Some(_) => 2,
                // Other people's crates, and what has no source.
                None => u8::from(file.is_none_or(|it| it.contains("/index.crates.io-"))),
            }
        });
        (strangeness, name.clone(), *module, *func)
    });
    for (module, func, name) in found.iter().take(height) {
        if out.given_up() {
            return Ok(Flow::Go);
        }
        out.write(Style::Name, &printable(name));
        let symbols = view.symbols(*module);
        let declared = symbols.and_then(|it| it.function_declaration(*func));
        if let Some((file, line)) = declared {
            out.write(Style::Path, &format!("  {}:{line}", printable(&file)));
        }
        out.write(Style::Plain, "\n");
    }
    let left = height.saturating_sub(found.len());
    for (name, (declared, copies)) in inlined.iter().take(left) {
        out.write(Style::Name, &printable(name));
        if let Some((file, line)) = declared {
            out.write(Style::Path, &format!("  {}:{line}", printable(file)));
        }
        out.write(
            Style::Dim,
            &match copies {
                1 => "  inlined, once\n".to_owned(),
                copies => format!("  inlined, {copies} times\n"),
            },
        );
    }
    let all = found.len().saturating_add(inlined.len());
    words::rest_of_list("info functions", all.saturating_sub(height), out);
    Ok(Flow::Go)
}

/// Where a function is declared, and how many copies of it there are.
type Inlined = (Option<(String, u32)>, usize);

/// The functions that are only there as inlined copies, by name.
fn only_inlined(
    view: &mut View<'_>,
    pattern: &str,
    others: &[(ModuleId, FuncIndex, String)],
) -> BTreeMap<String, Inlined> {
    let known: HashSet<&str> = others.iter().map(|it| it.2.as_str()).collect();
    let mut found: BTreeMap<String, Inlined> = BTreeMap::new();
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        for copy in symbols.inlined_copies(pattern) {
            if known.contains(copy.name.display.as_str()) {
                continue;
            }
            let (declared, count) = found.entry(copy.name.display).or_default();
            *declared = declared.take().or(copy.declared);
            *count += 1;
        }
    }
    found
}

/// What LLDB's `image lookup` asks, of the commands that answer it.
fn lookup(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let flags: &[Flag] = &[
        Flag::valued("name", 'n'),
        Flag::valued("function", 'F'),
        Flag::valued("symbol", 's'),
        Flag::valued("address", 'a'),
        Flag::valued("type", 't'),
        Flag::valued("file", 'f'),
        Flag::valued("line", 'l'),
        Flag::bare("regex", 'r'),
        Flag::bare("verbose", 'v'),
    ];
    let options = Options::parse(call.rest, flags)?;
    let about = |rest| Call { rest, ..*call };
    let name = ["name", "function", "symbol"]
        .iter()
        .find_map(|it| options.value(it));
    if let Some(name) = name {
        return functions(console, &about(name), out);
    }
    if let Some(ty) = options.value("type") {
        return data::ptype(console, &about(ty), out);
    }
    let place = match (
        options.value("address"),
        options.value("file"),
        options.value("line"),
    ) {
        (Some(address), _, _) => format!("*{address}"),
        (None, Some(file), Some(line)) => format!("{file}:{line}"),
        _ => {
            return Err(
                "`image lookup` needs one of --name, --address, --type, or --file with --line"
                    .into(),
            );
        }
    };
    source::info_line(console, &about(&place), out)
}

fn sources(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let height = console.settings.height;
    let mut view = console.session.view();
    let mut found = Vec::new();
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        let files = symbols.source_files().into_iter();
        found.extend(files.filter(|it| it.contains(call.rest)));
    }
    for file in found.iter().take(height) {
        out.write(Style::Path, &printable(file));
        out.write(Style::Plain, "\n");
    }
    words::rest_of_list("info sources", found.len().saturating_sub(height), out);
    if !found.is_empty() {
        return Ok(Flow::Go);
    }
    if call.rest.is_empty() {
        return Err("the program has no debug information".into());
    }
    Err(Failure(format!(
        "no source file has `{}` in its path",
        call.rest
    )))
}

fn notes(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let mut notes = console.session.debuggee().notes().to_vec();
    notes.extend(lacking(&console.session.debuggee()));
    notes.extend(console.session.view().notes());
    notes.dedup();
    if notes.is_empty() {
        out.line("nothing was assumed");
    }
    for note in notes {
        out.note(&printable(&note));
    }
    Ok(Flow::Go)
}

fn dump(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    if console.session.can_run() {
        // A program that has not started, or has ended, has nothing that a dump could hold.
        console.here()?;
    }
    let path = call.required("a file to write to")?;
    let path = crate::call::first_word(path).unwrap_or_default().0;
    let files = out.files()?;
    let said = files.dump_core(&mut console.session.debuggee(), path.as_ref())?;
    out.line(&said);
    Ok(Flow::Go)
}

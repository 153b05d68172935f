//! wasmtime's `-W` and `-S`: those that mean something here, and a text that says why another does not.

use std::time::Duration;

use wdb_debuggee::launch::Program;
use wdb_live::Feature;

use crate::units;

/// wasmtime's options, as its command line has them.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// wasmtime's options of WebAssembly, such as unknown-imports-trap, fuel=N, threads=n; `-W help` lists them
    #[arg(short = 'W', long = "wasm", value_name = "KEY[=VALUE],..", value_delimiter = ',', value_parser = wasm)]
    wasm: Vec<Wasm>,
    /// wasmtime's options of WASI, such as inherit-env, http, tcp=n, cwd=DIR; `-S help` lists them
    #[arg(short = 'S', long = "wasi", value_name = "KEY[=VALUE],..", value_delimiter = ',', value_parser = wasi)]
    wasi: Vec<Wasi>,
    #[arg(short = 'O', long = "optimize", hide = true, value_parser = optimize)]
    optimize: Option<String>,
    #[arg(short = 'C', long = "codegen", hide = true, value_parser = codegen)]
    codegen: Option<String>,
    #[arg(short = 'D', long = "debug", hide = true, value_parser = debug)]
    debug: Option<String>,
    #[arg(short = 'R', long = "record", hide = true, value_parser = record)]
    record: Option<String>,
}

impl Arguments {
    /// The engine's features that are not as they are by themselves, in their order.
    pub(crate) fn features(&self) -> Vec<Feature> {
        let feature = |wasm: &Wasm| match wasm {
            Wasm::Feature(feature) => Some(*feature),
            _ => None,
        };
        self.wasm.iter().filter_map(feature).collect()
    }

    /// Whether the program has the environment of this process.
    pub(crate) fn inherits_environment(&self) -> bool {
        let inherits = |it: &Wasi| matches!(it, Wasi::InheritEnvironment(true));
        self.wasi.iter().any(inherits)
    }

    /// Gives the others to `program`, in their order: the last of two that contradict each other counts.
    pub(crate) fn apply(&self, program: &mut Program) {
        for option in &self.wasm {
            option.apply(program);
        }
        for option in &self.wasi {
            option.apply(&mut program.wasi);
        }
    }
}

fn optimize(_: &str) -> Result<String, String> {
    Err("code is compiled so that it can be debugged; `wdb run --capture light` runs it as wasmtime optimises it".into())
}

fn codegen(_: &str) -> Result<String, String> {
    Err("how code is compiled cannot be chosen here".into())
}

fn debug(_: &str) -> Result<String, String> {
    Err(
        "wdb has options of its own: --core FILE for `-D coredump=FILE`; the rest is always on"
            .into(),
    )
}

fn record(_: &str) -> Result<String, String> {
    Err("a run cannot be recorded here".into())
}

#[derive(Clone, Debug)]
enum Wasm {
    Fuel(u64),
    Timeout(Duration),
    MaxStack(usize),
    MaxMemory(u64),
    MaxTable(u64),
    TrapOnGrowFailure(bool),
    UnknownTrap(bool),
    UnknownDefault(bool),
    Feature(Feature),
    Nothing,
}

const WASM: &[&str] = &[
    "fuel",
    "timeout",
    "max-wasm-stack",
    "max-memory-size",
    "max-table-elements",
    "trap-on-grow-failure",
    "unknown-imports-trap",
    "unknown-imports-default",
    "unknown-exports-allow",
];

fn wasm(text: &str) -> Result<Wasm, String> {
    let (key, value) = split(text);
    match key {
        "fuel" => Ok(Wasm::Fuel(number(value)?)),
        "timeout" => Ok(Wasm::Timeout(units::parse_duration(
            value.unwrap_or_default(),
        )?)),
        "max-wasm-stack" => {
            let size = number(value)?;
            Ok(Wasm::MaxStack(usize::try_from(size).unwrap_or(usize::MAX)))
        }
        "max-memory-size" => Ok(Wasm::MaxMemory(number(value)?)),
        "max-table-elements" => Ok(Wasm::MaxTable(number(value)?)),
        "trap-on-grow-failure" => Ok(Wasm::TrapOnGrowFailure(flag(value)?)),
        "unknown-imports-trap" => Ok(Wasm::UnknownTrap(flag(value)?)),
        "unknown-imports-default" => Ok(Wasm::UnknownDefault(flag(value)?)),
        // Exports of any kind are.
        "unknown-exports-allow" => flag(value).map(|_| Wasm::Nothing),
        _ => match Feature::named(key, flag(value).unwrap_or(true)) {
            Some(feature) => flag(value).map(|_| Wasm::Feature(feature)),
            None => Err(unknown_option(
                key,
                WASM.iter().copied().chain(Feature::names()),
            )),
        },
    }
}

impl Wasm {
    fn apply(&self, program: &mut Program) {
        let limits = &mut program.limits;
        match self {
            Wasm::Fuel(fuel) => limits.fuel = Some(*fuel),
            Wasm::Timeout(time) => limits.time = Some(*time),
            Wasm::MaxStack(size) => limits.stack = Some(*size),
            Wasm::MaxMemory(size) => limits.each.memory = Some(*size),
            Wasm::MaxTable(size) => limits.each.table = Some(*size),
            Wasm::TrapOnGrowFailure(on) => limits.each.trap = *on,
            Wasm::UnknownTrap(on) => program.unknown_imports.trap = *on,
            Wasm::UnknownDefault(on) => program.unknown_imports.default = *on,
            Wasm::Feature(_) | Wasm::Nothing => {}
        }
    }
}

#[derive(Clone, Debug)]
enum Wasi {
    InheritEnvironment(bool),
    InheritNetwork(bool),
    Names(bool),
    Tcp(bool),
    Udp(bool),
    WorkingDirectory(String),
    Http(bool),
    Nothing,
}

const WASI: &[&str] = &[
    "cli",
    "common",
    "inherit-env",
    "inherit-network",
    "allow-ip-name-lookup",
    "tcp",
    "udp",
    "cwd",
    "http",
    "inherit-stdin",
    "inherit-stdout",
    "inherit-stderr",
    "preview0",
    "preview2",
];

fn wasi(text: &str) -> Result<Wasi, String> {
    let (key, value) = split(text);
    match key {
        "inherit-env" => Ok(Wasi::InheritEnvironment(flag(value)?)),
        "inherit-network" => Ok(Wasi::InheritNetwork(flag(value)?)),
        "allow-ip-name-lookup" => Ok(Wasi::Names(flag(value)?)),
        "tcp" => Ok(Wasi::Tcp(flag(value)?)),
        "udp" => Ok(Wasi::Udp(flag(value)?)),
        "cwd" => match value {
            Some(directory) => Ok(Wasi::WorkingDirectory(directory.to_owned())),
            None => Err("it needs a directory: cwd=/work".into()),
        },
        "http" => Ok(Wasi::Http(flag(value)?)),
        "cli" | "common" | "inherit-stdin" | "inherit-stdout" | "inherit-stderr" | "preview0"
        | "preview2" => {
            if flag(value)? {
                Ok(Wasi::Nothing)
            } else {
                Err(format!("`{key}` is always on here"))
            }
        }
        _ => Err(unknown_option(key, WASI.iter().copied())),
    }
}

impl Wasi {
    fn apply(&self, wasi: &mut wdb_debuggee::launch::Wasi) {
        match self {
            Wasi::InheritNetwork(on) => wasi.network.addresses = *on,
            Wasi::Names(on) => wasi.network.names = *on,
            Wasi::Tcp(on) => wasi.network.tcp = *on,
            Wasi::Udp(on) => wasi.network.udp = *on,
            Wasi::WorkingDirectory(directory) => {
                wasi.working_directory = Some(directory.clone());
            }
            Wasi::Http(on) => wasi.http = *on,
            Wasi::InheritEnvironment(_) | Wasi::Nothing => {}
        }
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (text, None),
    }
}

fn flag(value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("y" | "yes" | "true") => Ok(true),
        Some("n" | "no" | "false") => Ok(false),
        Some(other) => Err(format!("`{other}` is neither y nor n")),
    }
}

fn number(value: Option<&str>) -> Result<u64, String> {
    let value = value.ok_or("it needs a number")?;
    let digits = value.replace('_', "");
    let number = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    number.map_err(|_| format!("`{value}` is not a number"))
}

fn unknown_option<'n>(key: &str, names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let there_are = format!("there are {}", names.join(", "));
    match key {
        "help" | "help-long" => there_are,
        _ => format!("wdb has no `{key}`; {there_are}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_that_is_listed_is_there() {
        for name in WASM.iter().copied().chain(Feature::names()) {
            let found = [name.to_owned(), format!("{name}=1")].map(|it| wasm(&it));
            assert!(found.iter().any(Result::is_ok), "{name}");
        }
        for name in WASI {
            let found = [(*name).to_owned(), format!("{name}=/")].map(|it| wasi(&it));
            assert!(found.iter().any(Result::is_ok), "{name}");
        }
    }

    #[test]
    fn numbers_are_wasmtimes() {
        for (text, expected) in [
            ("1_000", Some(1000)),
            ("0x10", Some(16)),
            ("-1", None),
            ("1k", None),
            ("", None),
        ] {
            assert_eq!(number(Some(text)).ok(), expected, "{text}");
        }
    }
}

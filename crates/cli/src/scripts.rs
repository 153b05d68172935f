//! The commands that the command line and the user's own files give to the debugger.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches};
use wdb_terminal::repl::Script;

/// A script of more than this is none.
const LIMIT: u64 = 16 << 20;

/// The scripts and commands of the command line, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptArguments(Vec<(usize, ScriptArgument)>);

#[derive(Clone, Debug)]
enum ScriptArgument {
    File(PathBuf),
    Command(String),
}

const FILE: &str = "script";
const COMMAND: &str = "execute";

impl clap::Args for ScriptArguments {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                Arg::new(FILE)
                    .short('x')
                    .long("command")
                    .value_name("SCRIPT")
                    .value_parser(clap::value_parser!(PathBuf))
                    .action(ArgAction::Append)
                    .help("Execute the commands of a file; may be repeated"),
            )
            .arg(
                Arg::new(COMMAND)
                    .long("ex")
                    .visible_alias("eval-command")
                    .value_name("COMMAND")
                    .allow_hyphen_values(true)
                    .action(ArgAction::Append)
                    .help("Execute a command, also as -ex COMMAND; may be repeated, and is in order with -x"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ScriptArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let files = matches.get_many::<PathBuf>(FILE).unwrap_or_default();
        let places = matches.indices_of(FILE).unwrap_or_default();
        let files = places.zip(files.cloned().map(ScriptArgument::File));
        let commands = matches.get_many::<String>(COMMAND).unwrap_or_default();
        let places = matches.indices_of(COMMAND).unwrap_or_default();
        let commands = places.zip(commands.cloned().map(ScriptArgument::Command));
        let mut all: Vec<(usize, ScriptArgument)> = files.chain(commands).collect();
        all.sort_by_key(|it| it.0);
        Ok(ScriptArguments(all))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = ScriptArguments::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ScriptArguments {
    /// Reads them.
    pub(crate) fn scripts(&self) -> anyhow::Result<Vec<Script>> {
        let scripts = self.0.iter().map(|(_, source)| match source {
            ScriptArgument::File(path) => Ok(Script {
                name: path.display().to_string(),
                text: read(path)?,
                echo: true,
            }),
            ScriptArgument::Command(command) => Ok(Script {
                name: "-ex".to_owned(),
                text: command.clone(),
                echo: true,
            }),
        });
        scripts.collect()
    }
}

/// The text of a file of commands.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let context = || format!("cannot read the script {}", path.display());
    let mut text = String::new();
    let file = File::open(path).with_context(context)?;
    file.take(LIMIT)
        .read_to_string(&mut text)
        .with_context(context)?;
    Ok(text)
}

/// The user's own scripts, those that exist: only what is theirs, because a program's directory can come from
/// anybody. One in the current directory is executed with `here`; the second value is one that was not.
pub(crate) fn own(here: bool) -> anyhow::Result<(Vec<Script>, Option<PathBuf>)> {
    let home = std::env::home_dir().filter(|it| it.is_absolute());
    let configuration = directory("XDG_CONFIG_HOME", ".config");
    let mut paths: Vec<PathBuf> = Vec::new();
    paths.extend(configuration.map(|it| it.join("wdb/init")));
    paths.extend(home.map(|it| it.join(NAME)));
    let local = std::path::absolute(NAME).ok();
    let mut ignored = None;
    if let Some(local) = local.filter(|it| it.is_file() && !paths.contains(it)) {
        if here {
            paths.push(local)
        } else {
            ignored = Some(local)
        }
    }
    let mut scripts = Vec::new();
    for path in paths.iter().filter(|it| it.is_file()) {
        scripts.push(Script {
            name: path.display().to_string(),
            text: read(path)?,
            echo: false,
        });
    }
    Ok((scripts, ignored))
}

const NAME: &str = ".wdbinit";

/// Where the lines that the user has typed are remembered. Makes the directory; `None` where that cannot be.
pub(crate) fn history() -> Option<PathBuf> {
    let directory = directory("XDG_STATE_HOME", ".local/state")?.join("wdb");
    std::fs::create_dir_all(&directory).ok()?;
    Some(directory.join("history"))
}

/// A directory of the XDG base directory specification, which says to ignore relative ones.
fn directory(variable: &str, default: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|it| it.is_absolute())
        .or_else(|| Some(std::env::home_dir()?.join(default)))
        .filter(|it| it.is_absolute())
}

/// The command line with gdb's `-ex`, `-batch` and `-nx` as `--ex`, `--batch` and `--nx`: letters behind one dash
/// are each an option of their own to the parser. What comes after the program is the program's.
pub(crate) fn with_gdbs_spelling(arguments: Vec<OsString>) -> Vec<OsString> {
    let root = crate::Arguments::command();
    let Some(command) = arguments
        .get(1)
        .and_then(|name| root.find_subcommand(name))
        .filter(|it| it.get_arguments().any(|it| it.get_id() == COMMAND))
    else {
        return arguments;
    };
    let long = |name: &str| {
        let called = |arg: &&Arg| {
            let names = arg.get_long_and_visible_aliases();
            names.is_some_and(|all| all.contains(&name))
        };
        command.get_arguments().find(called)
    };
    // A value may follow its letter at once: then it takes no other word.
    let short = |letter: &str| {
        let mut letters = letter.chars();
        let letter = letters.next().filter(|_| letters.as_str().is_empty());
        let mut options = command.get_arguments();
        options.find(|it| letter.is_some() && it.get_short() == letter)
    };
    let mut out = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter();
    out.extend(rest.by_ref().take(2));
    while let Some(mut word) = rest.next() {
        let text = word.to_string_lossy().into_owned();
        let option = match (text.strip_prefix("--"), text.strip_prefix('-')) {
            (Some(name), _) => long(name),
            (None, Some(name)) => {
                let spelt = name.split('=').next().filter(|it| it.len() > 1);
                if spelt.and_then(long).is_some() {
                    word = format!("--{name}").into();
                }
                long(name).or_else(|| short(name))
            }
            (None, None) => None,
        };
        out.push(word);
        if !text.starts_with('-') || text == "--" {
            break;
        }
        if option.is_some_and(|it| it.get_action().takes_values()) {
            out.extend(rest.next());
        }
    }
    out.extend(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gdbs_spelling_up_to_the_program() {
        let rewritten = |line: &str| {
            let words = line.split(' ').map(OsString::from).collect();
            let words = with_gdbs_spelling(words);
            let words: Vec<_> = words.iter().map(|it| it.to_string_lossy()).collect();
            words.join(" ")
        };
        assert_eq!(
            rewritten("wdb debug --batch --dir . -ex run -x s -ex bt a.wasm -ex c"),
            "wdb debug --batch --dir . --ex run -x s --ex bt a.wasm -ex c"
        );
        assert_eq!(
            rewritten("wdb core -x -ex -ex bt d"),
            "wdb core -x -ex --ex bt d"
        );
        assert_eq!(
            rewritten("wdb debug -batch -nx -sources=d -env -ex -ex run a.wasm -batch"),
            "wdb debug --batch --nx --sources=d --env -ex --ex run a.wasm -batch"
        );
        assert_eq!(
            rewritten("wdb debug -- a.wasm -ex run"),
            "wdb debug -- a.wasm -ex run"
        );
        assert_eq!(rewritten("wdb run -ex a.wasm"), "wdb run -ex a.wasm");
    }
}

//! Commands about where source files are.

use std::path::PathBuf;

use crate::call::Call;
use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::output::Output;
use wdb_examine::SourcePaths;

/// Looks for sources in other directories, too, or lists those.
pub(super) fn directory(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let words = call.words();
    let paths = paths(console)?;
    // The last that was said is looked into first.
    for word in words.iter().rev() {
        paths.directories.retain(|it| it.as_os_str() != *word);
        paths.directories.insert(0, PathBuf::from(word));
    }
    if words.is_empty() {
        if paths.directories.is_empty() {
            out.line("sources are only looked for where they were compiled");
        }
        for directory in &paths.directories {
            out.line(&wdb_symbols::printable(&directory.to_string_lossy()));
        }
    }
    Ok(Flow::Go)
}

/// Says what replaces the beginning of paths, or shows it.
pub(super) fn substitute(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let words = call.words();
    let paths = paths(console)?;
    match words[..] {
        [from, to] => paths.substitute(from.into(), to.into()),
        [] => {
            if paths.substitutions.is_empty() {
                out.line("no beginning of a path is replaced");
            }
            for (from, to) in &paths.substitutions {
                let rule = format!("{} -> {}", from.display(), to.display());
                out.line(&wdb_symbols::printable(&rule));
            }
        }
        _ => {
            return Err("it takes the beginning of paths, and what replaces it".into());
        }
    }
    Ok(Flow::Go)
}

/// Lets paths be what they are again.
pub(super) fn unset_substitute(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let words = call.words();
    let paths = paths(console)?;
    match words[..] {
        [] => paths.substitutions.clear(),
        [from] => {
            let before = paths.substitutions.len();
            paths.substitutions.retain(|it| it.0.as_os_str() != from);
            if paths.substitutions.len() == before {
                return Err(Failure(format!("nothing replaces `{from}`")));
            }
        }
        _ => return Err("it takes the beginning of paths, or nothing for all".into()),
    }
    Ok(Flow::Go)
}

fn paths(console: &mut Console) -> Result<&mut SourcePaths, Failure> {
    console.forget_places();
    let paths = console.session.resolver().source_paths();
    paths.ok_or_else(|| "sources are not looked for in directories here".into())
}

//! Commands that make commands of the user's own.

use wdb_symbols::printable;

use crate::call::Call;
use crate::console::{Collecting, Collects, Console, Flow};
use crate::failure::Failure;
use crate::lookup;
use crate::output::Output;
use crate::own::{self, Own};

/// Gives a command another name.
pub(super) fn alias(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let (name, rest) = own::split(call.required("a name and a command: `alias nn = next 2`")?);
    let target = rest.trim().trim_start_matches('=').trim();
    if target.is_empty() {
        return Err(Failure(format!(
            "`{name}` needs a command: `alias nn = next 2`"
        )));
    }
    let name = free(console, name)?;
    if !console.own.contains_key(own::split(target).0) {
        lookup::find(console.groups, target)?;
    }
    console.own.insert(name, Own::Alias(target.to_owned()));
    Ok(Flow::Go)
}

/// Takes the lines of a command of the user's own.
pub(super) fn define(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let (name, rest) = own::split(call.required("a name")?);
    if !rest.trim().is_empty() {
        return Err("it takes one word, and the commands on the lines after it".into());
    }
    console.collecting = Some(Collecting::new(Collects::Own(free(console, name)?)));
    Ok(Flow::NeedsMore)
}

/// Lists the commands of the user's own.
pub(super) fn show(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    if console.own.is_empty() {
        out.line(
            "you have no commands of your own; `define NAME` and `alias NAME = COMMAND` make one",
        );
    }
    for (name, own) in &console.own {
        definition(name, own, out);
    }
    Ok(Flow::Go)
}

/// Writes what a command of the user's own is.
pub(super) fn definition(name: &str, own: &Own, out: &mut dyn Output) {
    match own {
        Own::Alias(target) => out.line(&format!("{name} = {}", printable(target))),
        Own::Lines(lines) => {
            out.line(name);
            for line in lines {
                out.line(&format!("  > {}", printable(line)));
            }
        }
    }
}

/// A name that no command has.
fn free(console: &Console, name: &str) -> Result<String, Failure> {
    if !name.starts_with(char::is_alphabetic) {
        return Err("the name of a command begins with a letter".into());
    }
    if lookup::is_taken(console.groups, name) {
        return Err(Failure(format!(
            "`{name}` is a command already, and stays what it is"
        )));
    }
    Ok(name.to_owned())
}

//! Commands from names to addresses and back: `info symbol`, `info address`, `info scope`.

use wdb_module::ModuleOffset;
use wdb_symbols::{Storage, VariableKind, printable};

use crate::call::{Call, number};
use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::{memory, values};
use wdb_examine::expression;
use wdb_examine::places;
use wdb_examine::supposed;

/// What has a name at an address: the code and memory have addresses of their own.
pub(super) fn symbol(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("an address")?.trim_start_matches('*');
    let address = match (number(text), text) {
        (Ok(address), _) => address,
        (Err(_), "$pc") => {
            let (mut view, frame) = console.here()?;
            let at = view.place(frame).and_then(|it| it.at);
            at.ok_or("it is not known where the frame is")?.0
        }
        (Err(_), text) => {
            let (mut view, frame) = console.here()?;
            let name = text.trim_start_matches('&').trim();
            let value = values::evaluate(&mut view, frame, name);
            if value.is_ok_and(|it| it.object.is_function()) {
                return self::address(
                    console,
                    &Call {
                        rest: name,
                        ..*call
                    },
                    out,
                );
            }
            memory::address(&mut view, frame, text)?
        }
    };
    let mut view = console.session.view();
    let mut found = false;
    for module in view.module_ids() {
        let name = printable(&view.modules()[module.position()].record.name).into_owned();
        let at = ModuleOffset(address);
        let code = view.binary(module).and_then(|binary| {
            let func = binary.function_at(at)?;
            Some((func, binary.to_function(func, at)?))
        });
        if let Some((func, offset)) = code {
            let function = view.function_name(module, func);
            out.write(Style::Name, &printable(&function));
            out.line(&format!(" + {} in the code of {name}", offset.0));
            found = true;
        }
        let data = view.symbols(module).and_then(|it| it.static_at(address));
        if let Some((variable, into)) = data {
            out.write(Style::Name, &printable(&variable.name));
            out.line(&format!(" + {into} in the memory of {name}"));
            found = true;
        }
    }
    if !found {
        out.line(&format!(
            "nothing at {address:#x} has a name, neither in the code nor in memory"
        ));
    }
    Ok(Flow::Go)
}

/// Where something is that has a name.
pub(super) fn address(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("a name")?;
    let mut view = console.session.view();
    let mut found = false;
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        for func in symbols.functions_matching(text) {
            let binary = view.binary(module);
            let Some(at) = binary.and_then(|it| it.first_instruction(func)) else {
                continue;
            };
            let function = view.function_name(module, func);
            let name = printable(&view.modules()[module.position()].record.name).into_owned();
            out.write(Style::Name, &printable(&function));
            out.line(&format!(" is a function at {at} in the code of {name}"));
            found = true;
        }
    }
    if found {
        return Ok(Flow::Go);
    }
    let (mut view, frame) = console.here()?;
    let value = values::evaluate(&mut view, frame, text)?;
    let (size, _) = expression::with_context(&mut view, value.frame, |context| {
        context.size(&value.object.ty).ok()
    });
    let size = match size {
        Some(1) => ", 1 byte".to_owned(),
        Some(size) => format!(", {size} bytes"),
        None => String::new(),
    };
    out.write(Style::Name, &printable(text));
    out.line(&match &value.object.place {
        Storage::Memory(address) => format!(" is in memory at {address:#x}{size}"),
        Storage::Bytes(_) | Storage::Pieces(_) => format!(
            " has no address: it is in locals or operands of WebAssembly, or computed{size}"
        ),
        Storage::Nowhere(reason) => format!(" is nowhere: {reason}"),
    });
    Ok(Flow::Go)
}

/// What a place in the code can see.
pub(super) fn scope(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("a place: a line, a function, an *ADDRESS")?;
    let spec = places::parse(text).map_err(|it| it.to_string())?;
    let selected = console.session.selected();
    let mut view = console.session.view();
    if let Some(function) = places::function_without_code(&mut view, &spec, selected) {
        out.write(Style::Name, &printable(&function));
        out.write(Style::Plain, "\n");
        out.line("  no variables");
        return Ok(Flow::Go);
    }
    let found = places::resolve(&mut view, &spec, selected);
    for place in found.map_err(|it| it.to_string())? {
        crate::placing::location(&mut console.session.view(), &place, out);
        let variables = supposed::variables(&mut console.session.view(), &place);
        for (declaration, kind) in &variables {
            let kind = match kind {
                VariableKind::Parameter => "  (parameter)",
                _ => "",
            };
            out.write(Style::Plain, &format!("  {}", printable(declaration)));
            out.write(Style::Dim, &format!("{kind}\n"));
        }
        if variables.is_empty() {
            out.line("  no variables");
        }
    }
    Ok(Flow::Go)
}

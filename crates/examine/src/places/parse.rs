//! Reads places: `main.c:12`, `average`, `*0x1f0`.

use wdb_module::ModuleOffset;

use super::{Spec, Unresolved};

/// Reads what the user typed.
///
/// # Errors
///
/// When it can mean no place.
pub fn parse(text: &str) -> Result<Spec, Unresolved> {
    let text = text.trim();
    if let Some(spec) = parse_quoted(text) {
        return spec;
    }
    if let Some(address) = text.strip_prefix('*')
        && !address.starts_with("::")
    {
        return parse_address(address.trim());
    }
    // `operator!=` is a function.
    let is_offset = |it: &str| it.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let in_module = text.rsplit_once('!').is_some_and(|it| is_offset(it.1));
    if in_module || text.starts_with("0x") {
        return parse_address(text);
    }
    if let Some(lines) = text.strip_prefix(['+', '-']).filter(|it| is_number(it)) {
        let lines = i64::from(parse_line(lines)?);
        let back = text.starts_with('-');
        return Ok(Spec::Offset(if back { -lines } else { lines }));
    }
    if is_number(text) {
        return Ok(Spec::Line {
            file: None,
            line: parse_line(text)?,
            column: None,
        });
    }
    if let Some((file, line)) = before_number(text) {
        let (file, line, column) = match before_number(file) {
            Some((file, number)) => (file, number, Some(parse_column(line)?)),
            None => (file, line, None),
        };
        if file.is_empty() {
            return Err(Unresolved(format!("`{text}` names no file")));
        }
        return Ok(Spec::Line {
            file: Some(file.to_owned()),
            line: parse_line(line)?,
            column,
        });
    }
    if let Some((file, function)) = file_and_function(text) {
        return Ok(Spec::InFile {
            file: file.to_owned(),
            function: function.to_owned(),
        });
    }
    match text {
        "" => Err(Unresolved("no place is named".into())),
        text => Ok(Spec::Function(text.to_owned())),
    }
}

/// `"odd file.c":12`, `'main.c':average`, and a whole place in quotes. `None`: the text begins with no quoted part.
fn parse_quoted(text: &str) -> Option<Result<Spec, Unresolved>> {
    let quote = text.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    let (inner, rest) = text[1..].split_once(quote)?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(parse(inner));
    }
    let after = rest.strip_prefix(':').filter(|it| !it.starts_with(':'))?;
    Some(parse(after).and_then(|spec| {
        let file = inner.to_owned();
        match spec {
            Spec::Line {
                file: None,
                line,
                column,
            } => Ok(Spec::Line {
                file: Some(file),
                line,
                column,
            }),
            // `"main.c":12:5`
            Spec::Line {
                file: Some(first),
                line: second,
                column: None,
            } if is_number(&first) => Ok(Spec::Line {
                file: Some(file),
                line: parse_line(&first)?,
                column: Some(second),
            }),
            Spec::Function(function) => Ok(Spec::InFile { file, function }),
            _ => Err(Unresolved(format!(
                "`{text}` is not a place: a line or a function follows a file in quotes"
            ))),
        }
    }))
}

/// What is before `:` and a number, and the number.
fn before_number(text: &str) -> Option<(&str, &str)> {
    let (before, number) = text.rsplit_once(':')?;
    let is_it = is_number(number.trim()) && !before.ends_with(':');
    is_it.then(|| (before.trim(), number.trim()))
}

/// Both sides of the last colon that is alone.
fn file_and_function(text: &str) -> Option<(&str, &str)> {
    let mut alone = text.match_indices(':').map(|it| it.0).filter(|at| {
        let is_colon = |it: Option<&u8>| it == Some(&b':');
        let bytes = text.as_bytes();
        !is_colon(at.checked_sub(1).and_then(|it| bytes.get(it))) && !is_colon(bytes.get(at + 1))
    });
    let at = alone.next_back()?;
    let (file, function) = (text[..at].trim(), text[at + 1..].trim());
    (!file.is_empty() && !function.is_empty()).then_some((file, function))
}

/// Reads the number of a column.
///
/// # Errors
///
/// When it is none.
pub fn parse_column(digits: &str) -> Result<u32, Unresolved> {
    match digits.parse() {
        Ok(0) => Err(Unresolved("columns count from 1".into())),
        Ok(column) => Ok(column),
        Err(_) if !is_number(digits) => Err(Unresolved(format!(
            "`{digits}` is not the number of a column"
        ))),
        Err(_) => Err(Unresolved(format!("no line has {digits} columns"))),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// Reads the number of a line.
///
/// # Errors
///
/// When it is none.
pub fn parse_line(digits: &str) -> Result<u32, Unresolved> {
    match digits.parse() {
        Ok(0) => Err(Unresolved("lines count from 1".into())),
        Ok(line) => Ok(line),
        Err(_) if !is_number(digits) => Err(Unresolved(format!(
            "`{digits}` is not the number of a line"
        ))),
        Err(_) => Err(Unresolved(format!("no file has {digits} lines"))),
    }
}

/// Reads an address, without the star: `0x1f0`, `library!0x1f0`, `$pc`.
///
/// # Errors
///
/// When it is none.
pub fn parse_address(text: &str) -> Result<Spec, Unresolved> {
    if text == "$pc" {
        return Ok(Spec::Here);
    }
    let (module, digits) = match text.rsplit_once('!') {
        Some((module, digits)) => (Some(module.trim().to_owned()), digits.trim()),
        None => (None, text),
    };
    let offset = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    match offset {
        Ok(offset) => Ok(Spec::Address {
            module,
            offset: ModuleOffset(offset),
        }),
        Err(_) => Err(Unresolved(format!(
            "`{digits}` is not an address: an address is an offset in a module, as `*0x1f0`"
        ))),
    }
}

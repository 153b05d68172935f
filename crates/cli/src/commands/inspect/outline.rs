//! A JSON tree as an outline to read: a line for each thing, indented.

use std::fmt::Write;

use serde_json::Value;
use wdb_symbols::printable;

/// The outline of an object.
pub(crate) fn text(tree: &Value) -> String {
    let mut out = String::new();
    children(&mut out, tree, 0);
    out
}

fn children(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) => {
            let named = fields.iter().filter(|(_, value)| !is_empty(value));
            for (name, value) in named {
                let name = name.replace('_', " ");
                match line(value) {
                    Some(line) => _ = writeln!(out, "{:depth$}{name}: {line}", ""),
                    None => {
                        _ = writeln!(out, "{:depth$}{name}:", "");
                        children(out, value, depth + 2);
                    }
                }
            }
        }
        Value::Array(items) => {
            let width = items.len().saturating_sub(1).to_string().len();
            for (index, item) in items.iter().enumerate() {
                match line(item) {
                    Some(line) => _ = writeln!(out, "{:depth$}{index:>width$}  {line}", ""),
                    None => {
                        _ = writeln!(out, "{:depth$}{index:>width$}", "");
                        children(out, item, depth + width + 2);
                    }
                }
            }
        }
        scalar => _ = writeln!(out, "{:depth$}{}", "", self::scalar(scalar)),
    }
}

/// A value that fits on a line: a scalar, a short list of scalars, an object of those.
fn line(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => short_list(items),
        Value::Object(fields) => {
            let parts: Option<Vec<String>> = fields
                .iter()
                .filter(|(_, value)| !is_empty(value))
                .map(|(name, value)| {
                    let value = match value {
                        Value::Object(_) => None,
                        Value::Array(items) => short_list(items),
                        scalar => Some(self::scalar(scalar)),
                    }?;
                    Some(format!("{} {value}", name.replace('_', " ")))
                })
                .collect();
            parts
                .map(|parts| parts.join(", "))
                .filter(|line| line.len() <= 110)
        }
        scalar => Some(self::scalar(scalar)),
    }
}

fn short_list(items: &[Value]) -> Option<String> {
    if items.len() > 16 || items.iter().any(|item| item.is_array() || item.is_object()) {
        return None;
    }
    let parts: Vec<String> = items.iter().map(scalar).collect();
    Some(format!("[{}]", parts.join(", "))).filter(|line| line.len() <= 100)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text).to_string(),
        Value::Null => "-".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        other => other.to_string(),
    }
}

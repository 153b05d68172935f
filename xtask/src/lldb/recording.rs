//! From the lines that the script writes to the file that tests read.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// The calls under way in functions with variables that LLDB does not find, for the script.
pub(super) fn missing(lines: &[Value]) -> Vec<String> {
    let mut calls: Vec<String> = Vec::new();
    let mut innermost = None;
    let mut call = Value::Null;
    for line in lines {
        if line["frame"].is_object() {
            let frame = &line["frame"];
            let pc = &frame["pc"];
            let innermost = innermost.get_or_insert_with(|| pc.clone());
            // Frames that were inlined into one function have the pc in common; the first counts.
            if call["pc"] != *pc {
                call = if pc == innermost {
                    Value::Null
                } else {
                    frame.clone()
                };
            }
        } else if line["unit"].is_string() {
            break;
        }
        let wanted = format!("{}:{}", call["pc"], call["frames"]);
        if call.is_object() && not_found(&line["variable"]) && !calls.contains(&wanted) {
            calls.push(wanted);
        }
    }
    calls
}

fn not_found(variable: &Value) -> bool {
    variable["scalars"][0]["error"] == "variable not available"
}

/// Puts variables that were found at a call in the place of the same ones that were not at the trap.
pub(super) fn complete(lines: &mut [Value], at_calls: &[Value]) {
    // The last time counts that a call was made.
    let mut found = BTreeMap::new();
    for (identity, variable) in identified(at_calls) {
        found.insert(identity, variable);
    }
    let identities: Vec<_> = identified(lines).map(|(identity, _)| identity).collect();
    let variables = lines.iter_mut().filter(|line| line["variable"].is_object());
    for (identity, line) in identities.iter().zip(variables) {
        let variable = &mut line["variable"];
        if not_found(variable)
            && let Some(other) = found.get(identity)
            && !not_found(other)
        {
            variable["at"] = json!("call");
            variable["scalars"] = other["scalars"].clone();
        }
    }
}

/// Each variable with the number of frames down to its own, its name, and where it is declared.
fn identified(lines: &[Value]) -> impl Iterator<Item = (String, Value)> {
    let mut frames = Value::Null;
    lines.iter().filter_map(move |line| {
        if line["frame"].is_object() {
            frames = line["frame"]["frames"].clone();
        } else if line["unit"].is_string() {
            frames = line["unit"].clone();
        }
        let variable = line["variable"].as_object()?;
        let identity = format!("{frames} {} {}", variable["name"], line["variable"]["line"]);
        Some((identity, line["variable"].clone()))
    })
}

/// The file: an object, a scalar on each line so that a difference is readable.
pub(super) fn text(guest: &str, digest: &str, lines: &[Value]) -> Result<String> {
    let mut head = Map::new();
    let mut groups: Vec<(bool, Map<String, Value>, Vec<Value>)> = Vec::new();
    for line in lines {
        if let Some(frame) = line["frame"].as_object() {
            let mut frame = frame.clone();
            frame.shift_remove("frames");
            groups.push((true, frame, Vec::new()));
        } else if line["unit"].is_string() {
            groups.push((
                false,
                Map::from_iter([("unit".into(), line["unit"].clone())]),
                Vec::new(),
            ));
        } else if line["variable"].is_object() {
            let (_, _, variables) = groups.last_mut().context("a variable before any frame")?;
            variables.push(line["variable"].clone());
        } else if line["lldb"].is_string() {
            let version = line["lldb"].as_str().and_then(|it| it.lines().next());
            head.insert("lldb".into(), json!(version));
            head.insert("stop".into(), line["stop"].clone());
        }
    }
    let mut text = format!(
        "{{\"guest\": {}, \"sha256\": {}",
        json!(guest),
        json!(digest)
    );
    for (name, value) in &head {
        text += &format!(", {}: {value}", json!(name));
    }
    for (frames, title) in [(true, "frames"), (false, "units")] {
        let list = groups.iter().filter(|(is_frame, ..)| *is_frame == frames);
        let list: Vec<String> = list
            .map(|(_, about, variables)| group(about, variables))
            .collect();
        text += &format!(",\n{}: [\n{}\n]", json!(title), list.join(",\n"));
    }
    Ok(text + "}\n")
}

/// A frame or a unit with its variables.
fn group(about: &Map<String, Value>, variables: &[Value]) -> String {
    let variables = variables.iter().map(|variable| {
        let mut about = variable.as_object().cloned().unwrap_or_default();
        let scalars = about.shift_remove("scalars").unwrap_or_default();
        let scalars: Vec<String> = scalars
            .as_array()
            .into_iter()
            .flatten()
            .map(|scalar| format!("\n   {scalar}"))
            .collect();
        object(&about, "scalars", &scalars.join(","))
    });
    let variables: Vec<String> = variables
        .map(|variable| format!("\n  {variable}"))
        .collect();
    format!(" {}", object(about, "variables", &variables.join(",")))
}

/// An object on one line except its last member, a list whose text is given.
fn object(about: &Map<String, Value>, list: &str, items: &str) -> String {
    let about: String = about
        .iter()
        .map(|(name, value)| format!("{}: {value}, ", json!(name)))
        .collect();
    format!("{{{about}{}: [{items}]}}", json!(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_missing_at_the_trap_is_taken_from_the_last_time_of_the_call() {
        let not_found = r#"{"variable": {"name": "a", "line": 3,
            "scalars": [{"path": "a", "error": "variable not available"}]}}"#;
        let found = |number: u32| {
            line(&format!(
                r#"{{"variable": {{"name": "a", "line": 3, "scalars": [{{"path": "a", "number": {number}}}]}}}}"#
            ))
        };
        let mut lines = [
            line(r#"{"frame": {"frames": 3, "pc": 70}}"#),
            line(not_found),
            line(r#"{"frame": {"frames": 2, "pc": 50}}"#),
            line(not_found),
            line(r#"{"frame": {"frames": 1, "pc": 50}}"#),
            line(not_found),
        ];
        // Nothing is to be had of the innermost frame; the others are one function with one call.
        assert_eq!(missing(&lines), ["50:2"]);
        let frame = line(r#"{"frame": {"frames": 2, "pc": 44}}"#);
        complete(&mut lines, &[frame.clone(), found(1), frame, found(2)]);
        assert_eq!(lines[1], line(not_found));
        assert_eq!(lines[3]["variable"]["scalars"][0]["number"], 2);
        assert_eq!(lines[3]["variable"]["at"], "call");
        assert_eq!(lines[5], line(not_found));
    }
}

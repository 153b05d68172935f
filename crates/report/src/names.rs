//! The names in a line of source: variables and members whose values help the reader of the line.

/// At most this many names of a line are used.
const MOST: usize = 12;

/// The names in a line of C, C++, Rust and similar languages, in order, each once: `count`, `queue->head`,
/// `self.plan.seats`. Without called functions, macros and keywords, and without the contents of literals and comments.
pub(super) fn of_line(line: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if names.len() == MOST || rest.starts_with("//") || rest.starts_with("/*") {
            break;
        }
        if c == '"' {
            rest = after_text(&rest[1..]);
        } else if c == '\'' {
            rest = after_character(&rest[1..]);
        } else if c.is_numeric() {
            let literal = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
            rest = rest.trim_start_matches(literal);
        } else if starts_name(c) {
            let (name, after) = chain(rest);
            rest = after;
            if let Some(name) = name.filter(|it| !names.contains(it)) {
                names.push(name);
            }
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    names
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// The name at the start of `text`, with its members, if it is the name of a value; and the text after it.
fn chain(text: &str) -> (Option<String>, &str) {
    let mut name = String::new();
    let mut before = "";
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        let is_call = after.trim_start().starts_with('(');
        let is_macro = after.starts_with('!') && !after.starts_with("!=");
        if is_call || is_macro {
            // The object of a method is a value; its name ends before the name of the method.
            let object = Some(name).filter(|_| before == "." || before == "->");
            return (object.filter(|it| !it.is_empty()), rest);
        }
        name.push_str(before);
        name.push_str(part);
        let next = ["->", "::", "."].into_iter().find(|sign| {
            let after = after.strip_prefix(sign);
            let first = after.and_then(|it| it.chars().next());
            first.is_some_and(|c| starts_name(c) || (*sign == "." && c.is_ascii_digit()))
        });
        match next {
            Some(sign) => {
                before = sign;
                rest = &after[sign.len()..];
            }
            None => break,
        }
    }
    (Some(name).filter(|it| !is_keyword(it)), rest)
}

/// Words that are not names, although they are in places of names.
fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "as" | "async"
            | "auto"
            | "await"
            | "bool"
            | "break"
            | "case"
            | "char"
            | "const"
            | "continue"
            | "default"
            | "delete"
            | "do"
            | "double"
            | "else"
            | "enum"
            | "false"
            | "float"
            | "fn"
            | "for"
            | "goto"
            | "if"
            | "impl"
            | "in"
            | "int"
            | "let"
            | "long"
            | "loop"
            | "match"
            | "move"
            | "mut"
            | "new"
            | "null"
            | "nullptr"
            | "return"
            | "short"
            | "signed"
            | "sizeof"
            | "static"
            | "struct"
            | "switch"
            | "true"
            | "union"
            | "unsafe"
            | "unsigned"
            | "void"
            | "volatile"
            | "while"
    )
}

fn after_text(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// The text after a character literal. A single quote without a second one belongs to a lifetime.
fn after_character(text: &str) -> &str {
    let skip = if text.starts_with('\\') { 2 } else { 1 };
    let close = text.char_indices().skip(skip).take(10);
    let mut close = close.take_while(|(_, c)| c.is_alphanumeric() || "'{}".contains(*c));
    match close.find(|(_, c)| *c == '\'') {
        Some((at, _)) => &text[at + 1..],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_line_are_those_of_values() {
        for (line, expected) in [
            ("  return sum / count;", vec!["sum", "count"]),
            ("    plan.seats[number]", vec!["plan.seats", "number"]),
            (
                "  q->head = pop(q, 'x', \"a b\\\" c\"); // d",
                vec!["q->head", "q"],
            ),
            (
                "  let x: &'a str = text.trim().parse().unwrap();",
                vec!["x", "a", "str", "text"],
            ),
            (
                "    println!(\"{}\", pair.0 + 0x1fu + 1.5e3);",
                vec!["pair.0"],
            ),
            ("  if (!ok && a != b) std::abort();", vec!["ok", "a", "b"]),
            (
                "  c = '\\''; d = '\\u{1f}'; größe += Color::Red;",
                vec!["c", "d", "größe", "Color::Red"],
            ),
            ("a a a.b a", vec!["a", "a.b"]),
            ("'", vec![]),
            ("\"", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(of_line(line), expected, "{line}");
        }
    }
}

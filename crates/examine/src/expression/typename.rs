//! Names of types as they are written in casts, in C's and Rust's way.

use super::lexer::Token;
use super::parser::Parser;
use super::tree::{Parameters, TypeName, TypeShape};

/// The name of a type, perhaps.
pub(super) struct Name {
    pub(super) ty: TypeName,
    /// Whether it can be nothing else: `unsigned char`, `struct point`, `point *`. A plain name can be a variable's.
    pub(super) certain: bool,
}

/// Where the name is, and so what can follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// `(name)`.
    Parentheses,
    /// `x as name`, with the rest of the expression behind it.
    Expression,
}

/// A type may be made of at most this many pointers and arrays.
const DEEPEST: u32 = 16;

/// Words that only types have.
const WORDS: [&str; 29] = [
    "unsigned", "signed", "char", "short", "int", "long", "float", "double", "void", "bool",
    "_Bool", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize", "f32", "f64", "wchar_t", "char8_t", "char16_t", "char32_t",
];
/// Words that several of which make one type.
const COMBINED: [&str; 8] = [
    "unsigned", "signed", "char", "short", "int", "long", "double", "_Complex",
];
const QUALIFIERS: [&str; 3] = ["const", "volatile", "restrict"];
const TAGS: [&str; 4] = ["struct", "class", "union", "enum"];

/// The name of a type, and the parser behind it. `None`: there is none, and where the parser is has no meaning.
pub(super) fn parse(parser: &mut Parser<'_>, within: Within) -> Option<Name> {
    ty(parser, within, DEEPEST)
}

fn ty(parser: &mut Parser<'_>, within: Within, depth: u32) -> Option<Name> {
    let depth = depth.checked_sub(1)?;
    let start = parser.here().start;
    let pointer = |parser: &mut Parser<'_>| {
        let target = ty(parser, within, depth)?;
        Some(named(
            parser,
            start,
            TypeShape::Pointer(Box::new(target.ty)),
            true,
        ))
    };
    if parser.take("*") {
        if !parser.is_name("const") && !parser.is_name("mut") {
            return None;
        }
        parser.at += 1;
        return pointer(parser);
    }
    // In parentheses it would be the address of something.
    if within == Within::Expression && parser.take("&") {
        parser.at += usize::from(parser.is_name("mut") || parser.is_name("dyn"));
        return pointer(parser);
    }
    if parser.take("[") {
        let element = ty(parser, Within::Expression, depth)?;
        let shape = if parser.take(";") {
            let Some(Token::Integer(count, _)) = parser.peek() else {
                return None;
            };
            let count = u64::try_from(*count).ok()?;
            parser.at += 1;
            TypeShape::Array(Box::new(element.ty), count)
        } else {
            TypeShape::Named
        };
        return parser.take("]").then(|| named(parser, start, shape, true));
    }
    let base = base(parser, within)?;
    declarators(parser, within, base, depth)
}

/// The type without pointers and arrays.
fn base(parser: &mut Parser<'_>, within: Within) -> Option<Name> {
    let start = parser.here().start;
    let mut certain = qualifiers(parser);
    if let Some(Token::Name(word)) = parser.peek() {
        let tagged = TAGS.contains(&word.as_str());
        certain |= tagged || WORDS.contains(&word.as_str());
        if COMBINED.contains(&word.as_str()) {
            while let Some(Token::Name(word)) = parser.peek()
                && (COMBINED.contains(&word.as_str()) || QUALIFIERS.contains(&word.as_str()))
            {
                parser.at += 1;
            }
            return Some(named(parser, start, TypeShape::Named, true));
        }
        parser.at += usize::from(tagged);
    }
    certain |= path(parser, within)?;
    certain |= qualifiers(parser);
    Some(named(parser, start, TypeShape::Named, certain))
}

fn qualifiers(parser: &mut Parser<'_>) -> bool {
    let start = parser.at;
    while QUALIFIERS.iter().any(|it| parser.is_name(it)) {
        parser.at += 1;
    }
    parser.at > start
}

/// `a::b<c>`; whether it has type arguments.
fn path(parser: &mut Parser<'_>, within: Within) -> Option<bool> {
    let mut generic = false;
    parser.take("::");
    loop {
        match parser.peek() {
            Some(Token::Name(name)) if name == "as" => return None,
            Some(Token::Name(_) | Token::File(_)) => parser.at += 1,
            _ => return None,
        }
        let adjacent = parser.here().start == parser.before();
        if adjacent || within == Within::Parentheses {
            generic |= arguments(parser);
        }
        if !parser.take("::") {
            return Some(generic);
        }
    }
}

/// `<…>` with its partner, whatever is between, in pairs of brackets. Where the partner is missing, it was no bracket.
pub(super) fn arguments(parser: &mut Parser<'_>) -> bool {
    let start = parser.at;
    let mut open = 0_i64;
    let mut brackets = 0_i64;
    loop {
        match parser.peek() {
            Some(Token::Sign("(" | "[")) => brackets += 1,
            Some(Token::Sign(")" | "]")) => brackets -= 1,
            _ if brackets > 0 => {}
            Some(Token::Sign("<")) => open += 1,
            Some(Token::Sign(">")) => open -= 1,
            Some(Token::Sign(">>")) => open -= 2,
            Some(Token::Sign("&&" | "||" | "==" | "<=" | ">=" | "=" | "!=" | "?")) => open = -1,
            _ => {}
        }
        if open <= 0 || brackets < 0 || parser.peek().is_none() {
            break;
        }
        parser.at += 1;
    }
    let whole = open == 0 && brackets == 0 && parser.at > start;
    parser.at = if whole { parser.at + 1 } else { start };
    whole
}

/// Makes two of a `>>` of which the second is the partner of the `<` that is next.
pub(super) fn split_closing(parser: &mut Parser<'_>) {
    let mut open = 0_i64;
    for at in parser.at..parser.tokens.len() {
        match parser.tokens[at].0 {
            Token::Sign("<") => open += 1,
            Token::Sign(">") => open -= 1,
            Token::Sign(">>") => open -= 2,
            _ => {}
        }
        if open > 0 {
            continue;
        }
        if let (0, Token::Sign(">>")) = (open, &parser.tokens[at].0) {
            let (start, end) = (parser.tokens[at].1.start, parser.tokens[at].1.end);
            parser.tokens[at] = (Token::Sign(">"), start..start + 1);
            parser
                .tokens
                .insert(at + 1, (Token::Sign(">"), start + 1..end));
        }
        return;
    }
}

/// What C puts around the name of a type.
enum Part {
    Pointer,
    Reference,
    /// What is written behind a `*`: `const`.
    Qualified(String),
    Array(u64),
    Function(Parameters),
}

/// C's pointers, references, arrays and functions behind a type.
fn declarators(
    parser: &mut Parser<'_>,
    within: Within,
    mut found: Name,
    depth: u32,
) -> Option<Name> {
    let start = found.ty.span.start;
    for part in parts(parser, within, found.certain, depth)? {
        let of = Box::new(found.ty);
        let shape = match part {
            Part::Pointer => TypeShape::Pointer(of),
            Part::Reference => TypeShape::Reference(of),
            Part::Qualified(words) => TypeShape::Qualified(words, of),
            Part::Array(count) => TypeShape::Array(of, count),
            Part::Function(parameters) => TypeShape::Function(parameters, of),
        };
        found = named(parser, start, shape, true);
    }
    Some(found)
}

/// The parts of an abstract declarator (C17, section 6.7.7), in the order in which they are put around the type.
/// `certain`: what is before it is a type, and a bracket no index.
fn parts(parser: &mut Parser<'_>, within: Within, certain: bool, depth: u32) -> Option<Vec<Part>> {
    let depth = depth.checked_sub(1)?;
    let mut parts = Vec::new();
    while (parts.len() as u32) < DEEPEST {
        let before = parser.at;
        let part = if parser.take("*") {
            Part::Pointer
        } else if parser.take("&") || within == Within::Parentheses && parser.take("&&") {
            Part::Reference
        } else {
            break;
        };
        let start = parser.here().start;
        let is_qualified = qualifiers(parser);
        let words = parser.text.get(start..parser.before()).unwrap_or_default();
        // `x as int * 2` multiplies.
        if within == Within::Expression && starts_operand(parser) {
            parser.at = before;
            return Some(parts);
        }
        parts.push(part);
        if is_qualified {
            let words: Vec<&str> = words.split_whitespace().collect();
            parts.push(Part::Qualified(words.join(" ")));
        }
    }
    let inner = match within {
        Within::Parentheses => in_parentheses(parser, depth),
        Within::Expression => None,
    };
    let mut brackets = Vec::new();
    while (certain || inner.is_some() || !parts.is_empty()) && (brackets.len() as u32) < DEEPEST {
        let before = parser.at;
        if parser.take("[") {
            let Some(Token::Integer(count, _)) = parser.peek() else {
                parser.at = before;
                break;
            };
            brackets.push(Part::Array(u64::try_from(*count).ok()?));
            parser.at += 1;
            if !parser.take("]") {
                return None;
            }
        } else if inner.is_some() && parser.take("(") {
            brackets.push(Part::Function(parameters(parser, depth)?));
        } else {
            break;
        }
    }
    // Of `int[2][3]` there are two, of three each.
    parts.extend(brackets.into_iter().rev());
    parts.extend(inner.into_iter().flatten());
    Some(parts)
}

/// What is in the parentheses of `int (*)[3]` and of `int (*[3])(void)`.
fn in_parentheses(parser: &mut Parser<'_>, depth: u32) -> Option<Vec<Part>> {
    let before = parser.at;
    if parser.take("(") {
        let parts = parts(parser, Within::Parentheses, false, depth);
        if parts.as_ref().is_some_and(|it| !it.is_empty()) && parser.take(")") {
            return parts;
        }
    }
    parser.at = before;
    None
}

/// The parameters of a function, behind their bracket.
fn parameters(parser: &mut Parser<'_>, depth: u32) -> Option<Parameters> {
    let mut types = Vec::new();
    let mut variadic = false;
    while !parser.take(")") {
        if variadic || !types.is_empty() && !parser.take(",") {
            return None;
        }
        variadic = parser.take("...");
        if !variadic {
            types.push(ty(parser, Within::Parentheses, depth)?.ty);
        }
    }
    // In C it is how none are written.
    if let [only] = &types[..]
        && only.shape == TypeShape::Named
        && only.text == "void"
    {
        types.clear();
    }
    Some(Parameters { types, variadic })
}

fn starts_operand(parser: &Parser<'_>) -> bool {
    match parser.peek() {
        None => false,
        Some(Token::Sign(sign)) => matches!(*sign, "(" | "-" | "!" | "~" | "&"),
        Some(_) => true,
    }
}

fn named(parser: &Parser<'_>, start: usize, shape: TypeShape, certain: bool) -> Name {
    let span = start..parser.before();
    let text = parser.text.get(span.clone()).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").replace(['\'', '"'], "");
    let ty = TypeName { shape, text, span };
    Name { ty, certain }
}

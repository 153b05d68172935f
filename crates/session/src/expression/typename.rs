//! Names of types as they are written in casts, in C's and Rust's way.

use super::lexer::Token;
use super::parser::Parser;
use super::tree::{TypeName, TypeShape};

/// The name of a type, perhaps.
pub(super) struct Name {
    pub(super) ty: TypeName,
    /// Whether it can be nothing else: `unsigned char`, `struct point`, `point *`. A plain name can be a variable's.
    pub(super) certain: bool,
}

/// Where the name stands, and thus what can follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// `(name)`.
    Parentheses,
    /// `x as name`, with the rest of the expression behind it.
    Expression,
}

/// As many pointers and arrays as a type may be made of.
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

/// `<…>` with its partner, whatever is between. Where the partner is missing, it was no bracket.
fn arguments(parser: &mut Parser<'_>) -> bool {
    let start = parser.at;
    let mut open = 0_i64;
    loop {
        match parser.peek() {
            Some(Token::Sign("<")) => open += 1,
            Some(Token::Sign(">")) => open -= 1,
            Some(Token::Sign(">>")) => open -= 2,
            Some(Token::Sign("&&" | "||" | "==" | "<=" | ">=" | "=" | "!=")) | None => open = -1,
            Some(_) => {}
        }
        if open <= 0 {
            break;
        }
        parser.at += 1;
    }
    let whole = open == 0 && parser.at > start;
    parser.at = if whole { parser.at + 1 } else { start };
    whole
}

/// C's pointers, references and arrays behind a type.
fn declarators(
    parser: &mut Parser<'_>,
    within: Within,
    mut found: Name,
    depth: u32,
) -> Option<Name> {
    let start = found.ty.span.start;
    for _ in 0..DEEPEST {
        let before = parser.at;
        if !parser.take("*") && !parser.take("&") {
            break;
        }
        qualifiers(parser);
        // `x as int * 2` multiplies.
        if within == Within::Expression && starts_operand(parser) {
            parser.at = before;
            return Some(found);
        }
        found = named(parser, start, TypeShape::Pointer(Box::new(found.ty)), true);
    }
    let pointers = match within {
        Within::Parentheses => pointers_to(parser),
        Within::Expression => 0,
    };
    if pointers > 0 && parser.take("(") {
        found = function(parser, start, found, depth)?;
    }
    found.certain |= pointers > 0;
    let mut counts = Vec::new();
    while found.certain && (counts.len() as u32) < DEEPEST {
        let before = parser.at;
        if !parser.take("[") {
            break;
        }
        let Some(Token::Integer(count, _)) = parser.peek() else {
            parser.at = before;
            break;
        };
        counts.push(u64::try_from(*count).ok()?);
        parser.at += 1;
        if !parser.take("]") {
            return None;
        }
    }
    // Of `int[2][3]` there are two, of three each.
    for count in counts.into_iter().rev() {
        let shape = TypeShape::Array(Box::new(found.ty), count);
        found = named(parser, start, shape, true);
    }
    for _ in 0..pointers {
        found = named(parser, start, TypeShape::Pointer(Box::new(found.ty)), true);
    }
    Some(found)
}

/// `(*)`: how many pointers there are to the array or the function whose brackets follow.
fn pointers_to(parser: &mut Parser<'_>) -> u32 {
    let before = parser.at;
    let mut pointers = 0;
    if parser.take("(") {
        while pointers < DEEPEST && parser.take("*") {
            pointers += 1;
            qualifiers(parser);
        }
        if pointers > 0 && parser.take(")") {
            return pointers;
        }
    }
    parser.at = before;
    0
}

/// The parameters of a function, behind their bracket, and the function.
fn function(parser: &mut Parser<'_>, start: usize, result: Name, depth: u32) -> Option<Name> {
    let mut parameters = Vec::new();
    while !parser.take(")") {
        if !parameters.is_empty() && !parser.take(",") {
            return None;
        }
        parameters.push(ty(parser, Within::Parentheses, depth)?.ty);
    }
    // In C it is how none are written.
    if let [only] = &parameters[..]
        && only.shape == TypeShape::Named
        && only.text == "void"
    {
        parameters.clear();
    }
    let shape = TypeShape::Function(parameters, Box::new(result.ty));
    Some(named(parser, start, shape, true))
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

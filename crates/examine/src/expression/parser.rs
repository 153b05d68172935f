//! From tokens to a tree.
//!
//! Operators bind as they do in Rust, Go and Zig: `a & b == c` compares `a & b`, which is what people mean who write it.

use std::ops::Range;

use super::Error;
use super::lexer::{Spanned, Token, tokens};
use super::tree::{Binary, Bounds, Kind, Machine, Node, Past, Path, TypeName, Unary};
use super::typename;

/// A longer text is no expression.
const LONGEST: usize = 1 << 12;
/// As many parts may stand one in the other. Evaluation goes down the tree by calls.
pub(super) const DEEPEST: u32 = 100;

/// The tree of `text`. `is_type` tells of a name in parentheses whether it is that of a type: only then is
/// `(name) - x` a cast.
pub(super) fn parse(text: &str, is_type: &dyn Fn(&str) -> bool) -> Result<Parsed, Error> {
    let mut parser = Parser::new(text, is_type)?;
    let root = parser.expression()?;
    if parser.at < parser.tokens.len() {
        return Err(parser.unexpected("an operator"));
    }
    Ok(Parsed {
        root,
        doubtful: parser.doubtful,
    })
}

/// The name of a type that `text` is and can be nothing but.
pub(super) fn type_name(text: &str) -> Option<TypeName> {
    let mut parser = Parser::new(text, &|_| false).ok()?;
    let found = typename::parse(&mut parser, typename::Within::Parentheses)?;
    let is_whole = parser.at == parser.tokens.len();
    (found.certain && is_whole).then_some(found.ty)
}

/// What came of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parsed {
    pub(super) root: Node,
    /// The names in parentheses that were taken for values, and would make casts if they were types.
    pub(super) doubtful: Vec<String>,
}

/// How far the parser is.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Spanned>,
    pub(super) at: usize,
    depth: u32,
    is_type: &'a dyn Fn(&str) -> bool,
    doubtful: Vec<String>,
}

/// The operators between two values, with how tightly they bind.
fn binary(sign: &str) -> Option<(Binary, u8)> {
    Some(match sign {
        "||" => (Binary::Or, 1),
        "&&" => (Binary::And, 2),
        "==" => (Binary::Equal, 3),
        "!=" => (Binary::Unequal, 3),
        "<" => (Binary::Less, 3),
        "<=" => (Binary::LessOrEqual, 3),
        ">" => (Binary::Greater, 3),
        ">=" => (Binary::GreaterOrEqual, 3),
        "|" => (Binary::BitOr, 4),
        "^" => (Binary::BitXor, 5),
        "&" => (Binary::BitAnd, 6),
        "<<" => (Binary::ShiftLeft, 7),
        ">>" => (Binary::ShiftRight, 7),
        "+" => (Binary::Add, 8),
        "-" => (Binary::Subtract, 8),
        "*" => (Binary::Multiply, 9),
        "/" => (Binary::Divide, 9),
        "%" => (Binary::Remainder, 9),
        _ => return None,
    })
}

/// How tightly comparisons bind.
const COMPARISON: u8 = 3;

impl<'a> Parser<'a> {
    fn new(text: &'a str, is_type: &'a dyn Fn(&str) -> bool) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(Error::new("the expression is too long", &(0..text.len())));
        }
        Ok(Parser {
            text,
            tokens: tokens(text)?,
            at: 0,
            depth: 0,
            is_type,
            doubtful: Vec::new(),
        })
    }
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Node, Error> {
        self.binary(0)
    }

    /// An expression of operators that bind more tightly than `above`.
    fn binary(&mut self, above: u8) -> Result<Node, Error> {
        let mut left = self.operand()?;
        let mut compared = false;
        while let Some(Token::Sign(sign)) = self.peek()
            && let Some((operator, strength)) = binary(sign)
            && strength > above
        {
            if strength == COMPARISON && compared {
                let message = "comparisons do not follow one another: write `a < b && b < c`";
                return Err(Error::new(message, &self.here()));
            }
            compared = strength == COMPARISON;
            self.at += 1;
            let right = self.binary(strength)?;
            let span = left.span.start..right.span.end;
            let kind = Kind::Binary(operator, Box::new(left), Box::new(right));
            left = self.node(kind, span)?;
        }
        match self.peek() {
            Some(Token::Sign("=")) => {
                let message = "this would assign; `==` compares";
                Err(Error::new(message, &self.here()))
            }
            _ => Ok(left),
        }
    }

    /// A value, and what it is cast to by `as`.
    fn operand(&mut self) -> Result<Node, Error> {
        let mut operand = self.unary()?;
        while self.is_name("as") {
            self.at += 1;
            let Some(found) = typename::parse(self, typename::Within::Expression) else {
                return Err(self.unexpected("the name of a type"));
            };
            let span = operand.span.start..found.ty.span.end;
            operand = self.node(Kind::Cast(found.ty, Box::new(operand)), span)?;
        }
        Ok(operand)
    }

    fn unary(&mut self) -> Result<Node, Error> {
        self.depth += 1;
        let found = self.unary_within();
        self.depth -= 1;
        found
    }

    fn unary_within(&mut self) -> Result<Node, Error> {
        if self.depth > DEEPEST {
            return Err(self.too_deep());
        }
        let start = self.here().start;
        // `&&x` is two of them.
        if let Some(Token::Sign("&&")) = self.peek() {
            let at = self.here();
            self.tokens[self.at] = (Token::Sign("&"), at.start + 1..at.end);
            self.tokens
                .insert(self.at, (Token::Sign("&"), at.start..at.start + 1));
        }
        self.no_increment()?;
        let operator = match self.peek() {
            Some(Token::Sign("-")) => Some(Unary::Negate),
            Some(Token::Sign("+")) => Some(Unary::Plus),
            Some(Token::Sign("!")) => Some(Unary::Not),
            Some(Token::Sign("~")) => Some(Unary::Complement),
            Some(Token::Sign("*")) => Some(Unary::Dereference),
            Some(Token::Sign("&")) => Some(Unary::AddressOf),
            _ => None,
        };
        if let Some(operator) = operator {
            self.at += 1;
            if operator == Unary::AddressOf && self.is_name("mut") {
                self.at += 1;
            }
            let operand = self.unary()?;
            let span = start..operand.span.end;
            self.node(Kind::Unary(operator, Box::new(operand)), span)
        } else if let Some(ty) = self.cast()? {
            let operand = self.unary()?;
            let span = start..operand.span.end;
            self.node(Kind::Cast(ty, Box::new(operand)), span)
        } else {
            self.postfix()
        }
    }

    /// Refuses `++x`, which would otherwise be `x` with two signs before it.
    fn no_increment(&self) -> Result<(), Error> {
        if let [(Token::Sign(one), at), (Token::Sign(other), next), ..] = &self.tokens[self.at..]
            && one == other
            && (*one == "+" || *one == "-")
            && at.end == next.start
        {
            let message = format!(
                "`{one}{one}` changes something, which an expression does not; `set x {one}= 1` does"
            );
            return Err(Error::new(message, &(at.start..next.end)));
        }
        Ok(())
    }

    /// The type of a cast in C's way, with its parentheses. `None`: there is none here.
    fn cast(&mut self) -> Result<Option<TypeName>, Error> {
        let start = self.at;
        if !self.take("(") {
            return Ok(None);
        }
        let found = match typename::parse(self, typename::Within::Parentheses) {
            Some(found) if self.take(")") => found,
            _ => {
                self.at = start;
                return Ok(None);
            }
        };
        let is_cast = match self.peek() {
            Some(Token::Sign("(" | "!" | "~")) => true,
            Some(Token::Sign("-" | "+" | "*" | "&" | "&&")) => {
                found.certain || (self.is_type)(&found.ty.text) || {
                    self.doubtful.push(found.ty.text.clone());
                    false
                }
            }
            Some(Token::Name(name)) => name != "as",
            Some(Token::Sign(_)) | None => false,
            Some(_) => true,
        };
        if is_cast {
            return Ok(Some(found.ty));
        }
        if found.certain {
            let message = "after a type in parentheses comes the value that is cast to it";
            return Err(Error::new(message, &found.ty.span));
        }
        self.at = start;
        Ok(None)
    }

    fn postfix(&mut self) -> Result<Node, Error> {
        let mut found = self.primary()?;
        loop {
            let start = found.span.start;
            let kind = match self.peek() {
                Some(Token::Sign(sign @ ("." | "->"))) => {
                    let sign = *sign;
                    self.at += 1;
                    self.member(found, sign)?
                }
                Some(Token::Sign("[")) => {
                    self.at += 1;
                    self.index(found)?
                }
                Some(Token::Sign("(")) => {
                    let message =
                        "a call cannot be part of an expression: `call f(1, 2)` calls a function";
                    return Err(Error::new(message, &(start..self.here().end)));
                }
                _ => return Ok(found),
            };
            found = self.node(kind, start..self.before())?;
        }
    }

    /// What follows `.` or `->`.
    fn member(&mut self, object: Node, sign: &str) -> Result<Kind, Error> {
        let of_frame = match &object.kind {
            Kind::Index(base, _) => matches!(base.kind, Kind::Machine(Machine::Frame)),
            _ => false,
        };
        if of_frame && sign == "." {
            let inner = self.primary()?;
            return match inner.kind {
                Kind::Name(_) | Kind::Machine(_) => {
                    Ok(Kind::InFrame(Box::new(object), Box::new(inner)))
                }
                _ => Err(Error::new("after a frame comes a name", &inner.span)),
            };
        }
        let at = self.here();
        let name = match self.peek() {
            Some(Token::Name(name)) => name.clone(),
            Some(Token::Integer(index, None)) => index.to_string(),
            _ => return Err(self.unexpected("the name of a member")),
        };
        self.at += 1;
        Ok(Kind::Member(Box::new(object), name, at))
    }

    /// What follows `[`.
    fn index(&mut self, object: Node) -> Result<Kind, Error> {
        let is_range = |it: Option<&Token>| matches!(it, Some(Token::Sign(".." | "..=")));
        let from = match self.peek() {
            it if is_range(it) => None,
            _ => Some(Box::new(self.expression()?)),
        };
        let inclusive = matches!(self.peek(), Some(Token::Sign("..=")));
        let object = Box::new(object);
        let kind = if is_range(self.peek()) {
            self.at += 1;
            let to = match self.peek() {
                Some(Token::Sign("]")) if !inclusive => None,
                _ => Some(Box::new(self.expression()?)),
            };
            let bounds = Bounds {
                from,
                to,
                inclusive,
            };
            Kind::Slice(object, bounds)
        } else {
            match from {
                Some(index) => Kind::Index(object, index),
                None => return Err(self.unexpected("an index")),
            }
        };
        self.expect("]")?;
        Ok(kind)
    }

    fn primary(&mut self) -> Result<Node, Error> {
        let span = self.here();
        let Some(token) = self.peek().cloned() else {
            return Err(self.unexpected("a value"));
        };
        let kind = match token {
            Token::Integer(value, suffix) => Kind::Integer(value, suffix),
            Token::Float(value, single) => Kind::Float(value, single),
            Token::Character(c) => Kind::Character(c),
            Token::Text(bytes) => Kind::Text(bytes),
            Token::Machine(name) => machine(&name, &span)?,
            Token::File(file) => {
                self.at += 1;
                return self.path(Some(file), span.start);
            }
            Token::Sign("::") => return self.path(None, span.start),
            Token::Name(name) => match name.as_str() {
                "true" => Kind::Boolean(true),
                "false" => Kind::Boolean(false),
                "null" | "nullptr" | "NULL" => Kind::Null,
                "sizeof" => {
                    self.at += 1;
                    return self.size_of(span.start);
                }
                _ => {
                    self.at += 1;
                    let rest = self.names(vec![name])?;
                    let path = Path {
                        file: None,
                        names: rest,
                    };
                    return self.node(Kind::Name(path), span.start..self.before());
                }
            },
            Token::Sign("(") => {
                self.at += 1;
                let mut inner = self.expression()?;
                self.expect(")")?;
                inner.span = span.start..self.before();
                return Ok(inner);
            }
            Token::Sign(_) => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        self.node(kind, span)
    }

    /// The names after a file, or after a `::` at the start.
    fn path(&mut self, file: Option<String>, start: usize) -> Result<Node, Error> {
        let names = self.names(Vec::new())?;
        self.node(Kind::Name(Path { file, names }), start..self.before())
    }

    /// `::name` as often as it comes.
    fn names(&mut self, mut names: Vec<String>) -> Result<Vec<String>, Error> {
        while self.take("::") {
            match self.peek() {
                // What is in quotes before another `::`.
                Some(Token::Name(name) | Token::File(name)) => names.push(name.clone()),
                _ => return Err(self.unexpected("a name")),
            }
            self.at += 1;
        }
        Ok(names)
    }

    fn size_of(&mut self, start: usize) -> Result<Node, Error> {
        let at = self.at;
        if self.take("(") {
            if let Some(found) = typename::parse(self, typename::Within::Parentheses)
                && found.certain
                && self.take(")")
            {
                return self.node(Kind::SizeOfType(found.ty), start..self.before());
            }
            self.at = at;
        }
        let operand = self.unary()?;
        let span = start..operand.span.end;
        self.node(Kind::SizeOf(Box::new(operand)), span)
    }

    /// Makes a node, unless it stands too deep.
    fn node(&self, kind: Kind, span: Range<usize>) -> Result<Node, Error> {
        let depth = 1 + kind.parts().map(|it| it.depth).max().unwrap_or(0);
        if depth > DEEPEST {
            return Err(self.too_deep());
        }
        Ok(Node { kind, span, depth })
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|it| &it.0)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(it)) if it == name)
    }

    /// Passes a sign, if it is the next.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(it)) if *it == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Error> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{sign}`")))
        }
    }

    /// Where the next token is; the end of the text after the last.
    pub(super) fn here(&self) -> Range<usize> {
        let end = self.text.len()..self.text.len();
        self.tokens.get(self.at).map_or(end, |it| it.1.clone())
    }

    /// Where the last token ended.
    pub(super) fn before(&self) -> usize {
        let last = self.at.checked_sub(1).and_then(|it| self.tokens.get(it));
        last.map_or(0, |it| it.1.end)
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let span = self.here();
        let message = match self.text.get(span.clone()).unwrap_or_default() {
            "" => format!("the expression ends where {wanted} is expected"),
            "?" => "there is no `?` in expressions: write the condition alone".to_owned(),
            found => format!("{wanted} is expected here, not `{found}`"),
        };
        Error::new(message, &span)
    }

    fn too_deep(&self) -> Error {
        let message = format!("the expression has more than {DEEPEST} parts one in the other");
        Error::new(message, &self.here())
    }
}

/// What a word after `$` means.
fn machine(name: &str, span: &Range<usize>) -> Result<Kind, Error> {
    let words = Machine::WORDS;
    if let Some((_, machine)) = words.iter().find(|(word, _)| *word == name) {
        return Ok(Kind::Machine(*machine));
    }
    let none = || Error::new(format!("`${name}` is not the number of a value"), span);
    let number = |digits: &str| digits.parse().map_err(|_| none());
    Ok(match name.strip_prefix('$') {
        None if name.is_empty() => Kind::Past(Past::Back(0)),
        Some("") => Kind::Past(Past::Back(1)),
        Some(digits) => Kind::Past(Past::Back(number(digits)?)),
        None if name.starts_with(|it: char| it.is_ascii_digit()) => {
            Kind::Past(Past::Number(number(name)?))
        }
        None => Kind::UserVariable(name.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::tree::TypeShape;

    /// The tree with all parentheses.
    fn shown(node: &Node) -> String {
        match &node.kind {
            Kind::Integer(value, _) => value.to_string(),
            Kind::Float(value, _) => format!("{value:?}"),
            Kind::Character(c) => format!("{c:?}"),
            Kind::Text(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
            Kind::Boolean(value) => value.to_string(),
            Kind::Null => "null".into(),
            Kind::Name(path) => match &path.file {
                Some(file) => format!("<{file}>{}", path.text()),
                None => path.text(),
            },
            Kind::Machine(it) => format!("${it:?}").to_lowercase(),
            Kind::UserVariable(name) => format!("${name}"),
            Kind::Past(past) => format!("{past:?}"),
            Kind::InFrame(frame, inner) => format!("({} {})", shown(frame), shown(inner)),
            Kind::Member(object, name, _) => format!("{}.{name}", shown(object)),
            Kind::Index(object, index) => format!("{}[{}]", shown(object), shown(index)),
            Kind::Slice(object, bounds) => {
                let end = |it: &Option<Box<Node>>| it.as_deref().map(shown).unwrap_or_default();
                let sign = if bounds.inclusive { "..=" } else { ".." };
                let (from, to) = (end(&bounds.from), end(&bounds.to));
                format!("{}[{from}{sign}{to}]", shown(object))
            }
            Kind::Unary(operator, operand) => format!("({operator:?} {})", shown(operand)),
            Kind::Binary(operator, a, b) => format!("({} {operator:?} {})", shown(a), shown(b)),
            Kind::Cast(ty, operand) => format!("({} as {})", shown(operand), type_shown(ty)),
            Kind::SizeOf(operand) => format!("sizeof {}", shown(operand)),
            Kind::SizeOfType(ty) => format!("sizeof <{}>", type_shown(ty)),
        }
    }

    fn type_shown(ty: &TypeName) -> String {
        match &ty.shape {
            TypeShape::Named => ty.text.clone(),
            TypeShape::Pointer(target) => format!("*{}", type_shown(target)),
            TypeShape::Array(element, count) => format!("[{}; {count}]", type_shown(element)),
            TypeShape::Function(parameters, result) => {
                let parameters: Vec<String> = parameters.types.iter().map(type_shown).collect();
                format!("fn({}) -> {}", parameters.join(", "), type_shown(result))
            }
        }
    }

    fn parsed(text: &str) -> String {
        let is_type = |name: &str| name == "size_t" || name == "ns::T";
        match parse(text, &is_type) {
            Ok(parsed) => shown(&parsed.root),
            Err(error) => panic!("{}", error.show(text)),
        }
    }

    fn error(text: &str) -> String {
        match parse(text, &|_| false) {
            Ok(parsed) => panic!("{text}: {}", shown(&parsed.root)),
            Err(error) => {
                assert!(text.get(error.span.clone()).is_some(), "{error:?}");
                error.message
            }
        }
    }

    #[test]
    fn operators_bind_as_in_rust() {
        assert_eq!(
            parsed("1 + 2 * 3 - 4"),
            "((1 Add (2 Multiply 3)) Subtract 4)"
        );
        assert_eq!(parsed("a & 4 == 4"), "((a BitAnd 4) Equal 4)");
        assert_eq!(parsed("a || b && !c"), "(a Or (b And (Not c)))");
        assert_eq!(parsed("-a.b[1]"), "(Negate a.b[1])");
        assert_eq!(
            parsed("1 << 2 + 3 | 1 ^ 2"),
            "((1 ShiftLeft (2 Add 3)) BitOr (1 BitXor 2))"
        );
        assert_eq!(parsed("&&x"), "(AddressOf (AddressOf x))");
        assert_eq!(parsed("a && b"), "(a And b)");
        assert_eq!(parsed("*p->q.0.1"), "(Dereference p.q.0.1)");
        assert_eq!(parsed("(a + b) * c"), "((a Add b) Multiply c)");
    }

    #[test]
    fn names_frames_and_the_machine() {
        assert_eq!(parsed("main.c::count"), "<main.c>count");
        assert_eq!(parsed("'odd file.c'::f::count"), "<odd file.c>f::count");
        assert_eq!(parsed("geometry::origin.x"), "geometry::origin.x");
        assert_eq!(parsed("$frame[2].a::b.c"), "($frame[2] a::b).c");
        assert_eq!(parsed("$frame[2].$local[3]"), "($frame[2] $local)[3]");
        assert_eq!(parsed("$local.x + $stack[0]"), "($local.x Add $stack[0])");
        assert_eq!(parsed("$count + $"), "($count Add Back(0))");
        assert_eq!(parsed("$$.x - $$3"), "(Back(1).x Subtract Back(3))");
        assert_eq!(parsed("$12[1]"), "Number(12)[1]");
        assert_eq!(parsed("$memory[0x10..0x20]"), "$memory[16..32]");
        assert_eq!(parsed("v[..3]"), "v[..3]");
        assert_eq!(parsed("v[1..]"), "v[1..]");
        assert_eq!(parsed("v[..=n + 1]"), "v[..=(n Add 1)]");
    }

    #[test]
    fn casts_in_two_languages() {
        assert_eq!(parsed("(unsigned char)x"), "(x as unsigned char)");
        assert_eq!(
            parsed("(unsigned char *) p + 1"),
            "((p as *unsigned char) Add 1)"
        );
        assert_eq!(
            parsed("(const struct point *const*)p"),
            "(p as **const struct point)"
        );
        assert_eq!(parsed("(int)-1"), "((Negate 1) as int)");
        assert_eq!(
            parsed("(size_t)*p + 1"),
            "(((Dereference p) as size_t) Add 1)"
        );
        assert_eq!(parsed("(count)-x"), "(count Subtract x)");
        assert_eq!(parsed("(ns::T)&x"), "((AddressOf x) as ns::T)");
        assert_eq!(parsed("(point) q"), "(q as point)");
        assert_eq!(parsed("(int[2][3])x"), "(x as [[int; 3]; 2])");
        assert_eq!(parsed("x as u8 as *const Point"), "((x as u8) as *Point)");
        assert_eq!(parsed("x as int * 3"), "((x as int) Multiply 3)");
        assert_eq!(parsed("x as char *"), "(x as *char)");
        assert_eq!(parsed("x as [u8; 4]"), "(x as [u8; 4])");
        assert_eq!(parsed("x as &[u8]"), "(x as *[u8])");
        assert_eq!(
            parsed("x as a::Vec<Option<i32>> == y"),
            "((x as a::Vec<Option<i32>>) Equal y)"
        );
        assert_eq!(parsed("x as u8 < 5"), "((x as u8) Less 5)");
        assert_eq!(parsed("a + -x as i64"), "(a Add ((Negate x) as i64))");
        assert_eq!(parsed("sizeof(int *)"), "sizeof <*int>");
        assert_eq!(parsed("sizeof(int (*)[2][3])"), "sizeof <*[[int; 3]; 2]>");
        assert_eq!(
            parsed("sizeof(node *(**)(void))"),
            "sizeof <**fn() -> *node>"
        );
        assert_eq!(
            parsed("sizeof(int (*)(char, int (*)[2]))"),
            "sizeof <*fn(char, *[int; 2]) -> int>"
        );
        assert_eq!(
            parsed("sizeof(int (*[3])(void))"),
            "sizeof <[*fn() -> int; 3]>"
        );
        assert_eq!(
            parsed("sizeof(int (*(*)(char))[5])"),
            "sizeof <*fn(char) -> *[int; 5]>"
        );
        assert_eq!(parsed("sizeof(x) + 1"), "(sizeof x Add 1)");
        assert_eq!(
            parsed("sizeof(f[2]) * (*p)"),
            "(sizeof f[2] Multiply (Dereference p))"
        );
        assert_eq!(parsed("(a < b)"), "(a Less b)");
        assert_eq!(parsed("(a[1]) - 2"), "(a[1] Subtract 2)");
    }

    #[test]
    fn errors_say_what_was_expected() {
        assert_eq!(
            error("a +"),
            "the expression ends where a value is expected"
        );
        assert_eq!(error(""), "the expression ends where a value is expected");
        assert_eq!(error("a b"), "an operator is expected here, not `b`");
        assert_eq!(error("(a"), "the expression ends where `)` is expected");
        assert_eq!(error("a[1"), "the expression ends where `]` is expected");
        assert_eq!(error("a[]"), "a value is expected here, not `]`");
        assert_eq!(error("a = 1"), "this would assign; `==` compares");
        assert_eq!(
            error("f(1)"),
            "a call cannot be part of an expression: `call f(1, 2)` calls a function"
        );
        assert_eq!(error("$1x"), "`$1x` is not the number of a value");
        assert_eq!(error("$$x"), "`$$x` is not the number of a value");
        assert!(error("++a == 1").starts_with("`++` changes something"));
        assert_eq!(parsed("a--b"), "(a Subtract (Negate b))");
        assert_eq!(parsed("- -b"), "(Negate (Negate b))");
        assert!(error("a < b < c").starts_with("comparisons do not follow"));
        assert!(error("(unsigned int)").starts_with("after a type in parentheses"));
        assert!(error("x as 5").starts_with("the name of a type is expected"));
    }

    #[test]
    fn nesting_is_bounded() {
        for (open, inner, close) in [
            ("(", "1", ")"),
            ("-", "1", ""),
            ("&", "x", ""),
            ("x[", "1", "]"),
            ("(int)", "1", ""),
            ("sizeof ", "1", ""),
            ("", "x", ".y"),
            ("", "1", "+1"),
            ("", "x", " as u8"),
            ("x as *const ", "u8", ""),
            ("(a<", "b", ">)"),
            ("1 as [", "u8", ";1]"),
        ] {
            for count in [50, 500] {
                let text = format!("{}{inner}{}", open.repeat(count), close.repeat(count));
                let _ = parse(&text, &|_| true);
                let _ = parse(&text, &|_| false);
            }
            let text = format!("{}{inner}{}", open.repeat(500), close.repeat(500));
            assert!(parse(&text, &|_| false).is_err(), "{open}");
        }
    }
}

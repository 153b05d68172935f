//! From tokens to a tree.
//!
//! Operators bind as they do in Rust, Go and Zig: `a & b == c` compares `a & b`, which is what is meant by it.

mod line;
mod names;

use std::ops::Range;

use super::Error;
use super::error::Wish;
use super::lexer::{Spanned, Token, in_name, starts_name, tokens};
use super::tree::{Binary, Bounds, Conversion, Kind, Node, Past, Path, Raw, TypeName, Unary};
use super::typename;
use line::Change;
pub(super) use line::line;

/// A longer text is no expression.
const LONGEST: usize = 1 << 12;
/// At most this many parts may be nested. Evaluation goes down the tree by calls.
pub(super) const DEEPEST: u32 = 100;

/// The tree of `text`. `is_type` says of a name in parentheses whether it is that of a type: only then is
/// `(name) - x` a cast.
pub(super) fn parse(text: &str, is_type: &dyn Fn(&str) -> bool) -> Result<Parsed, Error> {
    let mut parser = Parser::new(text, is_type)?;
    let root = parser.expression()?;
    parser.end()?;
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
    /// How many lists of arguments are around it, where a comma ends an argument.
    lists: u32,
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
        "+" => (Binary::Add, 9),
        "-" => (Binary::Subtract, 9),
        "*" => (Binary::Multiply, 10),
        "/" => (Binary::Divide, 10),
        "%" => (Binary::Remainder, 10),
        _ => return None,
    })
}

/// How tightly comparisons bind.
const COMPARISON: u8 = 3;
/// How tightly `@` binds: as in gdb, between shifts and sums.
const REPETITION: u8 = 8;

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
            lists: 0,
            is_type,
            doubtful: Vec::new(),
        })
    }
}

impl Parser<'_> {
    /// That nothing follows.
    fn end(&self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("an operator")),
        }
    }

    /// An expression, which changes nothing.
    fn expression(&mut self) -> Result<Node, Error> {
        let found = self.choice()?;
        match self.change() {
            Some(Change::Assign(_)) => {
                let message = "this would assign; `==` compares";
                Err(Error::new(message, &self.here()))
            }
            Some(Change::Step(_)) => Err(self.changes()),
            None => Ok(found),
        }
    }

    /// `a ? b : c`
    fn choice(&mut self) -> Result<Node, Error> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.too_deep());
        }
        let one = self.expression()?;
        self.expect(":")?;
        let other = self.choice()?;
        self.depth -= 1;
        let span = condition.span.start..other.span.end;
        let kind = Kind::Choice(Box::new(condition), Box::new(one), Box::new(other));
        self.node(kind, span)
    }

    /// An expression of operators that bind more tightly than `above`.
    fn binary(&mut self, above: u8) -> Result<Node, Error> {
        let mut left = self.operand()?;
        let mut compared = false;
        while self.change().is_none()
            && let Some(Token::Sign(sign)) = self.peek()
        {
            // `x++ + 1` would otherwise be `x` and a sum of signs.
            if self.step().is_some() && !self.is_difference() {
                return Err(self.changes());
            }
            let (operator, strength) = match binary(sign) {
                Some((operator, strength)) => (Some(operator), strength),
                None if *sign == "@" => (None, REPETITION),
                None => break,
            };
            if strength <= above {
                break;
            }
            if strength == COMPARISON && compared {
                let message = "comparisons do not follow one another: write `a < b && b < c`";
                return Err(Error::new(message, &self.here()));
            }
            compared = strength == COMPARISON;
            self.at += 1;
            let right = self.binary(strength)?;
            let span = left.span.start..right.span.end;
            let (left_box, right) = (Box::new(left), Box::new(right));
            let kind = match operator {
                Some(operator) => Kind::Binary(operator, left_box, right),
                None => Kind::Repeat(left_box, right),
            };
            left = self.node(kind, span)?;
        }
        Ok(left)
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
            let kind = Kind::Cast(Conversion::Static, found.ty, Box::new(operand));
            operand = self.node(kind, span)?;
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
            self.node(Kind::Cast(Conversion::Static, ty, Box::new(operand)), span)
        } else {
            self.postfix()
        }
    }

    /// Refuses `++x`, which would otherwise be `x` with two signs before it.
    fn no_increment(&self) -> Result<(), Error> {
        match self.step() {
            Some(_) => Err(self.changes()),
            None => Ok(()),
        }
    }

    /// That the two signs here change something.
    fn changes(&self) -> Error {
        let at = self.step().map_or_else(|| self.here(), |it| it.1);
        let text = self.text.get(at.start..).unwrap_or_default();
        let one = text.chars().next().unwrap_or_default();
        let message = format!("`{one}{one}` changes something, which an expression does not");
        Error::new(message, &at).with_wish(Wish::Step(one))
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
            Some(Token::Sign("!" | "~")) => true,
            // `(f)(1)` may be a call.
            Some(Token::Sign("(" | "-" | "+" | "*" | "&" | "&&")) => {
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
                Some(Token::Sign("(")) => self.call(found)?,
                _ => return Ok(found),
            };
            found = self.node(kind, start..self.before())?;
        }
    }

    /// What follows `.` or `->`.
    fn member(&mut self, object: Node, sign: &str) -> Result<Kind, Error> {
        let of_frame = match &object.kind {
            Kind::Index(base, _) => matches!(base.kind, Kind::Raw(Raw::Frame)),
            _ => false,
        };
        if of_frame && sign == "." {
            let inner = self.primary()?;
            return match inner.kind {
                Kind::Name(_) | Kind::Raw(_) => {
                    Ok(Kind::InFrame(Box::new(object), Box::new(inner)))
                }
                _ => Err(Error::new("after a frame comes a name", &inner.span)),
            };
        }
        let at = self.here();
        if let Some(Token::Integer(index, literal)) = self.peek()
            && literal.suffix.is_none()
        {
            let name = index.to_string();
            self.at += 1;
            return Ok(Kind::Member(Box::new(object), name, at));
        }
        let mut name = match self.peek() {
            Some(Token::Name(_) | Token::File(_) | Token::Sign("~")) => self.segment()?,
            _ => return Err(self.unexpected("the name of a member")),
        };
        // `c.Base::f()`
        while self.take("::") {
            name = format!("{name}::{}", self.segment()?);
        }
        name.push_str(&self.overload());
        Ok(Kind::Member(
            Box::new(object),
            name,
            at.start..self.before(),
        ))
    }

    /// The callee of `object.Base::f()`, which reads like a name of a file.
    fn of_base(&self, callee: Node) -> Result<Node, Error> {
        let start = callee.span.start;
        let Kind::Name(Path {
            file: Some(file),
            names,
        }) = &callee.kind
        else {
            return Ok(callee);
        };
        let is_name = |it: &str| it.starts_with(starts_name) && it.chars().all(in_name);
        let is_written = self.text[start..].starts_with(file.as_str());
        let Some((object, class)) = file.rsplit_once('.').filter(|_| is_written) else {
            return Ok(callee);
        };
        if !object.split('.').chain([class]).all(is_name) {
            return Ok(callee);
        }
        let mut at = start;
        let mut found: Option<Node> = None;
        for name in object.split('.') {
            let span = at..at + name.len();
            let kind = match found {
                None => Kind::Name(Path::of(name)),
                Some(of) => Kind::Member(Box::new(of), name.to_owned(), span.clone()),
            };
            found = Some(self.node(kind, start..span.end)?);
            at = span.end + 1;
        }
        let Some(object) = found else {
            return Ok(callee);
        };
        let name = format!("{class}::{}", names.join("::"));
        let kind = Kind::Member(Box::new(object), name, at..callee.span.end);
        self.node(kind, callee.span)
    }

    /// What follows the `(` of a call.
    fn call(&mut self, callee: Node) -> Result<Kind, Error> {
        let callee = self.of_base(callee)?;
        self.at += 1;
        let mut arguments = Vec::new();
        self.lists += 1;
        while !self.take(")") {
            if !arguments.is_empty() {
                if !matches!(self.peek(), Some(Token::Sign(","))) {
                    return Err(self.unexpected("`,` or `)`"));
                }
                self.at += 1;
            }
            arguments.push(self.expression()?);
        }
        self.lists -= 1;
        Ok(Kind::Call(Box::new(callee), arguments))
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
            Token::Integer(value, literal) => Kind::Integer(value, literal),
            Token::Float(value, single) => Kind::Float(value, single),
            Token::Character(c) => Kind::Character(c),
            Token::Byte(byte) => Kind::Byte(byte),
            Token::Text(bytes) => Kind::Text(bytes),
            Token::Raw(name) => machine(&name, &span)?,
            Token::File(file) => {
                self.at += 1;
                return self.path(Some(file), span.start);
            }
            Token::Sign("::") => return self.path(None, span.start),
            // `<T as Trait>::f`
            Token::Sign("<") => return self.path(None, span.start),
            Token::Name(name) => match name.as_str() {
                "true" => Kind::Boolean(true),
                "false" => Kind::Boolean(false),
                "null" | "nullptr" | "NULL" => Kind::Null,
                "sizeof" => {
                    self.at += 1;
                    return self.size_of(span.start);
                }
                "static_cast" | "const_cast" => {
                    return self.cast_of_cpp(Conversion::Static, span.start);
                }
                "reinterpret_cast" => {
                    return self.cast_of_cpp(Conversion::Reinterpret, span.start);
                }
                "dynamic_cast" => return self.cast_of_cpp(Conversion::Dynamic, span.start),
                _ => {
                    let first = self.segment()?;
                    let names = self.names(vec![first])?;
                    let path = Path { file: None, names };
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

    /// What follows `static_cast` and the other C++ casts.
    fn cast_of_cpp(&mut self, conversion: Conversion, start: usize) -> Result<Node, Error> {
        self.at += 1;
        if !matches!(self.peek(), Some(Token::Sign("<"))) {
            return Err(self.unexpected("`<`"));
        }
        typename::split_closing(self);
        self.at += 1;
        let Some(found) = typename::parse(self, typename::Within::Parentheses) else {
            return Err(self.unexpected("the name of a type"));
        };
        self.expect(">")?;
        self.expect("(")?;
        let operand = self.expression()?;
        self.expect(")")?;
        let kind = Kind::Cast(conversion, found.ty, Box::new(operand));
        self.node(kind, start..self.before())
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

    /// Makes a node, unless it is too deep.
    fn node(&self, kind: Kind, span: Range<usize>) -> Result<Node, Error> {
        let depth = 1 + kind.parts().map(|it| it.depth).max().unwrap_or(0);
        if depth > DEEPEST {
            return Err(self.too_deep());
        }
        let has_calls = matches!(kind, Kind::Call(..)) || kind.parts().any(|it| it.has_calls);
        Ok(Node {
            kind,
            span,
            depth,
            has_calls,
        })
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
    let words = Raw::WORDS;
    if let Some((_, machine)) = words.iter().find(|(word, _)| *word == name) {
        return Ok(Kind::Raw(*machine));
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
mod tests;

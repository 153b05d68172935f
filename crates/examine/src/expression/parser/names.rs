//! Names as they are written: paths, operators of C++, what is in angle brackets, the types of an overload.

use super::super::Error;
use super::super::lexer::Token;
use super::super::tree::{Kind, Node, Path};
use super::super::typename;
use super::Parser;

impl Parser<'_> {
    /// The names after a file, or after a `::` at the start.
    pub(super) fn path(&mut self, file: Option<String>, start: usize) -> Result<Node, Error> {
        let first = match self.peek() {
            Some(Token::Sign("<")) => vec![self.segment()?],
            _ => Vec::new(),
        };
        // Of `::f` functions only those that are in nothing are meant.
        let is_whole = file.is_none() && first.is_empty();
        let mut names = self.names(first)?;
        if is_whole && matches!(self.peek(), Some(Token::Sign("("))) {
            names.insert(0, String::new());
        }
        self.node(Kind::Name(Path { file, names }), start..self.before())
    }

    /// `::name` as often as it comes, and the types behind the last.
    pub(super) fn names(&mut self, mut names: Vec<String>) -> Result<Vec<String>, Error> {
        while self.take("::") {
            match self.peek() {
                // What is in quotes before another `::`.
                Some(Token::Name(_) | Token::File(_) | Token::Sign("~" | "<")) => {
                    names.push(self.segment()?);
                }
                _ => return Err(self.unexpected("a name")),
            }
        }
        let types = self.overload();
        if let Some(last) = names.last_mut() {
            last.push_str(&types);
        }
        Ok(names)
    }

    /// A name of a path: `f`, `f<int>`, `~f`, `operator==`, `<T as U>`.
    pub(super) fn segment(&mut self) -> Result<String, Error> {
        let start = self.here().start;
        let mut name = String::new();
        match self.peek().cloned() {
            Some(Token::Sign("<")) => {
                let open = self.here();
                if !typename::arguments(self) {
                    return Err(Error::new("the < has no partner", &open));
                }
                return Ok(self
                    .text
                    .get(start..self.before())
                    .unwrap_or_default()
                    .to_owned());
            }
            Some(Token::Sign("~")) => {
                self.at += 1;
                name.push('~');
            }
            _ => {}
        }
        let (Some(Token::Name(word)) | Some(Token::File(word))) = self.peek().cloned() else {
            return Err(self.unexpected("a name"));
        };
        self.at += 1;
        let start = self.before();
        if word == "operator" {
            self.operator();
        } else {
            self.template();
        }
        name.push_str(&word);
        name.push_str(self.text.get(start..self.before()).unwrap_or_default());
        Ok(name)
    }

    /// What follows `operator` in the name of a function that is called: `()`, `==`, ` new[]`, ` bool`.
    fn operator(&mut self) {
        let start = self.at;
        let is_adjacent = |parser: &Self| parser.before() == parser.here().start;
        match self.peek() {
            Some(Token::Sign("(")) => {
                self.at += 1;
                self.take(")");
            }
            Some(Token::Sign("[")) => {
                self.at += 1;
                self.take("]");
            }
            Some(Token::Sign(_)) => {
                while is_adjacent(self)
                    && let Some(Token::Sign(sign)) = self.peek()
                    && *sign != "("
                {
                    self.at += 1;
                }
            }
            Some(Token::Name(word)) if word == "new" || word == "delete" => {
                self.at += 1;
                if self.take("[") {
                    self.take("]");
                }
            }
            Some(Token::Name(_)) => {
                typename::parse(self, typename::Within::Parentheses);
            }
            _ => {}
        }
        // A variable may be called so.
        if !matches!(self.peek(), Some(Token::Sign("("))) {
            self.at = start;
        }
    }

    /// Passes the `<…>` of a name that is called, or has another name behind it. Otherwise it compares: a comparison is not
    /// followed by another, but in two arguments of one call.
    fn template(&mut self) {
        let start = self.at;
        if !matches!(self.peek(), Some(Token::Sign("<"))) || !typename::arguments(self) {
            return;
        }
        let has_comma = || {
            let passed = &self.tokens[start..self.at];
            passed.iter().any(|it| it.0 == Token::Sign(","))
        };
        let is_name = matches!(self.peek(), Some(Token::Sign("(" | "::")));
        if !is_name || self.lists > 0 && has_comma() {
            self.at = start;
        }
    }

    /// The types that say which of several functions is meant, where its arguments follow: `(int)` of `f(int)(1)`. What
    /// may as well be arguments, of a call that gives back a function, is that unless it is a type.
    pub(super) fn overload(&mut self) -> String {
        let start = self.at;
        let Some(types) = self
            .types()
            .filter(|_| matches!(self.peek(), Some(Token::Sign("("))))
        else {
            self.at = start;
            return String::new();
        };
        let mut is_meant = false;
        let mut are_types = true;
        for (text, certain) in types {
            is_meant |= certain;
            if !certain && !(self.is_type)(&text) {
                are_types = false;
                self.doubtful.push(text);
            }
        }
        if !is_meant && !are_types {
            self.at = start;
            return String::new();
        }
        let first = self.tokens.get(start).map_or(0, |it| it.1.start);
        self.text
            .get(first..self.before())
            .unwrap_or_default()
            .to_owned()
    }

    /// Types in parentheses, at least one, each with whether it can be nothing else.
    fn types(&mut self) -> Option<Vec<(String, bool)>> {
        let mut types = Vec::new();
        if !self.take("(") {
            return None;
        }
        loop {
            let found = typename::parse(self, typename::Within::Parentheses)?;
            types.push((found.ty.text, found.certain));
            if self.take(")") {
                return Some(types);
            }
            if !self.take(",") {
                return None;
            }
        }
    }
}

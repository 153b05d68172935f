//! What an expression says: the tree that the parser makes.

use std::ops::Range;

use super::lexer::Literal;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Where it is in the text.
    pub(super) span: Range<usize>,
    /// How many parts are nested, this one counted.
    pub(super) depth: u32,
    /// Whether it is a call or has one in it.
    pub(super) has_calls: bool,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Integer(u128, Literal),
    Float(f64, bool),
    Character(char),
    Byte(u8),
    Text(Vec<u8>),
    Boolean(bool),
    Null,
    Name(Path),
    Raw(Raw),
    /// `$count`: a variable of the user, without its `$`.
    UserVariable(String),
    /// `$`, `$$`, `$1`: a value that was shown.
    Past(Past),
    /// `$frame[2].` and a name, or something of the machine, that is meant as that frame has it.
    InFrame(Box<Node>, Box<Node>),
    /// `a.b`, `p->b`, `t.0`; and where the name is.
    Member(Box<Node>, String, Range<usize>),
    Index(Box<Node>, Box<Node>),
    /// `v[2..5]`. Both ends may be left out, and the second may be meant too.
    Slice(Box<Node>, Bounds),
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    /// `(type)x`, `x as type`, `static_cast<type>(x)`.
    Cast(Conversion, TypeName, Box<Node>),
    /// `f(a, b)`, `x.f(a)`, `(*p)(a)`: what is called, and the arguments. With a type it is a cast.
    Call(Box<Node>, Vec<Node>),
    /// `a ? b : c`
    Choice(Box<Node>, Box<Node>, Box<Node>),
    /// `x @ n`: that many, one after the other in memory; `x` is the first.
    Repeat(Box<Node>, Box<Node>),
    /// `sizeof(x)`. A name may turn out to be that of a type.
    SizeOf(Box<Node>),
    /// `sizeof(type)`.
    SizeOfType(TypeName),
}

impl Kind {
    /// The parts that it is made of.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Node> {
        let mut arguments: &[Node] = &[];
        let parts: [Option<&Node>; 3] = match self {
            Kind::InFrame(a, b)
            | Kind::Index(a, b)
            | Kind::Binary(_, a, b)
            | Kind::Repeat(a, b) => [Some(a), Some(b), None],
            Kind::Member(a, ..) | Kind::Unary(_, a) | Kind::Cast(_, _, a) | Kind::SizeOf(a) => {
                [Some(a), None, None]
            }
            Kind::Slice(a, bounds) => [Some(a), bounds.from.as_deref(), bounds.to.as_deref()],
            Kind::Choice(a, b, c) => [Some(a), Some(b), Some(c)],
            Kind::Call(callee, all) => {
                arguments = all;
                [Some(callee), None, None]
            }
            Kind::Integer(..)
            | Kind::Float(..)
            | Kind::Character(_)
            | Kind::Byte(_)
            | Kind::Text(_)
            | Kind::Boolean(_)
            | Kind::Null
            | Kind::Name(_)
            | Kind::Raw(_)
            | Kind::UserVariable(_)
            | Kind::Past(_)
            | Kind::SizeOfType(_) => [None; 3],
        };
        parts.into_iter().flatten().chain(arguments)
    }
}

impl Node {
    /// Whether a literal 0 is cast here: `(int *)0`.
    pub(super) fn casts_zero(&self) -> bool {
        match &self.kind {
            Kind::Cast(_, _, of) => matches!(of.kind, Kind::Integer(0, _)) || of.casts_zero(),
            _ => false,
        }
    }

    /// What is cast to `void`: the value is not wanted.
    pub(super) fn discarded(&self) -> Option<&Node> {
        match &self.kind {
            Kind::Cast(Conversion::Static, ty, of) if ty.text == "void" => Some(of),
            _ => None,
        }
    }

    /// Whether a name of the program or of the machine is in it.
    pub(super) fn needs_frame(&self) -> bool {
        matches!(self.kind, Kind::Name(_) | Kind::Raw(_))
            || self.kind.parts().any(Node::needs_frame)
    }
}

/// How a cast converts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conversion {
    /// As C, Rust and `static_cast` do: between a class and its bases the address changes.
    Static,
    /// `reinterpret_cast`: the address stays.
    Reinterpret,
    /// `dynamic_cast`: to a part of the object that there really is.
    Dynamic,
}

/// The ends of a slice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bounds {
    pub(super) from: Option<Box<Node>>,
    pub(super) to: Option<Box<Node>>,
    /// `..=`: the second end is in the slice too.
    pub(super) inclusive: bool,
}

/// A name: `count`, `main.c::count`, `geometry::origin`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// The file whose names are meant.
    pub(super) file: Option<String>,
    /// The names, outermost first. Not empty.
    pub(super) names: Vec<String>,
}

impl Path {
    /// `a::b`.
    pub(super) fn of(text: &str) -> Path {
        Path {
            file: None,
            names: text.split("::").map(str::to_owned).collect(),
        }
    }

    /// The names as the source has them.
    pub(super) fn text(&self) -> String {
        self.names.join("::")
    }
}

/// What the machine has, by the word after the `$`. Which one of it is an index or a member:
/// `$local[3]`, `$local.x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// The locals of the frame.
    Local,
    /// The operands of the frame, bottom first.
    Stack,
    /// The globals of its instance.
    Global,
    /// Memory 0 of its instance.
    Memory,
    /// Table 0 of its instance.
    Table,
    /// The instruction that it is at, as an offset in its module.
    Pc,
    /// The frames of the thread, as the report counts them.
    Frame,
}

impl Raw {
    /// All words, for messages.
    pub(super) const WORDS: [(&str, Raw); 7] = [
        ("local", Raw::Local),
        ("stack", Raw::Stack),
        ("global", Raw::Global),
        ("memory", Raw::Memory),
        ("table", Raw::Table),
        ("pc", Raw::Pc),
        ("frame", Raw::Frame),
    ];
}

/// Which of the values that were shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// `$`, `$$`, `$$2`: that many before the last.
    Back(u64),
    /// `$1`: by its number; `$0` is the last.
    Number(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Plus,
    Not,
    Complement,
    Dereference,
    AddressOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Multiply,
    Divide,
    Remainder,
    Add,
    Subtract,
    ShiftLeft,
    ShiftRight,
    BitAnd,
    BitXor,
    BitOr,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

/// The name of a type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TypeName {
    pub(super) shape: TypeShape,
    /// As it was written, with single spaces.
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// The parameters of a function.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameters {
    /// Their types.
    pub(super) types: Vec<TypeName>,
    /// It takes more than those: `...`.
    pub(super) variadic: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TypeShape {
    /// What has this name.
    Named,
    /// `T *`, `*const T`, `&T`.
    Pointer(Box<TypeName>),
    /// `T &` and `T &&` of C++.
    Reference(Box<TypeName>),
    /// `T *const`: with these words.
    Qualified(String, Box<TypeName>),
    /// `T[3]`, `[T; 3]`.
    Array(Box<TypeName>, u64),
    /// What `R (*)(A, B)` points to: the parameters and the result.
    Function(Parameters, Box<TypeName>),
}

//! Which trees come of which texts.

use super::*;
use crate::expression::tree::TypeShape;

/// The tree with all parentheses.
fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::Integer(value, _) => value.to_string(),
        Kind::Float(value, _) => format!("{value:?}"),
        Kind::Character(c) => format!("{c:?}"),
        Kind::Byte(byte) => format!("byte {byte}"),
        Kind::Text(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Kind::Boolean(value) => value.to_string(),
        Kind::Null => "null".into(),
        Kind::Name(path) => match &path.file {
            Some(file) => format!("<{file}>{}", path.text()),
            None => path.text(),
        },
        Kind::Raw(it) => format!("${it:?}").to_lowercase(),
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
        Kind::Cast(Conversion::Static, ty, operand) => {
            format!("({} as {})", shown(operand), type_shown(ty))
        }
        Kind::Cast(conversion, ty, operand) => {
            format!("({conversion:?} {} as {})", shown(operand), type_shown(ty))
        }
        Kind::Call(callee, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(shown).collect();
            format!("{}({})", shown(callee), arguments.join(", "))
        }
        Kind::Choice(a, b, c) => format!("({} ? {} : {})", shown(a), shown(b), shown(c)),
        Kind::Repeat(a, b) => format!("({} @ {})", shown(a), shown(b)),
        Kind::SizeOf(operand) => format!("sizeof {}", shown(operand)),
        Kind::SizeOfType(ty) => format!("sizeof <{}>", type_shown(ty)),
    }
}

fn type_shown(ty: &TypeName) -> String {
    match &ty.shape {
        TypeShape::Named => ty.text.clone(),
        TypeShape::Pointer(target) => format!("*{}", type_shown(target)),
        TypeShape::Reference(target) => format!("&{}", type_shown(target)),
        TypeShape::Qualified(words, of) => format!("{words} {}", type_shown(of)),
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
        "(p as *const *const struct point)"
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
fn calls_stand_anywhere() {
    for (text, expected) in [
        ("f()", "f()"),
        (
            " a::f ( g(1, 2), \"x,)\", 'c' ) ",
            "a::f(g(1, 2), \"x,)\", 'c')",
        ),
        ("f(2) + g(h(1))", "(f(2) Add g(h(1)))"),
        ("p->method(3).x", "p.method(3).x"),
        ("arr[f(1)]", "arr[f(1)]"),
        ("f(1) == 3 && x", "((f(1) Equal 3) And x)"),
        ("*p->f()", "(Dereference p.f())"),
        ("(*a[f(1, 2)]).b(3)", "(Dereference a[f(1, 2)]).b(3)"),
        ("(long)f(1)", "(f(1) as long)"),
        ("f(1)(2)", "f(1)(2)"),
        ("int(x) + 1", "(int(x) Add 1)"),
        ("f(int)(1)", "f(int)(1)"),
        ("f(int, ns::T &)(1)", "f(int, ns::T &)(1)"),
        ("f(size_t)(1)", "f(size_t)(1)"),
        ("f(x)(1)", "f(x)(1)"),
        ("f::<i32>(5)", "f::<i32>(5)"),
        ("<A as B<C>>::f(5)", "<A as B<C>>::f(5)"),
        ("f<int>(1)", "f<int>(1)"),
        ("a::b<int>::c(1)", "a::b<int>::c(1)"),
        ("f<A<B>>(1)", "f<A<B>>(1)"),
        ("f(a < b, c > (d))", "f((a Less b), (c Greater d))"),
        ("(a < b) == (c > (d))", "((a Less b) Equal (c Greater d))"),
        ("k.operator()(1)", "k.operator()(1)"),
        ("k->operator->()", "k.operator->()"),
        ("operator==(a, b)", "operator==(a, b)"),
        ("k.operator[](4)", "k.operator[](4)"),
        ("k.operator bool()", "k.operator bool()"),
        ("a.operators.b", "a.operators.b"),
        ("operator + (1)", "(operator Add 1)"),
        ("c.A::same()", "c.A::same()"),
        ("A::~A(&x)", "A::~A((AddressOf x))"),
        ("main::{closure#0}(1)", "main::{closure#0}(1)"),
        ("::f(1)", "::f(1)"),
    ] {
        assert_eq!(parsed(text), expected, "{text}");
    }
}

#[test]
fn choices_and_repetitions() {
    assert_eq!(parsed("a ? b : c ? d : e"), "(a ? b : (c ? d : e))");
    assert_eq!(parsed("a || b ? c + 1 : d"), "((a Or b) ? (c Add 1) : d)");
    assert_eq!(parsed("a ? b::c : ::d"), "(a ? b::c : d)");
    assert_eq!(parsed("*p@n + 1"), "((Dereference p) @ (n Add 1))");
    assert_eq!(parsed("x@3 == y"), "((x @ 3) Equal y)");
    assert_eq!(parsed("x@2 << 1"), "((x @ 2) ShiftLeft 1)");
}

#[test]
fn casts_of_cpp() {
    assert_eq!(parsed("static_cast<int>(x) + 1"), "((x as int) Add 1)");
    assert_eq!(
        parsed("dynamic_cast<ns::D *>(p)->x"),
        "(Dynamic p as *ns::D).x"
    );
    assert_eq!(
        parsed("reinterpret_cast<const char *>(&x)"),
        "(Reinterpret (AddressOf x) as *const char)"
    );
    assert_eq!(
        parsed("static_cast<std::vector<int>>(x)"),
        "(x as std::vector<int>)"
    );
    assert_eq!(parsed("const_cast<T&>(x)"), "(x as &T)");
    assert_eq!(parsed("(char *const)p"), "(p as const *char)");
}

#[test]
fn lines_change_or_do_not() {
    let sides = |text: &str| {
        let sides = line(text, &|_| false).map_err(|it| it.message)?;
        Ok::<_, String>((sides.place.as_ref().map(shown), shown(&sides.value)))
    };
    for (text, place, value) in [
        ("x = 5", "x", "5"),
        ("a[b == c].d=e == f", "a[(b Equal c)].d", "(e Equal f)"),
        ("x += 2", "x", "(x Add 2)"),
        ("x<<=a | b", "x", "(x ShiftLeft (a BitOr b))"),
        ("p->x ^= 1", "p.x", "(p.x BitXor 1)"),
        ("x++", "x", "(x Add 1)"),
        ("-- x.y", "x.y", "(x.y Subtract 1)"),
        ("++*p", "(Dereference p)", "((Dereference p) Add 1)"),
        ("(*p)--", "(Dereference p)", "((Dereference p) Subtract 1)"),
        ("$n = $n + 1", "$n", "($n Add 1)"),
        ("x =-1", "x", "(Negate 1)"),
        ("x = a ? b : c", "x", "(a ? b : c)"),
        ("a[f(1)] += g(2)", "a[f(1)]", "(a[f(1)] Add g(2))"),
    ] {
        let expected = Ok((Some(place.to_owned()), value.to_owned()));
        assert_eq!(sides(text), expected, "{text}");
    }
    for text in ["a == b", "a <= b && c >= d && e != f", "a[\"=\"]", "f(1)"] {
        assert!(sides(text).is_ok_and(|it| it.0.is_none()), "{text}");
    }
    for (text, message) in [
        ("= 5", "there is nothing on the left of the `=`"),
        ("+= 2", "there is nothing on the left of the `=`"),
        ("x =", "there is nothing on the right of the `=`"),
        ("x +=", "there is nothing on the right of the `=`"),
        ("++", "`++` needs a place to change"),
        ("*p++", "which is to change? `*p += 1` or `p += 1`"),
        ("f(a = b)", "this would assign; `==` compares"),
        ("x = y = 2", "this would assign; `==` compares"),
        ("x + = 2", "a value is expected here, not `=`"),
    ] {
        assert_eq!(sides(text), Err(message.to_owned()), "{text}");
    }
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
        error("f(1"),
        "the expression ends where `,` or `)` is expected"
    );
    assert_eq!(error("f(a = b)"), "this would assign; `==` compares");
    assert_eq!(error("f(a += b)"), "this would assign; `==` compares");
    assert_eq!(error("a ? b"), "the expression ends where `:` is expected");
    assert_eq!(error("static_cast(x)"), "`<` is expected here, not `(`");
    assert_eq!(error("$1x"), "`$1x` is not the number of a value");
    assert_eq!(error("$$x"), "`$$x` is not the number of a value");
    assert!(error("++a == 1").starts_with("`++` changes something"));
    for text in [
        "a++ + 1",
        "(a++)",
        "f(a++)",
        "b[a--]",
        "a--*b",
        "a-- == b",
        "a++b",
        "a+++b",
        "a---b",
        "a-- ? b : c",
        "--1",
        "-(--a)",
        "a-- as u8",
    ] {
        assert!(
            error(text).contains("changes something"),
            "{text}: {}",
            error(text)
        );
    }
    assert_eq!(parsed("a--b"), "(a Subtract (Negate b))");
    assert_eq!(parsed("a--!b"), "(a Subtract (Negate (Not b)))");
    assert_eq!(parsed("a--~b"), "(a Subtract (Negate (Complement b)))");
    assert_eq!(parsed("- -b"), "(Negate (Negate b))");
    assert_eq!(parsed("a - -1"), "(a Subtract (Negate 1))");
    assert_eq!(parsed("a+ +b"), "(a Add (Plus b))");
    assert_eq!(parsed("a - - -b"), "(a Subtract (Negate (Negate b)))");
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
        ("f(", "1", ")"),
        ("x ? ", "1", " : 2"),
        ("x ? 1 : ", "1", ""),
        ("", "x", "()"),
        ("static_cast<int>(", "x", ")"),
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

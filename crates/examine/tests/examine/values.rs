//! What the types of C and of Rust and its library show as: all variables of functions of `c-variables` and
//! `rust-types`, from the dumps that wasmtime wrote of them. What they should be is in the sources.

use wdb_symbols::render::Limits;

const LIMITS: Limits = Limits {
    depth: 5,
    elements: 6,
    text: 40,
    line: 200,
    values: 200,
};

fn c(function: &str) -> String {
    super::support::shown("c-variables.wasmtime", "c-variables", function, &LIMITS)
}

fn rust(function: &str) -> String {
    let function = format!("rust_types::{function}");
    let shown = super::support::shown("rust-types.wasmtime", "rust-types", &function, &LIMITS);
    // The standard library's own, and a function item, which has no value.
    let of_others = ["context = ", "item = "];
    let lines = shown.split_inclusive('\n');
    lines
        .filter(|it| !of_others.iter().any(|other| it.starts_with(other)))
        .collect()
}

#[test]
fn numbers_of_c() {
    let expected = r#"yes = true
letter = 90 'Z'
port = 65042
big = -81985529216486937
fraction = 63
precise = -115.5
matrix = {{1, 2, 3}, {-4, -5, -6}}
no = false
newline = 10 '\n'
low = -128
high = 255
negative_short = -32742
negative = -1000042
large = 4000000042
plain_long = -1999999958
unsigned_long = 2147483690
lowest = -9223372036854775808
highest = 18446744073709551615
i8 = -42
u8 = 242
i16 = -29958
u16 = 65535
i32 = -2147483606
u32 = 4294967253
i64 = -42000000000000
u64 = 6052837899185946624
i128 = -1512366075204170928967596825190072362
u128 = 340282366920938463444927863358058659882
single = 4.2000003
tenth = 0.1
not_a_number = nan
infinite = inf
minus_infinite = -inf
minus_zero = -0
smallest = 5e-324
huge = 3e38
quadruple = 0.3333333333333333
single_complex = 42 + -1.5i
double_complex = -0.25 + 42i
wide = 223 L'ß'
utf16_unit = 26481 u'東'
utf32_unit = 129408 U'🦀'
bits37 = -60000000042
altitude = -442
constant = 44
changing = 45
atomic = 46
in_register = 47
to_bool = 0x…
result = 0
"#;
    assert_eq!(c("scalars"), expected);
}

#[test]
fn arrays_of_c() {
    let expected = r#"rows = 4
columns = 3
matrix = 0x… <scalars::matrix>
line = {-1, 20, -300, 4200}
table = {{1, -2, 3}, {-4, 5, -42}}
cube = {{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 255}}}
ratios = {0.1, -2.5e300, 1e-310}
bits = {true, false, true, true, false}
long_one = {-42, -41, -38, -33, -26, -17, … 144 more}
mostly_same = {0, 0, 0, 0, 0, 0, … 294 more}
points = {{x = 1, y = 2}, {x = -3, y = 4}, {x = 42, y = 6}}
days = {MONDAY, SUNDAY, TUESDAY}
__vla_expr0 = 4
__vla_expr1 = 4
__vla_expr2 = 3
result = 0
vla = <not in the dump: it is in local 17, which was not recorded>
vla2 = <not in the dump: it is in local 21, which was not recorded>
"#;
    assert_eq!(c("arrays"), expected);
}

#[test]
fn unusual_layouts_of_c() {
    let expected = r#"flags = <not in the dump: it is in local 0, which was not recorded>
number = <not in the dump: it is in local 1, which was not recorded>
message = 0x…
packed = {tag = 80 'P', value = -123456789, port = -958}
all_ones = {ready = 1, level = 7, delta = -1, crossing = 511, deep = -1, set = true, where = (enum offset)-1, wide = -1, rest = 1048575}
aligned = {x = 42, y = -42}
unnamed = {no_name = 47, inner = {x = 6, y = -7}}
empty = {}
halves = {as_int = 1042284544, as_float = 0.15625, bytes = {0, 0, 32, 62, 0, 0, … 2 more}, as_point = {x = 1042284544, y = 0}}
result = 0
"#;
    assert_eq!(c("layouts"), expected);
}

#[test]
fn pointers_and_cells_of_rust() {
    let expected = r#"seed = 42
target = Point { x: 42, y: 6 }
reference = Point { x: 42, y: 6 }
reference_to_reference = Point { x: 42, y: 6 }
changing = 50
raw_mutable = 0x…
raw = 0x…
raw_null = null
raw_dangling = 0x…
boxed = Point { x: -1, y: -2 }
boxed_slice = [4, 5, 42]
boxed_str = "boxed text"
dog = Dog { name: "Rex", age: 42 }
dynamic = Dog { name: "Rex", age: 42 }
boxed_dynamic = Bird(42000000000)
boxed_any = Pair(42, "any")
raw_dynamic = 0x…
speakers = [Dog { name: "Bello", age: 3 }, Bird(4)]
rc = Point { x: 70, y: 42 } (strong 2, weak 1)
rc_too = Point { x: 70, y: 42 } (strong 2, weak 1)
rc_weak = 0x… (weak, strong 2)
rc_gone = 0x… (weak, dropped)
rc_str = "counted text"
rc_slice = [1, 2, 42]
rc_dynamic = Bird(5)
arc = "shared between threads"
arc_mutex = [42, 2] (strong 2)
arc_too = [42, 2] (strong 2)
cell = 42
unsafe_cell = 41
free = "free"
shared = [1, 42] (borrowed 2 times)
shared_first = [1, 42]
shared_second = [1, 42]
exclusive = Point { x: 3, y: 42 } (mutably borrowed)
exclusive_guard = Point { x: 3, y: 42 }
unlocked = 84
locked = "behind a lock" (locked)
lock_guard = "behind a lock"
read_locked = -42 (locked for reading)
read_guard = -42
once_empty = (not initialised)
once = "set once"
lazy = (not initialised)
lazy_forced = "forced"
flag = true
manual = "never dropped"
uninit = 142
cycle = Node { name: "first", next: Some(Node { name: "second", next: Some((cycle)), owner: 0x… (weak, strong 2) } (strong 2)), owner: (Weak of nothing) } (strong 2, weak 1)
other = Node { name: "second", next: Some(Node { name: "first", next: Some((cycle)), owner: (Weak of nothing) } (strong 2, weak 1)), owner: 0x… (weak, strong 2) } (strong 2)
borrowed_numbers = [9, 42]
borrowing = Borrowing { text: "borrowed", numbers: [9, 42] }
sized = [1, -2, 42]
fat = 0x… (length 2)
"#;
    assert_eq!(rust("pointers"), expected);
}

#[test]
fn options_and_results() {
    let expected = r#"seed = 42
target = Point { x: 5, y: 42 }
some = Some(42)
none = None
some_reference = Some(Point { x: 5, y: 42 })
no_reference = None
some_box = Some(-42)
no_box = None
some_nonzero = Some(42)
no_nonzero = None
some_char = Some('東')
no_char = None
some_some_true = Some(Some(true))
some_none = Some(None)
none_none = None
some_string = Some("some text")
no_string = None
some_slice = Some([10, 100])
some_tuple = Some((42, true, 'x'))
no_tuple = None
some_unit = Some(())
some_i128 = Some(-170000000000000000000000000000)
some_ordering = Some(Greater)
some_function = Some(0x1 <rust_types::share>)
ok = Ok(42)
error = Err("went wrong")
parsed = Ok(17)
not_parsed = Err(ParseIntError { kind: InvalidDigit })
text_result = Ok("fine")
text_error = Err(ParseIntError { kind: Empty })
never_fails = Ok(43)
unit_error = Err(())
io_error = Err(Error { repr: Repr(Custom(Custom { kind: Other, error: 0x… (dyn core::error::Error + core::marker::Send + core::marker::Sync) })) })
io_kind = Err(Error { repr: Repr(Simple(NotFound)) })
dynamic_error = Err(0x… (dyn core::error::Error))
"#;
    assert_eq!(rust("options"), expected);
}

#[test]
fn enums_of_rust() {
    let expected = r#"seed = 42
red = Red
green = Green
blue = Blue
minus = Minus
zero = Zero
plus = Plus
small = Small
huge = Huge
low = Low
high = High
nothing = Nothing
circle = Circle(63.0)
line = Line(Point { x: 1, y: 2 }, Point { x: -3, y: 42 })
rectangle = Rectangle { width: 42, height: -4 }
named = Named("shape 42")
group = Group([Circle(0.5), Nothing])
boxed = Boxed(Rectangle { width: 7, height: 8 })
below = Below(42)
above = Above { value: -9 }
number = Number(-42)
foreign_text = Text(0x…, 6)
inner = Inner(Plus, Blue)
first = First(42)
second = Second
third = Third { flag: true }
only = Variant(42)
ascii = Ascii(113)
other = Other('ß')
missing = Missing
less = Less
goes_on = Continue(42)
breaks = Break("stop")
ready = Ready(42)
pending = Pending
bound = Excluded(42)
address = V4(192.168.0.42)
socket = V4(SocketAddrV4 { ip: 192.168.0.42, port: 8080 })
"#;
    assert_eq!(rust("enums"), expected);
}

#[test]
fn futures() {
    let expected = r#"seed = 42
unpolled = Unresumed { pages: 1 }
first_await = Suspend0 at line 258 { pages: 42, first_page: "first page", awaiting: Later { asked: 1, answer: 10 } }
second_await = Suspend1 at line 260 { first_page: "first page", first: 10, second_page: [10, 43], pages: 43, awaiting: Later { asked: 1, answer: 20 } }
finished = Returned
nested = Suspend0 at line 267 { tag: [42, 2, 3], depth: 42, awaiting: Suspend1 at line 260 { first_page: "first page", first: 10, second_page: [10, 47], pages: 47, awaiting: Later { asked: 1, answer: 20 } } }
block = Suspend0 at line 287 { seed: 42, awaiting: Later { asked: 1, answer: 43 } }
erased = Suspend0 at line 267 { tag: [9, 2, 3], depth: 9, awaiting: Suspend0 at line 258 { pages: 14, first_page: "first page", awaiting: Later { asked: 1, answer: 10 } } }
transfers = Suspend0 at line 250 { name: "giro", amounts: [42, -42], total: 43, iter: Enumerate { iter: [], count: 2 }, index: 1, label: "giro 1", awaiting: Suspend0 at line 241 { parts: 0, amount: -42, … } }
total = 1
"#;
    assert_eq!(rust("futures"), expected);
}

#[test]
fn closures_and_generics() {
    let expected = r#"generic = "generic"
array = ["a", "b"]
seed = 42
shadowed = 42
shadowed = "was 42"
counter = 15
point = Point { x: 42, y: -42 }
moved = ["moved", "was 42"]
by_reference = {closure#0} { point__x: 42 }
by_move = {closure#1} { moved: ["moved", "was 42"] }
no_capture = {closure#2}
function = 0x1 <rust_types::share>
boxed = {closure#3} { seed: 42 }
by_mutable_reference = {closure#4} { counter: 15, shadowed: "was 42", seed: 42, point__y: -42 }
bits = Bits { float: -6.5625, bits: 3234988032, bytes: [0, 0, 210, 192] }
matrix = Matrix { cells: [[1, -2, 3], [4, 5, 42]] }
instance = Generic { first: Some(42), second: Generic { first: 'g', second: "deep" } }
tagged = Tagged { id: 77, kind: PhantomData<rust_types::Dog> }
hidden = Hidden { visible: 42, secret: "sesame" }
"#;
    assert_eq!(rust("language::<&str, 2>"), expected);
}

//! Random functions, run: whatever is known at a place is what the run finds there.

use std::fmt::Write;

use wdb_module::{FuncIndex, GlobalIndex};

use super::{FUEL, module, nops};
use crate::c_stack::interpret::{Fuel, state_at};
use crate::c_stack::symbolic::Width;

/// Two parameters and four more.
const LOCALS: usize = 6;
/// Imported functions, before the one under test.
const IMPORTS: &str = r#"(import "e" "coin" (func $coin (result i32)))
  (import "e" "callee" (func $callee)) (import "e" "thrower" (func $thrower))"#;

/// The generator `splitmix64`.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.next(items.len() as u64) as usize]
    }
}

enum Expression {
    Constant(i32),
    Local(usize),
    Pointer,
    Tee(usize, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    /// Of two, as the coin falls.
    If(Box<Expression>, Box<Expression>),
}

enum Statement {
    Nop(usize),
    Set(usize, Expression),
    SetPointer(Expression),
    Call,
    /// A call that may throw, and leaves the pointer anywhere then.
    Throw,
    Block(Vec<Statement>),
    Loop(Vec<Statement>),
    If(Vec<Statement>, Option<Vec<Statement>>),
    Try(Vec<Statement>),
    Br(usize),
    BrIf(usize),
    BrTable(Vec<usize>),
}

struct Generator {
    random: Random,
    nops: usize,
}

impl Generator {
    fn expression(&mut self, depth: usize) -> Expression {
        let inner = |this: &mut Self| Box::new(this.expression(depth - 1));
        match self.random.next(if depth == 0 { 5 } else { 9 }) {
            0 => Expression::Constant(self.random.pick(&[0, 1, 8, 16, 32, -16, -64, -128, 12, 4])),
            1 | 2 => Expression::Local(self.random.next(LOCALS as u64) as usize),
            3 | 4 => Expression::Pointer,
            5 => {
                let local = self.random.next(LOCALS as u64) as usize;
                Expression::Tee(local, inner(self))
            }
            6 | 7 => {
                let operation = self.random.pick(&[
                    "add", "add", "sub", "sub", "sub", "and", "or", "mul", "shl", "xor",
                ]);
                let left = inner(self);
                Expression::Binary(operation, left, inner(self))
            }
            _ => {
                let left = inner(self);
                Expression::If(left, inner(self))
            }
        }
    }

    /// `labels`: how many there are around.
    fn statements(&mut self, depth: usize, labels: usize) -> Vec<Statement> {
        let count = self.random.next(5) + 1;
        (0..count).map(|_| self.statement(depth, labels)).collect()
    }

    fn statement(&mut self, depth: usize, labels: usize) -> Statement {
        let label = |this: &mut Self| this.random.next(labels as u64) as usize;
        match self.random.next(if depth == 0 { 14 } else { 21 }) {
            0..=3 => {
                self.nops += 1;
                Statement::Nop(self.nops - 1)
            }
            4..=7 => {
                let local = self.random.next(LOCALS as u64) as usize;
                Statement::Set(local, self.expression(2))
            }
            8 => Statement::SetPointer(self.expression(2)),
            9 => Statement::Call,
            10 => Statement::Throw,
            11 => Statement::Br(label(self)),
            12 => Statement::BrIf(label(self)),
            13 => Statement::BrTable((0..3).map(|_| label(self)).collect()),
            14 | 15 => Statement::Block(self.statements(depth - 1, labels + 1)),
            16 | 17 => Statement::Loop(self.statements(depth - 1, labels + 1)),
            18 => Statement::If(self.statements(depth - 1, labels + 1), None),
            19 => {
                let then = self.statements(depth - 1, labels + 1);
                Statement::If(then, Some(self.statements(depth - 1, labels + 1)))
            }
            // The block around it is one more label.
            _ => Statement::Try(self.statements(depth - 1, labels + 2)),
        }
    }
}

fn print(out: &mut String, expression: &Expression) {
    match expression {
        Expression::Constant(value) => write!(out, "(i32.const {value})").unwrap(),
        Expression::Local(index) => write!(out, "(local.get {index})").unwrap(),
        Expression::Pointer => out.push_str("(global.get $sp)"),
        Expression::Tee(index, value) => {
            write!(out, "(local.tee {index} ").unwrap();
            print(out, value);
            out.push(')');
        }
        Expression::Binary(operation, left, right) => {
            write!(out, "(i32.{operation} ").unwrap();
            print(out, left);
            print(out, right);
            out.push(')');
        }
        Expression::If(then, other) => {
            out.push_str("(if (result i32) (call $coin) (then ");
            print(out, then);
            out.push_str(") (else ");
            print(out, other);
            out.push_str("))");
        }
    }
}

fn print_all(out: &mut String, statements: &[Statement]) {
    let body = |out: &mut String, before: &str, statements: &[Statement], after: &str| {
        out.push_str(before);
        print_all(out, statements);
        out.push_str(after);
    };
    for statement in statements {
        match statement {
            Statement::Nop(_) => out.push_str("nop "),
            Statement::Set(index, value) => {
                write!(out, "(local.set {index} ").unwrap();
                print(out, value);
                out.push_str(")\n");
            }
            Statement::SetPointer(value) => {
                out.push_str("(global.set $sp ");
                print(out, value);
                out.push_str(")\n");
            }
            Statement::Call => out.push_str("(call $callee)\n"),
            Statement::Throw => out.push_str("(call $thrower)\n"),
            Statement::Block(inner) => body(out, "(block ", inner, ")\n"),
            Statement::Loop(inner) => body(out, "(loop ", inner, ")\n"),
            Statement::If(then, other) => {
                body(out, "(if (call $coin) (then ", then, ")");
                if let Some(other) = other {
                    body(out, "(else ", other, ")");
                }
                out.push_str(")\n");
            }
            Statement::Try(inner) => {
                body(out, "(block (try_table (catch_all 0) ", inner, "))\n");
            }
            Statement::Br(label) => writeln!(out, "(br {label})").unwrap(),
            Statement::BrIf(label) => writeln!(out, "(br_if {label} (call $coin))").unwrap(),
            Statement::BrTable(labels) => {
                let labels: Vec<String> = labels.iter().map(usize::to_string).collect();
                writeln!(out, "(br_table {} (call $coin))", labels.join(" ")).unwrap();
            }
        }
    }
}

/// Where a statement goes on.
#[derive(PartialEq)]
enum Flow {
    Next,
    Branch(usize),
    Thrown,
    OutOfSteps,
}

/// A run, and what it finds at each `nop`.
struct Run {
    random: Random,
    locals: [i32; LOCALS],
    pointer: i32,
    steps: usize,
    found: Vec<(usize, [i32; LOCALS], i32)>,
}

impl Run {
    fn value(&mut self, expression: &Expression) -> i32 {
        match expression {
            Expression::Constant(value) => *value,
            Expression::Local(index) => self.locals[*index],
            Expression::Pointer => self.pointer,
            Expression::Tee(index, value) => {
                self.locals[*index] = self.value(value);
                self.locals[*index]
            }
            Expression::Binary(operation, left, right) => {
                let (left, right) = (self.value(left), self.value(right));
                match *operation {
                    "add" => left.wrapping_add(right),
                    "sub" => left.wrapping_sub(right),
                    "and" => left & right,
                    "or" => left | right,
                    "mul" => left.wrapping_mul(right),
                    "shl" => left.wrapping_shl(right.cast_unsigned()),
                    _ => left ^ right,
                }
            }
            Expression::If(then, other) => {
                if self.random.next(2) == 0 {
                    self.value(then)
                } else {
                    self.value(other)
                }
            }
        }
    }

    fn all(&mut self, statements: &[Statement]) -> Flow {
        for statement in statements {
            let flow = self.one(statement);
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    fn one(&mut self, statement: &Statement) -> Flow {
        if self.steps == 0 {
            return Flow::OutOfSteps;
        }
        self.steps -= 1;
        match statement {
            Statement::Nop(index) => self.found.push((*index, self.locals, self.pointer)),
            Statement::Set(index, value) => self.locals[*index] = self.value(value),
            Statement::SetPointer(value) => self.pointer = self.value(value),
            Statement::Call => {}
            Statement::Throw => {
                if self.random.next(3) == 0 {
                    self.pointer = self.random.next(1 << 20) as i32;
                    return Flow::Thrown;
                }
            }
            Statement::Block(inner) => return leave(self.all(inner)),
            Statement::Loop(inner) => loop {
                match self.all(inner) {
                    Flow::Branch(0) => {}
                    flow => return leave(flow),
                }
                if self.steps == 0 {
                    return Flow::OutOfSteps;
                }
                self.steps -= 1;
            },
            Statement::If(then, other) => {
                let taken = if self.random.next(2) == 0 {
                    Some(then)
                } else {
                    other.as_ref()
                };
                return taken.map_or(Flow::Next, |taken| leave(self.all(taken)));
            }
            Statement::Try(inner) => {
                return match self.all(inner) {
                    Flow::Thrown => Flow::Next,
                    flow => leave(leave(flow)),
                };
            }
            Statement::Br(label) => return Flow::Branch(*label),
            Statement::BrIf(label) => {
                if self.random.next(2) == 0 {
                    return Flow::Branch(*label);
                }
            }
            Statement::BrTable(labels) => {
                return Flow::Branch(self.random.pick(labels));
            }
        }
        Flow::Next
    }
}

/// The flow seen from outside of a block.
fn leave(flow: Flow) -> Flow {
    match flow {
        Flow::Branch(0) => Flow::Next,
        Flow::Branch(label) => Flow::Branch(label - 1),
        flow => flow,
    }
}

#[test]
fn what_is_known_is_what_a_run_finds() {
    let (mut compared, mut known, mut pointers) = (0, 0, 0);
    for seed in 0..3000 {
        let mut generator = Generator {
            random: Random(seed),
            nops: 0,
        };
        let body: Vec<Statement> = (0..6).map(|_| generator.statement(4, 1)).collect();
        let mut wat = format!(
            "(module {IMPORTS} (global $sp (mut i32) (i32.const 0))
              (func (param i32 i32) (local i32 i32 i32 i32)\n"
        );
        print_all(&mut wat, &body);
        wat.push_str("))");
        let module = module(&wat);
        let func = FuncIndex(3);
        let places = nops(&module, func);
        let states: Vec<_> = places
            .iter()
            .map(|place| state_at(&module, func, *place, GlobalIndex(0), &mut Fuel(FUEL)))
            .collect();
        for attempt in 0..8 {
            let mut random = Random(seed << 8 | attempt);
            let entry = random.next(1 << 20) as i32 * 16;
            let arguments = [random.next(1 << 32) as i32, random.next(1 << 32) as i32];
            let mut run = Run {
                random,
                locals: [arguments[0], arguments[1], 0, 0, 0, 0],
                pointer: entry,
                steps: 200,
                found: Vec::new(),
            };
            run.all(&body);
            let entry = Some(i64::from(entry));
            let arguments = arguments.map(|argument| Some(i64::from(argument)));
            for (nop, locals, pointer) in run.found {
                let place = || format!("seed {seed}, nop {nop}\n{wat}");
                let Some(state) = &states[nop] else {
                    panic!("it came to where it never comes: {}", place());
                };
                compared += 1;
                if let Some(found) = state.pointer {
                    let found = found.at(entry, &arguments, Width::I32);
                    assert_eq!(found, Some(pointer.into()), "pointer, {}", place());
                    pointers += 1;
                }
                for (index, width, value) in &state.locals {
                    let found = value.at(entry, &arguments, *width);
                    assert_eq!(found, Some(locals[*index].into()), "{index}, {}", place());
                    known += 1;
                }
            }
        }
    }
    // Not all is given up.
    assert!(compared > 20_000, "{compared}");
    assert!(
        known * 3 > compared * LOCALS,
        "{known} of {compared} times {LOCALS}"
    );
    assert!(pointers * 2 > compared, "{pointers} of {compared}");
}

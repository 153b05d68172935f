//! What the user wants to stop at, apart from the code that it comes to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use wdb_debuggee::CodeLocation;
use wdb_debuggee::coredump::ModuleId;
use wdb_module::{FuncIndex, Operator};
use wdb_symbols::glob;

use wdb_examine::View;
use wdb_examine::expression::{self, Expression};
use wdb_examine::places::{self, Location, Spec};
use wdb_examine::tags;
use wdb_examine::view::FrameId;

/// A breakpoint, as the user thinks of it. It may come to many places in the code, or to none yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakpoint {
    /// Its number, from 1. None is given twice in a session.
    pub id: u32,
    /// What the user wrote.
    pub text: String,
    /// What it is to stop at.
    pub trigger: Trigger,
    /// Where that is.
    pub binding: Binding,
    /// Whether it does anything.
    pub enabled: bool,
    /// It is deleted when it has stopped the program.
    pub temporary: bool,
    /// How many hits are still passed over.
    pub ignore: u64,
    /// How often it was hit with its condition true, in this run of the program.
    pub hits: u64,
    /// It only counts where this holds.
    pub condition: Option<Expression>,
    /// Instead of stopping, it logs this.
    pub message: Option<Message>,
    /// What the front end does at a stop that this causes, one line each. The session keeps them, and reads none.
    pub commands: Vec<String>,
}

/// A breakpoint as a front end asks for it. [`NewBreakpoint::new`] has what is usual.
#[derive(Clone, Debug)]
pub struct NewBreakpoint {
    /// What the user wrote.
    pub text: String,
    /// What it is to stop at.
    pub trigger: Trigger,
    /// It only counts where this holds.
    pub condition: Option<Expression>,
    /// Instead of stopping, it logs this.
    pub message: Option<Message>,
    /// How many hits are passed over.
    pub ignore: u64,
    /// It is deleted when it has stopped the program.
    pub temporary: bool,
    /// Whether it does anything.
    pub enabled: bool,
    /// Where it belongs nowhere it is pending, and not refused: a program that is built anew may have the place.
    pub may_be_pending: bool,
}

impl NewBreakpoint {
    /// One that is enabled and has no conditions, and is refused where it belongs nowhere. `text` is what the user wrote.
    pub fn new(text: impl Into<String>, trigger: Trigger) -> Self {
        NewBreakpoint {
            text: text.into(),
            trigger,
            condition: None,
            message: None,
            ignore: 0,
            temporary: false,
            enabled: true,
            may_be_pending: false,
        }
    }
}

/// What a breakpoint is to stop at.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A place in the code.
    Place(Spec),
    /// The call of a function that the program imports: `wasi_snapshot_preview1.fd_write`, where `*` stands
    /// for any text. Calls through a table or a reference are not seen.
    HostCall(String),
    /// An exception that is thrown.
    Thrown {
        /// The name of its tag, where `*` stands for any text. `None`: any.
        tag: Option<String>,
        /// Whether a frame catches it. `None`: either.
        caught: Option<bool>,
    },
    /// A trap. The program stops there in any case; this gives it a number and commands.
    Trap,
    /// The first instruction of the program.
    Start,
}

/// Where what a breakpoint is to stop at is.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// At these places in the code, each verified. Not empty.
    Code(Vec<Location>),
    /// At no place: it is an event.
    Event,
    /// Nowhere.
    Pending(Unbound),
}

/// Why a breakpoint is nowhere: a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbound {
    /// The program has no such place.
    #[error("{0}")]
    NoPlace(#[from] places::Unresolved),
    /// The program has no such tag or imported function, and which it has.
    #[error("{0}")]
    NoEvent(String),
    /// The engine can never stop there.
    #[error("nothing can ever reach the code there")]
    Unreachable,
    /// The program is another one now.
    #[error("the program was built anew")]
    BuiltAnew,
}

/// The message of a log point: text, and expressions in braces. `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// As it was written.
    pub text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Value(Expression),
}

/// The breakpoints of a session, by number. A clone costs little: it is what they were when it was made, for
/// [`Breakpoints::changes_since`].
#[derive(Clone, Debug, Default)]
pub struct Breakpoints {
    all: BTreeMap<u32, Arc<Breakpoint>>,
    last: u32,
}

/// What became of a breakpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It was set.
    Added(Arc<Breakpoint>),
    /// It is another than before: it was hit, has other places or none any more, was enabled or given a condition.
    Changed(Arc<Breakpoint>),
    /// It was deleted. What it was before.
    Removed(Arc<Breakpoint>),
}

/// At most this many places of one breakpoint are kept.
const MOST_PLACES: usize = 100_000;

impl Breakpoints {
    /// All, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Breakpoint> {
        self.all.values().map(|it| &**it)
    }

    /// Those that `wanted` chooses, by number, to be changed.
    pub fn select_mut(
        &mut self,
        mut wanted: impl FnMut(&Breakpoint) -> bool,
    ) -> impl Iterator<Item = &mut Breakpoint> {
        self.shared_mut()
            .filter(move |it| wanted(it))
            .map(Arc::make_mut)
    }

    /// All, by number, to be looked at before they are changed.
    pub(crate) fn shared_mut(&mut self) -> impl Iterator<Item = &mut Arc<Breakpoint>> {
        self.all.values_mut()
    }

    /// What became of them since they were `before`. A front end that keeps what it reported last knows what to report now,
    /// whatever it was that changed them: a run, a start anew, a command.
    pub fn changes_since(&self, before: &Breakpoints) -> Vec<Change> {
        let removed = before
            .all
            .iter()
            .filter(|it| !self.all.contains_key(it.0))
            .map(|it| Change::Removed(Arc::clone(it.1)));
        let others = self.all.iter().filter_map(|(id, now)| {
            let was = before.all.get(id);
            let is_same = was.is_some_and(|was| Arc::ptr_eq(was, now) || was == now);
            let now = (!is_same).then(|| Arc::clone(now))?;
            Some(match was {
                Some(_) => Change::Changed(now),
                None => Change::Added(now),
            })
        });
        removed.chain(others).collect()
    }

    /// The one with this number.
    pub fn get(&self, id: u32) -> Option<&Breakpoint> {
        self.all.get(&id).map(|it| &**it)
    }

    /// The one with this number, to be changed.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Breakpoint> {
        self.get_shared(id).map(Arc::make_mut)
    }

    pub(crate) fn get_shared(&mut self, id: u32) -> Option<&mut Arc<Breakpoint>> {
        self.all.get_mut(&id)
    }

    /// Deletes one.
    pub fn remove(&mut self, id: u32) -> Option<Arc<Breakpoint>> {
        self.all.remove(&id)
    }

    /// Adds one, enabled and without conditions.
    pub(crate) fn add(&mut self, new: NewBreakpoint, binding: Binding) -> Arc<Breakpoint> {
        self.last += 1;
        let breakpoint = Arc::new(Breakpoint {
            id: self.last,
            text: new.text,
            trigger: new.trigger,
            binding,
            enabled: new.enabled,
            temporary: new.temporary,
            ignore: new.ignore,
            hits: 0,
            condition: new.condition,
            message: new.message,
            commands: Vec::new(),
        });
        self.all.insert(self.last, Arc::clone(&breakpoint));
        breakpoint
    }

    /// Whether the first instruction of the program is one.
    pub(crate) fn wants_start(&self) -> bool {
        self.iter().any(|it| it.enabled && it.is_start())
    }

    /// Whether an exception that is thrown may hit one.
    pub(crate) fn wants_exceptions(&self) -> bool {
        self.iter()
            .any(|it| it.enabled && matches!(it.trigger, Trigger::Thrown { .. }))
    }

    /// The enabled ones by the code that they come to.
    pub(crate) fn by_code(&self) -> HashMap<CodeLocation, Vec<(u32, Location)>> {
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for breakpoint in self.iter().filter(|it| it.enabled) {
            for location in breakpoint.locations() {
                let there = found.entry(location.at).or_default();
                there.push((breakpoint.id, location.clone()));
            }
        }
        found
    }
}

impl Binding {
    /// The places in the code.
    pub fn locations(&self) -> &[Location] {
        match self {
            Binding::Code(locations) => locations,
            Binding::Event | Binding::Pending(_) => &[],
        }
    }
}

impl Breakpoint {
    /// The places in the code that it comes to.
    pub fn locations(&self) -> &[Location] {
        self.binding.locations()
    }

    pub(crate) fn is_start(&self) -> bool {
        matches!(self.trigger, Trigger::Start)
    }

    /// The program that it is set in is replaced by another. A line of the file that was selected stays one of that file.
    pub(crate) fn leave_program(&mut self) {
        let left = std::mem::replace(&mut self.binding, Binding::Pending(Unbound::BuiltAnew));
        let Trigger::Place(Spec::Offset(_) | Spec::Line { file: None, .. }) = self.trigger else {
            return;
        };
        if let Some(first) = left.locations().first()
            && let (Some(file), Some(line)) = (&first.file, first.line)
        {
            self.trigger = Trigger::Place(Spec::Line {
                file: Some(file.clone()),
                line,
                column: None,
            });
        }
    }

    /// Takes away the places that can never be reached.
    pub(crate) fn drop_places(&mut self, refused: &[CodeLocation]) {
        let Binding::Code(locations) = &mut self.binding else {
            return;
        };
        locations.retain(|it| !refused.contains(&it.at));
        if locations.is_empty() {
            self.binding = Binding::Pending(Unbound::Unreachable);
        }
    }
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// When an expression in it is none, or a brace has no counterpart; what is wrong is at a place in
    /// `text`.
    pub fn parse(text: &str) -> Result<Message, expression::Error> {
        let wrong = |message: &str, at: usize| expression::Error::new(message, &(at..at + 1));
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let offset = text.len() - rest.len() + at;
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err(wrong("no `{` before this; a brace itself is `}}`", offset));
            }
            let Some(end) = closing(after) else {
                return Err(wrong("no `}` after this; a brace itself is `{{`", offset));
            };
            let value = expression::parse(&after[..end]).map_err(|error| expression::Error {
                span: error.span.start + offset + 1..error.span.end + offset + 1,
                ..error
            })?;
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(Part::Value(value));
            rest = &after[end + 1..];
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Message {
            text: text.to_owned(),
            parts,
        })
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(value) => Some(value),
        })
    }

    /// The message in a frame. Where a value cannot be had, it says why.
    pub fn show(&self, view: &mut View<'_>, frame: FrameId) -> String {
        self.with_values(|value| {
            let shown = expression::show(value, view, frame);
            shown.map_err(|error| error.to_string())
        })
    }

    /// The message with what `show` makes of its expressions: a value, or why there is none.
    pub(crate) fn with_values(
        &self,
        mut show: impl FnMut(&Expression) -> Result<String, String>,
    ) -> String {
        let mut shown = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => shown.push_str(text),
                Part::Value(value) => match show(value) {
                    Ok(text) => shown.push_str(&text),
                    Err(reason) => shown.push_str(&format!("<{reason}>")),
                },
            }
        }
        shown
    }
}

/// Where the brace is that closes one before `text`. Braces in strings do not count.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_u32;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => open += 1,
            (None, '}') if open == 0 => return Some(at),
            (None, '}') => open -= 1,
            (None, _) => {}
        }
    }
    None
}

/// Finds where a breakpoint belongs. `frame` is what places are relative to.
pub(crate) fn bind(trigger: &Trigger, view: &mut View<'_>, frame: Option<FrameId>) -> Binding {
    let found = match trigger {
        Trigger::Thrown { tag: Some(tag), .. } => {
            return match no_tag(view, tag) {
                None => Binding::Event,
                Some(reason) => Binding::Pending(Unbound::NoEvent(reason)),
            };
        }
        Trigger::Thrown { tag: None, .. } | Trigger::Trap | Trigger::Start => {
            return Binding::Event;
        }
        Trigger::Place(spec) => match places::resolve(view, spec, frame) {
            Ok(found) => found,
            Err(unresolved) => return Binding::Pending(unresolved.into()),
        },
        Trigger::HostCall(pattern) => match host_calls(view, pattern) {
            Ok(found) => found,
            Err(reason) => return Binding::Pending(Unbound::NoEvent(reason)),
        },
    };
    Binding::Code(found)
}

/// At most this many names are proposed for one that means nothing.
const MOST_NAMES: usize = 12;

/// That no tag of the program is called so, and what there is. `None`: one is.
fn no_tag(view: &mut View<'_>, pattern: &str) -> Option<String> {
    let names = tags::tag_names(view);
    if names.iter().any(|it| glob::matches(pattern, it)) {
        return None;
    }
    if names.is_empty() {
        return Some("the program has no tags, and throws no exceptions".into());
    }
    Some(format!(
        "no tag is called `{pattern}`{}",
        there_are(pattern, &names)
    ))
}

/// Names that are nearly so, else what names there are.
fn there_are(name: &str, names: &BTreeSet<String>) -> String {
    let near = expression::did_you_mean(name, names.iter().map(String::as_str));
    if !near.is_empty() || names.is_empty() {
        return near;
    }
    let listed = names.iter().take(MOST_NAMES).map(|it| format!("`{it}`"));
    let listed: Vec<String> = listed.collect();
    let more = match names.len() - listed.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("; there {verb} {}{more}", listed.join(", "))
}

/// The calls of the imported functions that `pattern` means.
fn host_calls(view: &mut View<'_>, pattern: &str) -> Result<Vec<Location>, String> {
    let mut found = Vec::new();
    let mut imports = 0;
    let mut names = BTreeSet::new();
    for (module, known) in (0..).zip(view.modules().to_vec()) {
        let module = ModuleId(module);
        let Some(binary) = known.binary else {
            continue;
        };
        let meant: BTreeSet<u32> = (0..binary.imported_function_count())
            .filter(|func| {
                let import = binary.function_import(FuncIndex(*func));
                import.is_some_and(|import| {
                    glob::matches(pattern, &format!("{}.{}", import.module, import.name))
                        || glob::matches(pattern, &import.name)
                })
            })
            .collect();
        names.extend(binary.imports().iter().filter_map(|import| {
            let is_function = matches!(import.ty, wasmparser::TypeRef::Func(_));
            is_function.then(|| import.name.clone())
        }));
        imports += meant.len();
        if meant.is_empty() {
            continue;
        }
        for func in (binary.imported_function_count()..binary.function_count()).map(FuncIndex) {
            for (at, operator) in binary.instructions(func).map_while(Result::ok) {
                let (Operator::Call { function_index } | Operator::ReturnCall { function_index }) =
                    operator
                else {
                    continue;
                };
                if !meant.contains(&function_index) {
                    continue;
                }
                found.push(places::location(view, CodeLocation { module, offset: at }));
                if found.len() == MOST_PLACES {
                    return Ok(found);
                }
            }
        }
    }
    match (imports, found.is_empty()) {
        (0, _) => Err(format!(
            "the program imports no function `{pattern}`{}",
            there_are(pattern, &names)
        )),
        (_, true) => Err(format!("no instruction calls `{pattern}` directly")),
        (_, false) => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_values_in_braces() {
        let message = Message::parse("x={x}, {{y}} {a[\"}\"]}").unwrap();
        let texts: Vec<String> = message
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => format!("t:{text}"),
                Part::Value(value) => format!("v:{}", value.text()),
            })
            .collect();
        assert_eq!(texts, ["t:x=", "v:x", "t:, {y} ", "v:a[\"}\"]", "t:"]);
        assert_eq!(Message::parse("a {b").unwrap_err().span, 2..3);
        assert_eq!(Message::parse("a }").unwrap_err().span, 2..3);
        assert_eq!(Message::parse("a {b +}").unwrap_err().span, 6..6);
    }
}

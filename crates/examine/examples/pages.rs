//! What a page of the parts of a large value costs: `pages MODULE DUMP` of the fixtures `cpp-many` and `rust-many`. Prints
//! the median of each page's time, as rows of a table.

#![allow(clippy::print_stdout, reason = "it prints what it measures")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wdb_debuggee::PostMortem;
use wdb_debuggee::coredump::{self, ModuleId};
use wdb_examine::values::{self, Named, ScopeKind};
use wdb_examine::view::{FrameId, Resolver, View};
use wdb_module::Binary;
use wdb_symbols::Symbols;
use wdb_symbols::render::Limits;

struct OfModule(Arc<Symbols>);

impl Resolver for OfModule {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        Some(Arc::clone(&self.0))
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}

/// What is in the line of a part.
const LIMITS: Limits = Limits {
    depth: 4,
    elements: 100,
    text: 200,
    line: 200,
    values: 4_000,
};
const PAGE: u64 = 100;
const RUNS: usize = 21;

/// The time of a page: its handles, and with each its line.
fn page(view: &mut View<'_>, of: &Named, start: u64) -> (Duration, Duration) {
    let mut times: Vec<(Duration, Duration)> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            let parts = values::children(view, of, start..start + PAGE).parts;
            let found = begun.elapsed();
            for part in &parts {
                values::show(view, &part.value, &LIMITS, None);
            }
            (found, begun.elapsed())
        })
        .collect();
    times.sort_by_key(|it| it.1);
    times[RUNS / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(module), Some(dump)) = (arguments.next(), arguments.next()) else {
        return Err("pages MODULE DUMP".into());
    };
    let module = Binary::parse(std::fs::read(module)?.into())?.modules()[0].clone();
    let mut symbols = OfModule(Arc::new(Symbols::new(Arc::clone(&module), None, None)));
    let reading = coredump::read(std::fs::read(dump)?.into())?;
    let mut dump = PostMortem::new(reading, vec![Some(module)]);
    let mut view = View::new(&mut dump, &mut symbols)?;
    let count = view.frame_count(0);
    let frames = (0..count).filter_map(|it| view.frame_numbered(0, it));
    let frames: Vec<FrameId> = frames.collect();
    for frame in frames {
        let is_it =
            |it: &wdb_examine::view::FramePlace| it.chain[frame.inlined].function.ends_with("stop");
        let name = view
            .place(frame)
            .map(|it| (is_it(&it), it.chain[frame.inlined].function.clone()));
        if !name.is_some_and(|it| it.0 || it.1.starts_with("stop(")) {
            continue;
        }
        for of in values::variables(&mut view, frame, ScopeKind::Arguments, 0..u64::MAX) {
            let length = values::children(&mut view, &of, 0..0).length;
            let ty = values::show(&mut view, &of.value, &LIMITS, None).ty;
            let starts = [0, length / 2, length.saturating_sub(PAGE)];
            let costs = starts.map(|start| page(&mut view, &of, start));
            let cells = costs.map(|(found, shown)| {
                let ms = |it: Duration| format!("{:.2} ms", it.as_secs_f64() * 1e3);
                format!("{} ({} with their lines)", ms(found), ms(shown))
            });
            println!(
                "| `{}` | `{ty}` | {length} | {} |",
                of.name,
                cells.join(" | ")
            );
        }
    }
    Ok(())
}

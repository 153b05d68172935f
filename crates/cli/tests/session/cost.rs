//! What questions and steps cost, counted and not timed.

use wdb_examine::variables::{self, Which};
use wdb_examine::view::FrameId;
use wdb_symbols::render::Limits;

use super::*;

/// What a front end asks at a stop: the arguments of all frames, the locals of the innermost.
fn look(guest: &mut Guest) -> usize {
    let mut view = guest.session.view();
    let limits = Limits {
        depth: 4,
        elements: 200,
        text: 400,
        line: 200,
        values: 1000,
    };
    let mut values = 0;
    for activation in 0..view.depth(0) {
        let id = FrameId {
            activation,
            ..FrameId::default()
        };
        values += variables::of_frame(&mut view, id, Which::Arguments, &limits).len();
    }
    let innermost = FrameId::default();
    values + variables::of_frame(&mut view, innermost, Which::Locals, &limits).len()
}

#[test]
fn a_stop_costs_few_trips_to_the_guest() {
    let mut guest = fixture("c-bzip2-o0", "c-bzip2.c", &["20000"]);
    let id = guest.break_at("mainGtU");
    assert_eq!(hits(&guest.go()), [id]);
    guest.session.breakpoints_mut().remove(id);
    for _ in 0..20 {
        let before = guest.asked().trips();
        guest.step(Motion::Over);
        assert!(look(&mut guest) > 50);
        let trips = guest.asked().trips() - before;
        // The run, the breakpoints, the frames, and some blocks of memory: not one for each value.
        assert!(trips < 60, "{trips} trips");
    }
}

#[test]
fn a_step_over_a_recursion_costs_as_much_as_it_has_activations() {
    const DEPTH: u64 = 400;
    let mut guest = fixture("c-deep", "c-deep.c", &[&DEPTH.to_string()]);
    let line = guest.line("int below = descend(depth - 1)");
    let id = guest.break_at(&format!("c-deep.c:{line}"));
    assert_eq!(hits(&guest.go()), [id]);
    guest.session.breakpoints_mut().remove(id);
    let before = guest.asked().frames();
    guest.step(Motion::Over);
    guest.expect("descend", "return below + depth");
    assert_eq!(guest.value("depth"), DEPTH.to_string());
    let frames = guest.asked().frames() - before;
    // Where each activation goes back into the statement some frames are looked at, not all that are there.
    assert!((DEPTH..15 * DEPTH).contains(&frames), "{frames} frames");
}

#[test]
fn a_step_in_the_midst_of_a_recursion_ends_in_its_own_activation() {
    let mut guest = fixture("c-deep", "c-deep.c", &["400"]);
    let line = guest.line("int below = descend(depth - 1)");
    let id = guest.break_at(&format!("c-deep.c:{line}"));
    let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
    breakpoint.condition = Some(expression::parse("depth == 150").unwrap());
    assert_eq!(hits(&guest.go()), [id]);
    guest.session.breakpoints_mut().remove(id);
    guest.step(Motion::Over);
    guest.expect("descend", "return below + depth");
    assert_eq!(guest.value("depth"), "150");
    assert_eq!(guest.value("below"), (150 * 149 / 2).to_string());
}

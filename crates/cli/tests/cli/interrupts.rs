//! Ctrl-C at seeded moments, from the start of the process to its end: it ends within bounds, with the right status, and
//! leaves a whole dump or none.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::process::{Ended, Running, Scene, is_whole, run};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("Ctrl-C at any moment: run", || rounds(50, run_forever)),
    ("Ctrl-C at any moment: run, light", || {
        rounds(40, light_forever)
    }),
    ("Ctrl-C at any moment: run, and the dump", || {
        rounds(60, crashes)
    }),
    ("Ctrl-C at any moment: debug, a script", || {
        rounds(50, script)
    }),
];

const LOOP: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))"#;

/// It crashes with 16 MiB of memory that is not zero.
const CRASH: &str = r#"(module (memory (export "memory") 256)
    (func (export "_start")
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216))
        unreachable))"#;

/// Numbers that are the same in each run: splitmix64.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `limit`.
    fn time(&mut self, limit: Duration) -> Duration {
        let micros = limit.as_micros().max(1) as u64;
        Duration::from_micros(self.next() % micros)
    }
}

/// Says which round has failed.
struct Round(u64);

impl Drop for Round {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in round {}", self.0);
        }
    }
}

/// A shell's background job ignores SIGINT, and so do the processes that it starts until they have a handler: Ctrl-C
/// before that would be lost, which is none of wdb's doing.
#[cfg(target_os = "linux")]
fn interrupts_are_delivered() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    let is_ignored = ignored >> (Signal::SIGINT as i32 - 1) & 1 == 1;
    assert!(
        !is_ignored,
        "SIGINT is ignored here, as in a background job of a shell; start the tests with `env --default-signal=INT`"
    );
}

#[cfg(not(target_os = "linux"))]
fn interrupts_are_delivered() {}

fn rounds(count: u64, round: fn(&mut Seeded, Duration)) {
    interrupts_are_delivered();
    // How long a run takes on this machine.
    let scene = Scene::new();
    let guest = scene.guest("a.wat", CRASH);
    let began = Instant::now();
    run(&mut scene.wdb(&["run", &guest])).with(134);
    let whole = began.elapsed();
    for number in 0..count {
        let _round = Round(number);
        round(&mut Seeded(number), whole);
    }
}

/// Ctrl-C has ended it: after the handler was there, or before.
fn is_interrupted(ended: &Ended) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    ended.status.code() == Some(130) || ended.status.signal() == Some(Signal::SIGINT as i32)
}

fn dumps_are_whole(scene: &Scene) -> usize {
    let left = scene.left();
    left.iter().for_each(|dump| is_whole(dump));
    left.len()
}

fn run_forever(seeded: &mut Seeded, whole: Duration) {
    let scene = Scene::new();
    let guest = scene.guest("a.wat", LOOP);
    let child = Running::start(&mut scene.wdb(&["run", &guest]));
    std::thread::sleep(seeded.time(whole));
    child.send(Signal::SIGINT);
    let ended = child.end();
    assert!(is_interrupted(&ended), "{ended:?}");
    // Who had a program that could be stopped has its dump.
    assert_eq!(
        dumps_are_whole(&scene),
        ended.err.matches("core dump: ").count(),
        "{ended:?}"
    );
}

fn light_forever(seeded: &mut Seeded, whole: Duration) {
    let scene = Scene::new();
    let guest = scene.guest("a.wat", LOOP);
    let child = Running::start(&mut scene.wdb(&["run", "--capture", "light", &guest]));
    std::thread::sleep(seeded.time(whole));
    child.send(Signal::SIGINT);
    let ended = child.end();
    assert!(is_interrupted(&ended), "{ended:?}");
    scene.is_empty();
}

/// One press, or two or three in a row.
fn crashes(seeded: &mut Seeded, whole: Duration) {
    let scene = Scene::new();
    let guest = scene.guest("a.wat", CRASH);
    let child = Running::start(&mut scene.wdb(&["run", &guest]));
    std::thread::sleep(seeded.time(whole));
    let presses = 1 + seeded.next() % 3;
    for _ in 0..presses {
        child.send(Signal::SIGINT);
        std::thread::sleep(seeded.time(Duration::from_millis(20)));
    }
    let ended = child.end();
    let crashed = ended.status.code() == Some(134);
    assert!(crashed || is_interrupted(&ended), "{ended:?}");
    let dumps = dumps_are_whole(&scene);
    assert!(dumps < 2);
    // One press never costs a dump.
    assert!(!(crashed && presses == 1 && dumps == 0), "{ended:?}");
}

/// Ctrl-C again and again, through runs, stops, a dump and a new start.
fn script(seeded: &mut Seeded, whole: Duration) {
    let scene = Scene::new();
    let guest = scene.guest("a.wat", LOOP);
    let commands = [
        "run",
        "bt",
        "gcore x.core",
        "run",
        "info locals",
        "gcore y.core.zst",
        "stepi 100000",
        "run",
    ];
    let commands = commands.iter().flat_map(|command| ["-ex", command]);
    let arguments: Vec<&str> = ["debug", "--no-init", "--batch"]
        .into_iter()
        .chain(commands)
        .chain([&*guest])
        .collect();
    let mut child = Running::start(&mut scene.wdb(&arguments));
    let mut presses = 0;
    while !child.has_ended() {
        assert!(presses < 200, "{}{}", child.out.get(), child.err.get());
        std::thread::sleep(seeded.time(whole));
        child.send(Signal::SIGINT);
        presses += 1;
    }
    let ended = child.end();
    // The script was done, or ended because a command or what was between two was given up.
    let known = matches!(ended.status.code(), Some(0 | 1));
    assert!(known || is_interrupted(&ended), "{ended:?}");
    dumps_are_whole(&scene);
    // What was told of is there; what is there was told of, unless its command was given up before it could tell, or wdb ended.
    let silent = ended.out.contains("given up") || is_interrupted(&ended);
    for name in ["x.core", "y.core.zst"] {
        let told = ended.out.contains(&format!("core dump: {name} ("));
        let is_there = scene.left().contains(&scene.path("here").join(name));
        assert!(told == is_there || is_there && silent, "{name}: {ended:?}");
    }
}

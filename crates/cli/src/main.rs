//! The `wdb` command.
fn main() {}

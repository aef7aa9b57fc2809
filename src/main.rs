//! The `corsaudit` command.
fn main() {}

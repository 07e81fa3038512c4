//! Builds again when a migration is added: the embedded ones are found by a macro that Cargo does not see into.

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to Cargo")]
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

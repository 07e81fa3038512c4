//! Builds again when a migration is added: the embedded ones are found by a macro that Cargo does not see into.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

//! Prints the OpenAPI document: `cargo run -p muster-http --example openapi > docs/openapi.json`.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

fn main() {
    println!("{:#}", muster_http::openapi(false));
}

use std::path::Path;
use std::process::Command;

use crate::{Emulator, installed};

/// Starts Prism, which refuses requests that an OpenAPI document does not allow (401 without the credentials that it
/// asks for, 404 and 405 for what it does not have, otherwise 422) and answers the others with the document's examples.
/// Where an example is not what its schema asks for it answers 500 and tells why in the header `sl-violations`.
pub async fn prism(document: &Path) -> Emulator {
    let mut node = Command::new("node");
    node.arg(installed("prism").join("node_modules/.bin/prism"));
    node.args(["mock", "--errors", "--host", "127.0.0.1"]);
    Emulator::start(node, |port| vec!["--port".to_owned(), port.to_string(), document.display().to_string()]).await
}

use std::path::Path;
use std::process::Command;

use muster_testkit_providers::installed;

use crate::common::Folder;
use crate::installation::Installation;

/// Nothing formats what is generated, and lines of JSON are a text.
const CONFIG: &str = "post_hooks: []\ncontent_type_overrides: { application/x-ndjson: text/plain }\n";

fn python(arguments: &[&str], folder: &Path, environment: &[(&str, &str)]) {
    let mut command = Command::new(installed("openapi-python-client").join("bin/python"));
    let ran = command.current_dir(folder).args(arguments).envs(environment.iter().copied()).output().unwrap();
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(ran.status.success(), "{said}");
    println!("{said}");
}

/// The client for a document, whose generator had nothing to complain of.
fn generate(document: &str) -> Folder {
    let folder = Folder::new();
    folder.write("openapi.json", document);
    folder.write("config.yaml", CONFIG);
    let generate = ["generate", "--path", "openapi.json", "--config", "config.yaml", "--meta", "none"];
    let arguments = [&["-m", "openapi_python_client"][..], &generate, &["--output-path", "muster_client"]].concat();
    python(&[&arguments[..], &["--fail-on-warning"]].concat(), folder.path(), &[]);
    folder
}

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")).unwrap()
}

/// Every example of the document is parsed by the operation that has it, those of each kind of problem among them.
#[test]
fn a_generated_client_parses_every_answer_that_the_document_shows() {
    let folder = generate(&document());
    python(&["-c", include_str!("generated_examples.py")], folder.path(), &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_client_gets_typed_problems_and_typed_details_of_records() {
    let folder = generate(&document());
    let installation = Installation::development();
    let ada = installation.sign_in("ada@example.com").await;
    let linus = installation.sign_in("linus@example.com").await;
    let environment = [("URL", &*installation.server.url), ("ADMIN", ada.token()), ("USER", linus.token())];
    python(&["-c", include_str!("generated_calls.py")], folder.path(), &environment);
}

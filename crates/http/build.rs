//! Takes the files of Swagger UI that the API's page loads out of the archive that holds all of them, and packs them: the
//! whole archive in the program would be a sixth of it.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Cursor, copy};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const FILES: [&str; 3] = ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?).join("docs");
    fs::create_dir_all(&out)?;
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for file in FILES {
        let end = format!("/dist/{file}");
        // The top folder's name has the version.
        let is_it = |path: &str| path.ends_with(&end) && path.split('/').count() == 3;
        let path = archive.file_names().flatten().find(|path| is_it(path)).map(std::borrow::Cow::into_owned);
        let path = path.ok_or_else(|| format!("Swagger UI has no {file}"))?;
        let mut packed = GzEncoder::new(File::create(out.join(format!("{file}.gz")))?, Compression::best());
        copy(&mut archive.by_name(&path)?, &mut packed)?;
        packed.finish()?;
    }
    Ok(())
}

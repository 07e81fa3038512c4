use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man;

use crate::command_line;
use crate::output::{print, say};

/// Why a manual was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManError {
    /// The page could not be made.
    #[error("cannot make the page")]
    Render(#[source] io::Error),
    /// The folder cannot be written.
    #[error("cannot write the manual into {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// Prints what makes a shell complete the program's arguments.
pub(crate) fn completions(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command_line::definition(), "muster", &mut script);
    print(&script);
}

/// Prints the program's page of the manual or, given a folder, writes a page for each command there.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn man(folder: Option<&Path>) -> Result<(), ManError> {
    let manual = command_line::for_manual();
    if let Some(folder) = folder {
        let cannot = |error| ManError::Write(folder.to_owned(), error);
        std::fs::create_dir_all(folder).map_err(cannot)?;
        clap_mangen::generate_to(manual.disable_help_subcommand(true), folder).map_err(cannot)?;
        say(format!("the manual is in {}", folder.display()));
    } else {
        let mut page = Vec::new();
        Man::new(manual).render(&mut page).map_err(ManError::Render)?;
        print(&page);
    }
    Ok(())
}

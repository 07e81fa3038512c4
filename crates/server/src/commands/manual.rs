use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::command_line;
use crate::config::flags;
use crate::output::{print, say};

/// Why a manual was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManError {
    /// The page could not be made.
    #[error("cannot make the page")]
    Render(#[from] io::Error),
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
    let mut program = command_line::without_settings().disable_help_subcommand(true);
    program.build();
    let Some(folder) = folder else {
        print(&page(&program)?);
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|error| ManError::Write(folder.to_owned(), error))?;
    write_pages(&program, folder)?;
    say(format!("the manual is in {}", folder.display()));
    Ok(())
}

fn write_pages(command: &Command, folder: &Path) -> Result<(), ManError> {
    let path = folder.join(Man::new(command.clone()).get_filename());
    std::fs::write(&path, page(command)?).map_err(|error| ManError::Write(folder.to_owned(), error))?;
    command.get_subcommands().try_for_each(|below| write_pages(below, folder))
}

/// A command's page. The settings, which are many, stand on the program's own page alone.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let is_program = command.get_name() == "muster";
    let man = Man::new(command.clone()).source(concat!("muster ", env!("CARGO_PKG_VERSION"))).manual("Muster");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if let Some(details) = command.get_after_help() {
        page.extend(details_in_roff(&details.to_string()).into_bytes());
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    let settings = if is_program { settings_in_roff() } else { ".SH SETTINGS\nSee muster(1).\n".to_owned() };
    page.extend(settings.into_bytes());
    Ok(page)
}

/// Paragraphs that fill the page; lines that begin with spaces, which are examples, stay as they are.
fn details_in_roff(details: &str) -> String {
    let mut roff = ".PP\n".to_owned();
    let mut as_is = false;
    for line in details.lines() {
        if line.starts_with(' ') != as_is {
            as_is = !as_is;
            roff.push_str(if as_is { ".nf\n" } else { ".fi\n" });
        }
        let text = escaped(line);
        // `Examples:`, say, stands above what belongs to it.
        let heads = line.ends_with(':') && !as_is;
        let _ = match (text.is_empty(), heads) {
            (true, _) => writeln!(roff, ".PP"),
            (false, true) => writeln!(roff, ".PP\n{text}"),
            (false, false) => writeln!(roff, "{text}"),
        };
    }
    if as_is { roff + ".fi\n" } else { roff }
}

fn settings_in_roff() -> String {
    let entry = |(flag, help): (&str, &str)| format!(".TP\n\\fB\\-\\-{}\\fR\n{}\n", escaped(flag), escaped(help));
    flags::all().map(entry).fold(".SH SETTINGS\n".to_owned(), |text, entry| text + &entry)
}

/// Text as roff takes it: no line is a request, and no character but itself.
fn escaped(text: &str) -> String {
    let plain = text.replace('\\', "\\e").replace('-', "\\-");
    if plain.starts_with(['.', '\'']) { format!("\\&{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_keep_their_lines_and_nothing_is_taken_for_a_request() {
        let roff = details_in_roff("One\n.two \\(a\n\nExamples:\n  a --b\n  c");
        assert_eq!(roff, ".PP\nOne\n\\&.two \\e(a\n.PP\n.PP\nExamples:\n.nf\n  a \\-\\-b\n  c\n.fi\n");
    }
}

//! Steps as docs/maintenance.md has them: under a heading, blocks of commands and of settings in turn.

use std::process::Command;

use crate::common::{Ended, Folder};

const PAGE: &str = include_str!("../../../../docs/maintenance.md");
/// Where the page keeps secrets; a test has them in its folder.
const SECRETS: &str = "/etc/muster/secrets";

/// What is done before servers are restarted, and what they are restarted with.
#[derive(Debug, Default, Clone)]
pub(crate) struct Step {
    pub(crate) before: Vec<String>,
    pub(crate) settings: Vec<(String, String)>,
    /// Commands that the page has after the settings and before the next ones.
    pub(crate) after: Vec<String>,
}

/// The steps under a heading, up to the next heading of any kind, with their paths in the folder.
pub(crate) fn steps(heading: &str, folder: &Folder) -> Vec<Step> {
    let secrets = folder.path().join("secrets");
    let page = PAGE.replace(SECRETS, secrets.to_str().unwrap());
    let (_, section) = page.split_once(&format!("\n{heading}\n")).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    let (mut waiting, mut block) = (Vec::new(), None);
    for line in section.lines().take_while(|line| !line.starts_with('#')).map(str::trim) {
        match (line, block) {
            ("```sh" | "```ini", None) => {
                block = Some(line);
                if line == "```ini" {
                    steps.push(Step { before: std::mem::take(&mut waiting), ..Step::default() });
                }
            }
            ("```", Some(_)) => block = None,
            (command, Some("```sh")) => waiting.push(command.to_owned()),
            (setting, Some(_)) => {
                let (name, value) = setting.split_once('=').unwrap();
                steps.last_mut().unwrap().settings.push((name.to_owned(), value.to_owned()));
            }
            (_, None) => {}
        }
    }
    if let Some(last) = steps.last_mut() {
        last.after = waiting;
    }
    steps
}

/// Runs commands as an operator types them: one shell, in which `muster` is the program with these settings.
pub(crate) fn run(folder: &Folder, commands: &[String], settings: &[(&str, &str)]) -> Vec<Ended> {
    let (own, others): (Vec<_>, Vec<_>) = commands.iter().partition(|command| command.starts_with("muster "));
    if !others.is_empty() {
        let script = others.iter().map(|command| command.as_str()).collect::<Vec<_>>().join("\n");
        let status = Command::new("sh").args(["-ec", &script]).stderr(std::process::Stdio::null()).status().unwrap();
        assert!(status.success(), "{script}");
    }
    own.into_iter()
        .map(|command| folder.run_with(&command.split_whitespace().skip(1).collect::<Vec<_>>(), settings))
        .collect()
}

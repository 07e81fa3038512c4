//! The settings as `muster settings` prints them: the table in docs/operations.md, and `.env.example`.

use super::flags::{capitalized, flag};
use super::settings::{SETTINGS, Setting};

/// Every setting as a Markdown table.
pub(crate) fn table() -> String {
    let row = |setting: &Setting| {
        let flag = flag(setting).map_or_else(|| "–".to_owned(), |flag| format!("`--{flag}`"));
        let Setting { name, meaning, default, .. } = setting;
        // Markdown takes what is in angle brackets for HTML.
        format!("| `{name}` | {flag} | {default} | {meaning} |\n").replace('<', "\\<")
    };
    let rows: String = SETTINGS.iter().map(row).collect();
    format!("| name | flag | default | meaning |\n|---|---|---|---|\n{rows}")
}

/// Every setting as a `.env` file in which none is given.
pub(crate) fn env_example() -> String {
    let head = "\
# Every setting of Muster. Copy this file to .env in the folder where you start the server, and set what you need:
# the environment wins over .env, and what is left out or empty has its default. `cargo run` needs none of them.
# In .env, put a value that has $, # or spaces in single quotes: '$NAME' outside of them is replaced.
";
    let entry = |setting: &Setting| {
        let Setting { name, meaning, default, .. } = setting;
        format!("\n# {}\n# Default: {default}\n#{name}=\n", capitalized(meaning))
    };
    SETTINGS.iter().fold(head.to_owned(), |text, setting| text + &entry(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENEW: &str = "run scripts/renew-settings";

    #[test]
    fn example_file_is_the_settings() {
        assert_eq!(include_str!("../../../../.env.example"), env_example(), "{RENEW}");
    }

    #[test]
    fn table_in_the_docs_is_the_settings() {
        let page = include_str!("../../../../docs/operations.md");
        let (_, rest) = page.split_once("<!-- settings -->\n").unwrap();
        let (table, _) = rest.split_once("<!-- end of settings -->").unwrap();
        assert_eq!(table, self::table(), "{RENEW}");
    }
}

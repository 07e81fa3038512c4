//! What happens to people, and who they are afterwards.

pub(super) const RALF: &str = "ralf@contoso.example";
/// What Entra ID makes of that name when it deletes softly: the object id's digits before it.
pub(super) const DELETED: &str = "283405f5aaaa4bbb8ccc0ddd1eeec2a1ralf@contoso.example";
const MAIL: &str = "r.mail@contoso.example";

/// One thing that happens. People have labels; the first step that makes a person gives the label.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// The provider makes a token: its name, `sub`, and names. One with `@` that comes first is also the verified address.
    Token(&'static str, &'static str, &'static [&'static str]),
    /// The token is shown: who it is with newcomers taken in, and without. Nobody is refused.
    Shown(&'static str, Option<&'static str>, Option<&'static str>),
    /// `POST /Users`: external id, user name, e-mail address.
    Post(&'static str, &'static str, &'static str, &'static str),
    /// The same, which is a conflict.
    PostTaken(&'static str, &'static str, &'static str),
    /// `PATCH /Users/{id}`: user name and whether active.
    Rename(&'static str, &'static str, bool),
    /// The same, which is a conflict.
    RenameTaken(&'static str, &'static str, bool),
    /// `DELETE /Users/{id}`.
    Delete(&'static str),
    /// A record of `muster import`: external id, user name, e-mail address, whether active.
    Import(&'static str, &'static str, &'static str, &'static str, bool),
}

use Step::{Delete, Import, Post, PostTaken, Rename, RenameTaken, Shown, Token};

const NOBODY: Option<&str> = None;
pub(super) const P: Option<&str> = Some("P");
const Q: Option<&str> = Some("Q");

/// Whole histories. One line is one part of the story.
#[rustfmt::skip]
pub(super) const HISTORIES: &[(&str, &[Step])] = &[
    ("soft deleted and restored", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Shown("t", P, P),
        Rename("P", DELETED, false), Shown("t", NOBODY, NOBODY), Token("u", "pairwise-1", &[RALF]), Shown("u", NOBODY, NOBODY),
        Rename("P", RALF, true), Shown("t", P, P), Shown("u", P, P),
    ]),
    ("soft deleted by somebody who never signed in", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]),
        Rename("P", DELETED, false), Shown("t", NOBODY, NOBODY),
        Rename("P", RALF, true), Shown("t", P, P),
    ]),
    ("soft deleted then hard deleted", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Shown("t", P, P),
        Rename("P", DELETED, false), Delete("P"), Shown("t", NOBODY, NOBODY),
        Token("u", "pairwise-1", &["else@contoso.example"]), Shown("u", NOBODY, NOBODY),
        Token("v", "pairwise-2", &[RALF]), Shown("v", NOBODY, NOBODY),
    ]),
    ("renamed while active", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Shown("t", P, P),
        Rename("P", "king@contoso.example", true), Shown("t", P, P),
        Token("u", "pairwise-1", &["king@contoso.example"]), Shown("u", P, P), Rename("P", RALF, true), Shown("u", P, P),
    ]),
    ("renamed before the first sign in", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Rename("P", "king@contoso.example", true),
        Shown("t", NOBODY, NOBODY), Token("u", "pairwise-1", &["king@contoso.example"]), Shown("u", P, P), Shown("t", P, P),
    ]),
    ("deactivated without a rename", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Rename("P", RALF, false),
        Shown("t", NOBODY, NOBODY), Rename("P", RALF, true), Shown("t", P, P), Rename("P", RALF, false), Shown("t", NOBODY, NOBODY),
    ]),
    ("name used again for a new hire", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Shown("t", P, P), Token("never", "pairwise-9", &[RALF]),
        Rename("P", DELETED, false), Post("Q", "object-2", RALF, ""),
        // Of before the name changed hands: no word of the new holder's, whoever's it is.
        Shown("t", NOBODY, NOBODY), Shown("never", NOBODY, NOBODY),
        Token("q", "pairwise-2", &[RALF]), Shown("q", Q, Q), Shown("t", NOBODY, NOBODY),
        Token("u", "pairwise-1", &[RALF]), Shown("u", NOBODY, NOBODY), RenameTaken("P", RALF, true),
    ]),
    ("name of somebody removed used again", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Shown("t", P, P), Token("never", "pairwise-9", &[RALF]),
        Delete("P"), Post("Q", "object-2", RALF, ""), Shown("t", NOBODY, NOBODY), Shown("never", NOBODY, NOBODY),
        Token("q", "pairwise-2", &[RALF]), Shown("q", Q, Q), Shown("t", NOBODY, NOBODY),
    ]),
    ("name that moves to another who is known", &[
        Post("P", "object-1", RALF, ""), Post("Q", "object-2", "old@contoso.example", ""),
        Token("t", "pairwise-1", &[RALF]), Shown("t", P, P),
        RenameTaken("Q", RALF, true), Rename("P", "king@contoso.example", true), Rename("Q", RALF, true),
        Shown("t", P, P), Token("q", "pairwise-2", &[RALF]), Shown("q", Q, Q), Shown("t", P, P),
    ]),
    ("removed and delivered again with the same id", &[
        Post("P", "object-1", RALF, ""), Token("t", "pairwise-1", &[RALF]), Shown("t", P, P), Delete("P"), Shown("t", NOBODY, NOBODY),
        Post("Q", "object-1", "back@contoso.example", ""), Shown("t", Q, Q),
    ]),
    ("removed and delivered again whose sub is the id", &[
        Post("P", "00u1", RALF, ""), Token("t", "00u1", &[RALF]), Shown("t", P, P), Delete("P"), Shown("t", NOBODY, NOBODY),
        Post("Q", "00u1", RALF, ""), Shown("t", Q, Q), Rename("Q", DELETED, false), Shown("t", NOBODY, NOBODY),
    ]),
    ("signed in first then delivered under that name", &[
        Token("t", "pairwise-1", &[RALF]), Shown("t", P, NOBODY), Post("P", "object-1", RALF, MAIL), Shown("t", P, P),
        PostTaken("object-2", RALF, ""), Rename("P", DELETED, false), Shown("t", NOBODY, NOBODY),
    ]),
    ("signed in first then imported under that name", &[
        Token("t", "pairwise-1", &[RALF]), Shown("t", P, NOBODY), Import("P", "", RALF, "", true), Shown("t", P, P),
        Import("P", "object-1", RALF, "", true), Import("P", "object-1", DELETED, "", false), Shown("t", NOBODY, NOBODY),
        Import("P", "object-1", RALF, "", true), Shown("t", P, P),
    ]),
    ("signed in first then delivered by another name whose id is the sub", &[
        Token("t", "00u1", &[MAIL]), Shown("t", P, NOBODY), Post("P", "00u1", RALF, ""), Shown("t", P, P),
        Rename("P", RALF, false), Shown("t", NOBODY, NOBODY),
    ]),
    ("signed in first then imported by another name whose id is the sub", &[
        Token("t", "00u1", &[MAIL]), Shown("t", P, NOBODY), Import("P", "00u1", RALF, "", true), Shown("t", P, P),
    ]),
    ("signed in first with two names then delivered by the second", &[
        Token("t", "pairwise-1", &[MAIL, RALF]), Shown("t", P, NOBODY), Post("P", "object-1", RALF, ""), Shown("t", P, P),
        Rename("P", DELETED, false), Shown("t", NOBODY, NOBODY),
    ]),
    ("signed in first by address then delivered with it", &[
        Token("t", "pairwise-1", &[MAIL]), Shown("t", P, NOBODY), Post("P", "object-1", RALF, MAIL), Shown("t", P, NOBODY),
        Rename("P", DELETED, false), Shown("t", NOBODY, NOBODY),
    ]),
    ("delivered first and known by address alone", &[
        Post("P", "object-1", RALF, MAIL), Token("t", "pairwise-1", &[MAIL]), Shown("t", NOBODY, NOBODY),
        Delete("P"), Shown("t", NOBODY, NOBODY),
    ]),
    ("delivered first with two names", &[
        Post("P", "object-1", RALF, MAIL), Token("t", "pairwise-1", &[MAIL, RALF]), Shown("t", P, P),
        Rename("P", DELETED, false), Shown("t", NOBODY, NOBODY),
    ]),
    ("fault of before healed by the restore", &[
        // The rename happened before names were remembered: nothing tells that the token is a leaver's.
        Post("P", "object-1", DELETED, ""), Rename("P", DELETED, false),
        Token("t", "pairwise-1", &[RALF]), Shown("t", Some("D"), NOBODY),
        Rename("P", RALF, true), Token("u", "pairwise-1", &[RALF]), Shown("u", P, P), Shown("t", P, P),
    ]),
    ("fault of before healed by an import", &[
        Import("P", "object-1", DELETED, "", false), Token("t", "pairwise-1", &[RALF]), Shown("t", Some("D"), NOBODY),
        Import("P", "object-1", RALF, "", true), Token("u", "pairwise-1", &[RALF]), Shown("u", P, P),
    ]),
    ("two rows of one person whose token names the delivered one", &[
        Token("t", "pairwise-1", &[MAIL]), Shown("t", Some("D"), NOBODY), Post("P", "object-1", RALF, ""),
        Token("u", "pairwise-1", &[MAIL, RALF]), Shown("u", P, P), Shown("t", P, P),
        Rename("P", DELETED, false), Shown("t", NOBODY, NOBODY), Shown("u", NOBODY, NOBODY),
    ]),
    ("rename onto somebody the directory knows", &[
        Token("t", "pairwise-1", &[RALF]), Shown("t", P, NOBODY), Post("P", "object-1", RALF, ""),
        Post("Q", "object-2", "other@contoso.example", ""), RenameTaken("Q", RALF, true), Shown("t", P, P),
    ]),
    ("two directories", &[
        Post("P", "object-1", RALF, ""), PostTaken("00u1", RALF, ""), Token("t", "00u1", &[RALF]), Shown("t", P, P),
        // The second directory delivers the same person under another name, and by the id that is the sub.
        Post("Q", "00u1", "ralf@second.example", ""), Shown("t", Q, Q), Rename("Q", "ralf@second.example", false),
        Shown("t", NOBODY, NOBODY),
    ]),
];

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Who runs the server: PostgreSQL refuses to be run by root, for whom an unprivileged account of the machine does it.
#[derive(Clone, Copy)]
pub(crate) struct Account(Option<Other>);

#[derive(Clone, Copy)]
struct Other {
    name: &'static str,
    user: u32,
    group: u32,
}

impl Account {
    pub(crate) fn choose() -> Self {
        if id(&["-u"]) != Some(0) {
            return Self(None);
        }
        let ids = |name| Some(Other { name, user: id(&["-u", name])?, group: id(&["-g", name])? });
        let found = ["postgres", "nobody"].into_iter().find_map(ids);
        Self(Some(
            found.unwrap_or_else(|| panic!("root may not run PostgreSQL, and there is no user postgres or nobody")),
        ))
    }

    /// Its name, where it is another than the one of this process.
    pub(crate) fn name(self) -> Option<&'static str> {
        self.0.map(|other| other.name)
    }

    pub(crate) fn own(self, folder: &Path) {
        if let Self(Some(Other { user, group, .. })) = self {
            chown(folder, Some(user), Some(group)).unwrap();
        }
    }

    pub(crate) fn run(self, command: &mut Command) -> &mut Command {
        match self {
            Self(Some(Other { user, group, .. })) => command.uid(user).gid(group),
            Self(None) => command,
        }
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().parse().unwrap())
}

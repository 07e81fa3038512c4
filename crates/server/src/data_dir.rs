//! The folder for what the server keeps on disk, and the secrets that development mode makes there.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use muster_crypto::{InvalidPepper, InvalidSigningKey, Pepper, SigningKey};
use muster_domain::Entropy;
use zeroize::Zeroizing;

/// Why the data folder or a secret in it cannot be used. Never holds what a file holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    /// The folder cannot be made.
    #[error("the data folder {} cannot be made", .0.display())]
    Create(PathBuf, #[source] io::Error),
    /// A secret's file cannot be read or written.
    #[error("the secret in {} cannot be read or made", .0.display())]
    Secret(PathBuf, #[source] io::Error),
    /// A secret's file can be read by others than its owner.
    #[error("others can read the secret in {path}: run `chmod 600 {path}`", path = .0.display())]
    TooOpen(PathBuf),
    /// What the file holds is no pepper.
    #[error("the pepper in {} is damaged: restore it from a backup; with a new one, made when the file is removed, run `muster pepper move --unverified`", .0.display())]
    Pepper(PathBuf, #[source] InvalidPepper),
    /// What the file holds is no signing key.
    #[error("the signing key in {} is damaged: restore it from a backup, or remove the file to have a new one made", .0.display())]
    SigningKey(PathBuf, #[source] InvalidSigningKey),
}

/// Makes the folder, for its owner alone, unless it is there. Git is told to leave a folder that is made here alone: it
/// holds secrets and contacts, and a server may be started anywhere in a repository.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn create(folder: &Path) -> Result<(), DataDirError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let failed = |error| DataDirError::Create(folder.to_owned(), error);
    if folder.is_dir() {
        return Ok(());
    }
    builder.create(folder).map_err(failed)?;
    fs::write(folder.join(".gitignore"), "*\n").map_err(failed)
}

/// The folder's pepper, made on first use.
///
/// # Errors
/// When its file cannot be read, written or trusted.
pub(crate) fn pepper(folder: &Path, entropy: &dyn Entropy) -> Result<Pepper, DataDirError> {
    let path = folder.join("pepper");
    let text = load_or_make(&path, || Ok(Pepper::generate(entropy).to_base64()))?;
    Pepper::from_base64(&text).map_err(|error| DataDirError::Pepper(path, error))
}

/// The folder's signing key, made on first use.
///
/// # Errors
/// When its file cannot be read, written or trusted.
pub(crate) fn signing_key(folder: &Path, entropy: &dyn Entropy) -> Result<SigningKey, DataDirError> {
    let path = folder.join("signing-key.pem");
    let make = || Ok(SigningKey::generate(entropy).map_err(io::Error::other)?.to_pem());
    let text = load_or_make(&path, make)?;
    SigningKey::parse(&text).map_err(|error| DataDirError::SigningKey(path, error))
}

/// Reads a secret, or makes it. A file appears under its name only once it is whole, and never over another: of many
/// processes that start at once, one makes the secret and all read that one.
fn load_or_make(
    path: &Path,
    make: impl FnOnce() -> io::Result<Zeroizing<String>>,
) -> Result<Zeroizing<String>, DataDirError> {
    let failed = |error| DataDirError::Secret(path.to_owned(), error);
    if let Some(text) = load(path)? {
        return Ok(text);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let text = make().map_err(failed)?;
    // Made with mode 0600, as every temporary file is.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(text),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            load(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
        }
        Err(error) => Err(failed(error.error)),
    }
}

fn load(path: &Path) -> Result<Option<Zeroizing<String>>, DataDirError> {
    let failed = |error| DataDirError::Secret(path.to_owned(), error);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if others_can_read(&file.metadata().map_err(failed)?) {
        return Err(DataDirError::TooOpen(path.to_owned()));
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(failed)?;
    Ok(Some(text))
}

#[cfg(unix)]
fn others_can_read(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0
}

/// Elsewhere the folder's access list decides, which the owner's home keeps.
#[cfg(not(unix))]
fn others_can_read(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use muster_crypto::SystemEntropy;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_is_for_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        create(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(fs::read_to_string(folder.join(".gitignore")).unwrap(), "*\n");
        create(&folder).unwrap();
    }

    #[test]
    fn secrets_are_made_once_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = pepper(folder.path(), &SystemEntropy).unwrap().to_base64();
        let again = pepper(folder.path(), &SystemEntropy).unwrap().to_base64();
        assert_eq!(first, again);
        let first = signing_key(folder.path(), &SystemEntropy).unwrap().to_pem();
        let again = signing_key(folder.path(), &SystemEntropy).unwrap().to_pem();
        assert_eq!(first, again);
        assert_eq!(mode(&folder.path().join("pepper")), 0o600);
        assert_eq!(mode(&folder.path().join("signing-key.pem")), 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no half-made file stays behind");
    }

    #[test]
    fn secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pepper");
        pepper(folder.path(), &SystemEntropy).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = pepper(folder.path(), &SystemEntropy).unwrap_err();
        assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())), "{error}");
    }

    #[test]
    fn damaged_secret_is_refused_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["pepper", "signing-key.pem"] {
            let path = folder.path().join(name);
            fs::write(&path, "damaged").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert!(matches!(pepper(folder.path(), &SystemEntropy), Err(DataDirError::Pepper(..))));
        assert!(matches!(signing_key(folder.path(), &SystemEntropy), Err(DataDirError::SigningKey(..))));
        assert_eq!(fs::read_to_string(folder.path().join("pepper")).unwrap(), "damaged");
    }

    #[test]
    fn many_that_start_at_once_agree_on_one_secret() {
        let folder = tempfile::tempdir().unwrap();
        let peppers: Vec<_> = thread::scope(|scope| {
            let make = || pepper(folder.path(), &SystemEntropy).unwrap().to_base64();
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(peppers.iter().all(|pepper| *pepper == peppers[0]));
    }
}

//! The master key: given by a setting, or made once and kept beside the SQLite file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use kaunta_payments::MasterKeys;
use kaunta_payments::clock::Clock;

use super::{Database, Settings};

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyTrouble {
    /// The books are there and the key that opens them is not. A new one would lock everybody out.
    #[error(
        "{} exists, but its master key {} does not: put that file back, or set KAUNTA_MASTER_KEY to the key that was used",
        database.display(), key.display()
    )]
    Lost {
        /// The SQLite file.
        database: PathBuf,
        /// Where its key should lie.
        key: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("the master key {} cannot be read or written: {error}", path.display())]
    File {
        /// The key file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no master key: 32 bytes in base64", .0.display())]
    Unreadable(PathBuf),
}

/// The keys of the settings, or of the file beside the SQLite file, which is made at the first start.
pub(crate) fn master_keys(settings: &Settings, clock: &Clock) -> Result<MasterKeys, KeyTrouble> {
    if let Some(keys) = &settings.given_keys {
        return Ok(keys.clone());
    }
    let Database::Sqlite { path: database, .. } = &settings.database else {
        unreachable!("settings with PostgreSQL and without a master key are refused");
    };
    let mut key = database.clone().into_os_string();
    key.push(".key");
    let key = PathBuf::from(key);
    match std::fs::read_to_string(&key) {
        Ok(text) => MasterKeys::parse(&text).map_err(|_| KeyTrouble::Unreadable(key)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => generate(database, key, clock),
        Err(error) => Err(KeyTrouble::File { path: key, error }),
    }
}

fn generate(database: &Path, key: PathBuf, clock: &Clock) -> Result<MasterKeys, KeyTrouble> {
    // An empty file is one that somebody made room for, not one with books in it.
    if std::fs::metadata(database).is_ok_and(|file| file.len() > 0) {
        return Err(KeyTrouble::Lost {
            database: database.to_owned(),
            key,
        });
    }
    let (_, text) = MasterKeys::generate(clock);
    match write_new(&key, &text) {
        Ok(()) => {}
        // Another process made it in this moment: then its key is the one.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(KeyTrouble::File { path: key, error }),
    }
    let kept = std::fs::read_to_string(&key).map_err(|error| KeyTrouble::File {
        path: key.clone(),
        error,
    })?;
    MasterKeys::parse(&kept).map_err(|_| KeyTrouble::Unreadable(key))
}

/// Writes a file that only its owner may read, whole or not at all, and never over another.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = tempfile::NamedTempFile::new_in(
        path.parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new(".")),
    )?;
    writeln!(draft, "{text}")?;
    draft.as_file().sync_all()?;
    draft.persist_noclobber(path).map_err(|failed| failed.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn settings(folder: &Path) -> Settings {
        let url = format!("sqlite://{}/books.db", folder.display());
        let raw = super::super::Raw::collect([("KAUNTA_DATABASE_URL".into(), url.into())], None);
        Settings::check(raw).ok().unwrap()
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db.key");
        master_keys(&settings(folder.path()), &Clock::system()).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        master_keys(&settings(folder.path()), &Clock::system()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_lost_key_is_not_replaced_under_existing_books() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("books.db"), "SQLite format 3").unwrap();
        assert!(matches!(
            master_keys(&settings(folder.path()), &Clock::system()),
            Err(KeyTrouble::Lost { .. })
        ));
        assert!(!folder.path().join("books.db.key").exists());
    }

    #[test]
    fn a_file_with_something_else_in_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("books.db.key"), "hello").unwrap();
        let told = master_keys(&settings(folder.path()), &Clock::system()).unwrap_err();
        assert!(matches!(told, KeyTrouble::Unreadable(_)) && told.to_string().contains("books.db.key"));
    }
}

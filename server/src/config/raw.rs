//! Settings as they were given: names and texts out of the environment and `kaunta.toml`, nothing checked yet.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::BadSetting;

/// Every setting that there is. Source: the contract's table.
const NAMES: [&str; 15] = [
    "KAUNTA_LISTEN",
    "KAUNTA_PUBLIC_URL",
    "KAUNTA_DATABASE_URL",
    "KAUNTA_MASTER_KEY",
    "KAUNTA_DARAJA_BASE_URL",
    "KAUNTA_QUERY_SCHEDULE",
    "KAUNTA_FALLBACK_AFTER",
    "KAUNTA_WEBHOOK_SCHEDULE",
    "KAUNTA_TRUSTED_PROXIES",
    "KAUNTA_CALLBACK_IPS",
    "KAUNTA_WEBHOOK_ALLOW_PRIVATE",
    "KAUNTA_LOG",
    "KAUNTA_LOG_FORMAT",
    "KAUNTA_MASTER_KEY_FILE",
    "KAUNTA_DATABASE_URL_FILE",
];

/// What was given, by name, and what was wrong with how it was given.
#[derive(Default)]
pub(crate) struct Raw {
    values: BTreeMap<&'static str, String>,
    /// Names that look like settings and are none: most likely typing errors.
    pub(crate) unknown: Vec<String>,
    /// Settings that could not even be read.
    pub(crate) bad: Vec<BadSetting>,
}

impl Raw {
    /// Collects the environment's variables, then what `file` (the text of `kaunta.toml`) says beside them.
    pub(crate) fn collect(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&str>,
    ) -> Self {
        let mut raw = Self::default();
        for (name, value) in variables {
            raw.take_variable(&name, &value);
        }
        if let Some(text) = file {
            raw.take_file(text);
        }
        raw.open_secret("KAUNTA_MASTER_KEY", "KAUNTA_MASTER_KEY_FILE");
        raw.open_secret("KAUNTA_DATABASE_URL", "KAUNTA_DATABASE_URL_FILE");
        raw
    }

    /// The text of a setting that was given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn take_variable(&mut self, name: &OsString, value: &OsString) {
        let Some(name) = name.to_str().filter(|name| name.starts_with("KAUNTA_")) else {
            return;
        };
        let Some(known) = NAMES.into_iter().find(|known| *known == name) else {
            self.unknown.push(name.to_owned());
            return;
        };
        match value.to_str() {
            // Compose files and unit files hand on what is unset as empty.
            Some(text) if text.trim().is_empty() => {}
            Some(text) => {
                self.values.insert(known, text.trim().to_owned());
            }
            None => self.bad.push(BadSetting::new(known, "is not UTF-8")),
        }
    }

    fn take_file(&mut self, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                let line = error
                    .span()
                    .map_or(1, |span| text[..span.start].lines().count().max(1));
                self.bad.push(BadSetting::new(
                    "kaunta.toml",
                    format!("line {line}: {}", error.message()),
                ));
                return;
            }
        };
        for (key, value) in table {
            let name = format!("KAUNTA_{}", key.to_ascii_uppercase());
            match (NAMES.into_iter().find(|known| *known == name), plain(&value)) {
                (None, _) => self.unknown.push(format!("{key} in kaunta.toml")),
                (Some(known), None) => {
                    self.bad.push(BadSetting::new(
                        known,
                        "in kaunta.toml must be a text, a number, a truth value or a list of texts",
                    ));
                }
                (Some(known), Some(text)) => {
                    self.values.entry(known).or_insert(text);
                }
            }
        }
    }

    /// Puts the content of the file that `pointer` names in the place of the secret itself.
    fn open_secret(&mut self, name: &'static str, pointer: &'static str) {
        let Some(path) = self.values.remove(pointer) else {
            return;
        };
        if self.values.contains_key(name) {
            self.bad.push(BadSetting::new(
                pointer,
                format!("is set beside {name}: set one of the two"),
            ));
            return;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                self.values.insert(name, text.trim().to_owned());
            }
            Err(error) => self.bad.push(BadSetting::new(
                pointer,
                format!("{path} cannot be read: {error}"),
            )),
        }
    }
}

/// A value of `kaunta.toml` as the environment would spell it.
fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(variables: &[(&str, &str)], file: Option<&str>) -> Raw {
        Raw::collect(
            variables.iter().map(|(name, value)| (name.into(), value.into())),
            file,
        )
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let raw = collect(
            &[
                ("KAUNTA_LISTEN", "127.0.0.1:1"),
                ("KAUNTA_LOG", ""),
                ("PATH", "/bin"),
            ],
            Some(
                "listen = \"127.0.0.1:2\"\nlog = \"debug\"\nquery_schedule = [\"1s\", \"2s\"]\nwebhook_allow_private = true",
            ),
        );
        assert_eq!(raw.get("KAUNTA_LISTEN"), Some("127.0.0.1:1"));
        assert_eq!(raw.get("KAUNTA_LOG"), Some("debug"));
        assert_eq!(raw.get("KAUNTA_QUERY_SCHEDULE"), Some("1s,2s"));
        assert_eq!(raw.get("KAUNTA_WEBHOOK_ALLOW_PRIVATE"), Some("true"));
        assert!(raw.bad.is_empty() && raw.unknown.is_empty());
    }

    #[test]
    fn names_that_do_not_exist_are_kept_apart() {
        let raw = collect(&[("KAUNTA_LISTN", "x")], Some("publicurl = \"x\""));
        assert_eq!(raw.unknown, ["KAUNTA_LISTN", "publicurl in kaunta.toml"]);
    }

    #[test]
    fn a_secret_may_lie_in_a_file_but_not_in_two_places() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "secret\n").unwrap();
        let path = path.to_str().unwrap();
        let raw = collect(&[("KAUNTA_MASTER_KEY_FILE", path)], None);
        assert_eq!(raw.get("KAUNTA_MASTER_KEY"), Some("secret"));
        let twice = collect(
            &[("KAUNTA_MASTER_KEY_FILE", path), ("KAUNTA_MASTER_KEY", "other")],
            None,
        );
        assert_eq!(twice.bad.len(), 1);
        let missing = collect(&[("KAUNTA_DATABASE_URL_FILE", "/nowhere")], None);
        assert!(
            missing.bad[0].to_string().starts_with("KAUNTA_DATABASE_URL_FILE"),
            "{}",
            missing.bad[0]
        );
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_with_its_line() {
        let raw = collect(&[], Some("listen = \"a\"\nlog = = 3"));
        assert!(raw.bad[0].to_string().contains("line 2"), "{}", raw.bad[0]);
    }
}

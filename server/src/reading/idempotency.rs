//! The header `Idempotency-Key`, and the fingerprint of the request that it stands for.

use http::{HeaderMap, Method};
use kaunta_domain::limits::IDEMPOTENCY_KEY_CHARS;
use kaunta_payments::Once;
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

const NAME: &str = "idempotency-key";

/// What makes a repeated request the same one, where the caller gave a key.
pub(crate) fn once(
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<Once>, Problem> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refused("stands twice in the request"));
    }
    let key = key(value.as_bytes())?;
    Ok(Some(Once {
        key,
        fingerprint: fingerprint(method, path, body),
    }))
}

/// Reads a key: bare, as every library sends it, or as the quoted string of the IETF draft. Both name the same key.
fn key(value: &[u8]) -> Result<String, Problem> {
    let text = std::str::from_utf8(value)
        .map_err(|_| refused("holds more than visible ASCII characters"))?
        .trim();
    let key = match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => {
            unescape(quoted).ok_or_else(|| refused("is quoted, but not as a structured-field string"))?
        }
        None => text.to_owned(),
    };
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_CHARS {
        return Err(refused(&format!(
            "has {} characters; 1 to {IDEMPOTENCY_KEY_CHARS} are taken",
            key.len()
        )));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refused("holds more than visible ASCII characters"));
    }
    Ok(key)
}

/// Undoes the two escapes of a structured-field string (RFC 8941, 3.3.3).
fn unescape(quoted: &str) -> Option<String> {
    let mut plain = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => plain.push(letters.next().filter(|next| matches!(next, '"' | '\\'))?),
            _ => plain.push(letter),
        }
    }
    Some(plain)
}

fn refused(why: &str) -> Problem {
    Problem::new(
        "invalid_idempotency_key",
        format!("the header Idempotency-Key {why}"),
    )
}

fn fingerprint(method: &Method, path: &str, body: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    // Neither a method nor a path holds a line break, so no two requests run together into one text.
    for part in [method.as_str().as_bytes(), b"\n", path.as_bytes(), b"\n", body] {
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(NAME, http::HeaderValue::from_bytes(value).unwrap());
        once(&headers, &Method::POST, "/", b"")
            .ok()
            .flatten()
            .map(|once| once.key)
    }

    #[test]
    fn bare_and_quoted_keys_are_the_same_key() {
        assert_eq!(read(b"order-1001").as_deref(), Some("order-1001"));
        assert_eq!(read(b"\"order-1001\"").as_deref(), Some("order-1001"));
        assert_eq!(read(br#""a\"b\\c""#).as_deref(), Some(r#"a"b\c"#));
    }

    #[test]
    fn keys_end_at_their_limits() {
        assert_eq!(
            read(&[b'k'; IDEMPOTENCY_KEY_CHARS]).map(|key| key.len()),
            Some(IDEMPOTENCY_KEY_CHARS)
        );
        for wrong in [
            &[b'k'; IDEMPOTENCY_KEY_CHARS + 1][..],
            b"",
            b"\"\"",
            b"a b",
            "café".as_bytes(),
            br#""a"b""#,
            br#""a\x""#,
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        let mut twice = HeaderMap::new();
        twice.append(NAME, "a".parse().unwrap());
        twice.append(NAME, "a".parse().unwrap());
        assert!(once(&twice, &Method::POST, "/", b"").is_err());
        assert!(once(&HeaderMap::new(), &Method::POST, "/", b"").is_ok_and(|once| once.is_none()));
    }

    #[test]
    fn every_part_of_a_request_is_in_its_fingerprint() {
        let base = fingerprint(&Method::POST, "/a", b"{}");
        assert_eq!(base, fingerprint(&Method::POST, "/a", b"{}"));
        for other in [
            fingerprint(&Method::PUT, "/a", b"{}"),
            fingerprint(&Method::POST, "/b", b"{}"),
            fingerprint(&Method::POST, "/a", b"{ }"),
        ] {
            assert_ne!(base, other);
        }
    }
}

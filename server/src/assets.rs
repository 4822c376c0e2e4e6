//! What browsers download, out of the binary: `server/build.rs` put it there.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

include!(concat!(env!("OUT_DIR"), "/site.rs"));

/// Files with a content hash in the name never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Other files keep their name through an upgrade of the server: an hour, then ask whether they changed.
const FOR_AN_HOUR: &str = "public, max-age=3600";

/// One file of the site, in the forms that the build made.
#[derive(Debug)]
pub(crate) struct Asset {
    /// The URL path.
    pub(crate) path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
    /// Changes with the content.
    tag: &'static str,
    immutable: bool,
}

/// The form of an asset that travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Brotli,
    Gzip,
    Identity,
}

/// Answers `GET` and `HEAD` of a file; 404 where there is none.
pub(crate) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    find(ASSETS, uri.path()).map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |asset| respond(asset, &headers),
    )
}

/// The file at exactly this path.
pub(crate) fn find<'a>(assets: &'a [Asset], path: &str) -> Option<&'a Asset> {
    let index = assets.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    Some(&assets[index])
}

/// The file in the smallest form that the browser takes, or 304 where it has it already.
pub(crate) fn respond(asset: &Asset, headers: &HeaderMap) -> Response {
    let (coding, bytes) = choose(asset, headers);
    let tag = match coding {
        Coding::Brotli => format!("\"{}-br\"", asset.tag),
        Coding::Gzip => format!("\"{}-gz\"", asset.tag),
        Coding::Identity => format!("\"{}\"", asset.tag),
    };
    let lasting = if asset.immutable { FOR_EVER } else { FOR_AN_HOUR };
    let known = has_tag(headers, &tag);
    let mut response = Response::new(Body::empty());
    let answer = response.headers_mut();
    answer.insert(ETAG, tag.parse().expect("a tag is hex digits in quotes"));
    answer.insert(VARY, ACCEPT_ENCODING.into());
    answer.insert(
        CACHE_CONTROL,
        lasting.parse().expect("the text is a constant of visible ASCII"),
    );
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    answer.insert(
        CONTENT_TYPE,
        asset
            .content_type
            .parse()
            .expect("the text is a constant of visible ASCII"),
    );
    match coding {
        Coding::Brotli => drop(answer.insert(CONTENT_ENCODING, "br".parse().expect("a constant"))),
        Coding::Gzip => drop(answer.insert(CONTENT_ENCODING, "gzip".parse().expect("a constant"))),
        Coding::Identity => {}
    }
    *response.body_mut() = Body::from(bytes);
    response
}

fn choose(asset: &Asset, headers: &HeaderMap) -> (Coding, &'static [u8]) {
    match (asset.br, asset.gz) {
        (Some(bytes), _) if accepts(headers, "br") => (Coding::Brotli, bytes),
        (_, Some(bytes)) if accepts(headers, "gzip") => (Coding::Gzip, bytes),
        _ => (Coding::Identity, asset.bytes),
    }
}

/// Whether `Accept-Encoding` names the coding without forbidding it by `q=0`.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    list(headers, ACCEPT_ENCODING).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        named && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    list(headers, IF_NONE_MATCH).any(|item| item == "*" || item.trim_start_matches("W/") == tag)
}

/// The items of a comma separated header, which may come in several lines.
fn list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use http_body_util::BodyExt as _;

    use super::*;

    const GLUE: Asset = Asset {
        path: "/pkg/glue.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: b"plain",
        br: Some(b"br"),
        gz: Some(b"gz"),
        tag: "00ff",
        immutable: true,
    };

    async fn ask(asset: &Asset, name: HeaderName, value: &'static str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = respond(
            asset,
            &HeaderMap::from_iter([(name, HeaderValue::from_static(value))]),
        );
        let (parts, body) = response.into_parts();
        (
            parts.status,
            parts.headers,
            body.collect().await.unwrap().to_bytes().to_vec(),
        )
    }

    #[tokio::test]
    async fn the_smallest_accepted_form_travels() {
        for (accepted, coding, body) in [
            ("gzip, deflate, br", Some("br"), "br"),
            ("gzip, br;q=0", Some("gzip"), "gz"),
            ("GZIP;q=0.5", Some("gzip"), "gz"),
            ("deflate", None, "plain"),
            ("brotli", None, "plain"),
            ("", None, "plain"),
        ] {
            let (status, headers, bytes) = ask(&GLUE, ACCEPT_ENCODING, accepted).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(
                headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap()),
                coding,
                "{accepted}"
            );
            assert_eq!(bytes, body.as_bytes(), "{accepted}");
            assert_eq!(headers[VARY], "accept-encoding");
            assert_eq!(headers[CACHE_CONTROL], FOR_EVER);
        }
    }

    #[tokio::test]
    async fn a_file_without_packed_forms_travels_as_it_is() {
        let icon = Asset {
            br: None,
            gz: None,
            immutable: false,
            ..GLUE
        };
        let (_, headers, bytes) = ask(&icon, ACCEPT_ENCODING, "br, gzip").await;
        assert_eq!(bytes, b"plain");
        assert!(!headers.contains_key(CONTENT_ENCODING));
        assert_eq!(headers[CACHE_CONTROL], FOR_AN_HOUR);
    }

    #[tokio::test]
    async fn a_browser_that_has_the_file_gets_no_bytes() {
        let (status, headers, bytes) = ask(&GLUE, IF_NONE_MATCH, "\"aaaa\", W/\"00ff\"").await;
        assert_eq!((status, bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(headers[ETAG], "\"00ff\"");
        let (status, _, _) = ask(&GLUE, IF_NONE_MATCH, "\"00ff-br\"").await;
        assert_eq!(status, StatusCode::OK, "another form has another tag");
    }

    #[tokio::test]
    async fn unknown_paths_are_not_found() {
        let response = serve(Uri::from_static("/pkg/none.js"), HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn every_embedded_file_can_be_found() {
        assert!(ASSETS.is_sorted_by_key(|asset| asset.path));
        for asset in ASSETS {
            assert!(std::ptr::eq(find(ASSETS, asset.path).unwrap(), asset));
            assert!(asset.br.is_none_or(|br| br.len() < asset.bytes.len()));
        }
        for path in [JS, WASM].into_iter().flatten() {
            assert!(find(ASSETS, path).unwrap().immutable);
        }
        let sheet = ASSETS
            .iter()
            .find(|asset| asset.immutable && asset.content_type.starts_with("text/css"));
        assert_eq!(CSS_INLINE.as_bytes(), sheet.map_or(&b""[..], |sheet| sheet.bytes));
    }
}

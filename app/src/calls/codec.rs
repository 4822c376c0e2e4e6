//! The light codec: a few form fields out, or a piece of HTML; and an error of one word.

use std::convert::Infallible;

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType};

/// Raw bytes of a body, as the framework moves them.
type Bytes = leptos::server_fn::Bytes;

/// How a session stands: all that a waiting page needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Rises with every change.
    pub version: i64,
    /// The name of the screen, such as `waiting`.
    pub phase: String,
}

impl News {
    /// Reads `version=7&phase=paid`.
    pub fn read(fields: &str) -> Option<Self> {
        let mut news = Self {
            version: -1,
            phase: String::new(),
        };
        for (name, value) in fields.split('&').filter_map(|field| field.split_once('=')) {
            match name {
                "version" => news.version = value.parse().ok()?,
                "phase" => value.clone_into(&mut news.phase),
                _ => {}
            }
        }
        (news.version >= 0).then_some(news)
    }

    /// Writes `version=7&phase=paid`. A phase is a plain word, so nothing needs escaping.
    pub fn write(&self) -> String {
        ["version=", &self.version.to_string(), "&phase=", &self.phase].concat()
    }
}

/// A piece of the page, ready to be put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markup(pub String);

/// Why a server function gives no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The arguments make no sense.
    Unreadable,
    /// No such session.
    NotFound,
    /// Too much to do: ask again later.
    Busy,
    /// Something of ours broke.
    Broken,
}

impl Refused {
    const ALL: [Self; 4] = [Self::Unreadable, Self::NotFound, Self::Busy, Self::Broken];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NotFound => "not_found",
            Self::Busy => "busy",
            Self::Broken => "broken",
        }
    }

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unreadable => 400,
            Self::NotFound => 404,
            Self::Busy => 503,
            Self::Broken => 500,
        }
    }
}

/// A few form fields as text.
#[derive(Debug)]
pub struct Fields;

impl ContentType for Fields {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
}

impl FormatType for Fields {
    const FORMAT_TYPE: Format = Format::Text;
}

impl Encodes<News> for Fields {
    type Error = Infallible;

    fn encode(news: &News) -> Result<Bytes, Infallible> {
        Ok(news.write().into())
    }
}

impl Decodes<News> for Fields {
    type Error = &'static str;

    fn decode(bytes: Bytes) -> Result<News, &'static str> {
        let fields = std::str::from_utf8(&bytes).map_err(|_| "not UTF-8")?;
        News::read(fields).ok_or("no version in it")
    }
}

impl Encodes<Refused> for Fields {
    type Error = Infallible;

    fn encode(refused: &Refused) -> Result<Bytes, Infallible> {
        Ok(["error=", refused.name()].concat().into())
    }
}

impl Decodes<Refused> for Fields {
    type Error = Infallible;

    fn decode(bytes: Bytes) -> Result<Refused, Infallible> {
        let name = bytes.strip_prefix(b"error=").unwrap_or_default();
        let known = Refused::ALL
            .into_iter()
            .find(|refused| refused.name().as_bytes() == name);
        Ok(known.unwrap_or(Refused::Broken))
    }
}

impl FromServerFnError for Refused {
    type Encoder = Fields;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Unreadable,
            _ => Self::Broken,
        }
    }
}

/// HTML as text.
#[derive(Debug)]
pub struct Html;

impl ContentType for Html {
    const CONTENT_TYPE: &'static str = "text/html; charset=utf-8";
}

impl FormatType for Html {
    const FORMAT_TYPE: Format = Format::Text;
}

impl Encodes<Markup> for Html {
    type Error = Infallible;

    fn encode(markup: &Markup) -> Result<Bytes, Infallible> {
        Ok(markup.0.clone().into())
    }
}

impl Decodes<Markup> for Html {
    type Error = std::string::FromUtf8Error;

    fn decode(bytes: Bytes) -> Result<Markup, Self::Error> {
        String::from_utf8(bytes.to_vec()).map(Markup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_reads_back_in_a_few_bytes() {
        let news = News {
            version: i64::MAX,
            phase: "partly_paid".to_owned(),
        };
        assert_eq!(News::read(&news.write()), Some(news.clone()));
        assert!(news.write().len() <= 200);
        assert_eq!(News::read("phase=paid"), None);
        assert_eq!(News::read("version=x&phase=paid"), None);
        let later = News::read("version=3&phase=paid&more=1").unwrap();
        assert_eq!((later.version, later.phase.as_str()), (3, "paid"));
    }

    #[test]
    fn a_refusal_reads_back_and_anything_else_is_broken() {
        for refused in Refused::ALL {
            let Ok(bytes) = Fields::encode(&refused);
            assert_eq!(Fields::decode(bytes), Ok(refused));
        }
        assert_eq!(Fields::decode(Bytes::from_static(b"<html>")), Ok(Refused::Broken));
    }
}

//! The address of a page: which session, in which language, framed or not, by prompt or by hand.

use kaunta_domain::api::Locale;
use kaunta_domain::id::SessionId;

use crate::calls::Refused;
use crate::lang::Lang;

/// Around what the page is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// `/c/…`: a page by itself.
    Hosted,
    /// `/e/…`: inside a frame of the shop.
    Framed,
}

impl Shell {
    /// The first part of its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Hosted => "c",
            Self::Framed => "e",
        }
    }
}

/// How the shopper wants to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a prompt on a phone.
    Prompt,
    /// Through the M-Pesa menu.
    ByHand,
}

/// The address of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The session.
    pub session: SessionId,
    /// Around what it is drawn.
    pub shell: Shell,
    /// The language that the reader chose by the switch; it stays in the address.
    pub chosen: Option<Lang>,
    /// The language that the browser asks for.
    pub asked: Lang,
    /// How the shopper wants to pay.
    pub way: Way,
}

impl Place {
    /// The plain address of a session.
    pub const fn of(session: SessionId, shell: Shell) -> Self {
        Self {
            session,
            shell,
            chosen: None,
            asked: Lang::En,
            way: Way::Prompt,
        }
    }

    /// Reads the fields of a server function.
    pub fn read(session: &str, lang: &str, shell: &str, by: &str) -> Result<Self, Refused> {
        let session = session.parse().map_err(|_| Refused::NotFound)?;
        let shell = if shell == Shell::Framed.path() {
            Shell::Framed
        } else {
            Shell::Hosted
        };
        Ok(Self::of(session, shell).with_query(Some(lang), Some(by)))
    }

    /// With `?lang=` and `?by=`; what they do not say stays.
    #[must_use]
    pub fn with_query(mut self, lang: Option<&str>, by: Option<&str>) -> Self {
        self.chosen = lang.and_then(Lang::of_code).or(self.chosen);
        if by == Some("hand") {
            self.way = Way::ByHand;
        }
        self
    }

    /// With another way of paying.
    #[must_use]
    pub fn by(&self, way: Way) -> Self {
        Self { way, ..self.clone() }
    }

    /// In another language.
    #[must_use]
    pub fn speaking(&self, lang: Lang) -> Self {
        Self {
            chosen: Some(lang),
            ..self.clone()
        }
    }

    /// The reader's choice, else the shop's wish, else what the browser asks for.
    pub fn lang_for(&self, wish: Locale) -> Lang {
        self.chosen.unwrap_or(match wish {
            Locale::En => Lang::En,
            Locale::Sw => Lang::Sw,
            Locale::Auto => self.asked,
        })
    }

    /// The path without a query: where GET forms lead.
    pub fn path(&self) -> String {
        format!("/{}/{}", self.shell.path(), self.session)
    }

    /// The whole address.
    pub fn url(&self) -> String {
        self.with_queries(self.path())
    }

    /// Where a form of this page is posted: `pay` or `claim`.
    pub fn post(&self, what: &str) -> String {
        self.with_queries(format!("{}/{what}", self.path()))
    }

    /// The query of the address as names and values.
    pub fn queries(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let lang = self.chosen.map(|lang| ("lang", lang.code()));
        let by = (self.way == Way::ByHand).then_some(("by", "hand"));
        lang.into_iter().chain(by)
    }

    /// The fields that server functions take, in the language that the page is in.
    pub fn fields(&self, lang: Lang) -> String {
        let by = if self.way == Way::ByHand { "hand" } else { "" };
        format!(
            "session={}&lang={}&shell={}&by={by}",
            self.session,
            lang.code(),
            self.shell.path()
        )
    }

    fn with_queries(&self, mut url: String) -> String {
        let mut mark = '?';
        for (name, value) in self.queries() {
            url.push(mark);
            url.push_str(name);
            url.push('=');
            url.push_str(value);
            mark = '&';
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_was_chosen() {
        let place = Place::of(SessionId::from_bits(7), Shell::Framed);
        assert_eq!(place.url(), "/e/cs_00000000000000000000000007");
        let chosen = place.with_query(Some("sw"), Some("hand"));
        assert_eq!(chosen.url(), "/e/cs_00000000000000000000000007?lang=sw&by=hand");
        assert_eq!(
            chosen.post("pay"),
            "/e/cs_00000000000000000000000007/pay?lang=sw&by=hand"
        );
        assert_eq!(
            chosen.by(Way::Prompt).url(),
            "/e/cs_00000000000000000000000007?lang=sw"
        );
    }

    #[test]
    fn the_readers_choice_beats_the_shops_wish_and_that_the_browser() {
        let mut place = Place::of(SessionId::from_bits(7), Shell::Hosted);
        place.asked = Lang::Sw;
        assert_eq!(place.lang_for(Locale::Auto), Lang::Sw);
        assert_eq!(place.lang_for(Locale::En), Lang::En);
        assert_eq!(place.speaking(Lang::Sw).lang_for(Locale::En), Lang::Sw);
    }

    #[test]
    fn the_fields_of_a_server_function_read_back() {
        let place = Place::of(SessionId::from_bits(7), Shell::Framed)
            .by(Way::ByHand)
            .speaking(Lang::Sw);
        let id = place.session.to_string();
        assert_eq!(
            place.fields(Lang::Sw),
            format!("session={id}&lang=sw&shell=e&by=hand")
        );
        assert_eq!(Place::read(&id, "sw", "e", "hand"), Ok(place));
        assert_eq!(Place::read("cs_x", "sw", "e", ""), Err(Refused::NotFound));
    }
}

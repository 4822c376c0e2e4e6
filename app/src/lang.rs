//! The languages of the page, and how one is chosen.

/// A language that the page speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English, as it is written in Kenya.
    En,
    /// Swahili.
    Sw,
}

impl Lang {
    /// Every language, the first one for readers whose own is not here.
    pub const ALL: &'static [Self] = &[Self::En, Self::Sw];

    /// The value of `?lang=`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Sw => "sw",
        }
    }

    /// The value of the attribute `lang`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en-KE",
            Self::Sw => "sw",
        }
    }

    /// What its readers call it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Sw => "Kiswahili",
        }
    }

    /// The language that the switch leads to.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::Sw,
            Self::Sw => Self::En,
        }
    }

    /// The language with this code; `sw-KE` is `sw`.
    pub fn of_code(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .iter()
            .copied()
            .find(|lang| lang.code().eq_ignore_ascii_case(primary))
    }

    /// The reader's favourite of ours in `Accept-Language`; English where they name none.
    pub fn of_header(accept_language: &str) -> Self {
        let mut best = (0, Self::En);
        for item in accept_language.split(',') {
            let (tag, rest) = item.split_once(';').unwrap_or((item, ""));
            let weight = rest.trim().strip_prefix("q=").map_or(Some(1000), thousandths);
            if let (Some(lang), Some(weight)) = (Self::of_code(tag.trim()), weight)
                && weight > best.0
            {
                best = (weight, lang);
            }
        }
        best.1
    }
}

/// `0.8` is 800. Up to three decimals, as RFC 9110 has it.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, decimals) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scaled = decimals.parse::<u32>().unwrap_or(0) * [1000, 100, 10, 1][decimals.len()];
    match whole {
        "0" => Some(scaled),
        "1" => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_gets_the_language_that_they_weigh_most() {
        for (header, lang) in [
            ("", Lang::En),
            ("sw", Lang::Sw),
            ("sw-KE,sw;q=0.9,en;q=0.8", Lang::Sw),
            ("en-GB,en;q=0.9,sw;q=0.8", Lang::En),
            ("en;q=0.5, sw;q=0.75", Lang::Sw),
            ("de, SW;q=0.3", Lang::Sw),
            ("de, fr;q=0.3", Lang::En),
            ("sw;q=0, en;q=0.001", Lang::En),
            ("sw;q=abc", Lang::En),
        ] {
            assert_eq!(Lang::of_header(header), lang, "{header}");
        }
    }

    #[test]
    fn a_code_reads_back() {
        for lang in Lang::ALL.iter().copied() {
            assert_eq!(Lang::of_code(lang.code()), Some(lang));
            assert_eq!(Lang::of_code(lang.tag()), Some(lang));
            assert_ne!(lang.other(), lang);
        }
        assert_eq!(Lang::of_code("swahili"), None);
    }
}

//! The accent of a shop: its colour, and what can be read on it and beside it.
//!
//! A shop sets one colour and cannot know on which grounds it will stand. Where it would be too faint as text, the
//! page keeps its own ink there; so every shop's page keeps the contrast of WCAG 2.2 AA.

use kaunta_domain::api::Appearance;

/// Grounds that the accent stands on as text: the light and the dark card of `style/tokens.css`.
const LIGHT_CARD: Color = Color(0xff, 0xff, 0xff);
const DARK_CARD: Color = Color(0x16, 0x1e, 0x1a);

#[derive(Clone, Copy)]
struct Color(u8, u8, u8);

impl Color {
    /// Reads `#rrggbb`.
    fn read(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self(part(0)?, part(2)?, part(4)?))
    }

    /// Relative luminance by WCAG 2.2.
    #[expect(clippy::float_arithmetic, reason = "light, not money")]
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Whether text of this colour can be read on `ground`: at least 4.5 to 1.
    #[expect(clippy::float_arithmetic, reason = "light, not money")]
    fn reads_on(self, ground: Self) -> bool {
        let (one, other) = (self.luminance() + 0.05, ground.luminance() + 0.05);
        one.max(other) / one.min(other) >= 4.5
    }
}

/// The rules that a shop's look adds to the style sheet; nothing where it set none.
pub(super) fn rules(appearance: Option<&Appearance>) -> String {
    let Some(appearance) = appearance else {
        return String::new();
    };
    let mut rules = String::new();
    if let Some(accent) = appearance.color_primary.as_deref().and_then(Color::read) {
        let Color(r, g, b) = accent;
        let on = if Color(255, 255, 255).reads_on(accent) {
            "#fff"
        } else {
            "#000"
        };
        let text = |card| {
            if accent.reads_on(card) {
                "var(--accent)"
            } else {
                "var(--ink)"
            }
        };
        let (light, dark) = (text(LIGHT_CARD), text(DARK_CARD));
        rules = format!(
            ":root:root{{--accent:#{r:02x}{g:02x}{b:02x};--on-accent:{on};--accent-text:{light}}}\
             @media(prefers-color-scheme:dark){{:root:root:not([data-theme=light]){{--accent-text:{dark}}}}}\
             :root:root[data-theme=dark]{{--accent-text:{dark}}}"
        );
    }
    if let Some(radius) = appearance.border_radius {
        rules = format!("{rules}:root:root{{--r:{}px}}", radius.min(24));
    }
    rules
}

/// The theme that a shop wishes; nothing for the reader's own.
pub(super) fn forced(appearance: Option<&Appearance>) -> Option<&'static str> {
    match appearance?.theme.as_deref()? {
        "light" => Some("light"),
        "dark" => Some("dark"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(color: &str) -> String {
        rules(Some(&Appearance {
            color_primary: Some(color.to_owned()),
            ..Appearance::default()
        }))
    }

    #[test]
    fn a_faint_accent_is_never_text() {
        let yellow = of("#ffdd00");
        assert!(yellow.starts_with(":root:root{--accent:#ffdd00;--on-accent:#000;--accent-text:var(--ink)}"));
        assert!(yellow.contains("[data-theme=dark]{--accent-text:var(--accent)}"));
        let navy = of("#001a66");
        assert!(navy.contains("--on-accent:#fff;--accent-text:var(--accent)}"));
        assert!(navy.contains("[data-theme=dark]{--accent-text:var(--ink)}"));
    }

    #[test]
    fn what_is_no_colour_adds_nothing() {
        for text in ["", "red", "#fff", "#ffffff;}", "#gggggg", "#ä1234"] {
            assert_eq!(of(text), "", "{text}");
        }
        assert_eq!(rules(None), "");
    }
}

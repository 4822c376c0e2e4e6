//! Which events an endpoint wants.

use kaunta_domain::event::EventType;

use crate::error::Error;

/// Patterns of event types: `*`, a type, or the beginning of types such as `payment.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter(Vec<String>);

impl EventFilter {
    /// Everything, types of later versions too.
    pub fn everything() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// Reads patterns. The errors are the places of those that no event type fits.
    pub fn parse(patterns: Vec<String>) -> Result<Self, Vec<usize>> {
        let fits_none = |pattern: &str| !EventType::ALL.iter().any(|kind| fits(pattern, kind.as_str()));
        let unknown: Vec<usize> = patterns
            .iter()
            .enumerate()
            .filter(|(_, pattern)| fits_none(pattern))
            .map(|(at, _)| at)
            .collect();
        if unknown.is_empty() {
            Ok(Self(patterns))
        } else {
            Err(unknown)
        }
    }

    /// Whether an event of this type is wanted.
    pub fn takes(&self, kind: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, kind))
    }

    /// The patterns.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn stored(text: &str, endpoint: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|_| Error::Inconsistent {
                table: "webhook_endpoints",
                column: "enabled_events",
                row: endpoint.to_owned(),
            })
    }
}

fn fits(pattern: &str, kind: &str) -> bool {
    let beginning = || pattern.strip_suffix('*').filter(|rest| rest.ends_with('.'));
    pattern == "*" || pattern == kind || beginning().is_some_and(|rest| kind.starts_with(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(patterns: &[&str]) -> Result<EventFilter, Vec<usize>> {
        EventFilter::parse(patterns.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn a_type_a_beginning_and_everything_fit() {
        for (pattern, kind, fitting) in [
            ("*", "payment.succeeded", true),
            ("*", "a.type.of.a.later.version", true),
            ("payment.succeeded", "payment.succeeded", true),
            ("payment.succeeded", "payment.needs_review", false),
            ("payment.*", "payment.succeeded", true),
            ("payment.*", "payment.attempt.failed", true),
            ("payment.attempt.*", "payment.succeeded", false),
            ("payment.*", "c2b.payment.unmatched", false),
        ] {
            assert_eq!(
                filter(&[pattern]).unwrap().takes(kind),
                fitting,
                "{pattern} {kind}"
            );
        }
    }

    #[test]
    fn patterns_that_can_never_fit_are_named() {
        let wrong = [
            "payment.succeded",
            "payment",
            "pay*",
            "payments.*",
            "",
            "**",
            ".*",
        ];
        assert_eq!(filter(&wrong), Err((0..wrong.len()).collect()));
        assert_eq!(filter(&["*", "refund.paid"]), Err(vec![1]));
    }
}

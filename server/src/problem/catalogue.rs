//! Every problem code of the merchant API: its status, what it means and what to do. `/errors/{code}` shows it.

use serde::Serialize;

/// A sentence for a shopper, in both languages.
#[derive(Debug, Serialize)]
pub(crate) struct Words {
    /// English.
    pub(crate) en: &'static str,
    /// Swahili.
    pub(crate) sw: &'static str,
}

/// One code.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The code.
    pub(crate) code: &'static str,
    /// The HTTP status that it comes with.
    pub(crate) status: u16,
    /// What it is, in a few words.
    pub(crate) title: &'static str,
    /// Whether the same request may succeed later without being changed.
    pub(crate) retryable: bool,
    /// What happened.
    pub(crate) meaning: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
    /// What to say to a shopper, where one may come to see it.
    pub(crate) shopper: Option<Words>,
}

/// The code of failures on our side.
pub(crate) const INTERNAL: Entry = Entry {
    code: "internal_error",
    status: 500,
    title: "Something failed on our side",
    retryable: true,
    meaning: "The server met a failure that it did not expect. Nothing that was answered before is lost.",
    remedy: "Send the same request again with the same Idempotency-Key: it is done at most once. The request_id finds the cause in the server's log.",
    shopper: Some(Words {
        en: "Something went wrong on our side. Try again in a moment.",
        sw: "Kuna hitilafu upande wetu. Jaribu tena baada ya muda mfupi.",
    }),
};

/// What a shopper is told of a phone number that is not acceptable.
pub(crate) const CHECK_PHONE: Words = Words {
    en: "Check the phone number: M-Pesa needs a Kenyan mobile number such as 0712 345 678.",
    sw: "Hakiki nambari ya simu: M-Pesa inahitaji nambari ya Kenya kama 0712 345 678.",
};

/// The entry of this code.
pub(crate) fn find(code: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.code == code)
}

/// All codes, by status.
pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        code: "invalid_json",
        status: 400,
        title: "The body is not readable JSON",
        retryable: false,
        meaning: "The body of the request is not one JSON value, is not UTF-8, names a field twice or is nested too deeply.",
        remedy: "The detail names the line and column where reading stopped. Build the body with a JSON library and not by hand.",
        shopper: None,
    },
    Entry {
        code: "invalid_idempotency_key",
        status: 400,
        title: "The Idempotency-Key is not acceptable",
        retryable: false,
        meaning: "The header Idempotency-Key must hold 1 to 255 visible ASCII characters, once.",
        remedy: "Send something that names the order and the step, such as order-1001-create, or a UUID.",
        shopper: None,
    },
    Entry {
        code: "invalid_api_key",
        status: 401,
        title: "The API key is missing or unknown",
        retryable: false,
        meaning: "The header Authorization does not carry a key that this server knows: it is missing, misspelled or revoked.",
        remedy: "Send Authorization: Bearer sk_test_… with the key that `kaunta merchant create` or `kaunta key create` printed.",
        shopper: None,
    },
    Entry {
        code: "missing_scope",
        status: 403,
        title: "The API key may not do this",
        retryable: false,
        meaning: "The key is known, but was made without the scope that this request needs.",
        remedy: "Make a key with that scope by `kaunta key create`; the detail names the scope.",
        shopper: None,
    },
    Entry {
        code: "source_not_allowed",
        status: 403,
        title: "This address may not call here",
        retryable: false,
        meaning: "KAUNTA_CALLBACK_IPS names the addresses that may deliver callbacks, and this is none of them.",
        remedy: "Behind a proxy, name the proxy in KAUNTA_TRUSTED_PROXIES, so that X-Forwarded-For counts.",
        shopper: None,
    },
    Entry {
        code: "not_found",
        status: 404,
        title: "There is no such thing",
        retryable: false,
        meaning: "Nothing is at this address, or it belongs to another merchant, or to the other mode: a test key sees test objects alone.",
        remedy: "Check the id and the key.",
        shopper: None,
    },
    Entry {
        code: "method_not_allowed",
        status: 405,
        title: "This address does not take this method",
        retryable: false,
        meaning: "The address exists, but not with this method.",
        remedy: "The header Allow names the methods that it takes.",
        shopper: None,
    },
    Entry {
        code: "request_timeout",
        status: 408,
        title: "The request took too long to arrive",
        retryable: true,
        meaning: "The body of the request did not arrive in time.",
        remedy: "Send it again with the same Idempotency-Key.",
        shopper: None,
    },
    Entry {
        code: "attempt_in_progress",
        status: 409,
        title: "A prompt is already on its way",
        retryable: true,
        meaning: "A prompt of this session is on a phone, or M-Pesa has not yet said how it ended. A second prompt now could take the money twice.",
        remedy: "Wait for the event of the attempt, or read the session again in some seconds.",
        shopper: Some(Words {
            en: "A request is already on its way to the phone. Finish that one first.",
            sw: "Ombi tayari limetumwa kwenye simu. Maliza hilo kwanza.",
        }),
    },
    Entry {
        code: "session_complete",
        status: 409,
        title: "The session is already paid",
        retryable: false,
        meaning: "All of the amount was received. A complete session never leaves that state.",
        remedy: "Fulfil the order. For another payment make another session.",
        shopper: Some(Words {
            en: "This is already paid.",
            sw: "Hii tayari imelipwa.",
        }),
    },
    Entry {
        code: "session_expired",
        status: 409,
        title: "The session has expired",
        retryable: false,
        meaning: "The time of the session ran out, or it was expired by the merchant. Money that still comes is recorded and told in an event.",
        remedy: "Make a new session.",
        shopper: Some(Words {
            en: "This payment page has expired. Ask the shop for a new one.",
            sw: "Muda wa ukurasa huu wa malipo umeisha. Omba duka ukurasa mpya.",
        }),
    },
    Entry {
        code: "session_canceled",
        status: 409,
        title: "The session was canceled",
        retryable: false,
        meaning: "The session was taken back. Money that still comes is recorded and told in an event.",
        remedy: "Make a new session.",
        shopper: Some(Words {
            en: "The shop took this payment back. Ask the shop for a new one.",
            sw: "Duka limefuta malipo haya. Omba duka ukurasa mpya.",
        }),
    },
    Entry {
        code: "session_not_open",
        status: 409,
        title: "The session is not open",
        retryable: false,
        meaning: "Only a session that is open can be expired: this one has a prompt out, or has ended.",
        remedy: "Read the session: its status tells which. While a prompt is out, wait for its end.",
        shopper: None,
    },
    Entry {
        code: "webhook_endpoint_disabled",
        status: 409,
        title: "The webhook endpoint is switched off",
        retryable: false,
        meaning: "Nothing is sent to this endpoint: its owner switched it off, it answered 410, or nothing arrived there for five days.",
        remedy: "Mend the receiver, switch the endpoint on with PATCH {\"disabled\": false}, then replay the time that it missed.",
        shopper: None,
    },
    Entry {
        code: "idempotency_key_in_use",
        status: 409,
        title: "The first request with this key is still running",
        retryable: true,
        meaning: "Another request with the same Idempotency-Key has not been answered yet.",
        remedy: "Wait a second and send the same request again: the answer of the first is given then.",
        shopper: None,
    },
    Entry {
        code: "payload_too_large",
        status: 413,
        title: "The body is too large",
        retryable: false,
        meaning: "The body of a request may have 256 KB, that of a callback 64 KB.",
        remedy: "Send less: metadata is for ids, not for documents.",
        shopper: None,
    },
    Entry {
        code: "unsupported_media_type",
        status: 415,
        title: "The body is not declared as JSON",
        retryable: false,
        meaning: "The header Content-Type does not say application/json.",
        remedy: "Send Content-Type: application/json. (curl -d declares a form unless told otherwise: use curl --json.)",
        shopper: None,
    },
    Entry {
        code: "validation_failed",
        status: 422,
        title: "The request is not acceptable",
        retryable: false,
        meaning: "One field or several break a rule. All of them are named at once in errors, each with a JSON pointer.",
        remedy: "Mend the fields that errors names and send the request again, with a new Idempotency-Key where it was answered before.",
        shopper: None,
    },
    Entry {
        code: "idempotency_key_reused",
        status: 422,
        title: "This Idempotency-Key belongs to another request",
        retryable: false,
        meaning: "The key was used in the last 24 hours with another method, address or body.",
        remedy: "Use a new key for a new request. Repeat a request byte by byte to get its first answer again.",
        shopper: None,
    },
    Entry {
        code: "rate_limited",
        status: 429,
        title: "Too many requests",
        retryable: true,
        meaning: "A limit is reached: M-Pesa asks to wait before the same phone is prompted again, or the session has had all the prompts that one session may have.",
        remedy: "Wait for as long as the header Retry-After says. Where there is none, make a new session.",
        shopper: Some(Words {
            en: "Wait a little before you try again.",
            sw: "Subiri kidogo kabla ya kujaribu tena.",
        }),
    },
    INTERNAL,
    Entry {
        code: "mpesa_unavailable",
        status: 502,
        title: "M-Pesa could not be asked",
        retryable: true,
        meaning: "Safaricom's API did not take the request, and no prompt went out. Nothing can have been paid by it.",
        remedy: "Try again in a minute with a new Idempotency-Key, or let the shopper pay by paybill: the session's account number works all the time.",
        shopper: Some(Words {
            en: "M-Pesa is not answering now. Nothing was taken. Try again in a minute.",
            sw: "M-Pesa haijibu kwa sasa. Hakuna pesa zilizotolewa. Jaribu tena baada ya dakika moja.",
        }),
    },
    Entry {
        code: "overloaded",
        status: 503,
        title: "The server is busy",
        retryable: true,
        meaning: "More work waits than the server can take on, it is shutting down, or its database does not answer.",
        remedy: "Send the same request again with the same Idempotency-Key after the seconds that Retry-After says.",
        shopper: Some(Words {
            en: "We are busy. Try again in a moment.",
            sw: "Tuna shughuli nyingi. Jaribu tena baada ya muda mfupi.",
        }),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_ordered_by_status() {
        assert!(ENTRIES.is_sorted_by_key(|entry| entry.status));
        let mut codes: Vec<_> = ENTRIES.iter().map(|entry| entry.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ENTRIES.len());
    }

    #[test]
    fn only_what_passes_by_itself_is_retryable() {
        for entry in ENTRIES.iter().filter(|entry| entry.retryable) {
            assert!(
                matches!(entry.status, 408 | 409 | 429 | 500..=599),
                "{}",
                entry.code
            );
        }
    }
}

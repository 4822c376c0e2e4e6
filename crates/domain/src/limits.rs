//! Every limit of the shop window, in one place, with what must hold between them.

use std::time::Duration;

/// Longest `client_reference_id`.
pub const CLIENT_REFERENCE_CHARS: usize = 200;
/// Longest `description`.
pub const DESCRIPTION_CHARS: usize = 500;
/// Most `metadata` keys.
pub const METADATA_KEYS: usize = 50;
/// Longest `metadata` key.
pub const METADATA_KEY_CHARS: usize = 40;
/// Longest `metadata` value.
pub const METADATA_VALUE_CHARS: usize = 500;
/// Most `line_items`.
pub const LINE_ITEMS: usize = 100;
/// Longest name of a line item.
pub const LINE_ITEM_NAME_CHARS: usize = 200;
/// Longest `success_url` and `cancel_url`.
pub const URL_CHARS: usize = 2048;
/// Shortest and longest life of a session, and its life where the shop says nothing.
pub const EXPIRES_IN_SECONDS: (i64, i64, i64) = (300, 604_800, 1_800);
/// Longest `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_CHARS: usize = 255;
/// How long an `Idempotency-Key` is kept.
pub const IDEMPOTENCY_KEPT: Duration = Duration::from_hours(24);
/// Largest list page, and the page where the caller says nothing.
pub const LIST: (i64, i64) = (100, 10);
/// Largest body of a callback.
pub const CALLBACK_BYTES: usize = 64 * 1024;
/// Largest body of an API request.
pub const API_BYTES: usize = 256 * 1024;
/// Longest wait of a status poll.
pub const POLL_WAIT: Duration = Duration::from_secs(25);
/// Most prompts in one session.
pub const ATTEMPTS_PER_SESSION: usize = 20;
/// Most receipts that a shopper may claim for one session before their money is here.
pub const CLAIMS_PER_SESSION: i64 = 5;
/// How long a prompt lives on a handset. Source: observed, about 60 s; older pages say 1 to 3 minutes.
pub const PROMPT_LIVES: Duration = Duration::from_mins(1);
/// How long a silent prompt keeps the next one from being sent.
pub const PROMPT_BLOCKS: Duration = Duration::from_mins(2);
/// A failure that a query tells of a younger prompt is not believed: payments were seen to succeed after it.
pub const QUERY_FAILURE_AGE: Duration = Duration::from_mins(1);
/// Most callbacks in one commit.
pub const BATCH: usize = 256;
/// How long a lease on background work lasts; much longer than clocks of servers differ.
pub const LEASE: Duration = Duration::from_mins(1);
/// Most webhook endpoints of one merchant in one mode.
pub const WEBHOOK_ENDPOINTS: i64 = 200;
/// Most patterns in `enabled_events`.
pub const WEBHOOK_PATTERNS: usize = 50;
/// How long a webhook's receiver has to answer. Source: CONTRACT of the webhooks.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// How much of a receiver's answer is kept. Source: CONTRACT of the webhooks.
pub const WEBHOOK_ANSWER_BYTES: usize = 4 * 1024;
/// How long a webhook endpoint may fail before it is switched off. Source: CONTRACT of the webhooks.
pub const WEBHOOK_FAILS: Duration = Duration::from_hours(5 * 24);
/// Most webhooks on the way at once: to one endpoint, and in all.
pub const WEBHOOKS_AT_ONCE: (usize, usize) = (8, 256);
/// Most deliveries that one replay makes.
pub const WEBHOOK_REPLAY: i64 = 10_000;
/// How long the old secret of a webhook endpoint signs beside the new one: at most, and where the owner says nothing.
pub const WEBHOOK_OVERLAP_SECONDS: (i64, i64) = (604_800, 86_400);

const _: () = assert!(PROMPT_BLOCKS.as_secs() > PROMPT_LIVES.as_secs());
const _: () = assert!(QUERY_FAILURE_AGE.as_secs() <= PROMPT_LIVES.as_secs());
const _: () =
    assert!(EXPIRES_IN_SECONDS.0 < EXPIRES_IN_SECONDS.2 && EXPIRES_IN_SECONDS.2 < EXPIRES_IN_SECONDS.1);
const _: () = assert!(LIST.1 <= LIST.0);
const _: () = assert!(LEASE.as_secs() >= 30);
const _: () = assert!(LEASE.as_secs() > 2 * WEBHOOK_TIMEOUT.as_secs());
const _: () = assert!(WEBHOOKS_AT_ONCE.0 * 8 <= WEBHOOKS_AT_ONCE.1);
const _: () = assert!(WEBHOOK_OVERLAP_SECONDS.1 <= WEBHOOK_OVERLAP_SECONDS.0);

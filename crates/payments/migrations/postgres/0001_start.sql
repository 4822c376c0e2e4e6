-- Amounts are whole shillings, times Unix milliseconds, booleans 0 or 1, so that one SQL text serves both databases.
-- Columns that hold a secret, a phone number or a text that contains one are sealed (AES-256-GCM) and of type BYTEA.

CREATE TABLE merchants (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    origins     TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);

-- `shortcode` is what payers type: the paybill or the till. A till pushes under its `store` number.
CREATE TABLE channels (
    id              TEXT PRIMARY KEY,
    merchant_id     TEXT NOT NULL REFERENCES merchants (id),
    livemode        BIGINT NOT NULL CHECK (livemode IN (0, 1)),
    kind            TEXT NOT NULL CHECK (kind IN ('paybill', 'till')),
    shortcode       TEXT NOT NULL,
    store           TEXT,
    credentials     BYTEA NOT NULL,
    c2b_token_hash  BYTEA NOT NULL,
    created_at      BIGINT NOT NULL,
    CONSTRAINT channels_c2b_token_key UNIQUE (c2b_token_hash),
    CONSTRAINT channels_till_has_store CHECK ((kind = 'till') = (store IS NOT NULL))
);
CREATE INDEX channels_merchant ON channels (merchant_id);

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    merchant_id  TEXT NOT NULL REFERENCES merchants (id),
    livemode     BIGINT NOT NULL CHECK (livemode IN (0, 1)),
    hash         BYTEA NOT NULL,
    hint         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    revoked_at   BIGINT,
    CONSTRAINT api_keys_hash_key UNIQUE (hash)
);

-- `due_at` is when time alone moves the session next: a silent prompt stops blocking, or it expires.
CREATE TABLE sessions (
    id                   TEXT PRIMARY KEY,
    merchant_id          TEXT NOT NULL REFERENCES merchants (id),
    channel_id           TEXT NOT NULL REFERENCES channels (id),
    livemode             BIGINT NOT NULL CHECK (livemode IN (0, 1)),
    status               TEXT NOT NULL CHECK (status IN ('open', 'processing', 'complete', 'expired', 'canceled')),
    amount               BIGINT NOT NULL CHECK (amount BETWEEN 1 AND 250000),
    received             BIGINT NOT NULL DEFAULT 0 CHECK (received >= 0),
    refunded             BIGINT NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND received),
    account              TEXT NOT NULL,
    client_reference_id  TEXT,
    details              TEXT NOT NULL,
    customer_phone       BYTEA,
    customer_masked      TEXT,
    version              BIGINT NOT NULL,
    sequence             BIGINT NOT NULL,
    due_at               BIGINT,
    expires_at           BIGINT NOT NULL,
    created_at           BIGINT NOT NULL,
    completed_at         BIGINT,
    CONSTRAINT sessions_account_key UNIQUE (channel_id, account),
    CONSTRAINT sessions_complete_is_paid CHECK (status <> 'complete' OR (received >= amount AND completed_at IS NOT NULL))
);
CREATE INDEX sessions_merchant ON sessions (merchant_id, livemode, id);
CREATE INDEX sessions_reference ON sessions (merchant_id, client_reference_id) WHERE client_reference_id IS NOT NULL;
CREATE INDEX sessions_due ON sessions (due_at) WHERE due_at IS NOT NULL;

-- `ask_at` is when M-Pesa is asked next about a silent prompt; `lease_until` keeps two servers from asking at once.
CREATE TABLE attempts (
    id                   TEXT PRIMARY KEY,
    session_id           TEXT NOT NULL REFERENCES sessions (id),
    channel_id           TEXT NOT NULL REFERENCES channels (id),
    amount               BIGINT NOT NULL CHECK (amount BETWEEN 1 AND 250000),
    token_hash           BYTEA NOT NULL,
    phone                BYTEA NOT NULL,
    phone_hash           BYTEA NOT NULL,
    phone_masked         TEXT NOT NULL,
    status               TEXT NOT NULL CHECK (status IN ('created', 'awaiting_pin', 'succeeded', 'failed', 'canceled',
                                                         'timed_out', 'unknown', 'needs_review')),
    failure_code         TEXT,
    result_code          TEXT,
    reason               TEXT,
    blocks               BIGINT NOT NULL CHECK (blocks IN (0, 1)),
    checkout_request_id  BYTEA,
    merchant_request_id  TEXT,
    asked                BIGINT NOT NULL DEFAULT 0,
    asked_at             BIGINT,
    ask_at               BIGINT,
    lease_until          BIGINT,
    created_at           BIGINT NOT NULL,
    ended_at             BIGINT,
    CONSTRAINT attempts_token_key UNIQUE (token_hash),
    CONSTRAINT attempts_open_is_pending CHECK (blocks = 0 OR status IN ('created', 'awaiting_pin', 'unknown', 'needs_review'))
);
CREATE INDEX attempts_session ON attempts (session_id);
CREATE UNIQUE INDEX attempts_one_open_per_session ON attempts (session_id) WHERE blocks = 1;
CREATE INDEX attempts_ask ON attempts (ask_at) WHERE ask_at IS NOT NULL;

-- Money. A row without a session is money that names none; a row without a receipt is known from a query alone.
CREATE TABLE payments (
    id            TEXT PRIMARY KEY,
    session_id    TEXT REFERENCES sessions (id),
    merchant_id   TEXT NOT NULL REFERENCES merchants (id),
    channel_id    TEXT NOT NULL REFERENCES channels (id),
    livemode      BIGINT NOT NULL CHECK (livemode IN (0, 1)),
    shortcode     TEXT NOT NULL,
    receipt       TEXT,
    amount        BIGINT NOT NULL CHECK (amount >= 0),
    cents         BIGINT NOT NULL DEFAULT 0 CHECK (cents BETWEEN 0 AND 99),
    method        TEXT NOT NULL CHECK (method IN ('mpesa_stk', 'mpesa_paybill', 'mpesa_till')),
    source        TEXT NOT NULL,
    attempt_id    TEXT REFERENCES attempts (id),
    inferred      BIGINT NOT NULL DEFAULT 0 CHECK (inferred IN (0, 1)),
    payer_masked  TEXT,
    bill_ref      TEXT,
    paid_at       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    CONSTRAINT payments_receipt_key UNIQUE (shortcode, livemode, receipt)
);
CREATE INDEX payments_session ON payments (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX payments_merchant ON payments (merchant_id, livemode, id);
CREATE UNIQUE INDEX payments_one_per_attempt ON payments (attempt_id) WHERE attempt_id IS NOT NULL;

-- What Safaricom said, sealed, with what it did.
CREATE TABLE evidence (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         TEXT NOT NULL,
    channel_id   TEXT,
    session_id   TEXT,
    attempt_id   TEXT,
    outcome      TEXT NOT NULL,
    body         BYTEA NOT NULL,
    received_at  BIGINT NOT NULL
);

CREATE TABLE events (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           TEXT NOT NULL,
    merchant_id  TEXT NOT NULL,
    livemode     BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    session_id   TEXT,
    sequence     BIGINT NOT NULL,
    body         BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT events_id_key UNIQUE (id)
);
CREATE INDEX events_merchant ON events (merchant_id, livemode, seq);

-- One row a key; `body` or `refused` once the first answer is known.
CREATE TABLE idempotency (
    merchant_id  TEXT NOT NULL,
    livemode     BIGINT NOT NULL,
    key          TEXT NOT NULL,
    fingerprint  BYTEA NOT NULL,
    session_id   TEXT,
    attempt_id   TEXT,
    body         BYTEA,
    refused      TEXT,
    created_at   BIGINT NOT NULL,
    CONSTRAINT idempotency_key PRIMARY KEY (merchant_id, livemode, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- One OAuth token an app, for all servers: each new token voids the one before.
CREATE TABLE daraja_tokens (
    app          TEXT PRIMARY KEY,
    token        BYTEA,
    expires_at   BIGINT NOT NULL DEFAULT 0,
    lease_until  BIGINT NOT NULL DEFAULT 0
);

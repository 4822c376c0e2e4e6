-- Where merchants hear of events. An endpoint that is deleted stays as a row, so that its deliveries can still be read;
-- its secrets go. `failing_since` is the first failure after the last success.
CREATE TABLE webhook_endpoints (
    id                  TEXT PRIMARY KEY,
    merchant_id         TEXT NOT NULL REFERENCES merchants (id),
    livemode            INTEGER NOT NULL CHECK (livemode IN (0, 1)),
    url                 TEXT NOT NULL,
    description         TEXT,
    enabled_events      TEXT NOT NULL,
    secret              BLOB,
    old_secret          BLOB,
    old_secret_ends_at  INTEGER,
    failing_since       INTEGER,
    disabled_at         INTEGER,
    disabled_reason     TEXT CHECK (disabled_reason IN ('by_owner', 'gone', 'failing')),
    created_at          INTEGER NOT NULL,
    deleted_at          INTEGER,
    CONSTRAINT webhook_endpoints_secret_until_deleted CHECK ((secret IS NULL) = (deleted_at IS NOT NULL)),
    CONSTRAINT webhook_endpoints_disabled_has_reason CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
) STRICT;
CREATE INDEX webhook_endpoints_merchant ON webhook_endpoints (merchant_id, livemode, id) WHERE deleted_at IS NULL;

-- One event on its way to one endpoint. `due_at` is when it is sent next; while it is being sent, when the lease of
-- the server that sends it runs out. No foreign keys: money must never wait for, or fail on, where it is told.
CREATE TABLE deliveries (
    id           TEXT PRIMARY KEY,
    endpoint_id  TEXT NOT NULL,
    merchant_id  TEXT NOT NULL,
    livemode     INTEGER NOT NULL,
    event_id     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    origin       TEXT NOT NULL CHECK (origin IN ('event', 'test', 'redelivery', 'replay')),
    original_id  TEXT,
    status       TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'canceled')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER,
    last_status  INTEGER,
    last_error   TEXT,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    CONSTRAINT deliveries_pending_is_due CHECK ((status = 'pending') = (due_at IS NOT NULL)),
    CONSTRAINT deliveries_finished_has_end CHECK ((status = 'pending') = (finished_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX deliveries_one_per_event ON deliveries (event_id, endpoint_id) WHERE origin = 'event';
CREATE INDEX deliveries_due ON deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_endpoint ON deliveries (endpoint_id, id);

-- What was sent and what was answered, sealed, because an answer may quote whatever it was sent.
CREATE TABLE delivery_attempts (
    delivery_id  TEXT NOT NULL,
    number       INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    duration_ms  INTEGER NOT NULL,
    status       INTEGER,
    error        TEXT,
    exchange     BLOB NOT NULL,
    CONSTRAINT delivery_attempts_key PRIMARY KEY (delivery_id, number)
) STRICT;

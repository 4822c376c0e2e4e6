-- A shopper says that a receipt pays a session. One code cannot be claimed for two sessions.
CREATE TABLE claims (
    shortcode   TEXT NOT NULL,
    livemode    INTEGER NOT NULL CHECK (livemode IN (0, 1)),
    receipt     TEXT NOT NULL,
    session_id  TEXT NOT NULL REFERENCES sessions (id),
    created_at  INTEGER NOT NULL,
    CONSTRAINT claims_receipt_key PRIMARY KEY (shortcode, livemode, receipt)
) STRICT;
CREATE INDEX claims_session ON claims (session_id);

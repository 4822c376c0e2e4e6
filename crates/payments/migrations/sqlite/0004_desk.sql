-- Who is signed in at the desk. The id is in a cookie and here only as its hash; the data is sealed.
CREATE TABLE desk_sessions (
    id_hash     BLOB NOT NULL,
    data        BLOB NOT NULL,
    expires_at  INTEGER NOT NULL,
    CONSTRAINT desk_sessions_key PRIMARY KEY (id_hash)
) STRICT;
CREATE INDEX desk_sessions_expires ON desk_sessions (expires_at);

-- What people did at the desk. `who` names the key that they signed in with, never the key itself.
CREATE TABLE desk_audit (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    merchant_id  TEXT NOT NULL REFERENCES merchants (id),
    who          TEXT NOT NULL,
    what         TEXT NOT NULL CHECK (what IN ('payment_assigned')),
    payment_id   TEXT NOT NULL,
    session_id   TEXT NOT NULL REFERENCES sessions (id)
) STRICT;
CREATE INDEX desk_audit_session ON desk_audit (session_id);

-- Money that names no session is little, and asked for on every visit of the desk.
CREATE INDEX payments_unmatched ON payments (merchant_id, livemode, id) WHERE session_id IS NULL;

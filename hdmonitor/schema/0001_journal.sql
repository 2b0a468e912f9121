-- The journal, version 1. A released file is never edited: a change is the next number.
-- Every time is a whole number of microseconds since 1970-01-01 00:00 UTC.

CREATE TABLE meta (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL,
    id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    stopped_at INTEGER,  -- the newest commit
    -- A chain alone does not show that its end was cut off.
    events INTEGER NOT NULL DEFAULT 0,
    head BLOB
) STRICT;

INSERT INTO meta (only, version, id, created_at)
VALUES (1, 1, lower(hex(randomblob(16))), CAST(strftime('%s', 'now') AS INTEGER) * 1000000);

-- The name of a point as a small number, and what was last heard of it, so that
-- a start reads one row a point however many readings there are or once were.
CREATE TABLE point (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    value REAL,  -- of the newest good reading; the next two go with it
    measured_at INTEGER,
    received_at INTEGER,
    quality INTEGER,  -- of the newest good or faulty reading, measured at judged_at
    judged_at INTEGER,
    live_at INTEGER  -- received_at of the newest sign of life
) STRICT;

-- AUTOINCREMENT: cursors name a seq, so none is ever given out again.
CREATE TABLE reading (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    point INTEGER NOT NULL,
    measured_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    value REAL,
    quality INTEGER NOT NULL,
    live INTEGER NOT NULL,
    fault TEXT,
    device_time INTEGER,
    UNIQUE (point, measured_at),
    -- SQLite takes NaN for NULL: a value that is missing must say why.
    CHECK (value IS NOT NULL OR fault IS NOT NULL),
    CHECK (abs(value) < 1e300)
) STRICT;

CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    alarm TEXT,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX event_of_alarm ON event (alarm) WHERE alarm IS NOT NULL;

-- The next number only; INSERT OR REPLACE, which fires no delete trigger, falls here too.
CREATE TRIGGER event_is_next BEFORE INSERT ON event
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM event)
BEGIN
    SELECT RAISE(ABORT, 'events are numbered without gaps');
END;
CREATE TRIGGER event_is_not_edited BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'events are not edited');
END;
CREATE TRIGGER event_is_not_removed BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'events are not removed');
END;

CREATE TABLE alarm (
    id TEXT PRIMARY KEY,
    point TEXT NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    level INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    title TEXT NOT NULL,
    active INTEGER NOT NULL,
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    cleared_at INTEGER,
    closed_by TEXT,
    closed_at INTEGER,
    note TEXT NOT NULL
) STRICT;
CREATE INDEX alarm_not_closed ON alarm (opened_at) WHERE closed_at IS NULL;

CREATE TABLE excursion (
    point TEXT NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    level INTEGER NOT NULL,
    side TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    peak REAL NOT NULL,
    missing INTEGER NOT NULL,  -- microseconds
    alarm_at INTEGER,
    alarm TEXT,
    PRIMARY KEY (point, rule, level, side, began_at)
) STRICT;
CREATE INDEX excursion_in_time ON excursion (began_at);

CREATE TABLE state (
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- Owed while neither delivered nor replaced.
CREATE TABLE outbox (
    row INTEGER PRIMARY KEY,
    event INTEGER NOT NULL REFERENCES event (number),
    alarm TEXT NOT NULL,
    destination TEXT NOT NULL,
    about TEXT NOT NULL,
    priority INTEGER NOT NULL,
    contained INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_failed_at INTEGER,
    next_attempt_at INTEGER NOT NULL,
    delivered_at INTEGER,
    answer TEXT,
    replaced_by INTEGER REFERENCES outbox (row),
    UNIQUE (event, destination, about)
) STRICT;
CREATE INDEX outbox_owed ON outbox (destination, next_attempt_at)
WHERE delivered_at IS NULL AND replaced_by IS NULL;
CREATE INDEX outbox_of_alarm ON outbox (alarm);

CREATE TABLE receipt (
    seq INTEGER PRIMARY KEY,
    mid INTEGER NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;

CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    payload BLOB NOT NULL,  -- its beginning
    length INTEGER NOT NULL,  -- of the whole, as is the hash
    sha256 BLOB NOT NULL
) STRICT;

CREATE TABLE cursor (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE tally (
    kind TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;

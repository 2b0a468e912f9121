BEGIN TRANSACTION;
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
INSERT INTO "alarm" VALUES('A2','fridge','659-1','2024',2,3,1772438460000000,1772439360000000,'HD Fridge 2: 9.4 °C',1,NULL,NULL,NULL,NULL,NULL,'');
CREATE TABLE cursor (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO "cursor" VALUES('influx.reading',2);
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
INSERT INTO "event" VALUES(1,1772438400000000,1772438400000000,'started','monitor',NULL,'{"version":"1.0.0"}',X'FC637D956D7A1F91CE6A378B7B2D5B326F5D4949B8BB10EC3FA0DECBBD764B6E');
INSERT INTO "event" VALUES(2,1772439360000000,1772439361000000,'moved','fridge','A2','{"from":"pending","note":"\u00b0C","rule":"659-1","to":"active","value":9.4}',X'4C6066C6C3E18DD19588D364CB9CC1B11AE159D03D3889CB699ACD0FAF002CDB');
INSERT INTO "event" VALUES(3,1772439360000000,1772439361000000,'called','fridge','A2','{"about":"opened","destinations":["phone"]}',X'3D331C2308B125333EF18E19EFA15CF0886305A743DD749FD4417E1FFB62B7AB');
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
INSERT INTO "excursion" VALUES('fridge','659-1','2024',2,'high',1772438460000000,NULL,9.4,0,1772439360000000,'A2');
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
INSERT INTO "meta" VALUES(1,1,'15e0dc203fa3cfb90616db8024df16cd',1795315046000000,1772439370000000,3,X'3D331C2308B125333EF18E19EFA15CF0886305A743DD749FD4417E1FFB62B7AB');
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
INSERT INTO "outbox" VALUES(1,3,'A2','phone','opened',3,0,'HD Fridge 2: 9.4 C','Shut the door. A1',1772438400000000,1,1772439370000000,1772439375000000,NULL,'timed out',NULL);
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
INSERT INTO "point" VALUES(1,'fridge',9.4,1772438460000000,1772438460000000,3,1772438520000000,1772438520000000);
CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    payload BLOB NOT NULL,  -- its beginning
    length INTEGER NOT NULL,  -- of the whole, as is the hash
    sha256 BLOB NOT NULL
) STRICT;
INSERT INTO "quarantine" VALUES(1,'zigbee/unknown',1772438400000000,'not JSON',X'007B',2,X'A3AE56BFF4748EAD212A8A8917FCE300E25DC7A7BF377BC00DE81CCF148A6922');
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
INSERT INTO "reading" VALUES(1,1,1772438400000000,1772438400000000,5.0,0,1,NULL,NULL);
INSERT INTO "reading" VALUES(2,1,1772438460000000,1772438460000000,9.4,0,1,NULL,NULL);
INSERT INTO "reading" VALUES(3,1,1772438520000000,1772438520000000,NULL,3,1,'sensor-disconnected',NULL);
CREATE TABLE receipt (
    seq INTEGER PRIMARY KEY,
    mid INTEGER NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;
INSERT INTO "receipt" VALUES(1,1,'fridge',X'30313233343536373839616263646566');
CREATE TABLE state (
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;
INSERT INTO "state" VALUES('case:fridge|659-1','{"phase":"active"}');
CREATE TABLE tally (
    kind TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;
INSERT INTO "tally" VALUES('quarantined',1);
INSERT INTO "tally" VALUES('duplicate',1);
CREATE INDEX event_of_alarm ON event (alarm) WHERE alarm IS NOT NULL;
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
CREATE INDEX alarm_not_closed ON alarm (opened_at) WHERE closed_at IS NULL;
CREATE INDEX excursion_in_time ON excursion (began_at);
CREATE INDEX outbox_owed ON outbox (destination, next_attempt_at)
WHERE delivered_at IS NULL AND replaced_by IS NULL;
CREATE INDEX outbox_of_alarm ON outbox (alarm);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('reading',3);
COMMIT;

-- Version 6: the list of hazardous drugs, incidents, spill drills. Days are text: 2026-03-02.

-- The newest list counts; those before it say what was known when something was made.
CREATE TABLE hazardous_drug (
    list INTEGER NOT NULL REFERENCES event (number),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    niosh TEXT NOT NULL CHECK (niosh IN ('1', '2', 'site')),
    antineoplastic INTEGER NOT NULL,
    maker_instructions INTEGER NOT NULL,
    reproductive_only INTEGER NOT NULL,
    version TEXT NOT NULL,
    reviewed TEXT NOT NULL,
    forms TEXT NOT NULL,
    sheet TEXT NOT NULL,
    remark TEXT NOT NULL,
    PRIMARY KEY (list, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    number INTEGER PRIMARY KEY REFERENCES event (number),
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    place TEXT NOT NULL,
    people TEXT NOT NULL,  -- JSON list of ids
    drug TEXT NOT NULL,
    amount TEXT NOT NULL,
    kit TEXT NOT NULL,
    first_aid TEXT NOT NULL,
    reported_to TEXT NOT NULL,
    alarm TEXT NOT NULL,
    note TEXT NOT NULL,
    filed_by TEXT NOT NULL,
    filed_at INTEGER NOT NULL,
    salt TEXT NOT NULL  -- of the digest that the event holds
) STRICT;
CREATE TRIGGER incident_is_not_edited BEFORE UPDATE ON incident
BEGIN
    SELECT RAISE(ABORT, 'incidents are not edited');
END;
CREATE TRIGGER incident_is_not_removed BEFORE DELETE ON incident
BEGIN
    SELECT RAISE(ABORT, 'incidents are not removed');
END;

CREATE TABLE drill (
    id TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    stopped_at INTEGER,
    steps TEXT NOT NULL DEFAULT '[]',  -- JSON list
    people TEXT NOT NULL DEFAULT '[]',
    event INTEGER NOT NULL REFERENCES event (number)
) STRICT;

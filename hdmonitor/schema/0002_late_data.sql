-- Version 2: readings that come late are judged with the others of their point.

-- How the limits of a point stood before its first reading at or after `at`.
CREATE TABLE snapshot (
    point INTEGER NOT NULL,
    at INTEGER NOT NULL,
    rules TEXT NOT NULL,  -- which limits judged
    body TEXT NOT NULL,
    PRIMARY KEY (point, at)
) STRICT, WITHOUT ROWID;

-- `excursion` holds what is known now. What stood there before late data changed it is kept
-- here, with the event that tells the change; an excursion that is discovered replaces none.
CREATE TABLE revision (
    event INTEGER NOT NULL REFERENCES event (number),
    point TEXT NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    level INTEGER NOT NULL,
    side TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    peak REAL NOT NULL,
    missing INTEGER NOT NULL,
    alarm_at INTEGER,
    alarm TEXT,
    PRIMARY KEY (event, began_at)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER revision_is_not_edited BEFORE UPDATE ON revision
BEGIN
    SELECT RAISE(ABORT, 'revisions are not edited');
END;
CREATE TRIGGER revision_is_not_removed BEFORE DELETE ON revision
BEGIN
    SELECT RAISE(ABORT, 'revisions are not removed');
END;

ALTER TABLE excursion ADD COLUMN revised INTEGER;  -- number of the newest event that changed it

CREATE INDEX excursion_of_point ON excursion (point, began_at);
CREATE INDEX alarm_of_point ON alarm (point, closed_at);

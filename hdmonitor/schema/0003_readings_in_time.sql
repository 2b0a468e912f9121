-- Version 3: the index of readings follows the order in which they come.
-- With the point first, each reading of a commit fell on another page of the index, and a page
-- is written whole, twice: with 3,000 points that was 8 KB for a reading of 40 bytes.

CREATE TABLE reading_in_time (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    point INTEGER NOT NULL,
    measured_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    value REAL,
    quality INTEGER NOT NULL,
    live INTEGER NOT NULL,
    fault TEXT,
    device_time INTEGER,
    UNIQUE (measured_at, point),
    -- SQLite takes NaN for NULL: a value that is missing must say why.
    CHECK (value IS NOT NULL OR fault IS NOT NULL),
    CHECK (abs(value) < 1e300)
) STRICT;

INSERT INTO reading_in_time SELECT * FROM reading ORDER BY seq;
-- A seq that was given out once is not given out again, though its reading may be gone.
DELETE FROM sqlite_sequence WHERE name = 'reading_in_time';
INSERT INTO sqlite_sequence SELECT 'reading_in_time', seq FROM sqlite_sequence WHERE name = 'reading';
DROP TABLE reading;
ALTER TABLE reading_in_time RENAME TO reading;

-- Version 5: what was done about obligations, when they fell due, of what people were reminded.
-- Days are local days of the site, as text: 2026-03-02.

-- Append-only, as events are; a mistake is corrected by an entry that names the old one.
CREATE TABLE completion (
    number INTEGER PRIMARY KEY REFERENCES event (number),
    obligation TEXT NOT NULL,
    subject TEXT NOT NULL,
    day TEXT NOT NULL,
    run INTEGER NOT NULL CHECK (run >= 1),  -- which of several on one day
    result TEXT NOT NULL CHECK (result IN ('pass', 'fail', 'not-judged', 'void')),
    filed_by TEXT NOT NULL,
    filed_at INTEGER NOT NULL,
    done_by TEXT NOT NULL,
    evaluator TEXT NOT NULL,
    second TEXT NOT NULL,
    measured TEXT NOT NULL,  -- JSON object
    method TEXT NOT NULL,
    certificate TEXT NOT NULL,
    attachments TEXT NOT NULL,  -- JSON list of SHA-256
    remark TEXT NOT NULL,
    corrects INTEGER UNIQUE REFERENCES completion (number)
) STRICT;
CREATE UNIQUE INDEX completion_once ON completion (obligation, subject, day, run) WHERE corrects IS NULL;
CREATE TRIGGER completion_is_not_edited BEFORE UPDATE ON completion
BEGIN
    SELECT RAISE(ABORT, 'completions are not edited');
END;
CREATE TRIGGER completion_is_not_removed BEFORE DELETE ON completion
BEGIN
    SELECT RAISE(ABORT, 'completions are not removed');
END;

CREATE TABLE occurrence (
    obligation TEXT NOT NULL,
    subject TEXT NOT NULL,
    due TEXT NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended TEXT NOT NULL,
    PRIMARY KEY (obligation, subject, due)
) STRICT, WITHOUT ROWID;
-- One at a time is open.
CREATE UNIQUE INDEX occurrence_open ON occurrence (obligation, subject) WHERE ended_at IS NULL;

CREATE TABLE reminder (
    obligation TEXT NOT NULL,
    subject TEXT NOT NULL,
    due TEXT NOT NULL,
    step INTEGER NOT NULL,  -- days before the due day
    event INTEGER NOT NULL REFERENCES event (number),
    PRIMARY KEY (obligation, subject, due, step)
) STRICT, WITHOUT ROWID;

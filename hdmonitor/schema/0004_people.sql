-- Version 4: who may log in, and which forms have been answered.

-- Hashes are argon2id in its own notation, with their salts. A column that is NULL opens nothing.
CREATE TABLE account (
    person TEXT PRIMARY KEY,  -- id in the site file
    password TEXT,
    pin TEXT,
    token TEXT,  -- SHA-256 of the token of a board or a program, in hexadecimal
    stamp TEXT NOT NULL DEFAULT '',  -- sessions that began under another one are over
    disabled INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0,  -- after too many wrong passwords or PINs
    event INTEGER NOT NULL REFERENCES event (number)  -- the newest change
) STRICT;
CREATE UNIQUE INDEX account_by_token ON account (token) WHERE token IS NOT NULL;

-- A form that is sent twice is done once: its name, and what it was answered.
CREATE TABLE form (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    answer TEXT NOT NULL  -- empty: done
) STRICT;

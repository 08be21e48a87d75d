-- Stamps are whole nanoseconds since 1970-01-01T00:00:00Z.

CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    first_seen_ns INTEGER NOT NULL,
    ended_ns INTEGER,
    ended_by TEXT
) STRICT;

CREATE TABLE files (
    run INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    processing INTEGER NOT NULL,
    step TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    failure TEXT,
    reason TEXT,
    source TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    daq_closed_ns INTEGER NOT NULL,
    arrived_ns INTEGER NOT NULL,
    adler32 INTEGER,
    attempt INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    events INTEGER,
    accepted_ns INTEGER,
    file_group INTEGER,
    refused_bytes INTEGER,
    refused_ns INTEGER,
    PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE story (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    run INTEGER,
    sequence INTEGER,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX story_of_file ON story (run, sequence, id);

CREATE TABLE transfers (
    run INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    from_path TEXT NOT NULL,
    to_path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    adler32 INTEGER NOT NULL,
    started_ns INTEGER NOT NULL,
    ended_ns INTEGER NOT NULL,
    PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    run INTEGER NOT NULL,
    sequence INTEGER,
    file_group INTEGER,
    state TEXT NOT NULL,
    batch TEXT NOT NULL,
    batch_id TEXT,
    submitted_ns INTEGER NOT NULL,
    started_ns INTEGER,
    ended_ns INTEGER,
    cpu_s REAL,
    wall_s REAL,
    peak_memory_bytes INTEGER,
    exit_status INTEGER,
    script TEXT NOT NULL,
    log TEXT NOT NULL,
    reason TEXT,
    UNIQUE (name, attempt)
) STRICT;
CREATE INDEX jobs_of_run ON jobs (run, id);

CREATE TABLE groups (
    run INTEGER NOT NULL,
    processing INTEGER NOT NULL,
    file_group INTEGER NOT NULL,
    members TEXT NOT NULL,
    step TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    tasks TEXT NOT NULL,
    results TEXT NOT NULL,
    PRIMARY KEY (run, processing, file_group)
) STRICT, WITHOUT ROWID;

CREATE TABLE readings (
    task TEXT NOT NULL,
    item TEXT NOT NULL,
    run INTEGER NOT NULL,
    processing INTEGER NOT NULL,
    file_group INTEGER NOT NULL,
    value TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    PRIMARY KEY (task, item, run, processing, file_group)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    run INTEGER NOT NULL,
    sequence INTEGER,
    flag TEXT NOT NULL CHECK (flag IN ('OK', 'UNCHECKED', 'BAD', 'MAYBE')),
    comment TEXT NOT NULL CHECK (flag <> 'BAD' OR trim(comment) <> ''),
    who TEXT NOT NULL CHECK (trim(who) <> ''),
    role TEXT NOT NULL CHECK (trim(role) <> ''),
    evidence TEXT NOT NULL,
    supersedes INTEGER REFERENCES decisions (id)
) STRICT;
CREATE INDEX decisions_of_run ON decisions (run, sequence, id);

CREATE TABLE not_taken (
    name TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    at_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    owner TEXT NOT NULL,
    host TEXT NOT NULL,
    token TEXT NOT NULL,
    taken_ns INTEGER NOT NULL,
    heartbeat_ns INTEGER NOT NULL,
    released_ns INTEGER
) STRICT;

CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    who TEXT NOT NULL,
    kind TEXT NOT NULL,
    run INTEGER,
    sequence INTEGER,
    answered_ns INTEGER,
    outcome TEXT
) STRICT;

CREATE TRIGGER story_is_never_changed BEFORE UPDATE ON story
BEGIN SELECT RAISE(ABORT, 'the story is append-only'); END;
CREATE TRIGGER story_is_never_deleted BEFORE DELETE ON story
BEGIN SELECT RAISE(ABORT, 'the story is append-only'); END;
CREATE TRIGGER decisions_are_never_changed BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only: supersede it'); END;
CREATE TRIGGER decisions_are_never_deleted BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only: supersede it'); END;
CREATE TRIGGER transfers_are_never_changed BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;
CREATE TRIGGER transfers_are_never_deleted BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;

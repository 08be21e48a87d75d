-- A raw file is taken in once and processed as often as there are lanes and wishes: what becomes of it in a processing is a row
-- of its own, and so is the processing.

CREATE TABLE passes (
    run INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    processing INTEGER NOT NULL,
    lane TEXT NOT NULL,
    step TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    held_by TEXT,
    failure TEXT,
    reason TEXT,
    attempt INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    retry_ns INTEGER,
    output_of INTEGER NOT NULL,
    events INTEGER,
    tracks INTEGER,
    accepted_ns INTEGER,
    file_group INTEGER,
    PRIMARY KEY (run, sequence, processing)
) STRICT, WITHOUT ROWID;

INSERT INTO passes
    SELECT run, sequence, processing, 'FULL', step, since_ns, NULL, CASE failure WHEN 'job' THEN 'unknown' ELSE failure END, reason,
        attempt, lost, 0, NULL, processing, events, NULL, accepted_ns, file_group
    FROM files
    WHERE step IN ('queued', 'submitting', 'running', 'ended', 'reconstructed', 'grouped', 'analysed')
        OR (step = 'failed' AND adler32 IS NOT NULL);

CREATE TABLE processings (
    run INTEGER NOT NULL,
    processing INTEGER NOT NULL,
    lane TEXT NOT NULL,
    step TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    opened_ns INTEGER NOT NULL,
    because TEXT NOT NULL,
    hold TEXT,
    settings_sum TEXT NOT NULL,
    missing TEXT NOT NULL,
    to_publish INTEGER NOT NULL,
    PRIMARY KEY (run, processing)
) STRICT, WITHOUT ROWID;

INSERT INTO processings
    SELECT passes.run, passes.processing, 'FULL', 'open', min(passes.since_ns), runs.first_seen_ns, 'the first of its lane', NULL, '', '[]', 0
    FROM passes JOIN runs ON runs.run = passes.run
    GROUP BY passes.run, passes.processing;

CREATE TABLE raw_files (
    run INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    step TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    failure TEXT,
    reason TEXT,
    source TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    daq_closed_ns INTEGER NOT NULL,
    arrived_ns INTEGER NOT NULL,
    adler32 INTEGER,
    events_by_trigger TEXT,
    refused_bytes INTEGER,
    refused_ns INTEGER,
    PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO raw_files
    SELECT run, sequence,
        CASE WHEN step IN ('arrived', 'copying', 'copied') OR (step = 'failed' AND adler32 IS NULL) THEN step ELSE 'stored' END,
        since_ns,
        CASE WHEN step = 'failed' AND adler32 IS NULL THEN failure END,
        CASE WHEN step IN ('arrived', 'copying', 'copied') OR (step = 'failed' AND adler32 IS NULL) THEN reason END,
        source, size_bytes, daq_closed_ns, arrived_ns, adler32, NULL, refused_bytes, refused_ns
    FROM files;
DROP TABLE files;
ALTER TABLE raw_files RENAME TO files;

ALTER TABLE jobs ADD COLUMN processing INTEGER NOT NULL DEFAULT 1;
ALTER TABLE groups ADD COLUMN lane TEXT NOT NULL DEFAULT 'FULL';
ALTER TABLE requests ADD COLUMN subject TEXT NOT NULL DEFAULT '{}';

CREATE TABLE marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    run INTEGER NOT NULL,
    mark TEXT NOT NULL CHECK (mark IN ('ok', 'flawed', 'unusable', 'detector_studies', 'unmarked')),
    comment TEXT NOT NULL,
    who TEXT NOT NULL CHECK (trim(who) <> ''),
    role TEXT NOT NULL CHECK (trim(role) <> '')
) STRICT;
CREATE INDEX marks_of_run ON marks (run, id);
CREATE TRIGGER marks_are_never_changed BEFORE UPDATE ON marks
BEGIN SELECT RAISE(ABORT, 'marks are append-only: make another'); END;
CREATE TRIGGER marks_are_never_deleted BEFORE DELETE ON marks
BEGIN SELECT RAISE(ABORT, 'marks are append-only: make another'); END;

CREATE TABLE run_kinds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    run INTEGER NOT NULL,
    kind TEXT NOT NULL,
    who TEXT NOT NULL
) STRICT;
CREATE INDEX run_kinds_of_run ON run_kinds (run, id);
CREATE TRIGGER run_kinds_are_never_changed BEFORE UPDATE ON run_kinds
BEGIN SELECT RAISE(ABORT, 'kinds of runs are append-only: name another'); END;
CREATE TRIGGER run_kinds_are_never_deleted BEFORE DELETE ON run_kinds
BEGIN SELECT RAISE(ABORT, 'kinds of runs are append-only: name another'); END;

CREATE INDEX story_by_time ON story (at_ns);

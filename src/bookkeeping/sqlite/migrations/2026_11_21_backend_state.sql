-- What the running backend says of itself: its watcher, its batch system, its copies, what it could not do and why.

CREATE TABLE backend_state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    state TEXT NOT NULL
) STRICT;

-- The second copy of each raw file, in the central storage.
CREATE TABLE central_copies (
    run INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    destination TEXT NOT NULL,
    step TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_try_ns INTEGER,
    reason TEXT,
    size_bytes INTEGER NOT NULL,
    adler32 INTEGER NOT NULL,
    verified_ns INTEGER,
    PRIMARY KEY (run, sequence, destination)
) STRICT, WITHOUT ROWID;

-- Classes of failures by their present words.
UPDATE files SET failure = 'copy' WHERE failure = 'intake';
UPDATE passes SET failure = 'copy' WHERE failure = 'intake';

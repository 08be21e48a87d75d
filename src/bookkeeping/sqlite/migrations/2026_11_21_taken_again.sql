-- A file whose copy turned out to be a piece is copied again; both copies stay told.

CREATE TABLE all_transfers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    from_path TEXT NOT NULL,
    to_path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    adler32 INTEGER NOT NULL,
    started_ns INTEGER NOT NULL,
    ended_ns INTEGER NOT NULL,
    UNIQUE (run, sequence, started_ns)
) STRICT;
INSERT INTO all_transfers (run, sequence, from_path, to_path, size_bytes, adler32, started_ns, ended_ns)
    SELECT run, sequence, from_path, to_path, size_bytes, adler32, started_ns, ended_ns FROM transfers
    ORDER BY started_ns;
DROP TABLE transfers;
ALTER TABLE all_transfers RENAME TO transfers;

CREATE TRIGGER transfers_are_never_changed BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;
CREATE TRIGGER transfers_are_never_deleted BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;

-- What people say stands in one ledger of entries: each names what it takes the place of, and is bound to the entry before it in
-- its book by a hash. What nobody took the place of is in force.

CREATE TABLE this_book (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    book TEXT NOT NULL
) STRICT;
INSERT INTO this_book (only_one, book) VALUES (1, lower(hex(randomblob(8))));

CREATE TABLE entries (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    book TEXT NOT NULL,
    number INTEGER NOT NULL,
    at_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL CHECK (trim(subject) <> ''),
    run INTEGER,
    who TEXT NOT NULL CHECK (trim(who) <> ''),
    role TEXT NOT NULL CHECK (trim(role) <> ''),
    host TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    supersedes TEXT NOT NULL CHECK (json_valid(supersedes)),
    wish TEXT UNIQUE,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (book, number),
    CHECK (kind <> 'decision' OR coalesce(json_extract(body, '$.flag'), '') IN ('OK', 'UNCHECKED', 'BAD', 'MAYBE')),
    CHECK (kind <> 'decision' OR json_extract(body, '$.flag') <> 'BAD' OR trim(coalesce(json_extract(body, '$.note'), '')) <> ''
        OR coalesce(json_array_length(body, '$.comments'), 0) > 0)
) STRICT;
CREATE INDEX entries_of_subject ON entries (kind, subject, place);
CREATE INDEX entries_of_run ON entries (run, place);

CREATE TABLE in_force (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    entry TEXT NOT NULL,
    run INTEGER,
    place INTEGER NOT NULL,
    PRIMARY KEY (kind, subject, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX in_force_of_run ON in_force (run);

CREATE TRIGGER entries_come_into_force AFTER INSERT ON entries
BEGIN
    DELETE FROM in_force WHERE kind = NEW.kind AND subject = NEW.subject AND entry IN (SELECT value FROM json_each(NEW.supersedes));
    INSERT INTO in_force (kind, subject, entry, run, place)
        VALUES (NEW.kind, NEW.subject, NEW.book || '/' || NEW.number, NEW.run, NEW.place);
    INSERT OR REPLACE INTO changed_runs (run, change)
        SELECT NEW.run, coalesce(max(change), 0) + 1 FROM changed_runs HAVING NEW.run IS NOT NULL;
END;
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: supersede the entry'); END;
CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: supersede the entry'); END;

-- What was said before there was a ledger, to be brought into it.
CREATE TABLE earlier_words (
    earlier INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    run INTEGER,
    who TEXT NOT NULL,
    role TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
INSERT INTO earlier_words (at_ns, kind, subject, run, who, role, body)
    SELECT at_ns, 'decision', 'run' || run || CASE WHEN sequence IS NULL THEN '' ELSE '-seq' || sequence END || '@raw', run, who, role,
        json_object('flag', flag, 'outcome', NULL, 'usable_for', json('[]'), 'comments', json('[]'), 'note', comment,
            'evidence', json((SELECT json_group_array(json_object('item', value, 'state', NULL, 'value', NULL))
                FROM json_each(evidence))),
            'rule_version', NULL)
    FROM decisions ORDER BY id;
INSERT INTO earlier_words (at_ns, kind, subject, run, who, role, body)
    SELECT at_ns, 'mark', 'run' || run, run, who, role, json_object('mark', mark, 'comment', comment) FROM marks ORDER BY id;
INSERT INTO earlier_words (at_ns, kind, subject, run, who, role, body)
    SELECT at_ns, 'run_kind', 'run' || run, run, CASE trim(who) WHEN '' THEN 'nobody named' ELSE who END, 'data manager',
        json_object('kind', kind)
    FROM run_kinds ORDER BY id;
DROP TABLE decisions;
DROP TABLE marks;
DROP TABLE run_kinds;

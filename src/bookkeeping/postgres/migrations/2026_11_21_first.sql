-- The book in PostgreSQL, as of the first version that knew it. Whole numbers are BIGINT and texts compare by their bytes, as in
-- SQLite. Stamps are whole nanoseconds since 1970-01-01T00:00:00Z.

CREATE TABLE runs (
    run BIGINT PRIMARY KEY,
    first_seen_ns BIGINT NOT NULL,
    ended_ns BIGINT,
    ended_by TEXT
);

CREATE TABLE files (
    run BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    step TEXT NOT NULL,
    since_ns BIGINT NOT NULL,
    failure TEXT,
    reason TEXT,
    source TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    daq_closed_ns BIGINT NOT NULL,
    arrived_ns BIGINT NOT NULL,
    adler32 BIGINT,
    events_by_trigger TEXT,
    refused_bytes BIGINT,
    refused_ns BIGINT,
    PRIMARY KEY (run, sequence)
);

CREATE TABLE passes (
    run BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    processing BIGINT NOT NULL,
    lane TEXT NOT NULL,
    step TEXT NOT NULL,
    since_ns BIGINT NOT NULL,
    held_by TEXT,
    failure TEXT,
    reason TEXT,
    attempt BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    retry_ns BIGINT,
    output_of BIGINT NOT NULL,
    events BIGINT,
    tracks BIGINT,
    accepted_ns BIGINT,
    file_group BIGINT,
    PRIMARY KEY (run, sequence, processing)
);

CREATE TABLE processings (
    run BIGINT NOT NULL,
    processing BIGINT NOT NULL,
    lane TEXT NOT NULL,
    step TEXT NOT NULL,
    since_ns BIGINT NOT NULL,
    opened_ns BIGINT NOT NULL,
    because TEXT NOT NULL,
    hold TEXT,
    settings_sum TEXT NOT NULL,
    missing TEXT NOT NULL,
    to_publish BIGINT NOT NULL,
    PRIMARY KEY (run, processing)
);

CREATE TABLE story (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ns BIGINT NOT NULL,
    run BIGINT,
    sequence BIGINT,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX story_of_file ON story (run, sequence, id);
CREATE INDEX story_by_time ON story (at_ns);

CREATE TABLE transfers (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    from_path TEXT NOT NULL,
    to_path TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    adler32 BIGINT NOT NULL,
    started_ns BIGINT NOT NULL,
    ended_ns BIGINT NOT NULL,
    UNIQUE (run, sequence, started_ns)
);

CREATE TABLE central_copies (
    run BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    step TEXT NOT NULL,
    since_ns BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_try_ns BIGINT,
    reason TEXT,
    size_bytes BIGINT NOT NULL,
    adler32 BIGINT NOT NULL,
    verified_ns BIGINT,
    PRIMARY KEY (run, sequence, destination)
);

CREATE TABLE jobs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    kind TEXT NOT NULL,
    run BIGINT NOT NULL,
    sequence BIGINT,
    file_group BIGINT,
    state TEXT NOT NULL,
    batch TEXT NOT NULL,
    batch_id TEXT,
    submitted_ns BIGINT NOT NULL,
    started_ns BIGINT,
    ended_ns BIGINT,
    cpu_s DOUBLE PRECISION,
    wall_s DOUBLE PRECISION,
    peak_memory_bytes BIGINT,
    exit_status BIGINT,
    script TEXT NOT NULL,
    log TEXT NOT NULL,
    reason TEXT,
    processing BIGINT NOT NULL,
    UNIQUE (name, attempt)
);
CREATE INDEX jobs_of_run ON jobs (run, id);

CREATE TABLE groups (
    run BIGINT NOT NULL,
    processing BIGINT NOT NULL,
    file_group BIGINT NOT NULL,
    members TEXT NOT NULL,
    step TEXT NOT NULL,
    since_ns BIGINT NOT NULL,
    tasks TEXT NOT NULL,
    results TEXT NOT NULL,
    lane TEXT NOT NULL,
    PRIMARY KEY (run, processing, file_group)
);

CREATE TABLE readings (
    task TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    run BIGINT NOT NULL,
    processing BIGINT NOT NULL,
    file_group BIGINT NOT NULL,
    value TEXT NOT NULL,
    at_ns BIGINT NOT NULL,
    PRIMARY KEY (task, item, run, processing, file_group)
);

CREATE TABLE not_taken (
    name TEXT COLLATE "C" PRIMARY KEY,
    reason TEXT NOT NULL,
    at_ns BIGINT NOT NULL
);

CREATE TABLE backend_state (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    state TEXT NOT NULL
);

CREATE TABLE lease (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    owner TEXT NOT NULL,
    host TEXT NOT NULL,
    token TEXT NOT NULL,
    taken_ns BIGINT NOT NULL,
    heartbeat_ns BIGINT NOT NULL,
    released_ns BIGINT
);

-- When something of each run was written last, so that whoever follows reads no more than what is new.
CREATE TABLE changed_runs (
    run BIGINT PRIMARY KEY,
    change BIGINT NOT NULL
);
CREATE INDEX changed_runs_by_change ON changed_runs (change);

CREATE TABLE requests (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ns BIGINT NOT NULL,
    who TEXT NOT NULL,
    kind TEXT NOT NULL,
    run BIGINT,
    sequence BIGINT,
    answered_ns BIGINT,
    outcome TEXT,
    subject TEXT NOT NULL
);

CREATE TABLE this_book (
    only_one BIGINT PRIMARY KEY CHECK (only_one = 1),
    book TEXT NOT NULL
);
INSERT INTO this_book (only_one, book) VALUES (1, substr(replace(gen_random_uuid()::text, '-', ''), 17));

CREATE TABLE entries (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    at_ns BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL CHECK (trim(subject) <> ''),
    run BIGINT,
    who TEXT NOT NULL CHECK (trim(who) <> ''),
    role TEXT NOT NULL CHECK (trim(role) <> ''),
    host TEXT NOT NULL,
    body TEXT NOT NULL CHECK (body::json IS NOT NULL),
    supersedes TEXT NOT NULL CHECK (supersedes::json IS NOT NULL),
    wish TEXT UNIQUE,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    -- Who was really connected, whatever stands in who and role.
    account TEXT NOT NULL DEFAULT session_user,
    UNIQUE (book, number),
    CHECK (kind <> 'decision' OR coalesce(body::json ->> 'flag', '') IN ('OK', 'UNCHECKED', 'BAD', 'MAYBE')),
    CHECK (kind <> 'decision' OR body::json ->> 'flag' <> 'BAD' OR trim(coalesce(body::json ->> 'note', '')) <> ''
        OR coalesce(json_array_length(body::json -> 'comments'), 0) > 0)
);
CREATE INDEX entries_of_subject ON entries (kind, subject, place);
CREATE INDEX entries_of_run ON entries (run, place);

CREATE TABLE in_force (
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    entry TEXT COLLATE "C" NOT NULL,
    run BIGINT,
    place BIGINT NOT NULL,
    PRIMARY KEY (kind, subject, entry)
);
CREATE INDEX in_force_of_run ON in_force (run);

-- What is in force follows from the entries, with the rights of the book's owner: nobody else writes there.
CREATE FUNCTION entries_come_into_force() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    DELETE FROM in_force WHERE kind = NEW.kind AND subject = NEW.subject
        AND entry IN (SELECT json_array_elements_text(NEW.supersedes::json));
    INSERT INTO in_force (kind, subject, entry, run, place)
        VALUES (NEW.kind, NEW.subject, NEW.book || '/' || NEW.number, NEW.run, NEW.place);
    IF NEW.run IS NOT NULL THEN
        INSERT INTO changed_runs (run, change) SELECT NEW.run, coalesce(max(change), 0) + 1 FROM changed_runs
            ON CONFLICT (run) DO UPDATE SET change = excluded.change;
    END IF;
    RETURN NULL;
END
$body$;
CREATE TRIGGER entries_come_into_force AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION entries_come_into_force();

CREATE FUNCTION is_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'append-only: % is never changed or deleted', TG_TABLE_NAME;
END
$body$;
CREATE TRIGGER entries_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries EXECUTE FUNCTION is_append_only();
CREATE TRIGGER story_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON story EXECUTE FUNCTION is_append_only();
CREATE TRIGGER transfers_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers EXECUTE FUNCTION is_append_only();

-- Counts what was written, and tells those who listen. Writers come one after the other, so that the count of a transaction that
-- others see is never followed by a smaller one.
CREATE TABLE change_count (
    only_one BIGINT PRIMARY KEY CHECK (only_one = 1),
    number BIGINT NOT NULL
);
INSERT INTO change_count (only_one, number) VALUES (1, 0);
CREATE FUNCTION tell_of_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    UPDATE change_count SET number = number + 1;
    PERFORM pg_notify('dqmon_book', '');
    RETURN NULL;
END
$body$;
DO $body$
DECLARE name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['runs', 'files', 'passes', 'processings', 'story', 'transfers', 'central_copies', 'jobs', 'groups',
        'readings', 'not_taken', 'backend_state', 'lease', 'requests', 'entries'] LOOP
        EXECUTE format('CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change()', name);
    END LOOP;
END
$body$;

-- Roles of the book as group roles of the server: accounts are made by whoever runs it, and become members of these. May be run
-- again. Nobody may change or delete what people said.

DO $body$
DECLARE name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['dqmon_reader', 'dqmon_shifter', 'dqmon_expert', 'dqmon_run_coordinator', 'dqmon_data_manager',
        'dqmon_database_manager'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), name);
    END LOOP;
END
$body$;
GRANT dqmon_reader TO dqmon_shifter, dqmon_expert, dqmon_run_coordinator, dqmon_data_manager, dqmon_database_manager;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO dqmon_reader;

-- What people say. Who is connected, and the place, are written by the server alone.
GRANT INSERT (book, number, at_ns, kind, subject, run, who, role, host, body, supersedes, wish, previous, hash) ON entries
    TO dqmon_shifter, dqmon_expert, dqmon_run_coordinator, dqmon_data_manager, dqmon_database_manager;
GRANT UPDATE ON write_turn TO dqmon_shifter, dqmon_expert, dqmon_run_coordinator, dqmon_data_manager, dqmon_database_manager;
GRANT INSERT ON requests TO dqmon_shifter, dqmon_expert, dqmon_run_coordinator, dqmon_data_manager;

-- What a backend writes.
GRANT INSERT, UPDATE, DELETE ON runs, files, passes, processings, central_copies, jobs, groups, readings, not_taken, backend_state,
    lease, changed_runs TO dqmon_data_manager;
GRANT INSERT ON story, transfers TO dqmon_data_manager;
GRANT UPDATE ON requests TO dqmon_data_manager;

-- What belongs to the book as a whole.
GRANT INSERT, UPDATE, DELETE ON this_book TO dqmon_database_manager;

-- Whoever says something in a role must have it. Entries of other books are brought in by those who look after the data.
CREATE OR REPLACE FUNCTION entries_come_by_role() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    wanted TEXT := 'dqmon_' || replace(lower(trim(NEW.role)), ' ', '_');
    is_own BOOLEAN := NEW.book = (SELECT book FROM this_book);
    looks_after BOOLEAN := pg_has_role(session_user, 'dqmon_data_manager', 'MEMBER')
        OR pg_has_role(session_user, 'dqmon_database_manager', 'MEMBER');
    is_expert BOOLEAN := pg_has_role(session_user, 'dqmon_expert', 'MEMBER');
    coordinates BOOLEAN := pg_has_role(session_user, 'dqmon_run_coordinator', 'MEMBER');
BEGIN
    -- What opens a lock, or changes the rule of all history, is for those who answer for it.
    IF is_own AND NOT looks_after AND ((NEW.kind = 'lock' AND NEW.body::json ->> 'is_locked' <> 'true' AND NOT is_expert)
        OR (NEW.kind IN ('rule', 'override') AND NOT (is_expert OR coordinates))) THEN
        RAISE EXCEPTION 'account % is not allowed to write a %', session_user, NEW.kind USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- A status that follows from what was said is written with it, and an alarm by whoever's window hears it first: in the name of
    -- the program.
    IF is_own AND (NEW.kind = 'status' OR (NEW.kind = 'alarm' AND NEW.role = 'program')) THEN
        RETURN NEW;
    ELSIF is_own AND EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
        IF pg_has_role(session_user, wanted::name, 'MEMBER') THEN
            RETURN NEW;
        END IF;
    ELSIF looks_after THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'account % is not allowed to speak as %', session_user, NEW.role USING ERRCODE = 'insufficient_privilege';
END
$body$;
DROP TRIGGER IF EXISTS entries_come_by_role ON entries;
CREATE TRIGGER entries_come_by_role BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION entries_come_by_role();
-- Names are looked for in the book's own schema alone, never among somebody's temporary tables.
DO $body$
BEGIN
    EXECUTE format('ALTER FUNCTION entries_come_by_role() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$body$;

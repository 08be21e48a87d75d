-- What the server guards by itself, whoever is connected and with whatever program: entries come in their order, each bound to the
-- one before; they are of kinds and subjects that the program can read; what is locked takes no word. Functions look for names in
-- this schema alone, never among somebody's temporary tables, also those that run with the owner's rights.

CREATE FUNCTION entries_come_in_order() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    last RECORD;
    stage TEXT;
BEGIN
    SELECT number, hash INTO last FROM entries WHERE book = NEW.book ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.previous <> coalesce(last.hash, '') THEN
        RAISE EXCEPTION 'entry % of book % does not follow the last one of its book', NEW.number, NEW.book
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind NOT IN ('decision', 'mark', 'run_kind', 'subsystem_mark', 'run_facts', 'rule', 'override', 'status', 'derivation',
        'problem', 'alarm', 'known_issue', 'follow_up', 'shift', 'dataset', 'dataset_snapshot', 'lock', 'verification', 'sign_off') THEN
        RAISE EXCEPTION '% is no kind of entry', NEW.kind USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'decision' AND (NEW.run IS NULL OR NEW.subject !~
        ('^run' || NEW.run || '(-seq[0-9]+|-p[0-9]+|\[[^]]+\.\.[^]]+\])?@(raw|reconstructed|selected)$')) THEN
        RAISE EXCEPTION '% names nothing that can be decided on', NEW.subject USING ERRCODE = 'check_violation';
    END IF;
    stage := CASE NEW.kind WHEN 'decision' THEN split_part(NEW.subject, '@', 2) WHEN 'mark' THEN 'raw'
        WHEN 'subsystem_mark' THEN 'reconstructed' END;
    -- What another book said before it heard of the lock is history, and is told as such.
    IF stage IS NOT NULL AND NEW.book = (SELECT this_book.book FROM this_book) AND EXISTS
        (SELECT 1 FROM in_force JOIN entries ON entries.place = in_force.place WHERE in_force.kind = 'lock'
            AND in_force.subject = 'run' || NEW.run || '@' || stage AND entries.body::json ->> 'is_locked' = 'true') THEN
        RAISE EXCEPTION '% is locked', NEW.subject USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER entries_come_in_order BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION entries_come_in_order();

-- Writers come one after the other: each takes this row first. Who may only read can't take it, and so stops nobody.
CREATE TABLE write_turn (
    only_one BIGINT PRIMARY KEY CHECK (only_one = 1)
);
INSERT INTO write_turn (only_one) VALUES (1);

DO $body$
DECLARE name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['entries_come_in_order', 'entries_come_into_force', 'tell_of_change', 'is_append_only'] LOOP
        EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
    END LOOP;
    -- Where roles were made before.
    FOR name IN SELECT rolname FROM pg_roles WHERE rolname IN ('dqmon_shifter', 'dqmon_expert', 'dqmon_run_coordinator',
        'dqmon_data_manager', 'dqmon_database_manager') LOOP
        EXECUTE format('GRANT SELECT, UPDATE ON write_turn TO %I', name);
    END LOOP;
END
$body$;

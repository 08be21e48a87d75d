-- What a window asks for first is found without going through the files of years; and what is in force says its flag or mark beside
-- it, so that statuses of all runs are derived without reading a million entries. A decision that was taken back says nothing.

CREATE INDEX runs_not_ended ON runs (run) WHERE ended_ns IS NULL;
CREATE INDEX files_by_run ON files (run);
CREATE INDEX files_on_their_way ON files (run) WHERE step NOT IN ('stored', 'failed');
CREATE INDEX files_failed ON files (failure) WHERE step = 'failed';
CREATE INDEX passes_failed ON passes (failure) WHERE step = 'failed' AND output_of = processing;
CREATE INDEX passes_tried_again ON passes (run) WHERE retry_ns IS NOT NULL;
CREATE INDEX processings_under_way ON processings (run) WHERE step IN ('held', 'open');
CREATE INDEX central_copies_under_way ON central_copies (run) WHERE step <> 'verified';
CREATE INDEX story_of_failures ON story (at_ns) WHERE kind IN ('failed', 'job_gone');

ALTER TABLE in_force ADD COLUMN says TEXT;
UPDATE in_force SET says = (SELECT
        CASE WHEN json_extract(body, '$.withdrawn') THEN NULL ELSE coalesce(json_extract(body, '$.flag'), json_extract(body, '$.mark')) END
    FROM entries WHERE entries.place = in_force.place);
CREATE INDEX decided_runs ON in_force (run, place) WHERE kind = 'decision' AND subject = 'run' || CAST(run AS TEXT) || '@raw' AND says <> 'UNCHECKED';
CREATE INDEX decided_runs_by_place ON in_force (kind, place)
    WHERE kind = 'decision' AND subject = 'run' || CAST(run AS TEXT) || '@raw' AND says <> 'UNCHECKED';
CREATE INDEX decisions_on_processings ON in_force (kind, subject, run, says)
    WHERE kind = 'decision' AND (subject LIKE '%@reconstructed' OR subject LIKE '%-p%');

DROP TRIGGER entries_come_into_force;
CREATE TRIGGER entries_come_into_force AFTER INSERT ON entries
BEGIN
    DELETE FROM in_force WHERE kind = NEW.kind AND subject = NEW.subject AND entry IN (SELECT value FROM json_each(NEW.supersedes));
    INSERT INTO in_force (kind, subject, entry, run, place, says)
        VALUES (NEW.kind, NEW.subject, NEW.book || '/' || NEW.number, NEW.run, NEW.place,
            CASE WHEN json_extract(NEW.body, '$.withdrawn') THEN NULL
                ELSE coalesce(json_extract(NEW.body, '$.flag'), json_extract(NEW.body, '$.mark')) END);
    -- The highest number by itself: with a condition beside it every run would be looked at for every entry.
    INSERT OR REPLACE INTO changed_runs (run, change)
        SELECT NEW.run, (SELECT coalesce(max(change), 0) + 1 FROM changed_runs) WHERE NEW.run IS NOT NULL;
END;

-- When something of each run was written last, so that whoever follows reads no more than what is new.

CREATE TABLE changed_runs (
    run INTEGER PRIMARY KEY,
    change INTEGER NOT NULL
) STRICT;
CREATE INDEX changed_runs_by_change ON changed_runs (change);

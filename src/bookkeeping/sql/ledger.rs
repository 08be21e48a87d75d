//! The ledger's entries: appended under the write lock, each bound to the one before by its hash.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use monitasks::vocab::Run;

use super::engine::{Engine, SqlError};
use super::layouts;
use super::value::{SqlRow, Value, params, to_json};
use crate::bookkeeping::entry::{Adopted, BookId, ChainEnd, Entry, EntryId, InForceWord, NewEntry};
use crate::bookkeeping::lock::Lock;
use crate::bookkeeping::outbox::Waiting;
use crate::bookkeeping::store_error::StoreError;
use crate::bookkeeping::words::EntryKind;

type Answer<T> = Result<T, SqlError>;

/// The columns of an entry, in the order in which they are written.
const COLUMNS: &str = "book, number, at_ns, kind, subject, run, who, role, host, body, supersedes, wish, previous, hash";

/// This book's own id; drawn by chance the first time that somebody asks who may write.
pub(super) fn book_id(engine: &dyn Engine) -> Answer<BookId> {
    let rows = engine.query("SELECT book FROM this_book", &[])?;
    let row = rows.first().ok_or_else(|| SqlError::Damaged("the book has no id of its own".into()))?;
    row.word("book")
}

/// Gives the book an id of its own, when it has none or is to begin a chain of its own anew.
pub(super) fn begin_chain(engine: &dyn Engine, id: BookId) -> Answer<()> {
    engine.execute("DELETE FROM this_book", &[])?;
    engine.execute("INSERT INTO this_book (only_one, book) VALUES (1, $1)", &params![id.to_string()])?;
    Ok(())
}

pub(super) fn append(engine: &dyn Engine, new: &[NewEntry], host: &str) -> Answer<Vec<Entry>> {
    let book = book_id(engine)?;
    let mut end = chain_end(engine, book)?;
    let mut entries = Vec::with_capacity(new.len());
    for wanted in new {
        if let Some(delivered) = delivered(engine, wanted)? {
            entries.push(delivered);
            continue;
        }
        refuse_locked(engine, wanted)?;
        refuse_superseded(engine, wanted)?;
        let (number, previous) = match &end {
            None => (1, String::new()),
            Some(end) => {
                let full = || SqlError::Damaged("its last entry has the highest number there can be".into());
                (end.number.checked_add(1).ok_or_else(full)?, end.hash.clone())
            }
        };
        let mut entry = Entry {
            id: EntryId { book, number },
            place: 0,
            at: wanted.at,
            kind: wanted.kind,
            subject: wanted.subject.clone(),
            run: wanted.run,
            who: wanted.who.clone(),
            role: wanted.role.clone(),
            host: host.to_owned(),
            body: named(wanted, &entries),
            supersedes: wanted.supersedes.clone(),
            wish: wanted.wish.clone(),
            previous,
            hash: String::new(),
        };
        entry.hash = entry.computed_hash();
        entry.place = insert(engine, &entry)?;
        end = Some(ChainEnd { book, number, hash: entry.hash.clone() });
        entries.push(entry);
    }
    Ok(entries)
}

/// Writes what waited for the book: what its writer saw in force, and what waited before it, is taken the place of.
pub(super) fn deliver(engine: &dyn Engine, waiting: &Waiting, host: &str) -> Answer<()> {
    let is_same_book = waiting.seen_in == Some(book_id(engine)?);
    let mut all = Vec::with_capacity(waiting.entries.len());
    for waits in &waiting.entries {
        let mut wanted = NewEntry::from(waits);
        if wanted.supersedes.is_empty() {
            let was_seen = |entry: &Entry| {
                let waited_before = entry.wish.as_ref().is_some_and(|wish| waiting.after.contains(wish));
                (is_same_book && entry.place <= waits.seen.unwrap_or(waiting.seen)) || waited_before
            };
            let in_force = in_force_on(engine, wanted.kind, &wanted.subject)?;
            wanted.supersedes = in_force.iter().filter(|entry| was_seen(entry)).map(|entry| entry.id).collect();
        }
        all.push(wanted);
    }
    append(engine, &all, host).map(drop)
}

/// The place of the last entry; 0 when there is none.
pub(super) fn newest_place(engine: &dyn Engine) -> Answer<i64> {
    let rows = engine.query("SELECT coalesce(max(place), 0) AS place FROM entries", &[])?;
    rows.first().map_or(Ok(0), |row| row.int("place"))
}

/// The body of an entry. A status tells what led to it; where that is written together with it, its name is known only now:
/// `@0` stands for the first of those written in one go. What people write is never read so.
fn named(wanted: &NewEntry, written: &[Entry]) -> serde_json::Value {
    fn put(value: &mut serde_json::Value, written: &[Entry]) {
        match value {
            serde_json::Value::Array(values) => values.iter_mut().for_each(|value| put(value, written)),
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value.as_str().and_then(|text| text.strip_prefix('@')?.parse::<usize>().ok())) {
                        ("entry", Some(place)) => {
                            if let Some(entry) = written.get(place) {
                                *value = entry.id.to_string().into();
                            }
                        }
                        _ => put(value, written),
                    }
                }
            }
            _ => {}
        }
    }
    let mut body = wanted.body.clone();
    if wanted.kind == EntryKind::Status {
        put(&mut body, written);
    }
    body
}

/// The entry that a delivery made already, when it is repeated.
fn delivered(engine: &dyn Engine, wanted: &NewEntry) -> Answer<Option<Entry>> {
    let Some(wish) = &wanted.wish else { return Ok(None) };
    Ok(entries(engine, "WHERE wish = $1", &params![wish])?.pop())
}

/// Refuses what was said without having seen what is in force.
fn refuse_superseded(engine: &dyn Engine, wanted: &NewEntry) -> Answer<()> {
    let in_force = in_force_on(engine, wanted.kind, &wanted.subject)?;
    let stands: BTreeSet<EntryId> = in_force.iter().map(|entry| entry.id).collect();
    if stands == wanted.supersedes.iter().copied().collect() {
        return Ok(());
    }
    Err(StoreError::Superseded { in_force }.into())
}

/// Refuses what is locked. Here, under the write lock, so that nothing slips in behind a lock that is just being made, nor comes
/// in after it from an outbox.
fn refuse_locked(engine: &dyn Engine, wanted: &NewEntry) -> Answer<()> {
    let Some(subject) = Lock::over(wanted.kind, &wanted.subject, wanted.run) else { return Ok(()) };
    match in_force_on(engine, EntryKind::Lock, &subject)?.iter().find_map(Lock::words) {
        Some(by) => Err(StoreError::Locked { subject, by }.into()),
        None => Ok(()),
    }
}

/// Writes an entry; answers its place. What is in force follows by the layout's own trigger.
fn insert(engine: &dyn Engine, entry: &Entry) -> Answer<i64> {
    let supersedes: Vec<String> = entry.supersedes.iter().map(EntryId::to_string).collect();
    let sql =
        "INSERT INTO entries (book, number, at_ns, kind, subject, run, who, role, host, body, supersedes, wish, previous, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING place";
    let rows = engine.query(
        sql,
        &params![
            entry.id.book.to_string(),
            entry.id.number,
            entry.at,
            entry.kind.word(),
            &entry.subject,
            entry.run,
            &entry.who,
            &entry.role,
            &entry.host,
            entry.body.to_string(),
            to_json(&supersedes)?,
            entry.wish.clone(),
            &entry.previous,
            &entry.hash,
        ],
    )?;
    rows.first().ok_or_else(|| SqlError::Damaged("a written entry has no place".into()))?.int("place")
}

/// Takes over entries of other books: each must follow the last one known of its book, and carry the hash that it should.
pub(super) fn adopt(engine: &dyn Engine, offered: &[Entry]) -> Answer<Adopted> {
    let mut ends: BTreeMap<BookId, Option<ChainEnd>> = BTreeMap::new();
    let mut adopted = Adopted::default();
    for entry in offered {
        let end = match ends.entry(entry.id.book) {
            btree_map::Entry::Occupied(known) => known.into_mut(),
            btree_map::Entry::Vacant(unknown) => unknown.insert(chain_end(engine, entry.id.book)?),
        };
        let (last, hash) = end.as_ref().map_or((0, String::new()), |end| (end.number, end.hash.clone()));
        if entry.id.number <= last {
            refuse_other_history(engine, entry)?;
            adopted.known += 1;
            continue;
        }
        let broken = |why: &str| SqlError::Store(StoreError::BrokenChain { entry: entry.id, why: why.into() });
        if entry.id.number != last + 1 {
            return Err(broken(&format!("the last one known of its book is number {last}: some are missing between")));
        }
        if entry.previous != hash {
            return Err(broken("it does not follow the entry before it that stands here"));
        }
        if entry.computed_hash() != entry.hash {
            return Err(broken("its hash is not that of its content: it was changed"));
        }
        insert(engine, entry)?;
        *end = Some(ChainEnd { book: entry.id.book, number: entry.id.number, hash: entry.hash.clone() });
        adopted.new += 1;
    }
    Ok(adopted)
}

/// An entry that stands here already must be the same there: else the two books tell two histories under one id.
fn refuse_other_history(engine: &dyn Engine, entry: &Entry) -> Answer<()> {
    let rows = engine.query(
        "SELECT hash FROM entries WHERE book = $1 AND number = $2",
        &params![entry.id.book.to_string(), entry.id.number],
    )?;
    let known = rows.first().map(|row| row.text("hash")).transpose()?;
    if known.as_ref() == Some(&entry.hash) {
        return Ok(());
    }
    let why = "another entry stands here under its name: one of the two books was changed, or went on from a copy".to_owned();
    Err(StoreError::BrokenChain { entry: entry.id, why }.into())
}

/// The end of one book's chain.
fn chain_end(engine: &dyn Engine, book: BookId) -> Answer<Option<ChainEnd>> {
    let sql = "SELECT book, number, hash FROM entries WHERE book = $1 ORDER BY number DESC LIMIT 1";
    engine.query(sql, &params![book.to_string()])?.first().map(end_of).transpose()
}

pub(super) fn chain_ends(engine: &dyn Engine) -> Answer<Vec<ChainEnd>> {
    let sql = "SELECT entries.book AS book, entries.number AS number, entries.hash AS hash
        FROM entries JOIN (SELECT book, max(number) AS number FROM entries GROUP BY book) AS last
            ON last.book = entries.book AND last.number = entries.number
        ORDER BY book";
    engine.query(sql, &[])?.iter().map(end_of).collect()
}

fn end_of(row: &SqlRow) -> Answer<ChainEnd> {
    Ok(ChainEnd { book: row.word("book")?, number: row.int("number")?, hash: row.text("hash")? })
}

/// Entries by a condition, in the order of arrival.
pub(super) fn entries(engine: &dyn Engine, condition: &str, params: &[Value]) -> Answer<Vec<Entry>> {
    let sql = format!("SELECT place, {COLUMNS} FROM entries {condition}");
    engine.query(&sql, params)?.iter().map(entry_of).collect()
}

/// All entries of a kind, also those that are in force no more.
pub(super) fn of_kind(engine: &dyn Engine, kind: EntryKind) -> Answer<Vec<Entry>> {
    entries(engine, "WHERE kind = $1 ORDER BY place", &params![kind.word()])
}

pub(super) fn in_force(engine: &dyn Engine, kind: EntryKind) -> Answer<Vec<Entry>> {
    let condition = "WHERE place IN (SELECT place FROM in_force WHERE kind = $1) ORDER BY subject, place";
    entries(engine, condition, &params![kind.word()])
}

/// What is in force with `says`, its flag or mark in a word, as a table of a question. A book of an earlier layout, open for
/// reading, has the word in the entry alone.
pub(super) fn in_force_with_words(engine: &dyn Engine) -> Answer<String> {
    if layouts::layout(engine)? == engine.layouts().len() as i64 {
        return Ok("in_force".into());
    }
    let says = engine.says_sql();
    Ok(format!(
        "(SELECT in_force.kind, in_force.subject, in_force.entry, in_force.run, in_force.place, {says} AS says
            FROM in_force JOIN entries ON entries.place = in_force.place)"
    ))
}

/// What is in force of a kind in a word each: by subject, without what stands behind it.
pub(super) fn words_in_force(engine: &dyn Engine, kind: EntryKind) -> Answer<Vec<InForceWord>> {
    words(engine, "kind = $1", &params![kind.word()])
}

/// The decisions in force on processings, and on what was reconstructed of runs.
pub(super) fn words_on_processings(engine: &dyn Engine) -> Answer<Vec<InForceWord>> {
    words(engine, "kind = 'decision' AND (subject LIKE '%@reconstructed' OR subject LIKE '%-p%')", &[])
}

fn words(engine: &dyn Engine, condition: &str, params: &[Value]) -> Answer<Vec<InForceWord>> {
    let sql = format!("SELECT subject, run, says FROM {} AS said WHERE {condition}", in_force_with_words(engine)?);
    let word = |row: &SqlRow| {
        let (subject, run) = (row.text("subject")?, row.optional_number("run")?.map(Run));
        Ok(InForceWord { subject, run, says: row.optional_text("says")? })
    };
    engine.query(&sql, params)?.iter().map(word).collect()
}

/// All that is in force on subjects of which more than one thing is.
pub(super) fn conflicts(engine: &dyn Engine) -> Answer<Vec<Entry>> {
    let condition = "WHERE place IN (SELECT place FROM in_force AS one WHERE EXISTS (SELECT 1 FROM in_force AS other
        WHERE other.kind = one.kind AND other.subject = one.subject AND other.entry <> one.entry)) ORDER BY kind, subject, place";
    entries(engine, condition, &[])
}

/// Locks in force with what another book said on what they close before it heard of them: the lock first.
pub(super) fn said_over_locks(engine: &dyn Engine) -> Answer<Vec<Entry>> {
    let mut all = Vec::new();
    for lock in in_force(engine, EntryKind::Lock)?.into_iter().filter(|entry| Lock::words(entry).is_some()) {
        let Some(run) = lock.run else { continue };
        let is_over = |entry: &Entry| {
            let came_later = entry.place > lock.place && entry.id.book != lock.id.book;
            came_later && Lock::over(entry.kind, &entry.subject, entry.run).as_ref() == Some(&lock.subject)
        };
        let over: Vec<Entry> = in_force_of_run(engine, run)?.into_iter().filter(is_over).collect();
        if !over.is_empty() {
            all.push(lock);
            all.extend(over);
        }
    }
    Ok(all)
}

pub(super) fn in_force_on(engine: &dyn Engine, kind: EntryKind, subject: &str) -> Answer<Vec<Entry>> {
    let condition = "WHERE place IN (SELECT place FROM in_force WHERE kind = $1 AND subject = $2) ORDER BY place";
    entries(engine, condition, &params![kind.word(), subject])
}

pub(super) fn in_force_of_run(engine: &dyn Engine, run: Run) -> Answer<Vec<Entry>> {
    let condition = "WHERE place IN (SELECT place FROM in_force WHERE run = $1) ORDER BY place";
    entries(engine, condition, &params![run])
}

pub(super) fn history(engine: &dyn Engine, kind: EntryKind, subject: &str) -> Answer<Vec<Entry>> {
    entries(engine, "WHERE kind = $1 AND subject = $2 ORDER BY place", &params![kind.word(), subject])
}

pub(super) fn entries_of_run(engine: &dyn Engine, run: Run) -> Answer<Vec<Entry>> {
    entries(engine, "WHERE run = $1 ORDER BY place", &params![run])
}

pub(super) fn entries_after(engine: &dyn Engine, place: i64, at_most: usize) -> Answer<Vec<Entry>> {
    entries(engine, "WHERE place > $1 ORDER BY place LIMIT $2", &params![place, at_most as u64])
}

pub(super) fn entry_at(engine: &dyn Engine, place: i64) -> Answer<Option<Entry>> {
    Ok(entries(engine, "WHERE place = $1", &params![place])?.pop())
}

pub(super) fn entry(engine: &dyn Engine, id: EntryId) -> Answer<Option<Entry>> {
    Ok(entries(engine, "WHERE book = $1 AND number = $2", &params![id.book.to_string(), id.number])?.pop())
}

fn entry_of(row: &SqlRow) -> Answer<Entry> {
    Ok(Entry {
        id: EntryId { book: row.word("book")?, number: row.int("number")? },
        place: row.int("place")?,
        at: row.stamp("at_ns")?,
        kind: row.word("kind")?,
        subject: row.text("subject")?,
        run: row.optional_number("run")?.map(Run),
        who: row.text("who")?,
        role: row.text("role")?,
        host: row.text("host")?,
        body: row.json("body")?,
        supersedes: row.json("supersedes")?,
        wish: row.optional_text("wish")?,
        previous: row.text("previous")?,
        hash: row.text("hash")?,
    })
}

/// Brings what people said in books before there was a ledger into it: decisions, marks and kinds of runs, each in its order and
/// each in the place of the one before it on the same subject.
pub(super) fn adopt_earlier_layouts(engine: &dyn Engine) -> Answer<()> {
    if !engine.has_table("earlier_words")? {
        return Ok(());
    }
    let rows = engine.query("SELECT at_ns, kind, subject, run, who, role, body FROM earlier_words ORDER BY earlier", &[])?;
    let mut newest: BTreeMap<(EntryKind, String), EntryId> = BTreeMap::new();
    for row in &rows {
        let (kind, subject): (EntryKind, String) = (row.word("kind")?, row.text("subject")?);
        let wanted = NewEntry {
            at: row.stamp("at_ns")?,
            kind,
            subject: subject.clone(),
            run: row.optional_number("run")?.map(Run),
            who: row.text("who")?,
            role: row.text("role")?,
            body: row.json("body")?,
            supersedes: newest.get(&(kind, subject.clone())).copied().into_iter().collect(),
            wish: None,
            seen: None,
        };
        for entry in append(engine, &[wanted], "")? {
            newest.insert((kind, subject.clone()), entry.id);
        }
    }
    engine.script("DROP TABLE earlier_words")
}

/// Looks at every entry: that each chain is whole and nothing in it was changed. Answers what is wrong, in words.
pub(super) fn verify(engine: &dyn Engine) -> Answer<Vec<String>> {
    const AT_ONCE: u64 = 10_000;
    let mut faults = Vec::new();
    for end in chain_ends(engine)? {
        let (mut number, mut hash) = (0i64, String::new());
        loop {
            let condition = "WHERE book = $1 AND number > $2 ORDER BY number LIMIT $3";
            let some = entries(engine, condition, &params![end.book.to_string(), number, AT_ONCE])?;
            if some.is_empty() {
                break;
            }
            for entry in some {
                if entry.id.number != number + 1 {
                    faults.push(format!("of book {}: entries {} to {} are missing", end.book, number + 1, entry.id.number - 1));
                } else if entry.previous != hash {
                    faults.push(format!("entry {} does not follow the one before it", entry.id));
                }
                if entry.computed_hash() != entry.hash {
                    faults.push(format!("entry {} was changed: its hash is not that of its content", entry.id));
                }
                (number, hash) = (entry.id.number, entry.hash);
            }
        }
    }
    faults.extend(wrongly_in_force(engine)?);
    Ok(faults)
}

/// What is in force follows from the entries: told where it does not.
fn wrongly_in_force(engine: &dyn Engine) -> Answer<Vec<String>> {
    let superseded = engine.superseded_sql();
    let sql = format!(
        "SELECT place, 'is in force and should not be' AS what FROM in_force
            WHERE place NOT IN (SELECT place FROM entries WHERE book || '/' || number NOT IN ({superseded}))
        UNION ALL SELECT place, 'should be in force and is not' AS what FROM entries
            WHERE book || '/' || number NOT IN ({superseded}) AND place NOT IN (SELECT place FROM in_force)
        UNION ALL SELECT entries.place AS place, 'says in force what it does not say' AS what
            FROM {said} AS said JOIN entries ON entries.place = said.place
            WHERE coalesce(says, '') <> coalesce({says}, '')
        ORDER BY place",
        says = engine.says_sql(),
        said = in_force_with_words(engine)?
    );
    engine.query(&sql, &[])?.iter().map(|row| Ok(format!("entry at place {} {}", row.int("place")?, row.text("what")?))).collect()
}

//! The line to the server: one connection, made again when it broke, though not more than once a second.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use fallible_iterator::FallibleIterator;
use postgres::{Client, Error, Statement};

use super::super::sql::engine::SqlError;
use super::address::BookAddress;
use super::{told, words};

/// A server that did not answer is not asked again before this.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Statements kept prepared on a connection; more are forgotten all at once.
const PREPARED_AT_MOST: usize = 500;

/// A line to a server, as it stands.
pub(super) struct Line {
    connection: Option<Connection>,
    /// When the server was asked for a connection last.
    asked: Instant,
    /// Why the last connection broke or could not be made.
    why: String,
}

/// A connection, and what it was told to keep.
pub(super) struct Connection {
    pub(super) client: Client,
    prepared: HashMap<String, Statement>,
    listens: bool,
}

impl Line {
    /// A line over a connection that was just made.
    pub(super) fn open(client: Client) -> Self {
        Line { connection: Some(Connection::new(client)), asked: Instant::now(), why: String::new() }
    }

    /// A line to a server that did not answer just now.
    pub(super) fn away(why: String) -> Self {
        Line { connection: None, asked: Instant::now(), why }
    }

    /// Does something over the connection; makes it again first when it broke.
    pub(super) fn with<T>(
        &mut self,
        address: &BookAddress,
        what: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, SqlError> {
        if self.connection.is_none() {
            self.ask_again(address)?;
        }
        let Some(connection) = &mut self.connection else { return Err(SqlError::Away(self.why.clone())) };
        let error = match what(connection) {
            Ok(answer) => return Ok(answer),
            Err(error) if !connection.client.is_closed() => return Err(told(&error)),
            Err(error) => error,
        };
        *self = Line::away(words(&error));
        Err(SqlError::Away(self.why.clone()))
    }

    fn ask_again(&mut self, address: &BookAddress) -> Result<(), SqlError> {
        if self.asked.elapsed() < ASK_AGAIN_AFTER {
            return Err(SqlError::Away(self.why.clone()));
        }
        match address.connect() {
            Ok(client) => {
                *self = Line::open(client);
                Ok(())
            }
            Err(error) => {
                *self = Line::away(words(&error));
                Err(SqlError::Away(self.why.clone()))
            }
        }
    }
}

impl Connection {
    fn new(client: Client) -> Self {
        Connection { client, prepared: HashMap::new(), listens: false }
    }

    /// A statement that the server knows already, or is made to.
    pub(super) fn prepared(&mut self, sql: &str) -> Result<Statement, Error> {
        if let Some(known) = self.prepared.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql)?;
        if self.prepared.len() >= PREPARED_AT_MOST {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Waits until the server tells of a change on a channel, or for a time. Many changes at once are one.
    pub(super) fn listen(&mut self, channel: &str, at_most: Duration) -> Result<(), Error> {
        if !self.listens {
            self.client.batch_execute(&format!("LISTEN {channel}"))?;
            self.listens = true;
        }
        let mut heard = self.client.notifications();
        let next = heard.timeout_iter(at_most).next()?;
        if next.is_some() {
            let mut waiting = heard.iter();
            while waiting.next()?.is_some() {}
        }
        Ok(())
    }
}

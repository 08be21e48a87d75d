//! A letter to a mail server, by SMTP.

use std::error::Error as _;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{SmtpTransport, Transport};

use super::MailError;
use super::digest::one_line;
use crate::config::{Encryption, MailSettings};

/// Longest wait for a server at each step: to connect, to read an answer, to write.
const STEP: Duration = Duration::from_secs(20);

/// Longest message of a server that is told on.
const LONGEST_WORDS: usize = 300;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// When it was written.
    pub at: Timestamp,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Who has got a letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Addresses that the server took.
    pub to: Vec<String>,
    /// Addresses that it refused for good, with its words.
    pub refused: Vec<String>,
}

/// Whoever delivers letters; called on the mail's own thread, may wait.
pub trait Post: Send {
    /// Delivers a letter, to one address at least.
    ///
    /// # Errors
    /// Why nobody has got it, in words that hold no password.
    fn deliver(&mut self, letter: &Letter) -> Result<Delivered, String>;
}

/// A mail server. Password and certificate are read anew for each letter: one that is set right while the backend runs is used.
#[derive(Debug, Clone)]
pub struct SmtpPost {
    settings: MailSettings,
    workspace: PathBuf,
    host: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    step: Duration,
}

/// A password: shown nowhere.
struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("(hidden)")
    }
}

impl SmtpPost {
    /// A server as the settings name it, with their files relative to the workspace.
    ///
    /// # Errors
    /// When an address is none.
    pub fn new(settings: &MailSettings, workspace: &Path, host: &str) -> Result<Self, MailError> {
        let from = match settings.from.as_str() {
            // A name of a host that is no domain can't be written to, and mail has to come from somewhere.
            "" => mailbox(&format!("dqmon@{host}")).or_else(|_| mailbox("dqmon@localhost"))?,
            from => mailbox(from)?,
        };
        let to = settings.to.iter().map(|to| mailbox(to)).collect::<Result<Vec<_>, _>>()?;
        let (settings, workspace) = (settings.clone(), workspace.to_owned());
        Ok(SmtpPost { settings, workspace, host: host.to_owned(), from, to, step: STEP })
    }

    /// The same with another longest wait at each step.
    #[must_use]
    pub fn waiting_at_most(self, step: Duration) -> Self {
        SmtpPost { step, ..self }
    }

    fn password(&self) -> Result<Option<Password>, String> {
        let settings = &self.settings;
        let text = if !settings.password_env.is_empty() {
            let name = &settings.password_env;
            std::env::var(name).map_err(|_| format!("no password: the environment variable {name} is not set"))?
        } else if !settings.password_file.as_os_str().is_empty() {
            let path = self.workspace.join(&settings.password_file);
            std::fs::read_to_string(&path).map_err(|error| format!("no password: {error}: {}", path.display()))?
        } else {
            return Ok(None);
        };
        match text.lines().next().unwrap_or_default() {
            "" => Err("no password: what should hold it is empty".into()),
            password => Ok(Some(Password(password.to_owned()))),
        }
    }

    fn tls(&self) -> Result<Tls, String> {
        let settings = &self.settings;
        if settings.encryption == Encryption::None {
            return Ok(Tls::None);
        }
        let mut parameters = TlsParameters::builder(settings.server.clone());
        if !settings.certificate_file.as_os_str().is_empty() {
            let path = self.workspace.join(&settings.certificate_file);
            let failed = |why: String| format!("certificate not read: {why}: {}", path.display());
            let pem = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
            parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| failed(error.to_string()))?);
        }
        let parameters = parameters.build().map_err(|error| format!("TLS not possible: {error}"))?;
        Ok(if settings.encryption == Encryption::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
    }

    fn transport(&self, password: Option<&Password>) -> Result<SmtpTransport, String> {
        let settings = &self.settings;
        let transport = SmtpTransport::builder_dangerous(settings.server.clone())
            .port(settings.port())
            .tls(self.tls()?)
            .hello_name(ClientId::Domain(hello(&self.host)))
            .timeout(Some(self.step));
        Ok(match password {
            Some(password) => transport.credentials(Credentials::new(settings.user.clone(), password.0.clone())).build(),
            None => transport.build(),
        })
    }

    /// A message to all addresses; its envelope names only those it is given to.
    fn message(&self, letter: &Letter, to: &[Mailbox]) -> Result<Message, String> {
        let failed = |error: lettre::error::Error| format!("letter not written: {error}");
        let addresses = to.iter().map(|mailbox| mailbox.email.clone()).collect();
        let envelope = lettre::address::Envelope::new(Some(self.from.email.clone()), addresses).map_err(failed)?;
        let id = format!("<{}.{}@{}>", letter.at.as_nanosecond(), std::process::id(), hello(&self.host));
        let made_by_a_program = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
        let builder = Message::builder()
            .from(self.from.clone())
            .date(letter.at.into())
            .message_id(Some(id))
            .subject(one_line(&letter.subject, 200))
            .raw_header(made_by_a_program)
            .header(ContentType::TEXT_PLAIN)
            .envelope(envelope);
        let builder = self.to.iter().fold(builder, |builder, to| builder.to(to.clone()));
        builder.body(letter.text.clone()).map_err(failed)
    }

    /// Gives the letter to some of the addresses.
    fn send(&self, transport: &SmtpTransport, letter: &Letter, to: &[Mailbox]) -> Result<(), Refusal> {
        let message = self.message(letter, to).map_err(|words| Refusal { words, is_for_good: false })?;
        transport
            .send(&message)
            .map(drop)
            .map_err(|error| Refusal { words: self.words(&error), is_for_good: error.is_permanent() })
    }

    /// A failure in words.
    fn words(&self, error: &SmtpError) -> String {
        let server = format!("{}:{}", self.settings.server, self.settings.port());
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        let why = match error.status() {
            _ if error.is_timeout() || is_waited_out(error) => format!("no answer within {} s", self.step.as_secs_f64()),
            Some(code) => format!("it says {code} {why}"),
            None => why,
        };
        one_line(&format!("{why}: {server}"), LONGEST_WORDS)
    }
}

/// Whether a socket's own limit ended a wait: the system words that as if one might try again at once.
fn is_waited_out(error: &SmtpError) -> bool {
    let mut sources = std::iter::successors(error.source(), |error| (*error).source());
    let kind = sources.find_map(|error| error.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    matches!(kind, Some(std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut))
}

/// A letter that was not taken.
struct Refusal {
    words: String,
    is_for_good: bool,
}

impl Post for SmtpPost {
    fn deliver(&mut self, letter: &Letter) -> Result<Delivered, String> {
        let password = self.password()?;
        let transport = self.transport(password.as_ref())?;
        let hide =
            |words: String| password.as_ref().map_or(words.clone(), |password| without(&words, &self.settings.user, password));
        let name = |mailbox: &Mailbox| mailbox.email.to_string();
        let refusal = match self.send(&transport, letter, &self.to) {
            Ok(()) => return Ok(Delivered { to: self.to.iter().map(name).collect(), refused: Vec::new() }),
            Err(refusal) => refusal,
        };
        if !refusal.is_for_good || self.to.len() == 1 {
            return Err(hide(refusal.words));
        }
        // One address that is refused for good keeps the letter from no other.
        let mut delivered = Delivered::default();
        for to in &self.to {
            match self.send(&transport, letter, std::slice::from_ref(to)) {
                Ok(()) => delivered.to.push(name(to)),
                Err(refusal) => delivered.refused.push(format!("{}: {}", name(to), hide(refusal.words))),
            }
        }
        if delivered.to.is_empty() { Err(hide(refusal.words)) } else { Ok(delivered) }
    }
}

/// A server may say back what it was sent: the password is taken out, plain and as it goes over the wire.
fn without(words: &str, user: &str, password: &Password) -> String {
    use base64::Engine as _;
    let coded = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    let forms = [coded(format!("\0{user}\0{}", password.0)), coded(password.0.clone()), password.0.clone()];
    forms.iter().fold(words.to_owned(), |words, form| words.replace(form.as_str(), "(hidden)"))
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    let refused = |why: String| MailError::Address { found: text.to_owned(), why };
    if text.chars().any(char::is_control) {
        return Err(refused("it has control characters".into()));
    }
    text.parse().map_err(|error: lettre::address::AddressError| refused(error.to_string()))
}

/// This machine's name as a greeting and in ids: letters, digits, dots and dashes.
fn hello(host: &str) -> String {
    let name: String = host.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-')).collect();
    if name.is_empty() { "localhost".into() } else { name }
}

#[cfg(test)]
#[path = "post_tests.rs"]
mod tests;

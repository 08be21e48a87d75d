//! Who asks when nobody is named: the account that the command runs under.

use std::process::{Command, Stdio};

use super::Failure;

/// The name given, else that of the environment, else that which the system knows the account by: accounts of a site stand in no
/// file, so the system's own command is asked.
///
/// # Errors
/// When there is none: what people ask stands in the book with a name.
pub(super) fn name_of(given: Option<&str>) -> Result<String, Failure> {
    let is_name = |name: &String| !name.is_empty();
    let given = given.map(|name| name.trim().to_owned());
    if given.as_ref().is_some_and(String::is_empty) {
        return Err(Failure("nothing was asked: --who names nobody".into()));
    }
    let of_environment = || std::env::var("USER").ok().map(|name| name.trim().to_owned()).filter(is_name);
    let name = given.or_else(of_environment).or_else(of_system);
    name.ok_or_else(|| Failure("nothing was asked: the account has no name; say who asks with --who NAME".into()))
}

fn of_system() -> Option<String> {
    let said = Command::new("id").arg("-un").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let name = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    (said.status.success() && !name.is_empty()).then_some(name)
}

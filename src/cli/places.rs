//! Places on this machine and on XRootD servers, for what is shipped and read again.

use std::path::Path;

use crate::config::Place;
use crate::distribution::{DistributionError, KnownCopy, LocalFolder, LocalPlaces, Measure, Measured, Ship, Shipped};
use crate::processing::transfer::{AnyCopy, Terms, Transfer};

/// Where archives are shipped to: a folder, or a folder of a server.
pub struct Destination(pub Place);

impl Ship for Destination {
    fn ship(&self, from: &Path, name: &str) -> Result<Shipped, DistributionError> {
        let failed = |error: &dyn std::fmt::Display| DistributionError::NotShipped { why: error.to_string() };
        match &self.0 {
            Place::Local(folder) => LocalFolder(folder.clone()).ship(from, name),
            Place::Root(_) => {
                let to = self.0.join(name).map_err(|error| failed(&error))?;
                let copied = AnyCopy::default().copy(from, &to, &Terms::default()).map_err(|error| failed(&error))?;
                Ok(Shipped {
                    place: to.to_string(),
                    size_bytes: copied.size_bytes,
                    adler32: copied.adler32,
                    verified_at: copied.ended,
                    stood_already: copied.stood_already,
                })
            }
        }
    }
}

/// Reads copies again, wherever they stand. Of a tar on a server its members are not read: such a copy is not counted as sure.
pub struct AnyPlace;

impl Measure for AnyPlace {
    fn measure(&self, copy: &KnownCopy) -> Result<Measured, String> {
        let place = Place::parse(&copy.place).map_err(|error| error.to_string())?;
        match (&place, &copy.member) {
            (Place::Local(_), _) => LocalPlaces.measure(copy),
            (Place::Root(_), Some(_)) => Err(format!("files in a tar on a server are not read again: {}", copy.place)),
            (Place::Root(_), None) => {
                let (size_bytes, adler32) = AnyCopy::default().measure(&place).map_err(|error| error.to_string())?;
                Ok(Measured { size_bytes, adler32, identity: None })
            }
        }
    }
}

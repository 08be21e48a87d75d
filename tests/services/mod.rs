//! Services that tests start for themselves, on loopback alone; each is ended by its id when its handle goes.

pub mod smtp;

//! Real services for tests: started on loopback in a folder of their own, ended by the ids of their processes.

pub mod slurm;

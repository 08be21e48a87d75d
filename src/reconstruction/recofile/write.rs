//! Writes a reconstructed file. The only place that knows oxyroot.

use std::fs::{self, File};
use std::path::Path;

use oxyroot::{RootFile, WriterTree};

use super::error::RecoFileError;
use super::read;
use super::schema::RecoData;
use super::tree::{Tree, Values};

/// Writes the file under a temporary name, brings it to the disk, reads it back and renames it.
///
/// # Errors
/// When the folder or the file can't be made, or what is read back is not what was written. Nothing new stands under the
/// final name then.
pub fn write(data: RecoData, path: &Path) -> Result<(), RecoFileError> {
    let events = data.events.len() as u64;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| RecoFileError::io("written", path, &error))?;
    let name = path.file_name().and_then(|name| name.to_str());
    let name =
        name.filter(|_| path.to_str().is_some()).ok_or_else(|| RecoFileError::io("written", path, "the path is no UTF-8"))?;
    // Hidden, and with the process's number: two writers never meet in one temporary file.
    let temporary = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = write_trees(data.into_trees(), &temporary).and_then(|()| prove(&temporary, events));
    let renamed = written.and_then(|()| fs::rename(&temporary, path).map_err(|error| RecoFileError::io("renamed", path, &error)));
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary); // what can't be removed is hidden and never taken for a result
        return renamed;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| RecoFileError::io("written", path, &error))
}

fn write_trees(trees: Vec<Tree>, path: &Path) -> Result<(), RecoFileError> {
    let mut file = RootFile::create(path).map_err(|error| RecoFileError::io("written", path, &error))?;
    for tree in trees {
        let mut writer = WriterTree::new(&tree.name);
        for branch in tree.branches {
            match branch.values {
                Values::I32(values) => writer.new_branch(branch.name, values.into_iter()),
                Values::I64(values) => writer.new_branch(branch.name, values.into_iter()),
                Values::F32(values) => writer.new_branch(branch.name, values.into_iter()),
                Values::F64(values) => writer.new_branch(branch.name, values.into_iter()),
                Values::Text(values) => writer.new_branch(branch.name, values.into_iter()),
            }
        }
        writer.write(&mut file).map_err(|error| RecoFileError::io("written", path, &error))?;
    }
    file.close().map_err(|error| RecoFileError::io("written", path, &error))
}

/// Brings the file to the disk and reads it back: the writer's buffer drops an error of the last write.
fn prove(path: &Path, events: u64) -> Result<(), RecoFileError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| RecoFileError::io("written", path, &error))?;
    let facts = read::entries(path)?;
    if facts.entries == events {
        return Ok(());
    }
    Err(RecoFileError::io("written", path, &format!("{} of {events} events are in it", facts.entries)))
}

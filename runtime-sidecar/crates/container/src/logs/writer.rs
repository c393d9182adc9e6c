//! The shim's side of a log: appends records, rotates by size, and survives a full disk.
//!
//! Files are `0000000001.log`, `0000000002.log`, …; `current` is a link to the newest. A file is never renamed and never
//! written again once a newer one exists, so that a reader that reached the end of a file can go on with the next number
//! and meets every record once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::record::{Header, MAX_LINE, Source, Splitter, now_ns};
use crate::config::LogConfig;

pub(crate) fn file_name(number: u64) -> String {
    format!("{number:010}.log")
}

/// The numbers of the files that are there, oldest first.
pub(crate) fn numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        if let Some(number) = name
            .to_str()
            .and_then(|name| name.strip_suffix(".log"))
            .and_then(|n| n.parse().ok())
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

pub(crate) struct LogWriter {
    directory: PathBuf,
    file: File,
    number: u64,
    size: u64,
    max_bytes: u64,
    keep_files: usize,
    lost_records: u64,
}

impl LogWriter {
    pub fn open(directory: PathBuf, config: &LogConfig) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let number = numbers(&directory)?.last().copied().unwrap_or(1);
        let file = create(&directory, number)?;
        let size = file.metadata()?.len();
        let keep_files = usize::try_from(config.keep_files).unwrap_or(usize::MAX);
        Ok(Self {
            directory,
            file,
            number,
            size,
            max_bytes: config.max_bytes,
            keep_files,
            lost_records: 0,
        })
    }

    /// Records that could not be written because the disk is full and are not yet spoken of in the log.
    pub fn lost_records(&self) -> u64 {
        self.lost_records
    }

    /// Appends whole records. Never fails: what cannot be written is counted, and told in the log when there is room again.
    pub fn append(&mut self, records: &[u8]) {
        let mut rest = records;
        while !rest.is_empty() {
            let mut fits = self.fitting(rest);
            if fits == 0 {
                // Where no new file can be made, the old one goes on.
                fits = if self.rotate() { self.fitting(rest) } else { rest.len() };
            }
            let (fitting, later) = rest.split_at(fits);
            rest = later;
            if self.lost_records > 0 && !self.write_marker() {
                self.lost_records += count(fitting);
                continue;
            }
            let kept = self.write(fitting);
            self.lost_records += count(&fitting[kept..]);
        }
    }

    /// How many bytes of whole records the file still takes. A record that is larger than a file may be gets one of its own.
    fn fitting(&self, records: &[u8]) -> usize {
        let room = usize::try_from(self.max_bytes.saturating_sub(self.size)).unwrap_or(usize::MAX);
        if records.len() <= room {
            return records.len();
        }
        match memchr::memrchr(b'\n', &records[..room]) {
            Some(end) => end + 1,
            None if self.size == 0 => memchr::memchr(b'\n', records).map_or(records.len(), |end| end + 1),
            None => 0,
        }
    }

    fn write_marker(&mut self) -> bool {
        let text = format!(
            "zlayer: {} lines of output are lost here, because the disk was full\n",
            self.lost_records
        );
        let mut marker = Vec::new();
        Splitter::default().push(text.as_bytes(), &mut Header::new(now_ns(), Source::Stderr), &mut marker);
        let written = self.write(&marker) == marker.len();
        if written {
            self.lost_records = 0;
        }
        written
    }

    /// Returns how many bytes of whole records are in the file.
    fn write(&mut self, records: &[u8]) -> usize {
        let mut written = 0;
        while written < records.len() {
            match self.file.write(&records[written..]) {
                Ok(n) if n > 0 => written += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        if written < records.len() {
            let whole = records[..written]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |end| end + 1);
            // Half a record would run into the next one.
            if self.file.set_len(self.size + whole as u64).is_ok() {
                written = whole;
            }
        }
        self.size += written as u64;
        written
    }

    /// Whether there is a new file.
    fn rotate(&mut self) -> bool {
        let Ok(file) = create(&self.directory, self.number + 1) else {
            return false;
        };
        self.file = file;
        self.number += 1;
        self.size = 0;
        if let Ok(numbers) = numbers(&self.directory) {
            let old = numbers.len().saturating_sub(self.keep_files.saturating_add(1));
            for number in &numbers[..old] {
                let _ = fs::remove_file(self.directory.join(file_name(*number)));
            }
        }
        true
    }
}

fn create(directory: &Path, number: u64) -> io::Result<File> {
    let name = file_name(number);
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(directory.join(&name))?;
    let link = directory.join("current.new");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(&name, &link)?;
    fs::rename(&link, directory.join("current"))?;
    Ok(file)
}

fn count(records: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', records).count() as u64
}

/// Room for one read of a container's output and its records.
pub(crate) const READ_SIZE: usize = 256 * 1024;
const _: () = assert!(MAX_LINE < READ_SIZE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_keeps_the_newest_files_and_every_record_of_them() {
        let dir = std::env::temp_dir().join(format!("log-writer-{}", std::process::id()));
        let mut writer = LogWriter::open(
            dir.clone(),
            &LogConfig {
                max_bytes: 32,
                keep_files: 2,
            },
        )
        .unwrap();
        let records: String = (0..9).map(|n| format!("record number {n}\n")).collect();
        writer.append(records.as_bytes());
        writer.append(b"record number 9\n");
        drop(writer);
        let numbers = numbers(&dir).unwrap();
        assert_eq!(numbers, [3, 4, 5]);
        let text: String = numbers
            .iter()
            .map(|n| fs::read_to_string(dir.join(file_name(*n))).unwrap())
            .collect();
        assert_eq!(
            text,
            (4..10).map(|n| format!("record number {n}\n")).collect::<String>()
        );
        assert_eq!(fs::read_link(dir.join("current")).unwrap(), Path::new("0000000005.log"));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn no_file_is_larger_than_it_may_be_but_for_one_record() {
        let dir = std::env::temp_dir().join(format!("log-writer-sizes-{}", std::process::id()));
        let config = LogConfig {
            max_bytes: 100,
            keep_files: 99,
        };
        let mut writer = LogWriter::open(dir.clone(), &config).unwrap();
        let long = format!("{}\n", "x".repeat(300));
        let records = format!("{}{long}{}", "short\n".repeat(50), "short\n".repeat(50));
        writer.append(records.as_bytes());
        drop(writer);
        let files: Vec<_> = numbers(&dir)
            .unwrap()
            .iter()
            .map(|n| fs::read_to_string(dir.join(file_name(*n))).unwrap())
            .collect();
        assert_eq!(files.concat(), records);
        assert!(files.iter().all(|text| text.len() <= 100 || *text == long));
        fs::remove_dir_all(dir).unwrap();
    }
}

//! Reads the records of a log, file after file, each once.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memrchr};

use super::record::{LogRecord, MAX_LINE, Parser};
use super::writer::{file_name, numbers};

/// Of the file, at once; many times the longest record.
const CHUNK: usize = 256 * 1024;
const _: () = assert!(CHUNK > 4 * MAX_LINE);

/// Where a record ends: number of the file, and bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct LogPosition {
    pub file: u64,
    pub offset: u64,
}

/// What one look at the log gave.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// Records, each with the offset of its end in the file.
    Records(Vec<(LogRecord, u64)>),
    /// Rotated files are gone that this reader has not seen.
    Skipped,
    /// Nothing more yet.
    End,
}

pub(crate) struct LogReader {
    directory: PathBuf,
    number: u64,
    offset: u64,
    file: Option<File>,
    parser: Parser,
}

impl LogReader {
    pub fn new(directory: PathBuf, start: LogPosition) -> Self {
        Self {
            directory,
            number: start.file,
            offset: start.offset,
            file: None,
            parser: Parser::default(),
        }
    }

    /// Behind what was read so far.
    pub fn position(&self) -> LogPosition {
        LogPosition {
            file: self.number,
            offset: self.offset,
        }
    }

    pub fn next(&mut self) -> io::Result<Chunk> {
        loop {
            if self.file.is_none() {
                match File::open(self.directory.join(file_name(self.number))) {
                    Ok(file) => self.file = Some(file),
                    Err(e) if e.kind() == io::ErrorKind::NotFound => match self.later()? {
                        Some(number) => {
                            self.go_to(number);
                            return Ok(Chunk::Skipped);
                        }
                        None => return Ok(Chunk::End),
                    },
                    Err(e) => return Err(e),
                }
            }
            if let Some(records) = self.read()? {
                return Ok(Chunk::Records(records));
            }
            // The writer never goes back to a file after it made the next one: look once more when that one is there.
            let Some(next) = self.later()? else {
                return Ok(Chunk::End);
            };
            if let Some(records) = self.read()? {
                return Ok(Chunk::Records(records));
            }
            let skipped = next > self.number + 1;
            self.go_to(next);
            if skipped {
                return Ok(Chunk::Skipped);
            }
        }
    }

    fn later(&self) -> io::Result<Option<u64>> {
        match numbers(&self.directory) {
            Ok(numbers) => Ok(numbers.into_iter().find(|number| *number > self.number)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn go_to(&mut self, number: u64) {
        self.number = number;
        self.offset = 0;
        self.file = None;
    }

    fn read(&mut self) -> io::Result<Option<Vec<(LogRecord, u64)>>> {
        let Some(file) = &self.file else { return Ok(None) };
        let mut buffer = BytesMut::zeroed(CHUNK);
        let mut filled = 0;
        while filled < CHUNK {
            match file.read_at(&mut buffer[filled..], self.offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        buffer.truncate(filled);
        let Some(end) = memrchr(b'\n', &buffer) else {
            // Not a file of ours: pass over it rather than wait at it for ever.
            if filled == CHUNK {
                self.offset += filled as u64;
                return self.read();
            }
            return Ok(None);
        };
        buffer.truncate(end + 1);
        let mut rest: Bytes = buffer.freeze();
        let mut records = Vec::with_capacity(rest.len() / 64);
        while let Some(end) = memchr(b'\n', &rest) {
            let line = rest.split_to(end + 1).slice(..end);
            self.offset += end as u64 + 1;
            if let Some(record) = self.parser.parse(&line) {
                records.push((record, self.offset));
            }
        }
        Ok(Some(records))
    }
}

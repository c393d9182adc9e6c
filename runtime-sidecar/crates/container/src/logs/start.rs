//! Finds where to start reading, without reading what comes before.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;
use memchr::{memchr, memrchr};

use super::reader::LogPosition;
use super::record::{LogRecord, Parser};
use super::writer::{file_name, numbers};

const BLOCK: u64 = 64 * 1024;

/// The start of the oldest file that is there.
pub(crate) fn beginning(directory: &Path) -> io::Result<LogPosition> {
    Ok(LogPosition {
        file: numbers(directory)?.first().copied().unwrap_or(1),
        offset: 0,
    })
}

/// Behind what is written so far.
pub(crate) fn end(directory: &Path) -> io::Result<LogPosition> {
    for number in numbers(directory)?.into_iter().rev() {
        if let Ok(file) = File::open(directory.join(file_name(number))) {
            return Ok(LogPosition {
                file: number,
                offset: file.metadata()?.len(),
            });
        }
    }
    Ok(LogPosition { file: 1, offset: 0 })
}

/// The start of the last `lines` lines before `until` whose records `wanted` accepts. Reads backward, in blocks.
pub(crate) fn tail(
    directory: &Path,
    until: LogPosition,
    lines: usize,
    wanted: impl Fn(&LogRecord) -> bool,
) -> io::Result<LogPosition> {
    let mut parser = Parser::default();
    let mut counted = 0;
    // A line that was cut counts once, at its last part.
    let mut started = [false; 2];
    let numbers = numbers(directory)?;
    let mut position = LogPosition {
        file: numbers.first().copied().unwrap_or(1),
        offset: 0,
    };
    for number in numbers.into_iter().rev().filter(|number| *number <= until.file) {
        let Ok(file) = File::open(directory.join(file_name(number))) else {
            continue;
        };
        let mut end = file.metadata()?.len();
        if number == until.file {
            end = end.min(until.offset);
        }
        if position.file <= number && position.offset == 0 {
            position = LogPosition {
                file: number,
                offset: end,
            };
        }
        let mut carry = Vec::new();
        while end > 0 {
            let begin = end.saturating_sub(BLOCK);
            let mut block = vec![0; usize::try_from(end - begin).unwrap_or(0)];
            file.read_exact_at(&mut block, begin)?;
            block.extend_from_slice(&carry);
            // What is before the first line end belongs to a record that starts in an earlier block.
            let whole = if begin == 0 {
                0
            } else {
                memchr(b'\n', &block).map_or(block.len(), |at| at + 1)
            };
            let mut rest = &block[whole..];
            while !rest.is_empty() {
                let body = rest.strip_suffix(b"\n").unwrap_or(rest);
                let at = memrchr(b'\n', body).map_or(0, |at| at + 1);
                let offset = begin + (whole + at) as u64;
                if let Some(record) = parser.parse(&Bytes::copy_from_slice(&body[at..]))
                    && wanted(&record)
                    && rest.ends_with(b"\n")
                {
                    let line = &mut started[usize::from(record.stderr)];
                    if !record.partial || !*line {
                        if counted == lines {
                            return Ok(position);
                        }
                        counted += 1;
                        *line = true;
                    }
                    position = LogPosition { file: number, offset };
                }
                rest = &rest[..at];
            }
            carry = block[..whole].to_vec();
            end = begin;
        }
    }
    Ok(position)
}

/// A record at or before the first one that is not older than `since_ns`.
pub(crate) fn since(directory: &Path, since_ns: u64) -> io::Result<LogPosition> {
    let numbers = numbers(directory)?;
    let mut start = LogPosition {
        file: numbers.first().copied().unwrap_or(1),
        offset: 0,
    };
    for number in numbers {
        let Ok(file) = File::open(directory.join(file_name(number))) else {
            continue;
        };
        match record_at(&file, 0)? {
            Some((_, first)) if first.time_ns < since_ns => {
                start = LogPosition {
                    file: number,
                    offset: 0,
                }
            }
            _ => break,
        }
    }
    let Ok(file) = File::open(directory.join(file_name(start.file))) else {
        return Ok(start);
    };
    let (mut low, mut high) = (0, file.metadata()?.len());
    while high - low > BLOCK {
        let middle = low + (high - low) / 2;
        match record_at(&file, middle)? {
            Some((offset, record)) if record.time_ns < since_ns && offset < high => low = offset,
            _ => high = middle,
        }
    }
    Ok(LogPosition { offset: low, ..start })
}

/// The first whole record at or after `offset`, and where it starts.
fn record_at(file: &File, offset: u64) -> io::Result<Option<(u64, LogRecord)>> {
    // From one byte earlier: a line end there means that a record starts exactly here.
    let from = offset.saturating_sub(1);
    let mut block = vec![0; BLOCK as usize];
    let filled = file.read_at(&mut block, from)?;
    let block = &block[..filled];
    let begin = if offset == 0 {
        0
    } else {
        memchr(b'\n', block).map_or(filled, |at| at + 1)
    };
    let Some(length) = memchr(b'\n', &block[begin..]) else {
        return Ok(None);
    };
    let line = Bytes::copy_from_slice(&block[begin..begin + length]);
    Ok(Parser::default()
        .parse(&line)
        .map(|record| (from + begin as u64, record)))
}

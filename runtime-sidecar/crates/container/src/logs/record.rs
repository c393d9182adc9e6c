//! One line of a log file: `2026-11-24T10:00:00.123456789Z stdout F text`, as the Container Runtime Interface has it.
//! `F` ends a line of the container, `P` is a part of one that goes on or was never ended. The text is whatever bytes the
//! container wrote.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime};
use memchr::memchr;

/// A line of the container is cut here, in bytes.
pub(crate) const MAX_LINE: usize = 16 * 1024;
/// `2026-11-24T10:00:00.123456789Z`
const TIME: usize = 30;
/// Time, space, `stdout` or `stderr`, space, `F` or `P`, space.
const HEADER: usize = TIME + 1 + 6 + 1 + 1 + 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    pub time_ns: u64,
    pub stderr: bool,
    /// Without the line's end. `partial`: the process wrote no line end here (a line longer than 16 KiB is cut).
    pub data: Bytes,
    pub partial: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Stdout,
    Stderr,
}

/// The header of every record of one moment and source; only the tag differs.
pub(crate) struct Header([u8; HEADER]);

impl Header {
    pub fn new(time_ns: u64, source: Source) -> Self {
        let seconds = i64::try_from(time_ns / 1_000_000_000).unwrap_or(0);
        let time = DateTime::from_timestamp(seconds, (time_ns % 1_000_000_000) as u32).unwrap_or_default();
        let name = match source {
            Source::Stdout => "stdout",
            Source::Stderr => "stderr",
        };
        let text = format!("{} {name} F ", time.format("%Y-%m-%dT%H:%M:%S%.9fZ"));
        let mut header = [b' '; HEADER];
        let length = text.len().min(HEADER);
        header[..length].copy_from_slice(&text.as_bytes()[..length]);
        Self(header)
    }

    fn tag(&mut self, partial: bool) -> &[u8] {
        self.0[HEADER - 2] = if partial { b'P' } else { b'F' };
        &self.0
    }
}

/// Cuts one stream of bytes into records. Holds at most one line.
#[derive(Default)]
pub(crate) struct Splitter {
    pending: Vec<u8>,
}

impl Splitter {
    /// Appends the records that `chunk` completes to `out`.
    pub fn push(&mut self, mut chunk: &[u8], header: &mut Header, out: &mut Vec<u8>) {
        out.reserve(chunk.len() + HEADER * 16);
        while !chunk.is_empty() {
            let room = MAX_LINE - self.pending.len();
            match memchr(b'\n', chunk) {
                Some(end) if end <= room => {
                    self.record(&chunk[..end], false, header, out);
                    chunk = &chunk[end + 1..];
                }
                _ if chunk.len() > room => {
                    self.record(&chunk[..room], true, header, out);
                    chunk = &chunk[room..];
                }
                _ => {
                    self.pending.extend_from_slice(chunk);
                    return;
                }
            }
        }
    }

    /// The stream ended: what has no line end is written as it is.
    pub fn finish(&mut self, header: &mut Header, out: &mut Vec<u8>) {
        if !self.pending.is_empty() {
            self.record(b"", true, header, out);
        }
    }

    fn record(&mut self, rest: &[u8], partial: bool, header: &mut Header, out: &mut Vec<u8>) {
        out.extend_from_slice(header.tag(partial));
        if !self.pending.is_empty() {
            out.extend_from_slice(&self.pending);
            self.pending.clear();
        }
        out.extend_from_slice(rest);
        out.push(b'\n');
    }
}

/// Reads times quickly: within one second only the fraction differs.
#[derive(Default)]
pub(crate) struct Parser {
    second: Vec<u8>,
    second_ns: u64,
}

impl Parser {
    /// `line`: one record without its line end. `None` when it is not one.
    pub fn parse(&mut self, line: &Bytes) -> Option<LogRecord> {
        if line.len() < HEADER || line[TIME - 1] != b'Z' || line[HEADER - 1] != b' ' {
            return None;
        }
        let stderr = match &line[TIME + 1..TIME + 7] {
            b"stdout" => false,
            b"stderr" => true,
            _ => return None,
        };
        let partial = match line[HEADER - 2] {
            b'F' => false,
            b'P' => true,
            _ => return None,
        };
        Some(LogRecord {
            time_ns: self.time(&line[..TIME])?,
            stderr,
            data: line.slice(HEADER..),
            partial,
        })
    }

    fn time(&mut self, text: &[u8]) -> Option<u64> {
        let second = &text[..19];
        if self.second != second {
            let parsed = NaiveDateTime::parse_from_str(std::str::from_utf8(second).ok()?, "%Y-%m-%dT%H:%M:%S").ok()?;
            self.second_ns = u64::try_from(parsed.and_utc().timestamp())
                .ok()?
                .checked_mul(1_000_000_000)?;
            self.second = second.to_vec();
        }
        let fraction = text[20..29].iter().try_fold(0, |n: u64, digit| {
            digit.is_ascii_digit().then(|| n * 10 + u64::from(digit - b'0'))
        })?;
        Some(self.second_ns + fraction)
    }
}

/// Nanoseconds since 1970.
pub(crate) fn now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chunks: &[&[u8]], expected: &[(&[u8], bool)]) {
        let mut header = Header::new(1_795_514_400_123_456_789, Source::Stderr);
        let (mut splitter, mut out) = (Splitter::default(), Vec::new());
        for chunk in chunks {
            splitter.push(chunk, &mut header, &mut out);
        }
        splitter.finish(&mut header, &mut out);
        let mut parser = Parser::default();
        let records: Vec<LogRecord> = out
            .split_inclusive(|b| *b == b'\n')
            .map(|l| parser.parse(&Bytes::copy_from_slice(&l[..l.len() - 1])).unwrap())
            .collect();
        let got: Vec<(&[u8], bool)> = records.iter().map(|r| (&r.data[..], r.partial)).collect();
        assert_eq!(got, expected);
        assert!(
            records
                .iter()
                .all(|r| r.stderr && r.time_ns == 1_795_514_400_123_456_789)
        );
    }

    #[test]
    fn the_format_is_that_of_the_container_runtime_interface() {
        let mut out = Vec::new();
        Splitter::default().push(
            b"text\n",
            &mut Header::new(1_795_514_400_123_456_789, Source::Stdout),
            &mut out,
        );
        assert_eq!(out, b"2026-11-24T10:00:00.123456789Z stdout F text\n");
    }

    #[test]
    fn lines_are_cut_and_joined() {
        check(&[b"a\nb\n"], &[(b"a", false), (b"b", false)]);
        check(&[b"a", b"b\n\n", b"c"], &[(b"ab", false), (b"", false), (b"c", true)]);
        check(&[b"\xff\x00\r\n"], &[(b"\xff\x00\r", false)]);
        let long = vec![b'x'; MAX_LINE];
        check(&[&long, b"\n"], &[(&long, false)]);
        check(&[&long, b"y\n"], &[(&long, true), (b"y", false)]);
        check(
            &[&long[1..], b"yz\n"],
            &[(&[&long[1..], b"y"].concat(), true), (b"z", false)],
        );
    }

    #[test]
    fn foreign_lines_are_refused() {
        for line in [
            "",
            "x",
            "2026-11-24T10:00:00.123456789Z stdwut F x",
            "2026-11-24T10:00:00.12345678xZ stdout F x",
        ] {
            assert_eq!(
                Parser::default().parse(&Bytes::from_static(line.as_bytes())),
                None,
                "{line}"
            );
        }
    }
}

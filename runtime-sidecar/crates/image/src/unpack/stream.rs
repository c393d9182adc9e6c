//! The two halves of the pipeline: a thread that hashes and decompresses what arrives, and the reader from which
//! another thread unpacks and hashes the result.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::fault::Fault;
use crate::digest::{Digest, Hasher};

const CHUNK: usize = 256 * 1024;

/// A part of a stream. A stream that ends without `End` was interrupted.
pub(crate) enum Piece<T> {
    Data(T),
    End,
}

/// Decompresses a layer into `output` and checks its compressed digest. The format is seen from the first bytes:
/// media types are often wrong, and the digests of both forms are verified anyway.
pub(crate) fn decompress(
    input: mpsc::Receiver<Piece<Bytes>>,
    expected: &Digest,
    output: &SyncSender<Piece<Vec<u8>>>,
    recycled: &Receiver<Vec<u8>>,
) -> Result<(), Fault> {
    let mut source = Arriving {
        input,
        hasher: Hasher::default(),
        current: Bytes::new(),
        state: State::Open,
    };
    let magic = source.magic().map_err(|_| Fault::Stopped)?;
    let copied = match magic.as_slice() {
        [0x1f, 0x8b, ..] => copy(flate2::bufread::MultiGzDecoder::new(&mut source), output, recycled),
        // A frame, or a skippable frame before the first.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            match zstd::stream::read::Decoder::with_buffer(&mut source) {
                Ok(decoder) => copy(decoder, output, recycled),
                Err(error) => Err(Fault::Corrupt(error.to_string())),
            }
        }
        _ => copy(&mut source, output, recycled),
    };
    // Damaged bytes explain whatever else went wrong, so the digest is looked at first, even after an error.
    source.drain()?;
    let actual = source.hasher.finish();
    if actual != *expected {
        return Err(Fault::Mismatch {
            what: "the content",
            expected: expected.to_string(),
            actual: actual.to_string(),
        });
    }
    copied?;
    output.send(Piece::End).map_err(|_| Fault::Stopped)
}

fn copy(mut from: impl Read, output: &SyncSender<Piece<Vec<u8>>>, recycled: &Receiver<Vec<u8>>) -> Result<(), Fault> {
    loop {
        let mut chunk = recycled.try_recv().unwrap_or_default();
        chunk.resize(CHUNK, 0);
        let mut filled = 0;
        let ended = loop {
            match from.read(&mut chunk[filled..]) {
                Ok(0) => break true,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Corrupt(error.to_string())),
            }
            if filled == CHUNK {
                break false;
            }
        };
        chunk.truncate(filled);
        if filled > 0 && output.send(Piece::Data(chunk)).is_err() {
            return Err(Fault::Stopped);
        }
        if ended {
            return Ok(());
        }
    }
}

#[derive(PartialEq)]
enum State {
    Open,
    Ended,
    Lost,
}

/// The compressed bytes, hashed as they pass.
struct Arriving {
    input: mpsc::Receiver<Piece<Bytes>>,
    hasher: Hasher,
    current: Bytes,
    state: State,
}

impl Arriving {
    /// The first four bytes, or fewer if there are no more, left to be read.
    fn magic(&mut self) -> io::Result<Vec<u8>> {
        let mut first = self.fill_buf()?.to_vec();
        while first.len() < 4 && self.state == State::Open {
            self.current = Bytes::new();
            first.extend_from_slice(self.fill_buf()?);
        }
        self.current = Bytes::from(first);
        Ok(self.current.iter().take(4).copied().collect())
    }

    /// Hashes what the decompressor did not read.
    fn drain(&mut self) -> Result<(), Fault> {
        loop {
            match self.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(rest) => {
                    let length = rest.len();
                    self.consume(length);
                }
                Err(_) => return Err(Fault::Stopped),
            }
        }
    }
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Arriving {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() && self.state == State::Open {
            match self.input.blocking_recv() {
                Some(Piece::Data(data)) => {
                    self.hasher.update(&data);
                    self.current = data;
                }
                Some(Piece::End) => self.state = State::Ended,
                None => self.state = State::Lost,
            }
        }
        if self.state == State::Lost {
            Err(io::ErrorKind::BrokenPipe.into())
        } else {
            Ok(&self.current)
        }
    }

    fn consume(&mut self, length: usize) {
        bytes::Buf::advance(&mut self.current, length);
    }
}

/// The decompressed bytes, hashed as they pass, and counted against a limit.
pub(crate) struct Chunks {
    input: Receiver<Piece<Vec<u8>>>,
    recycle: SyncSender<Vec<u8>>,
    hasher: Hasher,
    current: Vec<u8>,
    position: usize,
    left: u64,
    ended: bool,
}

impl Chunks {
    /// `limit`: the most bytes that may arrive.
    pub(crate) fn new(input: Receiver<Piece<Vec<u8>>>, recycle: SyncSender<Vec<u8>>, limit: u64) -> Self {
        Self {
            input,
            recycle,
            hasher: Hasher::default(),
            current: Vec::new(),
            position: 0,
            left: limit,
            ended: false,
        }
    }

    /// Reads what follows the archive and checks the digest of the whole.
    pub(crate) fn finish(mut self, expected: &Digest) -> Result<(), Fault> {
        loop {
            match self.fill_buf() {
                Ok([]) => break,
                Ok(rest) => {
                    let length = rest.len();
                    self.consume(length);
                }
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    return Err(Fault::Unsafe(error.to_string()));
                }
                Err(_) => return Err(Fault::Stopped),
            }
        }
        let actual = self.hasher.finish();
        if actual == *expected {
            return Ok(());
        }
        Err(Fault::Mismatch {
            what: "the unpacked content",
            expected: expected.to_string(),
            actual: actual.to_string(),
        })
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.position == self.current.len() && !self.ended {
            match self.input.recv() {
                Ok(Piece::Data(data)) => {
                    self.left = self.left.checked_sub(data.len() as u64).ok_or_else(|| {
                        io::Error::new(io::ErrorKind::FileTooLarge, "it unpacks to more than the allowed size")
                    })?;
                    self.hasher.update(&data);
                    let used = std::mem::replace(&mut self.current, data);
                    self.position = 0;
                    // No room means that enough buffers wait already.
                    let _ = self.recycle.try_send(used);
                }
                Ok(Piece::End) => self.ended = true,
                Err(_) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        Ok(&self.current[self.position..])
    }

    fn consume(&mut self, length: usize) {
        self.position = (self.position + length).min(self.current.len());
    }
}

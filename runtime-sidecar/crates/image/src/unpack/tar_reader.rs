//! Reads a tar stream entry by entry: ustar, GNU and PAX, with bounded memory.
//!
//! The fields of a header are decoded by the crate `tar`. Its `Archive` is not used, because it reads long names and
//! extended attributes into memory without a limit, ignores PAX sparse maps, and splits attribute values at newlines.

use std::ffi::OsString;
use std::io::{self, BufRead};
use std::os::unix::ffi::OsStringExt as _;

use tar::{EntryType, Header};

use super::fault::{Fault, show};
use super::limits::Limits;
use super::pax::Pax;

const BLOCK: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    HardLink,
    Symlink,
    Char { major: u32, minor: u32 },
    Block,
    Directory,
    Fifo,
}

/// One file of the archive, its long name and PAX attributes applied.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// Seconds and nanoseconds since the epoch.
    pub(crate) mtime: (i64, i64),
    /// Logical size of a file, holes included.
    pub(crate) size: u64,
    /// Offset and length of each part that is stored, when the file has holes.
    pub(crate) sparse: Option<Vec<(u64, u64)>>,
    pub(crate) xattrs: Vec<(OsString, Vec<u8>)>,
}

pub(crate) struct TarReader<R> {
    input: R,
    limits: Limits,
    /// Unread data of the current entry, and the padding after it.
    left: u64,
    padding: u64,
    entries: u64,
    logical_bytes: u64,
}

impl<R: BufRead> TarReader<R> {
    pub(crate) fn new(input: R, limits: &Limits) -> Self {
        Self {
            input,
            limits: limits.clone(),
            left: 0,
            padding: 0,
            entries: 0,
            logical_bytes: 0,
        }
    }

    pub(crate) fn into_inner(self) -> R {
        self.input
    }

    /// The next entry; what was left of the last one's data is skipped. None at the end of the archive.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Fault> {
        let mut pax = Pax::default();
        let mut long_path = None;
        let mut long_link = None;
        loop {
            self.skip(self.left.saturating_add(self.padding))?;
            self.left = 0;
            self.padding = 0;
            let Some(header) = self.header()? else { return Ok(None) };
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(Fault::Unsafe(format!(
                    "it has more than {} entries",
                    self.limits.entries
                )));
            }
            let stored = match pax.size {
                Some(size) => size,
                None => header.entry_size().map_err(|e| broken("size", &e))?,
            };
            let kind = header.entry_type();
            match kind {
                EntryType::GNULongName => long_path = Some(terminated(self.extension(stored)?)),
                EntryType::GNULongLink => long_link = Some(terminated(self.extension(stored)?)),
                EntryType::XHeader => pax = Pax::parse(&self.extension(stored)?)?,
                EntryType::XGlobalHeader => self.begin_data(stored)?,
                _ => {
                    let path = long_path
                        .take()
                        .or(pax.path.take())
                        .unwrap_or_else(|| header.path_bytes().into_owned());
                    let link = long_link
                        .take()
                        .or(pax.link.take())
                        .unwrap_or_else(|| header.link_name_bytes().map(|l| l.into_owned()).unwrap_or_default());
                    if let Some(entry) = self.entry(&header, path, link, stored, std::mem::take(&mut pax))? {
                        return Ok(Some(entry));
                    }
                }
            }
        }
    }

    /// The next part of the current entry's data; empty at its end.
    pub(crate) fn data(&mut self) -> Result<&[u8], Fault> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let part = self.input.fill_buf().map_err(stream)?;
        if part.is_empty() {
            return Err(Fault::Corrupt("it ends in the middle of a file".to_owned()));
        }
        let length = usize::try_from(self.left).map_or(part.len(), |left| part.len().min(left));
        Ok(&part[..length])
    }

    pub(crate) fn consume(&mut self, length: usize) {
        self.input.consume(length);
        self.left = self.left.saturating_sub(length as u64);
    }

    fn entry(
        &mut self,
        header: &Header,
        path: Vec<u8>,
        link: Vec<u8>,
        stored: u64,
        pax: Pax,
    ) -> Result<Option<Entry>, Fault> {
        let kind = match header.entry_type() {
            // Before ustar a directory was a file whose name ends with a slash.
            EntryType::Regular if path.ends_with(b"/") => Kind::Directory,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
            EntryType::Link => Kind::HardLink,
            EntryType::Symlink => Kind::Symlink,
            EntryType::Char => Kind::Char {
                major: header.device_major().ok().flatten().unwrap_or(0),
                minor: header.device_minor().ok().flatten().unwrap_or(0),
            },
            EntryType::Block => Kind::Block,
            EntryType::Directory => Kind::Directory,
            EntryType::Fifo => Kind::Fifo,
            _ => {
                self.begin_data(stored)?;
                return Ok(None);
            }
        };
        // Some archivers give a link the size of its target, but nothing is stored for anything but a file.
        self.begin_data(if kind == Kind::File { stored } else { 0 })?;
        let mut entry = Entry {
            path,
            link,
            kind,
            mode: header.mode().map_err(|e| broken("mode", &e))? & 0o7777,
            uid: pax
                .uid
                .map_or_else(|| header.uid(), Ok)
                .map_err(|e| broken("user id", &e))?,
            gid: pax
                .gid
                .map_or_else(|| header.gid(), Ok)
                .map_err(|e| broken("group id", &e))?,
            mtime: pax
                .mtime
                .unwrap_or_else(|| (header.mtime().ok().and_then(|t| i64::try_from(t).ok()).unwrap_or(0), 0)),
            size: if kind == Kind::File { stored } else { 0 },
            sparse: None,
            xattrs: pax.xattrs,
        };
        if kind == Kind::File {
            if header.entry_type() == EntryType::GNUSparse {
                self.gnu_sparse_map(header, &mut entry)?;
            } else if let Some(sparse) = pax.sparse {
                if let Some(name) = sparse.name {
                    entry.path = name;
                }
                entry.size = sparse.real_size.unwrap_or(entry.size);
                entry.sparse = Some(if sparse.map_in_data {
                    self.sparse_map_in_data()?
                } else {
                    sparse.map
                });
            }
            check_sparse(&entry, self.left)?;
            self.logical_bytes = self.logical_bytes.saturating_add(entry.size);
            if self.logical_bytes > self.limits.layer_bytes {
                return Err(Fault::Unsafe(format!(
                    "with `{}` its files are larger than {} bytes",
                    show(&entry.path),
                    self.limits.layer_bytes
                )));
            }
        }
        Ok(Some(entry))
    }

    fn begin_data(&mut self, stored: u64) -> Result<(), Fault> {
        if stored > self.limits.layer_bytes {
            return Err(Fault::Unsafe(format!("an entry claims to have {stored} bytes")));
        }
        self.left = stored;
        self.padding = (BLOCK as u64 - stored % BLOCK as u64) % BLOCK as u64;
        Ok(())
    }

    /// Reads all data of an entry that only describes the next one.
    fn extension(&mut self, stored: u64) -> Result<Vec<u8>, Fault> {
        if stored > self.limits.header_bytes {
            return Err(Fault::Unsafe(format!("an extended header has {stored} bytes")));
        }
        self.begin_data(stored)?;
        let mut data = Vec::with_capacity(usize::try_from(stored).unwrap_or(0));
        while self.left > 0 {
            let part = self.data()?;
            data.extend_from_slice(part);
            let length = part.len();
            self.consume(length);
        }
        Ok(data)
    }

    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let mut block = [0u8; BLOCK];
        if !self.block(&mut block)? || block.iter().all(|b| *b == 0) {
            return Ok(None);
        }
        let mut header = Header::from_byte_slice(&block).clone();
        let sum: u32 = block
            .iter()
            .enumerate()
            .map(|(i, b)| if (148..156).contains(&i) { 32 } else { u32::from(*b) })
            .sum();
        if header.cksum().ok() != Some(sum) {
            return Err(Fault::Corrupt(
                "a header of its archive has a wrong checksum".to_owned(),
            ));
        }
        blanks_to_zero(&mut header);
        Ok(Some(header))
    }

    /// False at the end of the stream.
    fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, Fault> {
        let mut filled = 0;
        while filled < BLOCK {
            let part = self.input.fill_buf().map_err(stream)?;
            if part.is_empty() {
                if filled == 0 {
                    return Ok(false);
                }
                return Err(Fault::Corrupt("it ends in the middle of a header".to_owned()));
            }
            let length = part.len().min(BLOCK - filled);
            block[filled..filled + length].copy_from_slice(&part[..length]);
            filled += length;
            self.input.consume(length);
        }
        Ok(true)
    }

    fn skip(&mut self, mut length: u64) -> Result<(), Fault> {
        while length > 0 {
            let part = self.input.fill_buf().map_err(stream)?;
            if part.is_empty() {
                return Err(Fault::Corrupt("it ends in the middle of a file".to_owned()));
            }
            let step = usize::try_from(length).map_or(part.len(), |l| part.len().min(l));
            self.input.consume(step);
            length -= step as u64;
        }
        Ok(())
    }

    /// The old GNU format: up to four parts in the header, more in blocks that follow it.
    fn gnu_sparse_map(&mut self, header: &Header, entry: &mut Entry) -> Result<(), Fault> {
        let gnu = header
            .as_gnu()
            .ok_or_else(|| Fault::Corrupt("a sparse file has no GNU header".to_owned()))?;
        let mut map = Vec::new();
        let push = |part: &tar::GnuSparseHeader, map: &mut Vec<(u64, u64)>| {
            if !part.is_empty() {
                map.push((
                    part.offset().map_err(|e| broken("sparse map", &e))?,
                    part.length().map_err(|e| broken("sparse map", &e))?,
                ));
            }
            Ok::<_, Fault>(())
        };
        for part in &gnu.sparse {
            push(part, &mut map)?;
        }
        let mut more = gnu.is_extended();
        while more {
            let mut extension = tar::GnuExtSparseHeader::new();
            if !self.block(extension.as_mut_bytes())? {
                return Err(Fault::Corrupt("it ends in the middle of a sparse map".to_owned()));
            }
            for part in extension.sparse() {
                push(part, &mut map)?;
            }
            if map.len() as u64 > self.limits.entries.min(1 << 20) {
                return Err(Fault::Unsafe("a sparse file has too many parts".to_owned()));
            }
            more = extension.is_extended();
        }
        entry.size = gnu.real_size().map_err(|e| broken("sparse size", &e))?;
        entry.sparse = Some(map);
        Ok(())
    }

    /// PAX format 1.0: decimal numbers, one a line, in whole blocks before the data.
    fn sparse_map_in_data(&mut self) -> Result<Vec<(u64, u64)>, Fault> {
        let bad = || Fault::Corrupt("a sparse file has a broken map".to_owned());
        let mut text = Vec::new();
        let mut numbers: Vec<u64> = Vec::new();
        let mut wanted = None;
        loop {
            if self.left < BLOCK as u64 || text.len() as u64 > self.limits.header_bytes {
                return Err(bad());
            }
            let mut block = [0u8; BLOCK];
            if !self.block(&mut block)? {
                return Err(bad());
            }
            self.left -= BLOCK as u64;
            text.extend_from_slice(&block);
            while let Some(end) = text.iter().position(|b| *b == b'\n') {
                let number = std::str::from_utf8(&text[..end])
                    .ok()
                    .and_then(|t| t.parse().ok())
                    .ok_or_else(bad)?;
                text.drain(..=end);
                match wanted {
                    None if number > (1 << 20) => {
                        return Err(Fault::Unsafe("a sparse file has too many parts".to_owned()));
                    }
                    None => wanted = Some(number * 2),
                    Some(_) => numbers.push(number),
                }
                if wanted == Some(numbers.len() as u64) {
                    return Ok(numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect());
                }
            }
        }
    }
}

/// The parts must follow each other, lie within the file, and be what is stored.
fn check_sparse(entry: &Entry, stored: u64) -> Result<(), Fault> {
    let Some(map) = &entry.sparse else { return Ok(()) };
    let bad = || Fault::Corrupt(format!("the sparse map of `{}` makes no sense", show(&entry.path)));
    let mut end = 0u64;
    let mut total = 0u64;
    for (offset, length) in map {
        if *offset < end {
            return Err(bad());
        }
        end = offset.checked_add(*length).ok_or_else(bad)?;
        total = total.checked_add(*length).ok_or_else(bad)?;
    }
    if end > entry.size || total != stored {
        Err(bad())
    } else {
        Ok(())
    }
}

/// A number that was left out is 0, as other readers have it; the crate refuses it.
fn blanks_to_zero(header: &mut Header) {
    let old = header.as_old_mut();
    let numbers: [&mut [u8]; 5] = [&mut old.mode, &mut old.uid, &mut old.gid, &mut old.size, &mut old.mtime];
    for number in numbers {
        if number.iter().all(|byte| matches!(byte, 0 | b' ')) {
            number.fill(b'0');
        }
    }
}

fn terminated(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|b| *b == 0) {
        bytes.truncate(end);
    }
    bytes
}

fn broken(field: &str, error: &io::Error) -> Fault {
    Fault::Corrupt(format!("a header of its archive has a bad {field} ({error})"))
}

/// The stream's own errors carry a kind only; see `Chunks`.
fn stream(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::FileTooLarge => Fault::Unsafe(error.to_string()),
        io::ErrorKind::BrokenPipe => Fault::Stopped,
        _ => Fault::Corrupt(error.to_string()),
    }
}

pub(super) fn name(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

//! The container's output: from its pipes or its terminal into the log.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::logs::record::{Header, Source, Splitter, now_ns};
use crate::logs::writer::{LogWriter, READ_SIZE};

/// What a container may write while the shim does something else, in bytes; less where the user's share is used up.
const PIPE_SIZES: [i32; 2] = [1 << 20, 256 << 10];

/// One source of log records.
pub(super) struct Output {
    file: File,
    source: Source,
    splitter: Splitter,
}

/// Room that is kept between reads while there is much to read, and given back when there is not.
#[derive(Default)]
pub(super) struct Buffers {
    input: Vec<u8>,
    records: Vec<u8>,
}

impl Buffers {
    pub fn release(&mut self) {
        *self = Self::default();
    }

    pub fn in_use(&self) -> bool {
        self.input.capacity() > 0
    }
}

impl Output {
    pub fn new(fd: OwnedFd, source: Source) -> io::Result<Self> {
        for size in PIPE_SIZES {
            if fcntl(&fd, FcntlArg::F_SETPIPE_SZ(size)).is_ok() {
                break;
            }
        }
        let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
        fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        Ok(Self {
            file: File::from(fd),
            source,
            splitter: Splitter::default(),
        })
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Moves one bufferful into the log.
    pub fn pump(&mut self, log: &mut LogWriter, buffers: &mut Buffers) -> Pumped {
        buffers.input.resize(READ_SIZE, 0);
        let mut filled = 0;
        let mut ended = false;
        // The kernel hands out what one write put in; several of them make one record batch.
        while filled < READ_SIZE {
            match self.file.read(&mut buffers.input[filled..]) {
                Ok(0) => ended = true,
                Ok(n) => {
                    filled += n;
                    continue;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                // A terminal whose other side is closed reports an input/output error.
                Err(_) => ended = true,
            }
            break;
        }
        buffers.records.clear();
        let mut header = Header::new(now_ns(), self.source);
        self.splitter
            .push(&buffers.input[..filled], &mut header, &mut buffers.records);
        if ended {
            self.splitter.finish(&mut header, &mut buffers.records);
        }
        log.append(&buffers.records);
        match (ended, filled == READ_SIZE) {
            (true, _) => Pumped::Ended,
            (false, true) => Pumped::More,
            (false, false) => Pumped::Empty,
        }
    }

    /// Everything that is still in the pipe, once nobody writes to it any more.
    pub fn drain(&mut self, log: &mut LogWriter, buffers: &mut Buffers) {
        loop {
            match self.pump(log, buffers) {
                Pumped::More => {}
                Pumped::Ended => return,
                Pumped::Empty => {
                    buffers.records.clear();
                    self.splitter
                        .finish(&mut Header::new(now_ns(), self.source), &mut buffers.records);
                    log.append(&buffers.records);
                    return;
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pumped {
    More,
    Empty,
    Ended,
}

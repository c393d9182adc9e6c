//! Tar archives, honest and hostile: names are written as they are given.

use tar::{EntryType, Header};

#[derive(Default, Clone)]
pub struct Archive(Vec<u8>);

/// One entry; `Entry::file(…)` and its like set what is usual. Owned by whoever runs the tests: others need root.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: EntryType,
    pub path: Vec<u8>,
    pub link: Vec<u8>,
    pub data: Vec<u8>,
    pub mode: u32,
    pub owner: (u64, u64),
    pub mtime: u64,
    pub device: (u32, u32),
    pub xattrs: Vec<(String, Vec<u8>)>,
}

impl Entry {
    pub fn new(kind: EntryType, path: impl AsRef<[u8]>) -> Self {
        Self {
            kind,
            path: path.as_ref().to_vec(),
            link: Vec::new(),
            data: Vec::new(),
            mode: 0o644,
            owner: (
                nix::unistd::geteuid().as_raw().into(),
                nix::unistd::getegid().as_raw().into(),
            ),
            mtime: 1_600_000_000,
            device: (0, 0),
            xattrs: Vec::new(),
        }
    }
    pub fn file(path: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        Self {
            data: data.as_ref().to_vec(),
            ..Self::new(EntryType::Regular, path)
        }
    }
    pub fn dir(path: impl AsRef<[u8]>) -> Self {
        Self {
            mode: 0o755,
            ..Self::new(EntryType::Directory, path)
        }
    }
    pub fn symlink(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self {
            link: target.as_ref().to_vec(),
            mode: 0o777,
            ..Self::new(EntryType::Symlink, path)
        }
    }
    pub fn hard_link(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self {
            link: target.as_ref().to_vec(),
            ..Self::new(EntryType::Link, path)
        }
    }
    pub fn device(kind: EntryType, path: impl AsRef<[u8]>, major: u32, minor: u32) -> Self {
        Self {
            device: (major, minor),
            mode: 0o666,
            ..Self::new(kind, path)
        }
    }
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }
    pub fn owner(self, uid: u64, gid: u64) -> Self {
        Self {
            owner: (uid, gid),
            ..self
        }
    }
    pub fn xattr(mut self, name: &str, value: &[u8]) -> Self {
        self.xattrs.push((name.to_owned(), value.to_vec()));
        self
    }
}

impl Archive {
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        entries.into_iter().fold(Self::default(), Self::add)
    }

    pub fn add(mut self, entry: Entry) -> Self {
        if !entry.xattrs.is_empty() {
            let records: Vec<(String, Vec<u8>)> = entry
                .xattrs
                .iter()
                .map(|(name, value)| (format!("SCHILY.xattr.{name}"), value.clone()))
                .collect();
            self = self.pax(&records);
        }
        if entry.path.len() > 100 {
            self = self.long(EntryType::GNULongName, &entry.path);
        }
        if entry.link.len() > 100 {
            self = self.long(EntryType::GNULongLink, &entry.link);
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(entry.kind);
        put(&mut header.as_old_mut().name, &entry.path);
        put(&mut header.as_old_mut().linkname, &entry.link);
        header.set_mode(entry.mode);
        header.set_uid(entry.owner.0);
        header.set_gid(entry.owner.1);
        header.set_mtime(entry.mtime);
        header.set_size(entry.data.len() as u64);
        header.set_device_major(entry.device.0).unwrap();
        header.set_device_minor(entry.device.1).unwrap();
        self.raw(header, &entry.data)
    }

    /// A PAX header for the next entry.
    pub fn pax(self, records: &[(String, Vec<u8>)]) -> Self {
        let mut data = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut length = rest + rest.to_string().len();
            length = rest + length.to_string().len();
            data.extend_from_slice(format!("{length} {key}=").as_bytes());
            data.extend_from_slice(value);
            data.push(b'\n');
        }
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::XHeader);
        put(&mut header.as_old_mut().name, b"PaxHeaders/x");
        header.set_size(data.len() as u64);
        self.raw(header, &data)
    }

    fn long(self, kind: EntryType, name: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        put(&mut header.as_old_mut().name, b"././@LongLink");
        let mut data = name.to_vec();
        data.push(0);
        header.set_size(data.len() as u64);
        self.raw(header, &data)
    }

    /// A header as it is, but for its checksum, and data.
    pub fn raw(mut self, mut header: Header, data: &[u8]) -> Self {
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = self.0;
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }
}

fn put(field: &mut [u8], value: &[u8]) {
    let length = value.len().min(field.len());
    field[..length].copy_from_slice(&value[..length]);
}

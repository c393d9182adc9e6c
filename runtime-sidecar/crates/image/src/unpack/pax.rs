//! PAX extended headers: `LENGTH KEY=VALUE\n` records, values of any bytes.

use std::ffi::OsString;

use super::fault::Fault;
use super::tar_reader::name;

/// What of an extended header matters for a layer.
#[derive(Debug, Default)]
pub(crate) struct Pax {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) size: Option<u64>,
    pub(crate) uid: Option<u64>,
    pub(crate) gid: Option<u64>,
    pub(crate) mtime: Option<(i64, i64)>,
    pub(crate) xattrs: Vec<(OsString, Vec<u8>)>,
    pub(crate) sparse: Option<Sparse>,
}

/// A sparse file in one of the three PAX formats.
#[derive(Debug, Default)]
pub(crate) struct Sparse {
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) real_size: Option<u64>,
    pub(crate) map: Vec<(u64, u64)>,
    /// Format 1.0 stores the map before the data.
    pub(crate) map_in_data: bool,
}

impl Pax {
    pub(crate) fn parse(mut data: &[u8]) -> Result<Self, Fault> {
        let mut pax = Self::default();
        let mut offset = None;
        while !data.is_empty() && data[0] != 0 {
            let (key, value, rest) = record(data).ok_or_else(|| bad("record"))?;
            data = rest;
            match key {
                b"path" => pax.path = Some(value.to_vec()),
                b"linkpath" => pax.link = Some(value.to_vec()),
                b"size" => pax.size = Some(number(value)?),
                b"uid" => pax.uid = Some(number(value)?),
                b"gid" => pax.gid = Some(number(value)?),
                b"mtime" => pax.mtime = Some(time(value)?),
                b"GNU.sparse.major" => pax.sparse().map_in_data = value == b"1",
                b"GNU.sparse.name" => pax.sparse().name = Some(value.to_vec()),
                b"GNU.sparse.realsize" | b"GNU.sparse.size" => pax.sparse().real_size = Some(number(value)?),
                b"GNU.sparse.offset" => offset = Some(number(value)?),
                b"GNU.sparse.numbytes" => {
                    let offset = offset.take().ok_or_else(|| bad("sparse map"))?;
                    let length = number(value)?;
                    pax.sparse().map.push((offset, length));
                }
                b"GNU.sparse.map" => {
                    let numbers = value
                        .split(|b| *b == b',')
                        .filter(|t| !t.is_empty())
                        .map(number)
                        .collect::<Result<Vec<_>, _>>()?;
                    pax.sparse().map = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
                }
                _ => {
                    if let Some(key) = key.strip_prefix(b"SCHILY.xattr.") {
                        pax.xattrs.push((name(key), value.to_vec()));
                    }
                }
            }
        }
        Ok(pax)
    }

    fn sparse(&mut self) -> &mut Sparse {
        self.sparse.get_or_insert_default()
    }
}

/// Key, value and what follows the record.
fn record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = data.iter().take(20).position(|b| *b == b' ')?;
    let length: usize = std::str::from_utf8(&data[..space]).ok()?.parse().ok()?;
    let body = data.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|b| *b == b'=')?;
    Some((&body[..equals], &body[equals + 1..], &data[length..]))
}

fn number(value: &[u8]) -> Result<u64, Fault> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|t| t.trim().parse().ok())
        .ok_or_else(|| bad("number"))
}

/// Decimal seconds, perhaps negative, perhaps with a fraction.
fn time(value: &[u8]) -> Result<(i64, i64), Fault> {
    let text = std::str::from_utf8(value).map_err(|_| bad("time"))?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().map_err(|_| bad("time"))?;
    let mut nanos = 0i64;
    for digit in fraction.bytes().chain(std::iter::repeat(b'0')).take(9) {
        if !digit.is_ascii_digit() {
            return Err(bad("time"));
        }
        nanos = nanos * 10 + i64::from(digit - b'0');
    }
    if whole.starts_with('-') && nanos > 0 {
        Ok((seconds - 1, 1_000_000_000 - nanos))
    } else {
        Ok((seconds, nanos))
    }
}

fn bad(what: &str) -> Fault {
    Fault::Corrupt(format!("an extended header has a bad {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_newlines_and_equal_signs() {
        let pax = Pax::parse(b"26 SCHILY.xattr.user.a=\n=\n11 path=b=\n18 mtime=-1.25000\n".as_slice());
        let pax = pax.unwrap();
        assert_eq!(pax.xattrs, vec![(OsString::from("user.a"), b"\n=".to_vec())]);
        assert_eq!(pax.path.unwrap(), b"b=");
        assert_eq!(pax.mtime, Some((-2, 750_000_000)));
    }

    #[test]
    fn a_record_that_lies_about_its_length_is_an_error() {
        for bad in [
            &b"99 path=a\n"[..],
            b"0 path=a\n",
            b"7 path=a\n",
            b"x path=a\n",
            b"9999999999999999999999 a=b\n",
            b"3 a",
        ] {
            assert!(Pax::parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}

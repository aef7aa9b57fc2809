//! Header lists of an entry -> header lines.

use std::borrow::Cow;

use crate::reader::json::{Json, Kind, Stop, Text};

/// Header lines as recorded, unescaped. Bytes that are not UTF-8 stand as they are.
#[derive(Debug, Default)]
pub(super) struct Lines<'a> {
    list: Vec<Line<'a>>,
}

/// A name and its value.
pub(super) type Line<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl<'a> Lines<'a> {
    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Line<'a>> {
        self.list.iter()
    }

    pub(super) fn push(&mut self, name: &'static str, value: Cow<'a, [u8]>) {
        self.list.push((Cow::Borrowed(name.as_bytes()), value));
    }

    /// The value of the first line of a name.
    pub(super) fn first(&self, name: &str) -> Option<&[u8]> {
        self.list
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.trim_ascii())
    }

    /// Reads a header list: an array of `{name, value}`, or an object of names with a value or an array of them.
    pub(super) fn read(&mut self, json: &mut Json<'a>) -> Result<(), Stop> {
        self.clear();
        if json.kind()? == Kind::Object {
            json.object(|json, key| {
                let first = self.list.len();
                self.values(json)?;
                self.name_from(first, Cow::Owned(key.to_vec()));
                Ok(())
            })?;
            return Ok(());
        }
        json.array(|json| {
            let first = self.list.len();
            // As nearly every recorder writes it.
            if let Some([name, value]) = json.pair(b"\"name\"", b"\"value\"") {
                self.value(value);
                self.name_from(first, name.unescape());
                return Ok(());
            }
            let mut name = None;
            json.object(|json, key| {
                match key {
                    b"name" => name = json.text()?,
                    b"value" => {
                        self.list.truncate(first);
                        self.values(json)?;
                    }
                    _ => json.skip()?,
                }
                Ok(())
            })?;
            let Some(name) = name else {
                self.list.truncate(first);
                return Ok(());
            };
            if self.list.len() == first {
                self.push("", Cow::Borrowed(b""));
            }
            self.name_from(first, name.unescape());
            Ok(())
        })?;
        Ok(())
    }

    /// Names the lines from `first` on.
    fn name_from(&mut self, first: usize, name: Cow<'a, [u8]>) {
        if let Some((line, others)) = self.list[first..].split_first_mut() {
            for other in others {
                other.0.clone_from(&name);
            }
            line.0 = name;
        }
    }

    /// Reads the values of a header, as lines without name. A line feed inside a value separates lines: exporters join
    /// repeated headers with it, and no header value can hold one.
    fn values(&mut self, json: &mut Json<'a>) -> Result<(), Stop> {
        if json.kind()? == Kind::Array {
            json.array(|json| {
                self.value(json.scalar()?.unwrap_or_default());
                Ok(())
            })?;
            return Ok(());
        }
        self.value(json.scalar()?.unwrap_or_default());
        Ok(())
    }

    fn value(&mut self, value: Text<'a>) {
        let value = value.unescape();
        if memchr::memchr(b'\n', &value).is_none() {
            self.push("", value);
            return;
        }
        for line in value.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.push("", Cow::Owned(line.to_owned()));
        }
    }
}

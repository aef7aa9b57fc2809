//! Inputs: a file, standard input, or bytes in memory; and what they hold, told by their first bytes and never by
//! their names.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::ErrorKind;
use crate::meter::{Meter, Metered};

/// An input to audit.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    input: Input,
    /// What reading moves on.
    meter: Option<Arc<Meter>>,
}

#[derive(Clone, Debug)]
enum Input {
    File(PathBuf),
    Stdin,
    Bytes(Arc<[u8]>),
}

/// What a recording is written in, below compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// HAR: JSON, or JSONP.
    Har,
    /// pcap or pcapng.
    Pcap,
}

/// An input whose format is known.
pub(crate) struct Opened {
    pub(crate) format: Format,
    pub(crate) content: Content,
}

/// The bytes of an input.
pub(crate) enum Content {
    /// The recording, unpacked.
    Stream(Box<dyn Read + Send>),
    /// A zip archive that holds it.
    Archive(Archive),
}

/// A zip archive, as Playwright writes it: one HAR, and bodies beside it.
pub(crate) struct Archive {
    zip: ZipArchive<Box<dyn ReadSeek>>,
}

/// What a zip archive is read from.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// Bytes that are looked at to tell the format.
const HEAD: usize = 4096;

impl Source {
    /// A file; `-` is standard input.
    #[must_use]
    pub fn path(path: &Path) -> Self {
        if path.as_os_str() == "-" {
            return Self::stdin();
        }
        Self {
            name: path.to_string_lossy().into(),
            input: Input::File(path.to_owned()),
            meter: None,
        }
    }

    /// Standard input.
    #[must_use]
    pub fn stdin() -> Self {
        Self {
            name: "-".into(),
            input: Input::Stdin,
            meter: None,
        }
    }

    /// Bytes in memory, under a name for messages.
    #[must_use]
    pub fn bytes(name: &str, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            input: Input::Bytes(bytes.into()),
            meter: None,
        }
    }

    /// The same input, counting what is read of it.
    #[must_use]
    pub fn metered(self, meter: Arc<Meter>) -> Self {
        Self {
            meter: Some(meter),
            ..self
        }
    }

    /// The name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens the input and tells its format.
    pub(crate) fn open(&self) -> Result<Opened, ErrorKind> {
        let mut raw: Box<dyn Read + Send> = match &self.input {
            Input::File(path) => Box::new(File::open(path).map_err(ErrorKind::Io)?),
            Input::Stdin => Box::new(io::stdin()),
            Input::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        if let Some(meter) = &self.meter {
            raw = Box::new(Metered::new(raw, Arc::clone(meter)));
        }
        let head = head(&mut raw)?;
        if head.is_empty() {
            return Err(ErrorKind::Empty);
        }
        if is_zip(&head) {
            return Ok(Opened {
                format: Format::Har,
                content: Content::Archive(Archive::open(self.seekable(head, raw)?)?),
            });
        }
        if is_gzip(&head) {
            let mut unpacked =
                MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, rejoin(head, raw)));
            let head = self::head(&mut unpacked)?;
            return recognised(head, unpacked);
        }
        recognised(head, raw)
    }

    /// The same input from its start, where reading it twice gives the same bytes: not of a pipe.
    pub(crate) fn again(&self) -> Option<Result<Opened, ErrorKind>> {
        let is_lasting = match &self.input {
            Input::File(path) => std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()),
            Input::Stdin => false,
            Input::Bytes(_) => true,
        };
        // What is read twice counts once.
        let unmetered = Self {
            meter: None,
            ..self.clone()
        };
        is_lasting.then(|| unmetered.open())
    }

    /// The same input for reading in any order. Standard input goes into a temporary file, since a zip archive has its directory
    /// at the end.
    fn seekable(
        &self,
        head: Vec<u8>,
        raw: Box<dyn Read + Send>,
    ) -> Result<Box<dyn ReadSeek>, ErrorKind> {
        Ok(match &self.input {
            Input::File(path) => {
                let file = File::open(path).map_err(ErrorKind::Io)?;
                match &self.meter {
                    Some(meter) => Box::new(Metered::new(file, Arc::clone(meter))),
                    None => Box::new(file),
                }
            }
            Input::Stdin => {
                let mut file = tempfile::tempfile().map_err(ErrorKind::Io)?;
                io::copy(&mut rejoin(head, raw), &mut file).map_err(ErrorKind::Io)?;
                file.seek(SeekFrom::Start(0)).map_err(ErrorKind::Io)?;
                Box::new(file)
            }
            Input::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }
}

impl Archive {
    fn open(reader: Box<dyn ReadSeek>) -> Result<Self, ErrorKind> {
        Ok(Self {
            zip: ZipArchive::new(reader).map_err(zip_error)?,
        })
    }

    /// The index of the first member named `.har`, and how many others are.
    pub(crate) fn har_member(&self) -> Result<(usize, u64), ErrorKind> {
        let is_har = |name: &str| {
            name.get(name.len().saturating_sub(4)..)
                .is_some_and(|end| end.eq_ignore_ascii_case(".har"))
        };
        let mut members = self
            .zip
            .file_names()
            .enumerate()
            .filter(|(_, name)| name.as_ref().is_ok_and(|name| is_har(name)))
            .map(|(index, _)| index);
        let first = members
            .next()
            .ok_or_else(|| ErrorKind::Container("the zip archive holds no .har".into()))?;
        Ok((first, members.count() as u64))
    }

    /// Reads a member.
    pub(crate) fn with_member<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut (dyn Read + Send)) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        let mut member = self.zip.by_index(index).map_err(zip_error)?;
        read(&mut member)
    }
}

fn zip_error(error: ZipError) -> ErrorKind {
    match error {
        ZipError::Io(error) => ErrorKind::Io(error),
        other => ErrorKind::Container(other.to_string()),
    }
}

/// The first bytes of a reader, fewer only at its end.
fn head(reader: &mut impl Read) -> Result<Vec<u8>, ErrorKind> {
    let mut head = Vec::new();
    match reader.take(HEAD as u64).read_to_end(&mut head) {
        // What could be unpacked is shown; the reader fails again later.
        Err(error) if head.is_empty() => Err(match error.kind() {
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof => ErrorKind::Container(error.to_string()),
            _ => ErrorKind::Io(error),
        }),
        _ => Ok(head),
    }
}

fn rejoin<R: Read>(head: Vec<u8>, rest: R) -> Chain<Cursor<Vec<u8>>, R> {
    Cursor::new(head).chain(rest)
}

fn recognised(head: Vec<u8>, rest: impl Read + Send + 'static) -> Result<Opened, ErrorKind> {
    if head.is_empty() {
        return Err(ErrorKind::Empty);
    }
    if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
        return Err(ErrorKind::Container(
            "the text is UTF-16; convert it to UTF-8 first".into(),
        ));
    }
    let format = if is_capture(&head) {
        Format::Pcap
    } else if is_json(&head) {
        Format::Har
    } else {
        return Err(ErrorKind::UnknownFormat);
    };
    Ok(Opened {
        format,
        content: Content::Stream(Box::new(rejoin(head, rest))),
    })
}

fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1F, 0x8B])
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// pcap in both byte orders, with micro- or nanoseconds, also the modified form with longer packet headers; pcapng.
fn is_capture(head: &[u8]) -> bool {
    let Some(magic) = head.first_chunk() else {
        return false;
    };
    let magic = u32::from_be_bytes(*magic);
    [magic, magic.swap_bytes()]
        .iter()
        .any(|magic| matches!(magic, 0xA1B2_C3D4 | 0xA1B2_3C4D | 0xA1B2_CD34 | 0x0A0D_0D0A))
}

/// JSON text of an object or a list, or a call around one.
fn is_json(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let text = text.trim_ascii_start();
    let name = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.'))
        .count();
    match text[name..].trim_ascii_start() {
        [b'{' | b'[', ..] => name == 0,
        [b'(', ..] => name > 0,
        _ => false,
    }
}

//! Content codings (RFC 9110 section 8.4): gzip, deflate, br and zstd, undone while content arrives, by label and by magic
//! number, within bounds. A coding that is not what its label says, or is none of these, is refused.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Most codings on top of each other, labelled or not.
const MAX_LAYERS: usize = 3;
/// How much is fed at once, in bytes; bounds what one step can make.
const STEP: usize = 1024;
/// Content may grow to this many times its size ...
const MAX_RATIO: u64 = 200;
/// ... once there is more of it than this, in bytes.
const FREE: u64 = 1024 * 1024;

/// Why content cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// A coding that is not read here.
    #[error("the content has a coding that cannot be read")]
    Unknown,
    /// Too many codings on top of each other.
    #[error("the content has too many codings")]
    Layers,
    /// It is not what its label says, or broken.
    #[error("the content is not what its coding says, or broken")]
    Broken,
    /// It grows without measure.
    #[error("the content grows too much when decoded")]
    Bomb,
}

/// One coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Undoes the codings of one message's content.
pub struct Decoder {
    /// Outermost first.
    layers: Vec<Layer>,
    read: u64,
    made: u64,
    /// The first bytes of what is decoded so far, until it is known whether a coding without label hides there.
    opening: Option<Vec<u8>>,
}

impl Decoder {
    /// For a message with these `Content-Encoding` values.
    ///
    /// # Errors
    /// If one of the codings cannot be read, or there are too many.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, CodingError> {
        let mut layers = Vec::new();
        for value in values {
            let value = std::str::from_utf8(value).map_err(|_| CodingError::Unknown)?;
            for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let coding = match name.to_ascii_lowercase().as_str() {
                    "identity" => continue,
                    "gzip" | "x-gzip" => Coding::Gzip,
                    "deflate" => Coding::Deflate,
                    "br" => Coding::Brotli,
                    "zstd" => Coding::Zstd,
                    _ => return Err(CodingError::Unknown),
                };
                // The last that was applied is the outermost.
                layers.insert(0, Layer::new(coding)?);
            }
        }
        if layers.len() > MAX_LAYERS {
            return Err(CodingError::Layers);
        }
        Ok(Self { layers, read: 0, made: 0, opening: Some(Vec::new()) })
    }

    /// Whether content is decoded at all, as far as is known.
    #[must_use]
    pub fn is_coded(&self) -> bool {
        !self.layers.is_empty()
    }

    /// Takes the next content; appends what it stands for.
    ///
    /// # Errors
    /// If it is broken or grows too much. Nothing more may be pushed then.
    pub fn push(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<(), CodingError> {
        if self.layers.is_empty() && self.opening.is_none() {
            out.extend_from_slice(content);
            return Ok(());
        }
        for piece in content.chunks(STEP) {
            self.read += piece.len() as u64;
            let mut made = piece.to_vec();
            for layer in &mut self.layers {
                made = layer.push(&made)?;
            }
            self.account(made.len())?;
            self.deliver(made, out)?;
        }
        Ok(())
    }

    /// The content is over: appends the rest.
    ///
    /// # Errors
    /// If something is missing.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), CodingError> {
        let mut rest = Vec::new();
        for layer in &mut self.layers {
            let mut made = layer.push(&rest)?;
            made.extend(layer.finish()?);
            rest = made;
        }
        self.account(rest.len())?;
        if let Some(mut opening) = self.opening.take() {
            opening.extend_from_slice(&rest);
            rest = opening;
        }
        out.extend_from_slice(&rest);
        Ok(())
    }

    /// Looks at the first bytes: a coding that no label names is undone too.
    fn deliver(&mut self, made: Vec<u8>, out: &mut Vec<u8>) -> Result<(), CodingError> {
        let Some(mut opening) = self.opening.take() else {
            out.extend_from_slice(&made);
            return Ok(());
        };
        opening.extend_from_slice(&made);
        if opening.len() < 4 {
            self.opening = Some(opening);
            return Ok(());
        }
        let Some(hidden) = magic(&opening) else {
            out.extend_from_slice(&opening);
            return Ok(());
        };
        if self.layers.len() == MAX_LAYERS {
            return Err(CodingError::Layers);
        }
        let mut layer = Layer::new(hidden)?;
        let made = layer.push(&opening)?;
        self.layers.push(layer);
        self.account(made.len())?;
        self.opening = Some(Vec::new());
        self.deliver(made, out)
    }

    fn account(&mut self, made: usize) -> Result<(), CodingError> {
        self.made += made as u64;
        if self.is_coded() && self.made > FREE.max(self.read.saturating_mul(MAX_RATIO)) {
            return Err(CodingError::Bomb);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}

/// The coding that content begins with.
fn magic(first: &[u8]) -> Option<Coding> {
    match first {
        [0x1f, 0x8b, 8, ..] => Some(Coding::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Coding::Zstd),
        _ => None,
    }
}

enum Layer {
    /// Its first bytes tell which form of deflate it is.
    Undecided(Vec<u8>),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Zlib(Box<ZlibDecoder<Sink>>),
    Raw(Box<DeflateDecoder<Sink>>),
    Brotli(Box<brotli::DecompressorWriter<Sink>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Sink>>),
}

impl Layer {
    fn new(coding: Coding) -> Result<Self, CodingError> {
        Ok(match coding {
            Coding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(Sink::default()))),
            Coding::Deflate => Self::Undecided(Vec::new()),
            Coding::Brotli => Self::Brotli(Box::new(brotli::DecompressorWriter::new(Sink::default(), 4096))),
            Coding::Zstd => {
                let mut decoder =
                    zstd::stream::write::Decoder::new(Sink::default()).map_err(|_| CodingError::Unknown)?;
                // RFC 8878 section 3.1.1.1.2 and RFC 9659: windows up to 8 MiB.
                decoder.window_log_max(23).map_err(|_| CodingError::Unknown)?;
                Self::Zstd(Box::new(decoder))
            }
        })
    }

    fn push(&mut self, content: &[u8]) -> Result<Vec<u8>, CodingError> {
        let mut kept = Vec::new();
        let mut content = content;
        if let Self::Undecided(first) = self {
            first.extend_from_slice(content);
            let [cmf, flags, ..] = first[..] else { return Ok(Vec::new()) };
            kept = std::mem::take(first);
            content = &kept;
            // RFC 1950 section 2.2.
            let zlib = cmf & 0x0f == 8 && (u16::from(cmf) * 256 + u16::from(flags)).is_multiple_of(31);
            *self = if zlib {
                Self::Zlib(Box::new(ZlibDecoder::new(Sink::default())))
            } else {
                Self::Raw(Box::new(DeflateDecoder::new(Sink::default())))
            };
        }
        let made = self.write(content);
        drop(kept);
        made.map_err(
            |error| if error.kind() == io::ErrorKind::OutOfMemory { CodingError::Bomb } else { CodingError::Broken },
        )
    }

    fn write(&mut self, content: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Undecided(_) => Ok(Vec::new()),
            Self::Gzip(decoder) => {
                decoder.write_all(content)?;
                decoder.flush()?;
                Ok(decoder.get_mut().take())
            }
            Self::Zlib(decoder) => {
                all(decoder, content)?;
                Ok(decoder.get_mut().take())
            }
            Self::Raw(decoder) => {
                all(decoder, content)?;
                Ok(decoder.get_mut().take())
            }
            Self::Brotli(decoder) => {
                decoder.write_all(content)?;
                decoder.flush()?;
                Ok(decoder.get_mut().take())
            }
            Self::Zstd(decoder) => {
                decoder.write_all(content)?;
                decoder.flush()?;
                Ok(decoder.get_mut().take())
            }
        }
    }

    fn finish(&mut self) -> Result<Vec<u8>, CodingError> {
        let broken = |_: io::Error| CodingError::Broken;
        match self {
            Self::Undecided(first) if first.is_empty() => Ok(Vec::new()),
            Self::Undecided(_) => Err(CodingError::Broken),
            Self::Gzip(decoder) => {
                decoder.try_finish().map_err(broken)?;
                Ok(decoder.get_mut().take())
            }
            Self::Zlib(decoder) => {
                decoder.try_finish().map_err(broken)?;
                Ok(decoder.get_mut().take())
            }
            Self::Raw(decoder) => {
                decoder.try_finish().map_err(broken)?;
                Ok(decoder.get_mut().take())
            }
            Self::Brotli(decoder) => {
                decoder.close().map_err(broken)?;
                Ok(decoder.get_mut().take())
            }
            Self::Zstd(decoder) => {
                decoder.flush().map_err(broken)?;
                Ok(decoder.get_mut().take())
            }
        }
    }
}

/// Writes all of it and makes everything of it come out. What follows the end of the stream is an error.
fn all(decoder: &mut impl Write, content: &[u8]) -> io::Result<()> {
    decoder.write_all(content)?;
    decoder.flush()
}

/// Takes what a decoder makes, within a bound.
#[derive(Default)]
struct Sink(Vec<u8>);

/// Most that one step may make: deflate grows at most 1032 times, the others are cut off here.
const MAX_STEP: usize = 8 * 1024 * 1024;

impl Sink {
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_STEP {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

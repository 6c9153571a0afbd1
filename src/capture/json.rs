//! JSON token by token, over a source that is watched: how far it was read, whether it ended, how much a name may take.

use std::{
    cell::{Cell, RefCell},
    io::{self, Read},
    rc::Rc,
};

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use super::ReadError;

/// Field names of a HAR are short; the tokenizer holds a name whole.
const NAME_LIMIT: u64 = 64 << 10;
/// A HAR needs nine levels, of which a few are other tools' extras.
const DEPTH_LIMIT: u32 = 64;

/// Why reading stopped.
pub(super) enum Stop {
    /// The input ended before the document did.
    EndsEarly,
    /// By whoever takes what is read.
    Asked,
    Error(ReadError),
}

pub(super) type Read1<T> = Result<T, Stop>;

/// A string, as far as there is room for one.
pub(super) enum Text {
    Whole(String),
    TooLong,
}

impl Text {
    pub fn whole(self) -> Option<String> {
        match self {
            Self::Whole(text) => Some(text),
            Self::TooLong => None,
        }
    }
}

pub(super) struct Json<R: Read> {
    tokens: JsonStreamReader<Watched<R>>,
    watch: Rc<Watch>,
}

impl<R: Read> Json<R> {
    pub fn new(input: R) -> Self {
        let watch = Rc::new(Watch::default());
        let settings =
            ReaderSettings { track_path: false, max_nesting_depth: Some(DEPTH_LIMIT), ..Default::default() };
        let watched = Watched { input, watch: Rc::clone(&watch) };
        Self { tokens: JsonStreamReader::new_custom(watched, settings), watch }
    }

    /// How far the source is read, in bytes.
    pub fn position(&self) -> u64 {
        self.watch.read.get()
    }

    /// Hands each field's name to `field`, which must take the value; `false` where the next value is no object.
    pub fn object(&mut self, mut field: impl FnMut(&mut Self, &str) -> Read1<()>) -> Read1<bool> {
        if !self.next_is(ValueType::Object)? {
            self.skip()?;
            return Ok(false);
        }
        self.tokens.begin_object().map_err(|error| self.stop(error))?;
        while self.tokens.has_next().map_err(|error| self.stop(error))? {
            let name = self.name()?;
            field(self, &name)?;
        }
        self.tokens.end_object().map_err(|error| self.stop(error))?;
        Ok(true)
    }

    /// Calls `element`, which must take the value, for each; `false` where the next value is no list.
    pub fn list(&mut self, mut element: impl FnMut(&mut Self) -> Read1<()>) -> Read1<bool> {
        if !self.next_is(ValueType::Array)? {
            self.skip()?;
            return Ok(false);
        }
        self.tokens.begin_array().map_err(|error| self.stop(error))?;
        while self.tokens.has_next().map_err(|error| self.stop(error))? {
            element(self)?;
        }
        self.tokens.end_array().map_err(|error| self.stop(error))?;
        Ok(true)
    }

    /// A string of at most `limit` bytes; the rest of a longer one is passed over. `None` where the next value is none.
    pub fn text(&mut self, limit: usize) -> Read1<Option<Text>> {
        if !self.next_is(ValueType::String)? {
            self.skip()?;
            return Ok(None);
        }
        let read = {
            let mut string = self.tokens.next_string_reader().map_err(|error| stop(&self.watch, &error))?;
            let mut bytes = Vec::new();
            string.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes).and_then(|_| {
                let fits = bytes.len() <= limit;
                io::copy(&mut string, &mut io::sink())?;
                Ok(if fits { Some(bytes) } else { None })
            })
        };
        let at = self.watch.read.get();
        match read {
            // The tokenizer lets nothing but UTF-8 through.
            Ok(Some(bytes)) => String::from_utf8(bytes)
                .map(|text| Some(Text::Whole(text)))
                .map_err(|_| Stop::Error(ReadError::NotUtf8 { at })),
            Ok(None) => Ok(Some(Text::TooLong)),
            Err(error) => Err(match error.downcast::<struson::reader::JsonSyntaxError>() {
                Ok(error) => self.stop(error.into()),
                Err(_) => self.watch.stop().unwrap_or(Stop::Error(ReadError::NotUtf8 { at })),
            }),
        }
    }

    /// A whole number that fits; `None` for anything else.
    pub fn number(&mut self) -> Read1<Option<u16>> {
        if !self.next_is(ValueType::Number)? {
            self.skip()?;
            return Ok(None);
        }
        let number = self.tokens.next_number_as_str().map_err(|error| stop(&self.watch, &error))?;
        Ok(number.parse().ok())
    }

    pub fn skip(&mut self) -> Read1<()> {
        // The tokenizer would recurse into names of any length, so objects and lists are walked here.
        match self.tokens.peek().map_err(|error| self.stop(error))? {
            ValueType::Object => self.object(|json, _| json.skip()).map(drop),
            ValueType::Array => self.list(Self::skip).map(drop),
            _ => self.tokens.skip_value().map_err(|error| self.stop(error)),
        }
    }

    /// After the document: nothing but white space.
    pub fn end(self) -> Read1<()> {
        let Self { tokens, watch } = self;
        tokens.consume_trailing_whitespace().map_err(|error| match stop(&watch, &error) {
            // The end of the input is what belongs here.
            Stop::EndsEarly => Stop::Error(ReadError::Malformed { at: watch.read.get() }),
            other => other,
        })
    }

    fn name(&mut self) -> Read1<String> {
        self.watch.allowance.set(Some(NAME_LIMIT));
        let name = self.tokens.next_name_owned().map_err(|error| self.stop(error));
        self.watch.allowance.set(None);
        name
    }

    fn next_is(&mut self, kind: ValueType) -> Read1<bool> {
        let next = self.tokens.peek().map_err(|error| self.stop(error))?;
        Ok(next == kind)
    }

    fn stop(&self, error: ReaderError) -> Stop {
        stop(&self.watch, &error)
    }
}

/// The tokenizer's own words quote the file, so they are dropped.
fn stop(watch: &Watch, error: &ReaderError) -> Stop {
    let at = watch.read.get();
    watch.stop().unwrap_or(Stop::Error(match error {
        ReaderError::MaxNestingDepthExceeded { .. } => ReadError::TooDeep { at },
        ReaderError::IoError { .. } => ReadError::NotUtf8 { at },
        _ => ReadError::Malformed { at },
    }))
}

/// What is known of the source; shared with it, because the tokenizer owns it.
#[derive(Default)]
struct Watch {
    read: Cell<u64>,
    /// Bytes that may still be drawn, while a name is read.
    allowance: Cell<Option<u64>>,
    ended: Cell<bool>,
    failure: RefCell<Option<io::Error>>,
    exhausted: Cell<bool>,
}

impl Watch {
    /// What the source did, where that is why the tokenizer failed: it asks for more only when it needs more.
    fn stop(&self) -> Option<Stop> {
        if let Some(error) = self.failure.take() {
            return Some(Stop::Error(ReadError::Io(error)));
        }
        if self.exhausted.get() {
            return Some(Stop::Error(ReadError::EndlessName { at: self.read.get() }));
        }
        self.ended.get().then_some(Stop::EndsEarly)
    }
}

struct Watched<R> {
    input: R,
    watch: Rc<Watch>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let watch = &self.watch;
        if watch.allowance.get() == Some(0) {
            watch.exhausted.set(true);
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = match self.input.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                watch.failure.replace(Some(error));
                return Err(io::ErrorKind::Other.into());
            }
        };
        watch.ended.set(read == 0 && !buffer.is_empty());
        watch.read.set(watch.read.get() + read as u64);
        watch.allowance.set(watch.allowance.get().map(|left| left.saturating_sub(read as u64)));
        Ok(read)
    }
}

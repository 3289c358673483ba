//! What the client reads of open files. The target is asked for whole stretches of a file, which are masked as one text, and each of the
//! client's reads is cut out of them: so a value is hidden whatever the lengths, the places and the order of the reads are.
//!
//! ```text
//!  read 7: handle, place, length --> file --> tape: asks for what is missing, under the same number --> target
//!     7: data <-- cut <-- masked <-- in order <-- data <-------------------------------------------------/
//! ```
//!
//! What was read once is read anew when it is read again, as it may have changed.

use std::{collections::HashMap, ops::Range, sync::Arc};

use bytes::Bytes;
use masking::{Masker, Tally};
use proto::Code;

use super::{
    super::content::{Content, Kind, PROBE},
    NotSftp,
    packet::{denied, read, status},
    tape::{MOST, Tape},
};

/// Reads that may wait for their answers.
const MOST_WAITING: usize = 4096;
/// Files that may be open.
const MOST_FILES: usize = 4096;
/// Passes through a file that are kept although nothing is read there.
const IDLE_TAPES: usize = 2;
/// A pass that begins amid a file begins so much before what is read there.
const MARGIN: u64 = 16 * 1024;
/// What may have come too early, in bytes.
const MOST_EARLY: usize = 64 << 20;
/// `SSH_FX_EOF`, `SSH_FX_FAILURE`.
const EOF: u32 = 1;
const FAILURE: u32 = 4;

/// The open files of a session, and the reads of them.
pub(super) struct Reads {
    masker: Arc<Masker>,
    files: HashMap<u64, File>,
    /// By handle; a handle may come back after a close.
    names: HashMap<Bytes, u64>,
    waiting: HashMap<u32, Waiting>,
    serial: u64,
    tally: Tally,
    /// Paths of files that were found not to pass.
    refused: Vec<String>,
}

/// Where packets go.
pub(super) struct Way<'a> {
    pub(super) target: &'a mut Vec<u8>,
    pub(super) client: &'a mut Vec<u8>,
}

struct File {
    handle: Bytes,
    path: String,
    kind: Option<Kind>,
    /// Reads that wait until it is known what kind of file it is; the first asked for its beginning.
    heads: Vec<u32>,
    tapes: Vec<Tape>,
    waiting: usize,
    refused: bool,
    closed: bool,
}

/// A read that is not answered.
struct Waiting {
    file: u64,
    from: u64,
    to: u64,
    /// What the target was asked for under its number.
    asked: Option<Range<u64>>,
    /// The pass that answers it.
    tape: Option<u64>,
}

/// What the target answers.
enum Came {
    Data(Bytes),
    End,
    /// An error: the packet behind its number.
    Failed(Bytes),
}

impl Reads {
    pub(super) fn new(masker: Arc<Masker>) -> Self {
        Self {
            masker,
            files: HashMap::new(),
            names: HashMap::new(),
            waiting: HashMap::new(),
            serial: 0,
            tally: Tally::default(),
            refused: Vec::new(),
        }
    }

    /// What was masked, or stood in files that do not pass.
    pub(super) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Paths of files that were found not to pass since it was last asked.
    pub(super) fn take_refused(&mut self) -> Vec<String> {
        std::mem::take(&mut self.refused)
    }

    /// The target has opened a file.
    pub(super) fn opened(&mut self, handle: Bytes, path: String) -> Result<(), NotSftp> {
        if self.files.len() >= MOST_FILES {
            return Err(NotSftp);
        }
        self.closed(&handle);
        let serial = self.next_serial();
        self.names.insert(handle.clone(), serial);
        let (heads, tapes) = (Vec::new(), Vec::new());
        let file = File { handle, path, kind: None, heads, tapes, waiting: 0, refused: false, closed: false };
        self.files.insert(serial, file);
        Ok(())
    }

    /// The client closes a file.
    pub(super) fn closed(&mut self, handle: &[u8]) {
        let Some(serial) = self.names.remove(handle) else { return };
        if let Some(file) = self.files.get_mut(&serial) {
            file.closed = true;
        }
        self.forget(serial);
    }

    /// Files may have changed: nothing that is known of them holds.
    pub(super) fn changed(&mut self) {
        for file in self.files.values_mut() {
            file.kind = None;
            file.tapes.retain(|tape| !tape.reads.is_empty());
        }
    }

    /// The client reads.
    pub(super) fn read(
        &mut self,
        id: u32,
        handle: &[u8],
        from: u64,
        length: u32,
        way: &mut Way<'_>,
    ) -> Result<(), NotSftp> {
        if self.waiting.contains_key(&id) || self.waiting.len() >= MOST_WAITING {
            return Err(NotSftp);
        }
        let found = self.names.get(handle).and_then(|serial| Some((*serial, self.files.get_mut(serial)?)));
        let Some((serial, file)) = found.filter(|_| i64::try_from(from).is_ok()) else {
            status(id, FAILURE, "sallyport: no such read", way.client);
            return Ok(());
        };
        if length == 0 {
            status(id, EOF, "", way.client);
        } else if file.refused {
            refuse(id, way);
        } else {
            let to = from + u64::from(length).min(MOST);
            file.waiting += 1;
            self.waiting.insert(id, Waiting { file: serial, from, to, asked: None, tape: None });
            self.place(id, way);
        }
        Ok(())
    }

    /// Whether a read has this number.
    pub(super) fn knows(&self, id: u32) -> bool {
        self.waiting.contains_key(&id)
    }

    /// The target has data for a read.
    pub(super) fn data(&mut self, id: u32, piece: Bytes, way: &mut Way<'_>) -> Result<(), NotSftp> {
        self.came(id, if piece.is_empty() { Came::End } else { Came::Data(piece) }, way)
    }

    /// The target has a status for a read; `rest` is the packet behind its number.
    pub(super) fn status(&mut self, id: u32, rest: Bytes, way: &mut Way<'_>) -> Result<(), NotSftp> {
        let is_end = rest.first_chunk() == Some(&EOF.to_be_bytes());
        self.came(id, if is_end { Came::End } else { Came::Failed(rest) }, way)
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn came(&mut self, id: u32, came: Came, way: &mut Way<'_>) -> Result<(), NotSftp> {
        let waiting = self.waiting.get_mut(&id).ok_or(NotSftp)?;
        let asked = waiting.asked.take().ok_or(NotSftp)?;
        if matches!(&came, Came::Data(piece) if piece.len() as u64 > asked.end - asked.start) {
            return Err(NotSftp);
        }
        let (serial, tape) = (waiting.file, waiting.tape);
        let file = self.files.get_mut(&serial).ok_or(NotSftp)?;
        if file.refused {
            self.done(id);
            refuse(id, way);
            return Ok(());
        }
        let Some(tape) = tape else {
            self.head(serial, &came, way);
            return Ok(());
        };
        let tape = file.tapes.iter_mut().find(|at| at.serial == tape).ok_or(NotSftp)?;
        tape.asked -= 1;
        match came {
            Came::Data(piece) => {
                let end = asked.start + piece.len() as u64;
                tape.put(asked.start, piece);
                if end < asked.end && !file.closed {
                    // The file ends here, or the target gives less at once.
                    tape.asked += 1;
                    read(id, &file.handle, &(end..asked.end), way.target);
                    waiting.asked = Some(end..asked.end);
                } else if end < asked.end {
                    tape.failed = Some(failure());
                }
            }
            Came::End => tape.ended(asked.start),
            Came::Failed(rest) => tape.failed = Some(rest),
        }
        let (number, early, passes) = (tape.serial, tape.early(), tape.feed(&mut self.tally).is_ok());
        if let (None | Some(Kind::Text), Some(kind)) = (file.kind, tape.kind()) {
            file.kind = Some(kind);
        }
        if !passes {
            self.refuse_file(serial, way);
        } else if early > MOST_EARLY {
            return Err(NotSftp);
        } else {
            self.settle(serial, number, way);
        }
        Ok(())
    }

    /// The beginning of a file is there.
    fn head(&mut self, serial: u64, came: &Came, way: &mut Way<'_>) {
        let Some(file) = self.files.get_mut(&serial) else { return };
        let heads = std::mem::take(&mut file.heads);
        if let Came::Data(first) = came {
            file.kind = Some(Kind::of(first.get(..PROBE).unwrap_or(first)));
        }
        for id in heads {
            match came {
                Came::Data(_) => self.place(id, way),
                Came::End => self.answer(id, None, way),
                Came::Failed(rest) => self.answer(id, Some(rest), way),
            }
        }
    }

    /// Finds the pass that answers a read, or begins one.
    fn place(&mut self, id: u32, way: &mut Way<'_>) {
        let serial = self.next_serial();
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        let (number, from, to) = (waiting.file, waiting.from, waiting.to);
        let Some(file) = self.files.get_mut(&number) else { return };
        let place = file.tapes.iter().position(|tape| tape.takes(from));
        let place = match (place, file.kind) {
            (Some(place), _) => place,
            (None, None) if from > MARGIN => {
                if file.heads.is_empty() {
                    let first = 0..MARGIN;
                    read(id, &file.handle, &first, way.target);
                    waiting.asked = Some(first);
                }
                file.heads.push(id);
                return;
            }
            (None, kind) => file.begin(serial, &self.masker, kind, from),
        };
        let Some(tape) = file.tapes.get_mut(place) else { return };
        if tape.ends_at(from) && tape.reads.is_empty() {
            file.tapes.remove(place);
            return self.answer(id, None, way);
        }
        waiting.tape = Some(tape.serial);
        if tape.wants(to) {
            ask(id, waiting, tape, &file.handle, way);
        }
        let (tape, reads) = (tape.serial, &mut tape.reads);
        let before = reads.partition_point(|other| self.waiting.get(other).is_some_and(|other| other.from <= from));
        reads.insert(before, id);
        self.settle(number, tape, way);
    }

    /// Answers what can be answered from a pass, and asks on if nothing else comes.
    fn settle(&mut self, serial: u64, number: u64, way: &mut Way<'_>) {
        let Some(file) = self.files.get_mut(&serial) else { return };
        let Some(tape) = file.tapes.iter_mut().find(|tape| tape.serial == number) else { return };
        let (mut kept, mut gone) = (Vec::new(), 0);
        for id in std::mem::take(&mut tape.reads) {
            let Some(waiting) = self.waiting.get(&id) else { continue };
            let answered = waiting.asked.is_none() && tape.answer(id, waiting, way);
            if answered {
                self.waiting.remove(&id);
                gone += 1;
            } else {
                kept.push(id);
            }
        }
        let least = kept.first().and_then(|id| self.waiting.get(id)).map(|waiting| waiting.from);
        tape.reads = kept;
        tape.trim(least);
        file.waiting -= gone;
        let idle = tape.reads.iter().copied().find(|_| tape.rests());
        if let Some(id) = idle
            && let Some(waiting) = self.waiting.get_mut(&id)
        {
            if file.closed {
                // What its handle stands for now is another matter.
                tape.failed = Some(failure());
                return self.settle(serial, number, way);
            }
            ask(id, waiting, tape, &file.handle, way);
        }
        if tape.failed.is_some() && tape.reads.is_empty() {
            file.tapes.retain(|tape| tape.serial != number);
        }
        self.forget(serial);
    }

    /// A file is found not to pass.
    fn refuse_file(&mut self, serial: u64, way: &mut Way<'_>) {
        let Some(file) = self.files.get_mut(&serial) else { return };
        file.refused = true;
        self.refused.push(file.path.clone());
        let tapes = std::mem::take(&mut file.tapes);
        for id in tapes.into_iter().flat_map(|tape| tape.reads).chain(std::mem::take(&mut file.heads)) {
            if self.waiting.get(&id).is_some_and(|waiting| waiting.asked.is_none()) {
                self.done(id);
                refuse(id, way);
            }
        }
    }

    /// Answers a read with the end of its file, or with what the target says.
    fn answer(&mut self, id: u32, said: Option<&Bytes>, way: &mut Way<'_>) {
        self.done(id);
        match said {
            Some(rest) => said_so(id, rest, way),
            None => status(id, EOF, "", way.client),
        }
    }

    fn done(&mut self, id: u32) {
        let Some(waiting) = self.waiting.remove(&id) else { return };
        if let Some(file) = self.files.get_mut(&waiting.file) {
            file.waiting -= 1;
        }
        self.forget(waiting.file);
    }

    /// Drops a file that is closed and not read.
    fn forget(&mut self, serial: u64) {
        if self.files.get(&serial).is_some_and(|file| file.closed && file.waiting == 0) {
            self.files.remove(&serial);
        }
    }
}

impl File {
    /// Begins a pass; gives its place.
    fn begin(&mut self, serial: u64, masker: &Masker, kind: Option<Kind>, from: u64) -> usize {
        let idle = self.tapes.iter().filter(|tape| tape.reads.is_empty()).count();
        if idle >= IDLE_TAPES
            && let Some(oldest) = self.tapes.iter().position(|tape| tape.reads.is_empty())
        {
            self.tapes.remove(oldest);
        }
        let start = match kind {
            None | Some(Kind::Packed) => 0,
            Some(_) => from.saturating_sub(MARGIN),
        };
        let content = match kind.filter(|_| start > 0) {
            Some(kind) => Content::amid(masker, kind),
            None => Content::new(masker),
        };
        self.tapes.push(Tape::new(serial, content, start, from));
        self.tapes.len() - 1
    }
}

impl Tape {
    /// Answers a read if that can be done.
    fn answer(&mut self, id: u32, waiting: &Waiting, way: &mut Way<'_>) -> bool {
        if let Some(rest) = &self.failed {
            said_so(id, rest, way);
            return true;
        }
        match self.show(waiting.from, waiting.to) {
            Some([]) => status(id, EOF, "", way.client),
            Some(content) => super::packet::data(id, content, way.client),
            None => return false,
        }
        true
    }
}

/// Asks the target for more under a read's number.
fn ask(id: u32, waiting: &mut Waiting, tape: &mut Tape, handle: &[u8], way: &mut Way<'_>) {
    let range = tape.next(waiting.to);
    read(id, handle, &range, way.target);
    tape.asked += 1;
    waiting.asked = Some(range);
}

fn refuse(id: u32, way: &mut Way<'_>) {
    denied(id, &format!("sallyport: {REASON} ({})", Code::Uninspectable), way.client);
}

/// Why a file does not pass.
pub(super) const REASON: &str =
    "the file holds values that are masked here and cannot be masked in it, or cannot be looked into";

/// The target's own words.
fn said_so(id: u32, rest: &[u8], way: &mut Way<'_>) {
    let length = u32::try_from(rest.len() + 5).unwrap_or(0);
    way.client.extend_from_slice(&length.to_be_bytes());
    way.client.push(101);
    way.client.extend_from_slice(&id.to_be_bytes());
    way.client.extend_from_slice(rest);
}

/// A status that says no more than that it failed, behind its number.
fn failure() -> Bytes {
    let mut packet = Vec::new();
    status(0, FAILURE, "", &mut packet);
    Bytes::from(packet).slice(9..)
}

#[cfg(test)]
mod tests;

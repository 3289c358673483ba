//! What one SFTP request does.

use functions::shell::{is_light_loss, is_secret_path, is_system_path, tidy_path};
use policy::{Effect, Facts};

use super::{
    super::facts::{one, set},
    packet::{Fields, Malformed},
};

/// A request of the client.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// The number that its answer carries; `None` for the greeting.
    pub(super) id: Option<u32>,
    /// Whether it is worth an event of its own.
    pub(super) notable: bool,
    /// What is done.
    pub(super) verb: &'static str,
    /// Its files; empty for what works on an open handle.
    pub(super) paths: Vec<String>,
    /// The function, unless it only goes on with what was allowed before.
    function: Option<(&'static str, Effect)>,
}

/// `SSH_FXF_WRITE`, `APPEND`, `CREAT`, `TRUNC`.
const WRITES: u32 = 0x02 | 0x04 | 0x08 | 0x10;

impl Operation {
    /// Reads a request.
    pub(super) fn read(packet: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::of(packet);
        let tag = fields.byte()?;
        if tag == 1 {
            return Ok(Self { id: None, notable: false, verb: "init", paths: Vec::new(), function: None });
        }
        let id = fields.number()?;
        let looks = Some(("sftp-read", Effect::Read));
        let changes = Some(("sftp-write", Effect::Write));
        let removes = Some(("sftp-remove", Effect::Write));
        let (verb, function, count, notable) = match tag {
            3 => return Self::open(id, fields),
            4 => ("close", None, 0, false),
            5 => ("read", None, 0, false),
            6 => ("write", None, 0, false),
            7 | 17 => ("stat", looks, 1, false),
            8 => ("stat", None, 0, false),
            9 => ("setstat", changes, 1, true),
            10 => ("setstat", changes, 0, false),
            11 => ("list", looks, 1, true),
            12 => ("list", None, 0, false),
            13 => ("remove", removes, 1, true),
            14 => ("mkdir", changes, 1, true),
            15 => ("rmdir", removes, 1, true),
            16 => ("realpath", looks, 1, false),
            18 => ("rename", changes, 2, true),
            19 => ("readlink", looks, 1, false),
            20 => ("symlink", changes, 2, true),
            200 => return Self::extended(id, fields),
            _ => return Err(Malformed),
        };
        let paths = (0..count).map(|_| Ok(tidy_path(&fields.text()?))).collect::<Result<_, Malformed>>()?;
        Ok(Self { id: Some(id), notable, verb, paths, function })
    }

    fn open(id: u32, mut fields: Fields) -> Result<Self, Malformed> {
        let path = tidy_path(&fields.text()?);
        let writes = fields.number()? & WRITES != 0;
        let (verb, function) =
            if writes { ("write", ("sftp-write", Effect::Write)) } else { ("read", ("sftp-read", Effect::Read)) };
        Ok(Self { id: Some(id), notable: true, verb, paths: vec![path], function: Some(function) })
    }

    /// Extensions of OpenSSH; one that is not known may do anything.
    fn extended(id: u32, mut fields: Fields) -> Result<Self, Malformed> {
        let name = fields.text()?;
        let looks = ("sftp-read", Effect::Read);
        let changes = ("sftp-write", Effect::Write);
        let (verb, function, count, notable) = match name.as_str() {
            "statvfs@openssh.com" | "expand-path@openssh.com" => ("stat", looks, 1, false),
            "posix-rename@openssh.com" => ("rename", changes, 2, true),
            "hardlink@openssh.com" => ("link", changes, 2, true),
            "lsetstat@openssh.com" => ("setstat", changes, 1, true),
            "fsync@openssh.com"
            | "fstatvfs@openssh.com"
            | "limits@openssh.com"
            | "home-directory"
            | "users-groups-by-id@openssh.com" => ("stat", looks, 0, false),
            "copy-data" => ("write", changes, 0, true),
            _ => ("extension", ("sftp-write", Effect::Admin), 0, true),
        };
        let paths = (0..count).map(|_| Ok(tidy_path(&fields.text()?))).collect::<Result<_, Malformed>>()?;
        Ok(Self { id: Some(id), notable, verb, paths, function: Some(function) })
    }

    /// The facts to decide by; `None` if it goes on with what was decided before.
    pub(super) fn facts(&self) -> Option<Facts> {
        let (name, effect) = self.function?;
        let reads = effect == Effect::Read;
        let risky = self
            .paths
            .iter()
            .any(|path| if reads { is_secret_path(path) } else { is_system_path(path) || is_secret_path(path) });
        // As `rm` is judged in a command.
        let heavy = self.verb == "remove" && !self.paths.iter().all(|path| is_light_loss(path));
        let effect = if risky || heavy { Effect::Admin } else { effect };
        let files: std::collections::BTreeSet<String> = self.paths.iter().cloned().collect();
        let (read, written) =
            if reads { (files.clone(), Default::default()) } else { (Default::default(), files.clone()) };
        Some(Facts {
            functions: one(name, effect),
            verbs: set([self.verb]),
            paths: files,
            reads: read,
            writes: written,
            statements: 1,
            ..Facts::default()
        })
    }

    /// The function's name, for the record.
    pub(super) fn name(&self) -> &'static str {
        self.function.map_or("sftp", |(name, _)| name)
    }
}

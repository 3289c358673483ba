//! The names of secrets: what a value must be called to be looked at, in the languages and styles that settings are written in.

use crate::window::Window;

/// How long a name is looked at, in bytes before the assignment sign.
pub(super) const NAME_REACH: usize = 48;

/// The ends of names of passwords.
const PASSWORDS: [&[u8]; 32] = [
    b"bindpw",
    b"rootpw",
    b"requirepass",
    b"masterauth",
    b"password",
    b"passwd",
    b"passphrase",
    b"passwort",
    b"passcode",
    b"identifiedby",
    b"kennwort",
    b"motdepasse",
    b"wachtwoord",
    b"senha",
    b"presharedkey",
    b"dbpass",
    b"sshpass",
    b"userpass",
    b"rootpass",
    b"adminpass",
    b"mailpass",
    b"smtppass",
    b"ldappass",
    b"keypass",
    b"storepass",
    b"dbpwd",
    b"userpwd",
    b"syspwd",
    b"passord",
    b"senord",
    b"salasana",
    b"adgangskode",
];
/// Words for passwords in letters beyond ASCII.
pub(super) const FOREIGN: [&str; 5] = ["пароль", "密码", "パスワード", "비밀번호", "contraseña"];
/// Names that count only as whole words.
const SHORT_PASSWORDS: [&[u8]; 4] = [b"pass", b"pwd", b"pw", b"psk"];
/// The ends of names of keys and tokens.
const KEYS: [&[u8]; 41] = [
    b"secret",
    b"token",
    b"apikey",
    b"secretkey",
    b"accesskey",
    b"privatekey",
    b"signingkey",
    b"encryptionkey",
    b"accountkey",
    b"authkey",
    b"appkey",
    b"masterkey",
    b"sharedaccesskey",
    b"servicekey",
    b"clientkey",
    b"sessionkey",
    b"credential",
    b"credentials",
    b"webhooksecret",
    b"secretaccesskey",
    b"applicationkey",
    b"storagekey",
    b"functionskey",
    b"functionkey",
    b"subscriptionkey",
    b"adminkey",
    b"hmackey",
    b"deploykey",
    b"licensekey",
    b"sshkey",
    b"cryptkey",
    b"secretkeybase",
    b"keydata",
    b"sonarlogin",
    b"wpakey",
    b"wpa2key",
    b"wifikey",
    b"noncekey",
    b"loggedinkey",
    b"authsalt",
    b"noncesalt",
];
/// Names of cookies that hold a session and nothing else.
const SESSIONS: [&[u8]; 7] = [
    b"jsessionid",
    b"phpsessid",
    b"connectsid",
    b"laravelsession",
    b"aspnetsessionid",
    b"aspnetcorecookies",
    b"aspnetcoresession",
];
/// The ends of other names that hold a session in cookies.
const COOKIES: [&[u8]; 4] = [b"session", b"sessionid", b"sessid", b"sid"];
/// Parts of names whose values are no secrets.
const OPEN_NAMES: [&[u8]; 9] =
    [b"pagetoken", b"nexttoken", b"csrf", b"xsrf", b"sync", b"cursor", b"public", b"continuation", b"idempotency"];

/// What the value of a name is.
pub(super) enum Kind {
    Password,
    Key,
    /// What the option of a command is given.
    Option,
    /// A user's name and password in base64.
    Login,
    Authorization,
    /// What makes a browser's requests those of a user.
    Session,
    /// What makes them so if it is a cookie.
    Cookie,
    /// The lines of a private key.
    Material,
}

/// A name in small letters, without the marks that join its words.
pub(super) struct Name {
    letters: [u8; NAME_REACH],
    length: usize,
    /// How long the last word is.
    word: usize,
}

impl Name {
    pub(super) fn read(window: &Window<'_>, end: usize) -> Self {
        Self::of(window.slice(end.saturating_sub(NAME_REACH), end))
    }

    /// The name at the end of `raw`.
    fn of(raw: &[u8]) -> Self {
        let start = raw.iter().rposition(|byte| !is_name(*byte)).map_or(0, |index| index + 1);
        let raw = raw.get(start..).unwrap_or_default();
        let mut name = Self { letters: [0; NAME_REACH], length: 0, word: 0 };
        let mut before = 0;
        for byte in raw {
            let is_word = byte.is_ascii_alphanumeric();
            if !is_word || (byte.is_ascii_uppercase() && u8::is_ascii_lowercase(&before)) {
                name.word = 0;
            }
            if is_word && let Some(slot) = name.letters.get_mut(name.length) {
                *slot = byte.to_ascii_lowercase();
                name.length += 1;
                name.word += 1;
            }
            before = *byte;
        }
        name
    }

    fn as_bytes(&self) -> &[u8] {
        self.letters.get(..self.length).unwrap_or_default()
    }

    /// Whether it is what Terraform calls the value of a variable whose name stands before.
    pub(super) fn is_default(&self) -> bool {
        self.as_bytes() == b"default"
    }

    /// Whether it is a type, whose value's name stands before.
    pub(super) fn is_type(&self) -> bool {
        let name = self.as_bytes();
        self.word == 3 && name.ends_with(b"str") || self.word == 6 && name.ends_with(b"string")
    }

    /// Whether it is the name of a value whose own name stands before.
    pub(super) fn is_value(&self) -> bool {
        self.word == 5 && self.as_bytes().ends_with(b"value")
    }

    pub(super) fn contains(&self, word: &[u8]) -> bool {
        self.as_bytes().windows(word.len()).any(|part| part == word)
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        let name = self.as_bytes();
        let word = name.get(self.length - self.word.min(self.length)..).unwrap_or_default();
        if PASSWORDS.iter().any(|known| name.ends_with(known)) || SHORT_PASSWORDS.contains(&word) {
            return Some(Kind::Password);
        }
        if name.ends_with(b"authorization") {
            return Some(Kind::Authorization);
        }
        let open = || OPEN_NAMES.iter().any(|part| self.contains(part));
        // The signature of a shared access URL (Azure).
        if name == b"sig" {
            return Some(Kind::Key);
        }
        if name == b"auth" {
            return Some(Kind::Login);
        }
        if name == b"privatelines" {
            return Some(Kind::Material);
        }
        if SESSIONS.iter().any(|known| name.ends_with(known)) {
            return Some(Kind::Session);
        }
        if COOKIES.iter().any(|known| name.ends_with(known)) {
            return Some(Kind::Cookie);
        }
        (KEYS.iter().any(|known| name.ends_with(known)) && !open()).then_some(Kind::Key)
    }
}

/// Whether the name is one of a password; `None` if it is none of a secret.
pub(super) fn is_password(name: &[u8]) -> Option<bool> {
    match Name::of(name).kind()? {
        Kind::Password => Some(true),
        Kind::Key => Some(false),
        _ => None,
    }
}

/// The last two letters of names that count.
const ENDS: [&[u8; 2]; 27] = [
    b"pw", b"wd", b"by", b"ig", b"sk", b"id", b"on", b"in", b"es", b"rd", b"na", b"lt", b"tr", b"ng", b"de", b"ey",
    b"rt", b"se", b"ue", b"ta", b"th", b"ha", b"ss", b"et", b"en", b"al", b"ls",
];

/// For each last but one letter a bit for each last.
static ENDINGS: [u32; 32] = endings();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn endings() -> [u32; 32] {
    let (mut table, mut index) = ([0; 32], 0);
    while index < ENDS.len() {
        let [before, last] = *ENDS[index];
        table[(before & 31) as usize] |= 1 << (last & 31);
        index += 1;
    }
    table
}

/// Whether a name that counts may end with these two letters: a glance.
pub(super) fn may_end(before: u8, last: u8) -> bool {
    let lasts = ENDINGS.get(usize::from(before & 31)).copied().unwrap_or_default();
    !before.is_ascii_alphabetic() || lasts >> (last & 31) & 1 == 1
}

/// Whether a name that counts ends with these letters, of which marks may part some.
pub(super) fn ends_as_known(tail: [u8; 4]) -> bool {
    let is_mark = |byte| matches!(byte, b'_' | b'-' | b'.' | b' ');
    let [a, b, c, d] = tail;
    let wanted = match [c, d] {
        [b'p', b'w'] | [b'w', b'd'] => return true,
        [b'b', b'y'] => return is_mark(b),
        [b'i', b'g'] => return b == b's' || is_mark(b),
        [b's', b'k'] => return b == b'p',
        [b'i', b'd'] => return b == b'n' && a == b'o' || b == b's' && !matches!(a, b'a'..=b'r' | b't'..=b'z'),
        [b'o', b'n'] if a == b's' => *b"si",
        [b'i', b'n'] => *b"og",
        [b'e', b's'] => return matches!([a, b], [b'k', b'i'] | [b'i', b'n']),
        [b'r', b'd'] if b == b'o' && matches!(a, b'n' | b's') => return true,
        [b'n', b'a'] => *b"sa",
        [b'l', b't'] => return matches!([a, b], [b's', b'a'] | [b'a', b'u']),
        [b't', b'r'] => return b == b's',
        [b'n', b'g'] => *b"ri",
        [b'd', b'e'] if a == b'k' => *b"ko",
        [b'e', b'y'] if is_before_key(a) => [a, b'k'],
        [b'e', b'y'] => [0, 0],
        [b'r', b'd'] if a == b'o' => *b"oo",
        [b'r', b'd' | b't'] => *b"wo",
        [b's', b'e'] if a == b'a' => *b"as",
        [b's', b'e'] => [if a == b'b' { b'b' } else { b'r' }, b'a'],
        [b'u', b'e'] => *b"al",
        [b't', b'a'] => *b"da",
        [b't', b'h'] => *b"au",
        [b'h', b'a'] => *b"en",
        [b'd', b'e'] => *b"co",
        [b's', b's'] => *b"pa",
        [b'e', b't'] => *b"cr",
        [b'e', b'n'] => *b"ok",
        [b'a', b'l'] | [b'o', b'n'] => *b"ti",
        [b'l', b's'] => *b"ia",
        _ => return is_mark(c),
    };
    [a, b] == wanted || is_mark(a) || is_mark(b)
}

/// The letters that end what stands before `key` in a name that counts.
fn is_before_key(letter: u8) -> bool {
    matches!(letter, b'i' | b't' | b's' | b'e' | b'g' | b'n' | b'h' | b'p' | b'r' | b'c' | b'y')
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ')
}

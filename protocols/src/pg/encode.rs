//! Messages we write ourselves: the few of login and cancel. Everything else is forwarded as it came.

use bytes::{BufMut, BytesMut};

use super::frame::{back, front};

/// Protocol version 3.0.
pub const VERSION_3_0: u32 = 196_608;
/// Protocol version 3.2.
pub const VERSION_3_2: u32 = 196_610;
/// The request code of SSLRequest.
pub const SSL_REQUEST: u32 = 80_877_103;
/// The request code of GSSENCRequest.
pub const GSSENC_REQUEST: u32 = 80_877_104;
/// The request code of CancelRequest.
pub const CANCEL_REQUEST: u32 = 80_877_102;

/// Appends a frame whose body `fill` writes.
pub fn frame(out: &mut BytesMut, tag: u8, fill: impl FnOnce(&mut BytesMut)) {
    out.put_u8(tag);
    counted(out, fill);
}

/// Appends a message without a tag: a length word and what `fill` writes.
fn counted(out: &mut BytesMut, fill: impl FnOnce(&mut BytesMut)) {
    let at = out.len();
    out.put_u32(0);
    fill(out);
    let length = u32::try_from(out.len() - at).unwrap_or(u32::MAX);
    if let Some(word) = out.get_mut(at..at + 4) {
        word.copy_from_slice(&length.to_be_bytes());
    }
}

/// A string and its NUL. A NUL inside cannot be sent, so the string ends there.
pub fn string(out: &mut BytesMut, text: &str) {
    out.put_slice(text.split('\0').next().unwrap_or_default().as_bytes());
    out.put_u8(0);
}

/// StartupMessage 3.0 with these parameters.
pub fn startup<'a>(out: &mut BytesMut, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) {
    counted(out, |out| {
        out.put_u32(VERSION_3_0);
        for (name, value) in parameters {
            string(out, name);
            string(out, value);
        }
        out.put_u8(0);
    });
}

/// SSLRequest.
pub fn ssl_request(out: &mut BytesMut) {
    counted(out, |out| out.put_u32(SSL_REQUEST));
}

/// CancelRequest for a server process.
pub fn cancel_request(out: &mut BytesMut, pid: u32, key: &[u8]) {
    counted(out, |out| {
        out.put_u32(CANCEL_REQUEST);
        out.put_u32(pid);
        out.put_slice(key);
    });
}

/// Authentication request `kind` with its data.
pub fn authentication(out: &mut BytesMut, kind: u32, data: &[u8]) {
    frame(out, back::AUTHENTICATION, |out| {
        out.put_u32(kind);
        out.put_slice(data);
    });
}

/// BackendKeyData: the key that a client shows to cancel.
pub fn backend_key(out: &mut BytesMut, pid: u32, key: &[u8]) {
    frame(out, back::BACKEND_KEY, |out| {
        out.put_u32(pid);
        out.put_slice(key);
    });
}

/// NegotiateProtocolVersion: the newest version spoken here and the protocol options that are not.
pub fn negotiate(out: &mut BytesMut, version: u32, options: &[String]) {
    frame(out, back::NEGOTIATE, |out| {
        out.put_u32(version);
        out.put_u32(u32::try_from(options.len()).unwrap_or(u32::MAX));
        options.iter().for_each(|option| string(out, option));
    });
}

/// A password, SASL or GSS message of a client.
pub fn password(out: &mut BytesMut, data: &[u8]) {
    frame(out, front::PASSWORD, |out| out.put_slice(data));
}

/// Terminate.
pub fn terminate(out: &mut BytesMut) {
    frame(out, front::TERMINATE, |_| ());
}

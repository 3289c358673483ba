//! Header field names and values: their grammar (RFC 9110 section 5), and which of them never pass a gateway.

/// Whether these bytes are a token (RFC 9110 section 5.6.2): a method, a field name.
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| TOKEN.get(usize::from(*byte)).copied().unwrap_or(false))
}

/// A method as it may travel: an upper-case token of at most 32 bytes, and none that switches or reflects the connection.
#[must_use]
pub fn is_method(method: &[u8]) -> bool {
    let shape = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'-';
    !method.is_empty() && method.len() <= 32 && method.iter().all(shape) && !matches!(method, b"CONNECT" | b"TRACE")
}

/// Whether these bytes are a field value: visible characters, inner blanks and bytes above 127; no control characters.
#[must_use]
pub fn is_value(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

/// Whether a field (name in lower case) is about one connection only and never forwarded (RFC 9110 section 7.6.1).
#[must_use]
pub fn is_hop_by_hop(name: &[u8]) -> bool {
    matches!(
        name,
        b"connection"
            | b"keep-alive"
            | b"proxy-connection"
            | b"proxy-authenticate"
            | b"proxy-authorization"
            | b"proxy-authentication-info"
            | b"te"
            | b"trailer"
            | b"transfer-encoding"
            | b"upgrade"
            | b"http2-settings"
    )
}

/// Whether a request field (name in lower case) says who calls, from where, or what is really meant. Targets behind us
/// trust such fields, so a caller must not be able to set them. `_` counts as `-`, because many servers fold them together.
#[must_use]
pub fn claims_identity(name: &[u8]) -> bool {
    if name.contains(&b'_') {
        let folded: Vec<u8> = name.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
        return claims_identity(&folded) || is_hop_by_hop(&folded) || matches!(&*folded, b"content-length" | b"host");
    }
    match name {
        b"forwarded" | b"via" | b"remote-user" | b"remote-addr" | b"true-client-ip" | b"client-ip" => true,
        b"cf-connecting-ip" | b"fastly-client-ip" | b"ssl-client-cert" | b"proxy" => true,
        [b'x', b'-', rest @ ..] => {
            const PREFIXES: [&[u8]; 8] = [
                b"forwarded",
                b"sallyport-",
                b"remote-",
                b"authenticated-",
                b"auth-request-",
                b"webauth-",
                b"client-cert",
                b"ssl-",
            ];
            PREFIXES.iter().any(|prefix| rest.starts_with(prefix))
                || matches!(
                    rest,
                    b"real-ip"
                        | b"user"
                        | b"client-ip"
                        | b"client-dn"
                        | b"client-verify"
                        | b"original-url"
                        | b"original-host"
                        | b"original-uri"
                        | b"rewrite-url"
                        | b"host"
                        | b"cluster-client-ip"
                )
        }
        _ => false,
    }
}

/// Whether a field must not come in trailers (RFC 9110 section 6.5.1): framing, routing, credentials.
#[must_use]
pub fn is_trailer_forbidden(name: &[u8]) -> bool {
    is_hop_by_hop(name)
        || claims_identity(name)
        || matches!(
            name,
            b"content-length"
                | b"content-encoding"
                | b"content-type"
                | b"content-range"
                | b"host"
                | b"authorization"
                | b"cookie"
                | b"set-cookie"
                | b"expect"
                | b"range"
                | b"location"
                | b"x-http-method"
                | b"x-http-method-override"
                | b"x-method-override"
        )
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    loop {
        let special = matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        );
        #[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
        {
            table[byte as usize] = byte.is_ascii_alphanumeric() || special;
        }
        if byte == 255 {
            break;
        }
        byte += 1;
    }
    table
};

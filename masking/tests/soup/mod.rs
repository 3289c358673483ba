//! Random text that is dense in sensitive values, their beginnings, and what stands next to them.
#![allow(dead_code, unreachable_pub, missing_docs)]

use proptest::prelude::*;

const PIECES: &[&str] = &[
    "4111 1111 1111 1111",
    "4111111111111111",
    "5555-5555-5555-4444",
    "378282246310005",
    "3782 822463 10005",
    "4222222222222",
    "4.111111111111111e+15",
    "e+15",
    "password=hunter22x&",
    "&",
    "123-45-6789",
    "123 45 6789",
    "123456789",
    "ssn",
    "SSN: ",
    "social security ",
    "alice@example.com",
    "al",
    "ice@",
    "@",
    "example.com",
    ".co",
    "josé",
    "ü",
    "\u{a0}",
    "—",
    "例",
    "ghp_",
    "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
    "AKIA",
    "IOSFODNN7EXAMPLE",
    "xoxb-",
    "sk_live_",
    "4eC39HqLyjWDarjtT1zdp7dc",
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9",
    ".",
    "eyJzdWIiOiIxIn0",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA1c7+9z5Pad7OejecsQ0buX",
    "-----END PRIVATE KEY-----",
    "-----",
    "\n",
    "\r\n",
    "postgres://",
    "6123456789:AAabcdefghijklmnopqrstuvwxyz0123456",
    "61234567",
    ":AA",
    "AAabcdefghijklmnopqrstuvwxyz0123456",
    "SK0123456789abcdef0123456789abcdef",
    "dapi0123456789abcdef0123456789abcdef",
    "+1 212-555-0123",
    "020 7946 0958",
    "+44 20",
    "tel ",
    "phone: ",
    "DE89370400440532013000",
    "GB82 WEST 1234 5698 7654 32",
    "IBAN",
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXX1",
    "Authorization: Basic ",
    "dXNlcjpwYXNzd29yZDE=",
    "password: ",
    "IDENTIFIED BY '",
    "--password ",
    "--token ",
    "hunter2!x",
    "--token=",
    "machine db.example.com login bob password ",
    "login ",
    "The password is ",
    "sshpass -p ",
    "mysql -p",
    "curl -u bob:",
    "redis-cli -a ",
    "MTA0NjE5NzI0NTgwNjM5MTA4.GhXk2Q.",
    "abcdefghijklmnopqrstuvwxyz012345678901",
    "aB3dE5fG7hJ9kL.atlasv1.",
    "0123456789abcdef0123456789abcdef-us12",
    "0123456789abcdef0123456789abcdef-01234567-89abcdef",
    "abc8Q~",
    "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5aB3dE5fG7hJ9kL1mJQQJ99BAACAAAAAAAAAAAAASAZDO1234",
    "0123456789abcdef0123456789abcdef0123NRAL",
    "AAAAAAAAAAAAAAAAAAAAAAaB3dE5fG7hJ9kL1mN3pQ5%2BrS7tU9vW1xY3zA5aB3dE5fG7hJ9kL1mN3pQ5rS7",
    "A3-ABC123-DEF456-GHI78-JKL90-MNO12-PQR34",
    "aB3dE5_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9v_mmk",
    "pataB3dE5fG7hJ9kL.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV",
    "EZAK",
    "AAAAabcdefg:APA91bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1",
    "EAAA",
    "live_",
    "define('DB_PASSWORD', '",
    "name: DB_PASSWORD\n  value: ",
    "пароль: ",
    "“",
    "”",
    "MTIzLTQ1LTY3ODk=",
    "u:",
    "pass",
    "://",
    ":",
    "/",
    "secret",
    "aws_secret_access_key",
    "=",
    " = ",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "|",
    " ",
    " ",
    " ",
    "-",
    "_",
    "1",
    "7",
    "42",
    "20240115",
    "00000000000000000000",
    "x",
    "deadbeef",
    "\"",
    "\"",
    "\\\"",
    "\\n",
    "\\u0040",
    "\\u0034",
    "\\/",
    "\\",
    "\\u00",
    "{",
    "}",
    "[",
    "]",
    ",",
    ": ",
    "'",
    "+",
    "0.",
    "e5",
    "true",
    "hello world",
    "+1 415-555-0132",
    "(415) 555-0132",
    "415-555-0132",
    "phone",
    "020 7946 0958",
    "+49 30 901820",
    " ext. 42",
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "GB29 NWBK 6016 1331 9268 19",
    "password",
    "hunter2!",
    "Authorization: Basic dXNlcjpwYXNz",
    "\u{200b}",
    "\u{ad}",
    "４１１１",
    "＠",
    "‑",
    "–",
    "%40",
    "%2540",
    "%34",
    "%",
    "&#64;",
    "&#x31;",
    "&",
    "&commat;",
    "\\u003",
    "\\ud835\\udfd2",
    "YWxpY2VAZXhhbXBsZS5jb20=",
    "616c696365406578616d706c652e636f6d",
    "NDExMSAxMTExIDExMTEgMTExMQ",
    "=",
    "日本語",
    "dapi",
    "0123456789abcdef0123456789abcdef",
    "123456789:AA",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "111111111111111111111111111111111111111111111111111111111111111111",
    "\u{1b}[0m",
];

/// Text that may be cut anywhere, also inside a character.
pub fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        20 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        2 => (prop::sample::select(PIECES), 0..40_usize).prop_map(|(piece, end)| piece.as_bytes()[..end.min(piece.len())].to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
        1 => (prop::sample::select(PIECES), 1..200_usize).prop_map(|(piece, count)| piece.as_bytes().repeat(count)),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Text of whole characters.
pub fn utf8() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

/// A valid JSON document with values of these kinds in strings, keys and numbers.
pub fn json() -> impl Strategy<Value = String> {
    let string = prop::collection::vec(prop_oneof![5 => prop::sample::select(PIECES).prop_map(String::from), 1 => any::<char>().prop_map(String::from)], 0..8)
        .prop_map(|pieces| pieces.concat());
    let number = prop::sample::select(
        &[
            "4111111111111111",
            "-4111111111111111",
            "5555555555554444.0",
            "123456789",
            "0",
            "1.5e300",
            "4111111111111111e1",
            "0.4111111111111111",
        ][..],
    );
    let leaf = prop_oneof![
        4 => (string, any::<bool>()).prop_map(|(text, ascii)| quote(&text, ascii)),
        2 => number.prop_map(String::from),
        1 => Just("null".to_owned()),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(inner, 0..6).prop_map(|items| {
                let fields: Vec<_> =
                    items.iter().enumerate().map(|(index, item)| format!("\"ssn {index}\": {item}")).collect();
                format!("{{{}}}", fields.join(", "))
            }),
        ]
    })
}

fn quote(text: &str, ascii: bool) -> String {
    let plain = serde_json::to_string(text).unwrap_or_default();
    if !ascii {
        return plain;
    }
    let mut out = String::new();
    for unit in plain.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ 0x20..=0x7E) => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out
}

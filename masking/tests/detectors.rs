//! Each detector against values it must find and values it must leave alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod seen;

use masking::{Label, Masker, Syntax, Tally};
use seen::{finds, found, hits, leaves};

fn masked(text: &str, syntax: Syntax) -> String {
    let mut value = text.as_bytes().to_vec();
    Masker::new(&Label::ALL).mask(&mut value, syntax, &mut Tally::default());
    String::from_utf8(value).unwrap()
}

#[test]
fn cards_of_every_brand_are_found() {
    for card in [
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
        "2720992593319364",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "6011000990139424",
        "3530111333300000",
        "3566002020360505",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "6200000000000005",
        "6759649826438453",
        "6304000000000000",
        "4000002760003184",
    ] {
        finds(Label::Card, card, card);
        finds(Label::Card, &format!("paid with {card}, thanks"), card);
        finds(Label::Card, &format!("card={card}&cvv=123"), card);
    }
}

#[test]
fn separated_cards_are_found_whole() {
    for card in [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "3782 822463 10005",
        "3056 930902 5904",
        "4111\u{a0}1111\u{a0}1111\u{a0}1111",
        "41111111 11111111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "411111 1111111111",
    ] {
        finds(Label::Card, card, card);
        finds(Label::Card, &format!("x {card} y"), card);
    }
    finds(Label::Card, "4111 1111 1111 1111 123", "4111 1111 1111 1111");
    finds(Label::Card, "4111111111111111 12/27", "4111111111111111");
    finds(Label::Card, "42 4111 1111 1111 1111", "4111 1111 1111 1111");
    finds(Label::Card, "card4111111111111111", "4111111111111111");
    finds(Label::Card, "4111111111111111.00", "4111111111111111");
    assert_eq!(found("4111-1111-1111-1111-123-45-6789").len(), 2);
}

#[test]
fn numbers_that_are_not_cards_are_left() {
    for text in [
        "4111111111111112",                 // check digit
        "1234567812345670",                 // Luhn, no issuer
        "9999999999999995",                 // Luhn, no issuer
        "41111111111111111111",             // part of a longer run
        "84111111111111111111111111111111", // part of a longer run
        "0.4111111111111111",               // a fraction
        "deadbeef4111111111111111",         // a hash
        "4111111111111111ab",               // a hash
        "1700000000000",
        "1699999999999", // epoch milliseconds
        "1700000000000000",
        "1700000000000000000",
        "4006381333931",                        // an article number
        "550e8400-e29b-41d4-a716-446655440000", // a UUID
        "00000000-0000-4000-8000-000000000000",
        "+1 (555) 010-9999",
        "555-010-9999",
        "192.168.100.200",
        "10.0.0.1:8080",
        "2024-01-15 10:30:00.123456",
        "1.2.3.4",
        "120.0.6099.109",
        "3.14159265358979",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "order 100000000000000012",
    ] {
        leaves(text);
    }
}

#[test]
fn social_security_numbers_are_found() {
    for ssn in ["123-45-6789", "001-01-0001", "899-99-9999", "123 45 6789", "123.45.6789", "665-12-3456", "667-12-3456"]
    {
        finds(Label::Ssn, ssn, ssn);
        finds(Label::Ssn, &format!("her number: {ssn}."), ssn);
        finds(Label::Ssn, &format!("('{ssn}', 12)"), ssn);
    }
    for text in [
        "SSN 123456789",
        "ssn: 123456789",
        "social security number is 123456789",
        "customer_ssn=123456789",
        "customerSsn: 123456789",
        "{\"ssn\": 123456789}",
    ] {
        finds(Label::Ssn, text, "123456789");
    }
    finds(Label::Ssn, "SSN123-45-6789", "123-45-6789");
}

#[test]
fn numbers_that_are_not_social_security_numbers_are_left() {
    for text in [
        "000-12-3456",
        "666-12-3456",
        "900-12-3456",
        "987-65-4321",
        "123-00-4567",
        "123-45-0000",
        "123456789",
        "order 123456789",
        "123-45 6789",
        "123.45-6789",
        "1123-45-6789",
        "123-45-67890",
        "1-123-45-6789",
        "123-45-6789-1",
        "part A123-45-6789",
        "123-45-6789x",
        "assn 123456789",
        "lessness 123456789",
        "ssn 123-45-6789x",
        "ssn 000456789",
        "+123-45-6789",
        "12-345-6789",
        "ssn of order 4455: 123456789",
    ] {
        leaves(text);
    }
}

#[test]
fn email_addresses_are_found() {
    for email in [
        "alice@example.com",
        "a@b.co",
        "first.last+tag@sub.example.co.uk",
        "x_y%z@example.org",
        "o'neil@example.ie",
        "josé@example.com",
        "müller@münchen.de",
        "ALICE@EXAMPLE.COM",
        "user@xn--bcher-kva.example",
        "u@123.com",
        "123@example.com",
        "a-b@my-host.example.travel",
    ] {
        finds(Label::Email, email, email);
        finds(Label::Email, &format!("mail <{email}>, or"), email);
        finds(Label::Email, &format!("to={email}. Next"), email);
        finds(Label::Email, &format!("mailto:{email}?subject=x"), email);
    }
    finds(Label::Email, "例alice@example.com。", "alice@example.com");
    finds(Label::Email, "'alice@example.com'", "alice@example.com'".trim_end_matches('\''));
    finds(Label::Email, "alice@example.com\u{a0}and", "alice@example.com");
    let long = format!("{}@example.com", "x".repeat(100));
    assert_eq!(found(&long), vec![(Label::Email, &long[36..])]);
}

#[test]
fn at_signs_without_an_address_are_left() {
    for text in [
        "@",
        "a@",
        "@b.co",
        "a@b",
        "alice@localhost",
        "root@web-1:~$ ls",
        "icon@2x.png",
        "react@18.2.0",
        "pkg@1.2.3-beta.4",
        "a @b.com",
        "git@github.com:org/repo.git",
        "getty@tty1.service",
        "ssh://deploy@example.com/x",
        "@Override",
        "a@.com",
        "a@-",
        "foo@bar..com",
        "1@2.3",
        "image@sha256:0123",
        "@@@@@",
        "a@b@c",
    ] {
        leaves(text);
    }
}

#[test]
fn international_bank_account_numbers_are_found() {
    for iban in [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "de89370400440532013000",
        "GB29 NWBK 6016 1331 9268 19",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NL91ABNA0417164300",
        "NO93 8601 1117 947",
        "MT84MALT011000012345MTLCAST001S",
        "GB29-NWBK-6016-1331-9268-19",
        "BE68 5390 0754 7034",
        "ES91 2100 0418 4502 0005 1332",
    ] {
        finds(Label::Iban, iban, iban);
        finds(Label::Iban, &format!("IBAN: {iban}."), iban);
        finds(Label::Iban, &format!("{{\"iban\":\"{iban}\"}}"), iban);
    }
    for text in [
        "DE88370400440532013000",
        "GB29 NWBK 6016 1331 9268 18",
        "XX89370400440532013000",
        "DE8937040044053201300",
        "DE893704004405320130001",
        "ADE89370400440532013000",
        "GB50BKRP1502110728567",
        "gb49bkrp1502110728567",
        "GB49BKRP1502110728567A",
        "GB49BKRP1502110728567_1",
        "XX49BKRP1502110728567",
    ] {
        leaves(text);
    }
}

#[test]
fn an_account_number_of_the_wrong_length_is_found_by_its_check_digits() {
    for iban in ["GB49BKRP1502110728567", "GB37 NWLW 3988 9980 2003 7", "GB19 PLKH 5955 4956 1073 1"] {
        finds(Label::Iban, iban, iban);
        finds(Label::Iban, &format!("91858152,Julia Henry,{iban}"), iban);
        finds(Label::Iban, &format!("pay from {iban} EUR 250"), iban);
        finds(Label::Iban, &format!("{{\"iban\":\"{iban}\"}}"), iban);
    }
}

#[test]
fn values_in_disguise_are_found() {
    for (label, text) in [
        (Label::Card, "４１１１１１１１１１１１１１１１"),
        (Label::Card, "4111\u{200b}1111\u{200b}1111\u{200b}1111"),
        (Label::Card, "4111\u{2009}1111\u{2009}1111\u{2009}1111"),
        (Label::Card, "4111–1111–1111–1111"),
        (Label::Card, "٤١١١١١١١١١١١١١١١"),
        (Label::Card, "%34111111111111111"),
        (Label::Card, "&#52;111111111111111"),
        (Label::Ssn, "123‑45‑6789"),
        (Label::Ssn, "123−45−6789"),
        (Label::Ssn, "１２３－４５－６７８９"),
        (Label::Email, "alice＠example．com"),
        (Label::Email, "alice%40example.com"),
        (Label::Email, "alice%2540example.com"),
        (Label::Email, "alice&#64;example.com"),
        (Label::Email, "alice&commat;example.com"),
        (Label::Email, "alice\\u0040example.com"),
        (Label::Email, "al\u{200d}ice@exam\u{ad}ple.com"),
        (Label::Email, "𝐚𝐥𝐢𝐜𝐞@𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦"),
        (Label::Phone, "+1\u{a0}415‑555‑0132"),
        (Label::Iban, "DE89\u{a0}3704\u{a0}0044\u{a0}0532\u{a0}0130\u{a0}00"),
    ] {
        finds(label, text, text);
        finds(label, &format!("é {text}, z"), text);
    }
}

#[test]
fn encoded_tokens_are_masked_whole_if_a_value_is_inside() {
    for text in [
        "YWxpY2VAZXhhbXBsZS5jb20=",
        "NDExMSAxMTExIDExMTEgMTExMQ==",
        "MTIzLTQ1LTY3ODk=",
        "616c696365406578616d706c652e636f6d",
        "WVd4cFkyVkFaWGhoYlhCc1pTNWpiMjA9",
        // In UTF-8 of other scripts: two, three and four bytes for each letter.
        "0JrQsNGA0YLQsDogNDExMTExMTExMTExMTExMQ==",
        "5Y2h5Y+377yaNDExMTExMTExMTExMTExMQ==",
        "8J+SsyA0MTExMTExMTExMTExMTEx",
        "d09ad0b0d180d182d0b03a2034313131313131313131313131313131",
        "e58da1e58fb720343131312031313131203131313120313131310a",
    ] {
        let hits = hits(&format!("x {text} y"));
        assert_eq!(hits.len(), 1, "{text}");
        assert_eq!(hits[0].range, 2..2 + text.len(), "{text}");
    }
    for text in [
        "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91",
        "550e8400-e29b-41d4-a716-446655440000",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    ] {
        leaves(text);
    }
}

#[test]
fn vendor_tokens_are_found() {
    let letters = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5";
    for (prefix, body) in [
        ("ghp_", letters),
        ("gho_", letters),
        ("ghu_", letters),
        ("ghs_", letters),
        ("ghr_", letters),
        ("github_pat_", "11ABCDEFG0abcdefghijkl_abcdefghij"),
        ("xoxb-", "1234567890-abcdefABCDEF"),
        ("xoxp-", "1234567890-abcdefABCDEF"),
        ("AIza", "SyA1234567890abcdefghijklmnopqrstuv"),
        ("sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"),
        ("rk_live_", "4eC39HqLyjWDarjtT1zdp7dc"),
        ("glpat-", "abcDEF1234567890wxyz"),
        ("npm_", letters),
        ("AKIA", "IOSFODNN7EXAMPLE"),
        ("ASIA", "IOSFODNN7EXAMPLE"),
    ] {
        let token = format!("{prefix}{body}");
        finds(Label::Secret, &token, &token);
        finds(Label::Secret, &format!("export TOKEN={token}; echo"), &token);
        finds(Label::Secret, &format!("{{\"key\":\"{token}\"}}"), &token);
        leaves(&format!("{prefix}x"));
        leaves(&format!("Q{token}"));
    }
}

#[test]
fn names_that_look_like_tokens_are_left() {
    for text in [
        "npm_config_registry=https://r",
        "npm_lifecycle_event",
        "sk_live_",
        "AKIA",
        "AKIAIOSFODNN7EXAMPLETOOLONG",
        "ghp_short",
        "xox",
        "xoxb-1",
        "AIzabcdef",
        "glpat-short",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJwYWdlIjoxLCJzaXplIjo1MH0.abcdefghijkl",
        "keyJhbGciOi.abcdefghijkl",
    ] {
        leaves(text);
    }
}

#[test]
fn aws_secret_keys_are_found_by_their_name() {
    let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for text in [
        format!("aws_secret_access_key = {key}"),
        format!("AWS_SECRET_ACCESS_KEY={key}\n"),
        format!("\"SecretAccessKey\": \"{key}\","),
        format!(" secret_access_key | {key}"),
        format!("'secret' => '{key}'"),
    ] {
        finds(Label::Secret, &text, key);
    }
    leaves(&format!("digest = {key}"));
    leaves("digest = 356a192b7913b04c54574d18c28d46e6395428ab");
}

#[test]
fn secrets_are_found_by_their_name() {
    for (text, secret) in [
        ("password=hunter2!", "hunter2!"),
        ("DB_PASSWORD: \"Tr0ub4dor&3\"", "Tr0ub4dor&3"),
        ("{\"password\":\"correct horse 9\"}", "correct horse 9"),
        ("api_key: 9f8a7b6c5d4e3f2a1b0c", "9f8a7b6c5d4e3f2a1b0c"),
        ("apiKey = 'Zx81kQ94mmPq20aa'", "Zx81kQ94mmPq20aa"),
        ("?access_token=abc123def456ghi789&x=1", "abc123def456ghi789"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
        ("-H 'Authorization: Bearer a1b2c3d4e5f6a7b8'", "a1b2c3d4e5f6a7b8"),
        ("<password>S3cret99</password>", "S3cret99"),
    ] {
        finds(Label::Secret, text, secret);
    }
    for text in [
        "password: string",
        "password=${DB_PASSWORD}",
        "password = os.environ[\"DB_PASSWORD\"]",
        "password: <redacted>",
        "\"password\": \"********\"",
        "api_key=YOUR_API_KEY_HERE",
        "token: null",
        "max_tokens: 4096",
        "passwordHash(x)",
        "password policy: at least 12 characters",
        "let password = read_password(1)?;",
        "next_page_token=CAUQAA1234567890",
        "PWD=/home/alice",
        "compass: 123456",
        "secret: false",
        "password: &str",
        "Password::new(9)",
        "token_type=bearer",
    ] {
        leaves(text);
    }
}

#[test]
fn json_web_tokens_are_found() {
    let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    finds(Label::Secret, token, token);
    finds(Label::Secret, &format!("Authorization: Bearer {token}\r\n"), token);
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.";
    finds(Label::Secret, unsigned, unsigned);
}

#[test]
fn passwords_in_urls_are_found_alone() {
    finds(Label::Secret, "postgres://shop:s3cret@db.example.com:5432/shop", "s3cret");
    finds(Label::Secret, "redis://:p@ss:word@cache:6379", "p@ss:word");
    finds(Label::Secret, "amqp://u:4111111111111111@h/", "4111111111111111");
    for text in [
        "http://example.com:8080/a@b",
        "https://example.com/?q=a:b@c",
        "postgres://shop@db/shop",
        "http://u:@h/",
        "a:b@c",
        "see http://x:y z@w",
    ] {
        leaves(text);
    }
}

#[test]
fn private_keys_are_masked_from_their_first_line() {
    let body = "MIIEpAIBAAKCAQEA1c7+9z5Pad7OejecsQ0buX";
    for kind in [
        "RSA PRIVATE KEY",
        "PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "EC PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let block = format!("-----BEGIN {kind}-----\n{body}\n{body}\nQw==\n-----END {kind}-----");
        finds(Label::Secret, &block, &block);
        finds(Label::Secret, &format!("key:\n{block}\nafter"), &block);
        let cut = format!("-----BEGIN {kind}-----\n{body}\n{body}");
        finds(Label::Secret, &cut, &cut);
    }
    leaves(&format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"));
    leaves("-----BEGIN PUBLIC KEY-----");
    // Right behind another hit as well as alone.
    let coded = "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUVLS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV";
    let behind = masked(&format!("a@[192.168.2.1]{coded}"), Syntax::Text);
    assert!(behind.ends_with(&"*".repeat(coded.len())), "{behind}");
    let lone = "grep '-----BEGIN PRIVATE KEY-----' .\n$ ls\nnotes.txt\n$ pwd\n/home\n";
    assert!(masked(lone, Syntax::Text).ends_with("$ pwd\n/home\n"));
}

#[test]
fn masks_keep_length_and_separators() {
    for (raw, mask) in [
        ("123-45-6789", "***-**-****"),
        ("4111 1111 1111 1111", "**** **** **** ****"),
        ("alice@example.com", "*****@*******.***"),
        ("josé@example.com", "*****@*******.***"),
        ("a postgres://u:pw@h b", "a postgres://u:**@h b"),
    ] {
        assert_eq!(masked(raw, Syntax::Text), mask);
    }
    assert_eq!(masked("4111111111111111", Syntax::Number), "0000000000000000");
    assert_eq!(masked("-4111111111111111.50", Syntax::Number), "-0000000000000000.50");
}

#[test]
fn numbers_that_words_an_expiry_or_groups_of_four_tell_need_no_known_issuer() {
    for (text, card) in [
        ("card=060445189701;", "060445189701"),
        ("{\"card\": \"639030480292\"}", "639030480292"),
        ("Please charge 566430580860 today.", "566430580860"),
        ("Payment with 4656983933727 was declined", "4656983933727"),
        ("Ann Smith,060416387789,12/27", "060416387789"),
        ("ref 5016-5480-1629-7391", "5016-5480-1629-7391"),
        ("<b>6097 2203 7216 8380</b>", "6097 2203 7216 8380"),
    ] {
        finds(Label::Card, text, card);
    }
    for text in [
        "card_id: 566430580860",
        "order 566430580860",
        "Ann Smith,710416387706,12,27",
        "Ann Smith,710416387706,13/27",
        "ref 7016-5480-1629-7397",
        "comment id 566430580860 inside",
    ] {
        leaves(text);
    }
}

#[test]
fn the_shortest_cards_are_found_without_a_word_where_none_says_that_they_are_something_else() {
    for (text, card) in [
        ("566430580860", "566430580860"),
        ("value=577918525707", "577918525707"),
        ("{\"n\": \"639074652160\"}", "639074652160"),
        ("Ann Smith;060437015849;x", "060437015849"),
        ("The customer gave 588335067124 over the telephone", "588335067124"),
        ("card number 566430580860: declined", "566430580860"),
        // Article numbers by their check digit, but no country has these, and people in a list have none.
        ("4411111111022", "4411111111022"),
        ("Ann Smith\t4848800994152\t2024-01-01", "4848800994152"),
    ] {
        finds(Label::Card, text, card);
    }
    for text in [
        "tracking 566430580860",
        "order number: 566430580860",
        "invoice 566430580860",
        "arn:aws:iam::575359329597:role/x",
        "575744551376.dkr.ecr.us-east-1.amazonaws.com",
        "imei 566430580860",
        "4391735392994",
        "4391735392994,Widget,3",
        "566430580861",
    ] {
        leaves(text);
    }
}

#[test]
fn passwords_that_begin_like_a_reference_and_keys_that_begin_with_a_mark_are_found() {
    let origin = format!("v1.0-a2a0bc298626e2a8196ebb92-{}", "e3ef24264210beb031ce9087069b29ad".repeat(4));
    let padded = "/M6egWjWBAMCG0HVCFjp2eLZ/YZCNMqbp/D1EB2vEYK=";
    for (text, secret) in [
        ("password: \"$u8c^_p0\"", "$u8c^_p0"),
        ("redis-cli -a *%mSYqN1!%Sh ping", "*%mSYqN1!%Sh"),
        ("Authorization: Bearer _AZASFD7C-U4NflyszX82v1ux27xegV7a746", "_AZASFD7C-U4NflyszX82v1ux27xegV7a746"),
        (&format!("SharedAccessKeyName=Root;SharedAccessKey={padded}"), padded),
        (&format!("CF_KEY {origin} "), &origin),
    ] {
        finds(Label::Secret, text, secret);
    }
    let hook = "https://hooks.slack.com/services/T12345678/B12345678/OYxilqC1eOpvCJ15uLSi68Ka";
    finds(Label::Secret, &format!("send it to {hook} then"), hook);
    for text in ["password=$DB_PASSWORD", "password: %DB_PASS%", "password=${PW}", "image:v1.0-20240102-1 pushed"] {
        leaves(text);
    }
}

#[test]
fn telephones_of_odd_groups_are_found_where_words_or_their_form_tell() {
    for (text, phone) in [
        ("Call me at 312 5 209 tomorrow", "312 5 209"),
        ("Sarah Barker, 001-426-301-3730, London", "001-426-301-3730"),
        ("tel 8 (426) 423-52-32.", "8 (426) 423-52-32"),
        ("Call me at (00693) 39897 tomorrow", "(00693) 39897"),
        ("tel=20703228", "20703228"),
    ] {
        finds(Label::Phone, text, phone);
    }
    for text in ["tel=20240102", "level 312 5 209", "see section 001-426-301-37"] {
        leaves(text);
    }
}

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::Write as _;

use masking::{Label, Masker, Tally, TokenKey, Transform, Transforms};
use proptest::prelude::*;
use prost_reflect::{DescriptorPool, DynamicMessage, MapKey, MessageDescriptor, ReflectMessage as _, Value};

use super::{frames::Format, *};

fn pool() -> DescriptorPool {
    static POOL: std::sync::OnceLock<DescriptorPool> = std::sync::OnceLock::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/filter/http/read/grpc");
    let compiled =
        || DescriptorPool::from_file_descriptor_set(protox::compile(["shop.proto"], [folder]).unwrap()).unwrap();
    POOL.get_or_init(compiled).clone()
}

fn shape(name: &str) -> MessageDescriptor {
    pool().get_message_by_name(name).unwrap()
}

fn customer(json: &str) -> DynamicMessage {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    DynamicMessage::deserialize(shape("shop.v1.Customer"), &mut deserializer).unwrap()
}

fn framed(message: &DynamicMessage) -> Vec<u8> {
    frame(0, &prost::Message::encode_to_vec(message))
}

fn frame(flags: u8, message: &[u8]) -> Vec<u8> {
    [&[flags], &u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}

struct Site {
    fields: Fields,
    masker: Masker,
    encodings: Vec<Vec<u8>>,
}

impl Site {
    fn marking(names: &[(&str, Label)]) -> Self {
        let fields = Fields::new(names.iter().copied());
        Self { fields, masker: Masker::new(&Label::ALL), encodings: Vec::new() }
    }

    fn pass(&self, shape: &MessageDescriptor, bytes: &[u8], step: usize) -> Result<(Vec<u8>, Tally), Unframed> {
        let format = Format { message: shape.clone(), encodings: self.encodings.clone() };
        let (mut frames, mut out, mut tally) = (Frames::new(format), Vec::new(), Tally::default());
        for piece in bytes.chunks(step) {
            let pass = &mut Pass { fields: &self.fields, masker: &self.masker, notes: &mut tally };
            frames.push(pass, piece, &mut out)?;
        }
        frames.finish()?;
        Ok((out, tally))
    }

    /// A customer as JSON, after the way through.
    fn customer(&self, json: &str) -> String {
        let message = customer(json);
        let (out, _) = self.pass(&message.descriptor(), &framed(&message), 7).unwrap();
        let back = DynamicMessage::decode(message.descriptor(), &out[5..]).unwrap();
        assert_eq!(out[1..5], u32::try_from(out.len() - 5).unwrap().to_be_bytes());
        serde_json::to_string(&back).unwrap()
    }
}

#[test]
fn values_that_detectors_know_are_masked_in_every_kind_of_field() {
    let site = Site::marking(&[]);
    for (came, goes) in [
        (r#"{"name":"Ann","card":"4111 1111 1111 1111"}"#, r#"{"name":"Ann","card":"**** **** **** ****"}"#),
        (r#"{"mails":["a@example.com","no"]}"#, r#"{"mails":["*@*******.***","no"]}"#),
        (r#"{"number":"4111111111111111","score":-5}"#, r#"{"number":"1000000000000000","score":-5}"#),
        (r#"{"cards":["7","4111111111111111"]}"#, r#"{"cards":["7","1000000000000000"]}"#),
        (r#"{"more":{"iban":"DE89370400440532013000"}}"#, r#"{"more":{"iban":"**********************"}}"#),
        (r#"{"partner":{"card":"4111111111111111"}}"#, r#"{"partner":{"card":"****************"}}"#),
        (r#"{"password":"hunter2horse"}"#, r#"{"password":"************"}"#),
        (r#"{"data":{"password":"hunter2horse","a":1}}"#, r#"{"data":{"a":1.0,"password":"************"}}"#),
        (
            r#"{"any":{"@type":"x.org/shop.v1.Customer","card":"4111111111111111"}}"#,
            r#"{"any":{"@type":"x.org/shop.v1.Customer","card":"****************"}}"#,
        ),
    ] {
        assert_eq!(site.customer(came), goes);
    }
}

#[test]
fn fields_that_are_marked_are_masked_whole_wherever_they_stand() {
    let site = Site::marking(&[
        ("shop.v1.Customer.name", Label::Email),
        ("taxId", Label::Ssn),
        ("score", Label::Ssn),
        ("active", Label::Ssn),
        ("data", Label::Secret),
        ("shop.v1.Older.name", Label::Ssn),
    ]);
    for (came, goes) in [
        (r#"{"name":"Ann","taxId":"x"}"#, r#"{"name":"***","taxId":"*"}"#),
        (r#"{"score":7,"active":true,"rate":0.5}"#, r#"{"score":0,"active":false,"rate":0.5}"#),
        (r#"{"more":{"tax_id":"9","b":"8"}}"#, r#"{"more":{"b":"8","tax_id":"*"}}"#),
        (r#"{"partner":{"name":"Bob"}}"#, r#"{"partner":{"name":"***"}}"#),
        (r#"{"data":{"a":"bc","d":[7]}}"#, r#"{"data":{"a":"**","d":[0.0]}}"#),
        (
            r#"{"any":{"@type":"x.org/shop.v1.Older","name":"Cid"}}"#,
            r#"{"any":{"@type":"x.org/shop.v1.Older","name":"***"}}"#,
        ),
    ] {
        let sorted = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        let masked = sorted(&site.customer(came));
        // Zero and false are not written in this form of JSON.
        let wanted = sorted(&goes.replace("\"score\":0,\"active\":false,", ""));
        assert_eq!(masked, wanted);
    }
}

#[test]
fn a_label_decides_what_stands_in_place_of_a_field() {
    let transforms = [("ssn", Transform::Partial), ("email", Transform::Token), ("card", Transform::Null)];
    let key = TokenKey::new(b"0123456789abcdef").unwrap();
    let named = transforms.map(|(label, transform)| (label.to_owned(), transform));
    let mut site = Site::marking(&[("tax_id", Label::Ssn), ("name", Label::Email), ("card", Label::Card)]);
    site.masker = Masker::new(&[]).with_transforms(Transforms::new(named, Some(key)));
    let masked = site.customer(r#"{"name":"ann@example.com","taxId":"123-45-6789","card":"x"}"#);
    assert!(
        masked.contains(r#""taxId":"***-**-6789""#) && !masked.contains("ann@") && !masked.contains("card"),
        "{masked}"
    );
    assert_eq!(site.customer(r#"{"name":"ann@example.com"}"#), site.customer(r#"{"name":"ann@example.com"}"#));
}

#[test]
fn bytes_that_are_text_are_masked_and_others_hidden_whole_if_something_stands_in_them() {
    let site = Site::marking(&[]);
    let shape = shape("shop.v1.Customer");
    for (note, goes) in [
        (&b"ssn 123-45-6789"[..], &b"ssn ***-**-****"[..]),
        (b"\0\x01ssn 123-45-6789\0", b"******************"),
        (b"\0\x01nothing\xff", b"\0\x01nothing\xff"),
    ] {
        let mut message = DynamicMessage::new(shape.clone());
        message.set_field_by_name("note", Value::Bytes(note.to_vec().into()));
        let (out, _) = site.pass(&shape, &framed(&message), 4096).unwrap();
        let back = DynamicMessage::decode(shape.clone(), &out[5..]).unwrap();
        assert_eq!(back.get_field_by_name("note").unwrap().as_bytes().unwrap(), goes);
    }
}

#[test]
fn what_the_descriptor_does_not_know_passes_only_if_it_is_harmless() {
    let (site, older) = (Site::marking(&[]), shape("shop.v1.Older"));
    let clean = framed(&customer(r#"{"name":"Ann","taxId":"q","score":3,"partner":{"name":"Bob"}}"#));
    assert_eq!(site.pass(&older, &clean, 3).unwrap().0, clean);
    for json in [
        r#"{"card":"4111111111111111"}"#,
        r#"{"partner":{"card":"4111111111111111"}}"#,
        r#"{"number":"4111111111111111"}"#,
    ] {
        assert_eq!(site.pass(&older, &framed(&customer(json)), 3).unwrap_err(), Unframed::Broken, "{json}");
    }
}

#[test]
fn packed_messages_are_unpacked_and_go_on_packed_only_if_nothing_was_masked() {
    let mut site = Site::marking(&[]);
    site.encodings = vec![b"gzip".to_vec()];
    let shape = shape("shop.v1.Customer");
    let packed = |json: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&prost::Message::encode_to_vec(&customer(json))).unwrap();
        frame(1, &encoder.finish().unwrap())
    };
    let clean = packed(r#"{"name":"Ann"}"#);
    let both = [clean.clone(), packed(r#"{"card":"4111111111111111"}"#)].concat();
    let (out, tally) = site.pass(&shape, &both, 11).unwrap();
    assert!(out.starts_with(&clean) && out[clean.len()] == 0 && !tally.is_empty());
    assert_eq!(out[clean.len() + 5..], prost::Message::encode_to_vec(&customer(r#"{"card":"****************"}"#)));
    site.encodings = vec![b"lzw".to_vec()];
    assert_eq!(site.pass(&shape, &clean, 11).unwrap_err(), Unframed::Broken);
}

#[test]
fn what_is_no_message_does_not_pass() {
    let (site, shape) = (Site::marking(&[]), shape("shop.v1.Customer"));
    let deep = (0..200).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut out = vec![9 << 3 | 2];
        prost::encoding::encode_varint(inner.len() as u64, &mut out);
        [out, inner].concat()
    });
    for bytes in [
        frame(0, &[0x12, 5, b'a']),
        frame(0, &[0x0b, 0x0b]),
        frame(0, &[0x0c]),
        frame(0, &[0, 1]),
        frame(0, &[0x0a, 1, 0xff]),
        frame(2, b""),
        frame(0, &deep),
        frame(0, &[0x0b; 5000]),
        vec![0, 0, 0],
        vec![0, 0, 0, 0, 1],
    ] {
        assert_eq!(site.pass(&shape, &bytes, 64).unwrap_err(), Unframed::Broken, "{bytes:?}");
    }
    assert_eq!(site.pass(&shape, &[0, 1, 0, 0, 0], 64).unwrap_err(), Unframed::TooLong);
}

#[test]
fn it_is_known_beforehand_whether_a_message_may_hold_what_is_marked() {
    let reach = |name: &str, message: &str| Fields::new([(name, Label::Ssn)]).reach(&shape(message));
    assert!(reach("tax_id", "shop.v1.Outer") && reach("shop.v1.Customer.card", "shop.v1.Outer"));
    assert!(reach("anything", "shop.v1.Customer"), "a map can have any key");
    assert!(!reach("tax_id", "shop.v1.Older") && reach("NAME", "shop.v1.Older"));
    assert!(!reach("shop.v1.Customer.name", "shop.v1.Older"));
}

proptest! {
    #[test]
    fn pieces_change_nothing_and_no_value_of_a_marked_field_is_left(
        values in prop::collection::vec("[a-z0-9]{0,9}", 1..6), step in 1usize..40, deep in 0usize..4,
    ) {
        let site = Site::marking(&[("tax_id", Label::Ssn), ("secretnote", Label::Secret)]);
        let mut message = DynamicMessage::new(shape("shop.v1.Customer"));
        message.set_field_by_name("tax_id", Value::String(format!("canary{}", values[0])));
        message.set_field_by_name("mails", Value::List(values.iter().cloned().map(Value::String).collect()));
        let more = [(MapKey::String("secret_note".into()), Value::String("canary".into()))];
        message.set_field_by_name("more", Value::Map(more.into_iter().collect()));
        for _ in 0..deep {
            let mut outer = DynamicMessage::new(shape("shop.v1.Customer"));
            outer.set_field_by_name("partner", Value::Message(message));
            message = outer;
        }
        let twice = [framed(&message), framed(&message)].concat();
        let (whole, _) = site.pass(&message.descriptor(), &twice, twice.len()).unwrap();
        let (pieces, _) = site.pass(&message.descriptor(), &twice, step).unwrap();
        prop_assert_eq!(&whole, &pieces);
        prop_assert!(!whole.windows(6).any(|part| part == b"canary"));
        prop_assert!(DynamicMessage::decode(message.descriptor(), &whole[5..whole.len() / 2]).is_ok());
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), step in 1usize..50) {
        let site = Site::marking(&[("name", Label::Ssn)]);
        let _read = site.pass(&shape("shop.v1.Customer"), &bytes, step);
        let _message = site.pass(&shape("shop.v1.Customer"), &frame(0, &bytes), step);
    }
}

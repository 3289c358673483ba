//! Telephone numbers that must be found, and numbers that must be left alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod seen;

use masking::{Label, Masker};
use seen::{finds, leaves};

#[test]
fn telephone_numbers_are_found_as_people_write_them() {
    for phone in [
        "+1 415-555-0132",
        "+14155550132",
        "+1 (415) 555-0132",
        "(415) 555-0132",
        "(415)555-0132",
        "415-555-0132",
        "415.555.0132",
        "415 555 0132",
        "1-415-555-0132",
        "1 (415) 555-0132",
        "001-415-555-0132",
        "+44 20 7946 0958",
        "+44 (0)20 7946 0958",
        "020 7946 0958",
        "07700 900123",
        "+49 30 901820",
        "+33 1 23 45 67 89",
        "+81 3-1234-5678",
        "+91 98765 43210",
        "0044 20 7946 0958",
        "415-555-0132 x123",
        "+1-415-555-0132 ext. 42",
        "+61 2 9123 4567",
    ] {
        finds(Label::Phone, phone, phone);
        finds(Label::Phone, &format!("ring {phone}, thanks"), phone);
        finds(Label::Phone, &format!("<b>{phone}</b>"), phone);
        finds(Label::Phone, &format!("a,{phone},b"), phone);
    }
    for text in ["phone: 4155550132", "{\"mobile\": 4155550132}", "tel 4155550132", "phoneNumber=4155550132"] {
        finds(Label::Phone, text, "4155550132");
    }
    finds(Label::Phone, "Tel.: 030 901820", "030 901820");
    finds(Label::Phone, "mobile 06 12 34 56 78", "06 12 34 56 78");
}

#[test]
fn numbers_that_are_not_telephone_numbers_are_left() {
    for text in [
        "4155550132",
        "order 415-555-0132",
        "ticket #4155550132",
        "115-555-0132",
        "415-155-0132",
        "+0 415-555-0132",
        "2024-01-15 10:30:00",
        "2024-01-15 1030",
        "192.168.100.200",
        "+02:00",
        "1234567890",
        "x+4155550132",
        "415-555-01322",
        "415-555-0132-1",
        "3-415-555-0132",
        "+1 234",
        "GPS 52.5200 13.4050",
        "1,415,555,013",
        "+999 12345678",
        "phone model 4155550132",
        "20240115-103000",
        "v415.555.0132",
        "01 02 03 04 05",
    ] {
        leaves(text);
    }
}

#[test]
fn what_words_call_a_telephone_number_needs_no_plan_to_be_one() {
    for (left, phone) in [
        ("tel=", "42386418"),
        ("{\"phone\":\"", "53 10 73 02"),
        ("Phone: ", "555-0199"),
        ("Mobile ", "92005972"),
        ("my phone number is ", "139 934 9640"),
        ("Call me at ", "478 35 337"),
        ("Please call ", "37150727"),
        ("You can reach Ann on ", "03657442419"),
        ("Sie erreichen uns unter ", "0049 1234 56789"),
        ("contact: Ann (", "04122482447"),
        ("phone_number,", "8362 2531"),
        ("", "+55 49 0462-5106"),
        ("", "+61-496-938-225"),
        ("", "+1-673-503-6320"),
        ("", "(173) 447-5254"),
        ("", "(02)34281635"),
        ("", "342-405-8326"),
        ("", "8 939 154 1021"),
    ] {
        finds(Label::Phone, &format!("{left}{phone}"), phone);
        finds(Label::Phone, &format!("x\n{left}{phone}, then"), phone);
    }
    for text in [
        "process called 25061622 times",
        "calls: 55936862",
        "{\"call\": 96834497, \"text\": 969073662}",
        "text 5856-3237 lines",
        "ph 12.3487511",
        "cell 20260102",
        "phone\n+77 713 639 rows",
        "call 10000000",
        "mobile users 12345678",
        "phones 12 345",
        "+20 000 000",
        "+34 567 890 rows",
        "+0 415-555-0132",
        "(000) 447-5254",
        "case 342-405-8326",
        "tel 000 7 058",
        "rows 968 533 591 of 607 092 247",
        "contact id 12345678 updated",
    ] {
        leaves(text);
    }
}

#[test]
fn in_a_list_of_people_a_number_behind_a_name_is_a_telephone_number() {
    for phone in [
        "0171 2345678",
        "0328812217",
        "89300035166",
        "8 247 850 64 92",
        "47 49 99 54",
        "080-9413-0409",
        "48 4214-0644",
        "153 259 5040",
        "653.005.9755",
        "539 616 461",
        "021-42 64 80",
        "+358725005441",
        "7908497685",
        "4264591511",
        "04947171446",
        "00129057622",
        "87967005317",
        "1-569-806-6565",
        "0469.134.900",
        "07783/50311054",
        "07598 55593 292",
        "718 0 950",
    ] {
        for left in [
            "Robert Ford, ",
            "7;Ann O'Neil;",
            "\"Jürgen Müller-Lüdenscheid\",\"",
            "x\nAnn B. Smith\t",
            "Gisela Weimer B.Eng.;",
            "Marianne van Dussen, ",
            "Robert Pugh Jr.,",
            "\u{cd5c}\u{d604}\u{c900}, ",
        ] {
            finds(Label::Phone, &format!("{left}{phone}"), phone);
            finds(Label::Phone, &format!("{left}{phone}\n"), phone);
        }
    }
    for text in [
        "Robert Ford, 12345678",
        "Robert Ford, 1700000000",
        "Robert Ford, 7908497000",
        "Robert Ford, 5938.8644",
        "Robert Ford, 1984 07051",
        "Robert Ford, 01-02-2026",
        "Robert Ford, 2026-01-02",
        "Robert Ford, 12 345 678 EUR",
        "Robert Ford, 437.078.149,78",
        "Robert Ford, 91056-4815",
        "New York, 828 253 763 visitors",
        "Order Total, 0328812217",
        "robert ford, 0328812217",
        "Ford, 0328812217",
    ] {
        leaves(text);
    }
}

#[test]
fn a_number_that_a_word_calls_a_telephone_number_may_be_grouped_as_it_likes() {
    for (left, phone) in [
        ("tel=", "514 8 778"),
        ("{\"phone\": \"", "4773.9617"),
        ("Phone: ", "00007805"),
        ("Please call ", "55 33 93 54"),
        ("Please call ", "2792-7124"),
        ("Please call ", "(931)000 1107"),
        ("tel=", "(00942) 34797"),
        ("contact: Ann Ross (", "+1 (211) 199-5270"),
    ] {
        finds(Label::Phone, &format!("{left}{phone}"), phone);
    }
}

#[test]
fn bare_numbers_behind_a_name_are_masked_and_days_and_post_codes_are_not() {
    let masker = Masker::new(&Label::ALL);
    let hits = |text: &str| {
        let mut hits = Vec::new();
        masker.scan(text.as_bytes(), &mut hits);
        hits.into_iter().map(|hit| text.get(hit.range).unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (text, number) in [
        ("Ola Dahl, 45680857, London", "45680857"),
        ("Lara Branco;293434963;x", "293434963"),
        ("Azeglio Gozzi;3776785366;x", "3776785366"),
        ("\u{5ec9}\u{71d5}, 19977329375, London", "19977329375"),
        ("Nathan du Ruiz, 02 76 21 07 71, London", "02 76 21 07 71"),
        ("phone: 8 (287) 157-7350", "8 (287) 157-7350"),
    ] {
        assert_eq!(hits(text), [number], "{text}");
    }
    for text in [
        "Ann Smith, 19840517, London",
        "Ann Smith, 17051984, London",
        "Ann Smith, 45000000, London",
        "Vila Batik, 60226986 Costa Grande",
        "Vila Formosa, 44006-382 da Cunha",
    ] {
        assert!(hits(text).is_empty(), "{text}: {:?}", hits(text));
    }
}

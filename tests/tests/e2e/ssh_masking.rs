//! What ssh shows is masked however it is sent.

use std::fs;

use e2e::{Run, World};

/// Output as letters only: without control sequences and control characters.
fn letters(text: &str) -> String {
    let mut letters = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            if chars.next() == Some('[') {
                for c in chars.by_ref() {
                    if c.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
        } else if !c.is_control() {
            letters.push(c);
        }
    }
    letters
}

#[test]
fn nothing_between_the_letters_hides_a_value_on_a_terminal() {
    let world = World::shared();
    let card = world.customer(2).card;
    let digits = |between: &str| card.chars().map(|digit| format!("{digit}{between}")).collect::<String>();
    for between in [
        "",
        "\\033[31m",
        "\\033[0m\\033[1m",
        "\\000",
        "\\033[D\\033[C",
        "\\033]0;t\\007",
        "x\\b",
        "\\033[?25l",
        "\\033[K",
    ] {
        let text = format!("card {} end\\n", digits(between));
        let shown = world.ssh(&["-tt", &format!("printf '{text}'")]).ok().out;
        assert!(!letters(&shown).contains(&card), "{between}: {shown:?}");
        assert!(shown.contains("card ") && shown.contains(" end"), "{shown:?}");
    }
    for drawn in [
        format!("{}\\r{}\\n", card.replace('4', "x"), card),
        format!("{}\\r\\n\\033[A\\033[8C{}\\n", &card[..8], &card[8..]),
        format!("\\033[2J\\033[5;9H{}\\033[5;1H{}\\n", &card[8..], &card[..8]),
    ] {
        let shown = world.ssh(&["-tt", &format!("printf '{drawn}'")]).ok().out;
        assert!(!letters(&shown).contains(&card), "{drawn}: {shown:?}");
    }
    let slow: String = card.chars().map(|digit| format!("printf {digit}; sleep 0.05; ")).collect();
    for terminal in [&["-tt"][..], &[]] {
        let shown = world.ssh(&[terminal, &[slow.as_str()]].concat()).ok().out;
        assert!(!letters(&shown).contains(&card), "{shown:?}");
    }
}

#[test]
fn colours_in_a_byte_stream_hide_nothing_and_binary_output_stays() {
    let world = World::shared();
    let card = world.customer(2).card;
    let coloured: String = card.chars().map(|digit| format!("\\033[3{}m{digit}", 1)).collect();
    let shown = world.ssh(&[&format!("printf 'card {coloured} end\\n'")]).ok().out;
    assert!(!letters(&shown).contains(&card), "{shown:?}");
    assert!(shown.contains("\x1b[31m"), "{shown:?}");
    let bytes: Vec<u8> = (0..=255_u8).cycle().take(100_000).collect();
    fs::write(world.site.sshd.home.join("all.bin"), &bytes).unwrap();
    assert_eq!(world.ssh(&["cat all.bin"]).ok().bytes, bytes);
}

#[test]
fn the_clipboard_is_out_of_reach() {
    let world = World::shared();
    let shown = world.ssh(&["-tt", "printf 'a\\033]52;c;NDUzOQ==\\007b\\n'"]).ok().out;
    assert!(shown.starts_with("ab"), "{shown:?}");
    // In a byte stream, too: what the client prints goes to a terminal.
    let card = world.customer(2).card;
    for titled in
        ["\\033]0;CARD\\007", "\\033]2;CARD\\033\\\\", "\\033]8;;http://x/CARD\\033\\\\link\\033]8;;\\033\\\\"]
    {
        for terminal in [&["-tt"][..], &[]] {
            let printed = format!("printf 'a{}b\\n'", titled.replace("CARD", &card));
            let shown = world.ssh(&[terminal, &[printed.as_str()]].concat()).ok().out;
            assert!(!shown.contains(&card) && shown.starts_with('a') && shown.contains('b'), "{titled}: {shown:?}");
        }
    }
}

#[test]
fn text_that_sftp_brings_is_masked_and_other_files_are_not() {
    let world = World::shared();
    let (folder, home, card) = (world.folder("sftp-masking"), &world.site.sshd.home, world.customer(2).card);
    fs::write(home.join("customers.txt"), format!("name,card\nann,{card}\n").repeat(100)).unwrap();
    let binary = [b"\0\x01\x02", card.as_bytes(), b"\xff\xfe"].concat();
    fs::write(home.join("blob.bin"), &binary).unwrap();
    for name in ["customers.txt", "blob.bin"] {
        let to = folder.join(name);
        let _got = Run::new("scp")
            .args(world.ssh_options(world.alice()))
            .args(["-P", &world.site.ports.ssh.to_string(), &format!("web-1@127.0.0.1:{name}"), to.to_str().unwrap()])
            .ok();
    }
    let text = fs::read_to_string(folder.join("customers.txt")).unwrap();
    assert!(!text.contains(&card) && text.contains("name,card\nann,"), "{}", &text[..60]);
    assert_eq!(text.len(), (15 + card.len()) * 100);
    assert_eq!(fs::read(folder.join("blob.bin")).unwrap(), binary);
}

#[test]
fn a_dump_of_a_file_hides_its_values_however_it_is_made() {
    let world = World::shared();
    let home = &world.site.sshd.home;
    let (card, ssn) = (world.customer(2).card, world.customer(2).ssn);
    fs::write(home.join("dumped.txt"), format!("{card}\nssn {ssn}\n")).unwrap();
    for command in [
        "od",
        "od -c",
        "od -a",
        "od -b",
        "od -x",
        "od -An -tx1",
        "od -An -tx1 -w5",
        "od -An -tu1",
        "base64",
        "base64 -w5",
        "base64 -w0",
        "basenc --base16",
        "sed 's/./& /g'",
        "sed 's/./&  /g'",
        "iconv -t utf-16",
        "gzip -c | base64",
        "gzip -c | base64 -w0",
        "gzip -c | od -An -tx1",
    ] {
        let through = world.ssh(&[&format!("cat dumped.txt | ({command})")]).ok().out;
        let direct = Run::new("sh").args(["-c", &format!("cat dumped.txt | ({command})")]).folder(home).ok().out;
        let kept = through.bytes().zip(direct.bytes()).filter(|(a, b)| a == b && a.is_ascii_alphanumeric()).count();
        let all = direct.bytes().filter(u8::is_ascii_alphanumeric).count();
        assert!(through.len() == direct.len() && kept * 3 < all * 2, "{command}:\n{direct}\n{through}");
    }
}

#[test]
fn packed_output_with_a_value_in_it_stops_and_says_why() {
    let world = World::shared();
    let (home, card) = (&world.site.sshd.home, world.customer(2).card);
    fs::write(home.join("packed.txt"), format!("{}card {card}\n", "a line\n".repeat(2000))).unwrap();
    fs::write(home.join("clean.txt"), "a line\n".repeat(20_000)).unwrap();
    for packer in ["gzip -c packed.txt", "tar cz packed.txt", "bzip2 -c packed.txt", "xz -c packed.txt"] {
        let program = packer.split(' ').next().unwrap_or_default();
        if Run::new("sh").args(["-c", &format!("command -v {program}")]).output().status != 0 {
            continue;
        }
        let stopped = world.ssh(&[packer]).output();
        assert!(stopped.status == 77 && stopped.err.contains("SP-UNINSPECTABLE"), "{packer}: {}", stopped.err);
    }
    let through = world.ssh(&["gzip -nc clean.txt"]).ok().bytes;
    assert_eq!(through, Run::new("gzip").args(["-nc", "clean.txt"]).folder(home).ok().bytes);
}

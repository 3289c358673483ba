//! What ssh shows is masked however it is sent.

use std::{fs, path::Path, time::Duration};

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

/// `sftp` or `scp` of Alice.
fn tool(world: &World, name: &str) -> Run {
    Run::new(name).args(world.ssh_options(world.alice())).args(["-P", &world.site.ports.ssh.to_string()])
}

/// Every way in which a client fetches files, with its options.
const WAYS: [&[&str]; 7] = [
    &["sftp"],
    &["sftp", "-B", "8", "-R", "1"],
    &["sftp", "-B", "8"],
    &["sftp", "-B", "1000"],
    &["sftp", "-B", "1000", "-R", "1"],
    &["scp"],
    &["scp", "-O"],
];

/// Fetches a file in one of the ways; what arrived, or what was said.
fn fetch(world: &World, way: &[&str], from: &str, to: &Path) -> Result<Vec<u8>, String> {
    let _old = fs::remove_file(to);
    let source = format!("web-1@127.0.0.1:{from}");
    let run = tool(world, way[0]).args(&way[1..]).args([source.as_str(), to.to_str().unwrap()]);
    let said = run.patience(Duration::from_secs(120)).output();
    if said.status == 0 { Ok(fs::read(to).unwrap()) } else { Err(said.err) }
}

/// Whether the value stands in it, also where a NUL stands beside each letter.
fn holds(bytes: &[u8], value: &str) -> bool {
    let letters: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    letters.windows(value.len()).any(|part| part == value.as_bytes())
}

#[test]
fn text_in_files_is_masked_however_it_is_fetched() {
    let world = World::shared();
    let (folder, home, card) = (world.folder("file-masking"), &world.site.sshd.home, world.customer(2).card);
    let latin: Vec<u8> =
        format!("Müller;café;{card};€\n").chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0x80)).collect();
    let wide = format!("\u{FEFF}name,{card}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let files = [
        ("accents.txt", format!("é,{card}\n").repeat(300_000 / (card.len() + 4)).into_bytes()),
        ("latin.csv", latin.repeat(200)),
        ("wide.csv", wide.repeat(200)),
        ("odd.txt", format!("one NUL \0 in a text\n{}", format!("card {card}\n").repeat(300)).into_bytes()),
        ("short.txt", format!("card {card}").into_bytes()),
    ];
    for (name, content) in &files {
        fs::write(home.join(name), content).unwrap();
        // One question of eight bytes at a time takes its time.
        let slow = |way: &[&str]| way == WAYS[1] && content.len() > 100_000;
        for way in WAYS.into_iter().filter(|way| !slow(way)) {
            let got = fetch(world, way, name, &folder.join(name)).unwrap();
            assert!(got.len() == content.len() && !holds(&got, &card), "{name} by {way:?}");
            let changed = got.iter().zip(content).filter(|(a, b)| a != b).count();
            let cards = content.iter().filter(|byte| **byte != 0).count() / (card.len() + 4);
            assert!(changed > 0 && changed <= (cards + 1) * card.len(), "{name} by {way:?}");
        }
    }
}

#[test]
fn files_that_cannot_be_masked_pass_as_they_are_or_not_at_all() {
    let world = World::shared();
    let (folder, home, card) = (world.folder("file-scan"), &world.site.sshd.home, world.customer(2).card);
    let gzip = |name: &str, text: &str| {
        fs::write(home.join(name), text).unwrap();
        let _packed = Run::new("gzip").args(["-nf", name]).folder(home).ok();
    };
    gzip("clean.txt", &"a line\n".repeat(50_000));
    gzip("cards.txt", &format!("{}{card}\n", "a line\n".repeat(50_000)));
    let binary = |value: &str| [&b"\0\x01\x02\xff\xfe\x80\x03"[..], value.as_bytes(), b"\0\xff\xfe\x04"].concat();
    fs::write(home.join("clean.bin"), binary("4539 0000")).unwrap();
    fs::write(home.join("cards.bin"), binary(&card)).unwrap();
    for way in WAYS {
        for name in ["clean.txt.gz", "clean.bin"] {
            assert!(
                fetch(world, way, name, &folder.join(name)).as_ref() == Ok(&fs::read(home.join(name)).unwrap()),
                "{name} {way:?}"
            );
        }
        for name in ["cards.txt.gz", "cards.bin"] {
            let to = folder.join(name);
            let said = fetch(world, way, name, &to).unwrap_err();
            let why = if way.contains(&"-O") { "SP-UNINSPECTABLE" } else { "ermission denied" };
            assert!(said.contains(why), "{name} {way:?}: {said}");
            assert!(!fs::read(&to).is_ok_and(|got| holds(&got, &card)), "{name} {way:?}");
        }
    }
}

#[test]
fn folders_come_masked_and_half_a_download_goes_on() {
    let world = World::shared();
    let (folder, home, card) = (world.folder("folder-masking"), &world.site.sshd.home, world.customer(2).card);
    let _old = fs::remove_dir_all(home.join("cards"));
    fs::create_dir_all(home.join("cards/deep")).unwrap();
    for name in ["cards/a.txt", "cards/deep/b.txt", "cards/deep/c.txt"] {
        fs::write(home.join(name), format!("{name} {card}\n").repeat(3000)).unwrap();
    }
    fs::write(home.join("cards/deep/empty"), "").unwrap();
    for protocol in [&["-r"][..], &["-O", "-r", "-p"]] {
        let to = folder.join(format!("to{}", protocol.len()));
        let _got = tool(world, "scp").args(protocol).args(["web-1@127.0.0.1:cards", to.to_str().unwrap()]).ok();
        for name in ["a.txt", "deep/b.txt", "deep/c.txt", "deep/empty"] {
            let got = fs::read(to.join(name)).unwrap();
            assert!(
                got.len() == fs::read(home.join("cards").join(name)).unwrap().len() && !holds(&got, &card),
                "{name}"
            );
        }
    }
    let whole = fetch(world, &["sftp"], "cards/a.txt", &folder.join("whole")).unwrap();
    for half in [1, 17, 40_001] {
        let to = folder.join("half");
        fs::write(&to, &whole[..half]).unwrap();
        let line = format!("reget cards/a.txt {}\n", to.display());
        let _rest = tool(world, "sftp").args(["-b", "-", "web-1@127.0.0.1"]).input(line).ok();
        assert!(fs::read(&to).unwrap() == whole, "{half}");
    }
}

#[test]
fn rsync_brings_nothing_where_something_is_masked() {
    let world = World::shared();
    let folder = world.folder("rsync-masking");
    fs::write(world.site.sshd.home.join("synced.txt"), world.customer(2).card).unwrap();
    for options in ["-a", "-az", "--inplace"] {
        let to = folder.join("synced.txt");
        let run = Run::new("rsync").args([options, "-e", &world.ssh_command_line(), "web-1@127.0.0.1:synced.txt"]);
        let said = run.arg(to.to_str().unwrap()).refused();
        assert!(said.contains("SP-UNINSPECTABLE") && said.contains("sftp or scp"), "{options}: {said}");
        let came = fs::read_to_string(&to).unwrap_or_default();
        assert!(!came.contains(&world.customer(2).card[..8]), "{options}: {came}");
    }
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

//! Whether decoded bytes are text, or what chance makes of a token that holds none.

/// One of so many bytes may be none of text.
const RARE: usize = 8;
/// With how many bytes of a character that began before a text may begin.
const MOST_CUT: usize = 3;

/// Whether nearly all bytes are text, in any script that has one byte for each letter, or all of it is UTF-8. Of random bytes two thirds
/// are text.
pub(crate) fn reads_as_text(bytes: impl Iterator<Item = u8> + Clone) -> bool {
    is_mostly_text(bytes.clone()) || is_utf8(bytes)
}

fn is_mostly_text(bytes: impl Iterator<Item = u8>) -> bool {
    let (strange, all) = bytes.fold((0, 0), |(strange, all), byte| (strange + usize::from(!is_text(byte)), all + 1));
    all > 0 && strange * RARE <= all
}

/// Whether bytes are UTF-8 (RFC 3629) with few controls in it. They may begin and end amid a character.
pub(crate) fn is_utf8(bytes: impl Iterator<Item = u8>) -> bool {
    let (mut due, mut begun, mut cut, mut controls, mut all) = (0, false, 0, 0, 0);
    for byte in bytes {
        all += 1;
        match byte {
            0x80..=0xBF if due > 0 => due -= 1,
            0x80..=0xBF if !begun && cut < MOST_CUT => cut += 1,
            0xC2..=0xDF if due == 0 => due = 1,
            0xE0..=0xEF if due == 0 => due = 2,
            0xF0..=0xF4 if due == 0 => due = 3,
            0..0x80 if due == 0 => controls += usize::from(!is_text(byte)),
            _ => return false,
        }
        begun |= !(0x80..=0xBF).contains(&byte);
    }
    begun && controls * RARE <= all
}

pub(crate) fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t') || byte >= 0xC2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_every_script_reads_as_text_wherever_it_is_cut() {
        for text in
            ["pay 4111111111111111", "Карта: 4111111111111111", "卡号 4111111111111111", "カード番号：4111", "🂡🂢🂣 4111"]
        {
            for start in 0..6 {
                for end in text.len() - 3..=text.len() {
                    let cut = text.as_bytes().get(start..end).unwrap_or_default();
                    assert!(reads_as_text(cut.iter().copied()), "{text} from {start} to {end}");
                }
            }
        }
        // Windows-1251 has a byte for each letter.
        assert!(reads_as_text(b"\xca\xe0\xf0\xf2\xe0: 4111111111111111".iter().copied()));
    }

    #[test]
    fn what_is_none_does_not_read_as_text() {
        for bytes in [&b"\x8f\x01\x17\xc4\x02\x99pay\xff"[..], &[0x80; 12], &[1; 12], &[0xC3; 4], &[]] {
            let text = bytes == [0xC3; 4];
            assert_eq!(reads_as_text(bytes.iter().copied()), text, "{bytes:?}");
        }
    }
}

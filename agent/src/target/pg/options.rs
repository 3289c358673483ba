//! The startup parameter `options`: a command line of the server's own (PostgreSQL documentation, "Message Flow", and
//! `pg_split_opts`). Settings in it are judged like those that a client names one by one; everything else in it is not for
//! clients.

/// The settings that a client chooses with it, names in lower case; `None` if it holds anything but settings.
pub(super) fn settings(options: &str) -> Option<Vec<(String, String)>> {
    let mut words = words(options).into_iter();
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        let setting = match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(setting), _) => setting.to_owned(),
            (None, Some("")) => words.next()?,
            (None, Some(setting)) => setting.to_owned(),
            (None, None) => return None,
        };
        let (name, value) = setting.split_once('=')?;
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        settings.push(plain.then(|| (name.to_lowercase().replace('-', "_"), value.to_owned()))?);
    }
    Some(settings)
}

/// Split at blanks; a backslash takes the next character as it is.
fn words(options: &str) -> Vec<String> {
    let (mut words, mut word, mut inside) = (Vec::new(), String::new(), false);
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => {
                if std::mem::take(&mut inside) {
                    words.push(std::mem::take(&mut word));
                }
            }
            '\\' => {
                inside = true;
                word.extend(characters.next());
            }
            other => {
                inside = true;
                word.push(other);
            }
        }
    }
    if inside {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(options: &str) -> Option<Vec<String>> {
        settings(options).map(|settings| settings.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn settings_are_read_as_the_server_reads_them() {
        assert_eq!(read("").unwrap(), Vec::<String>::new());
        assert_eq!(read(" -c geqo=off\t-cJIT=on --Work-Mem=4MB ").unwrap(), ["geqo=off", "jit=on", "work_mem=4MB"]);
        assert_eq!(read(r"-c search_path=a\ b\\,c").unwrap(), [r"search_path=a b\,c"]);
        assert_eq!(read("-c x.y=1=2").unwrap(), ["x.y=1=2"]);
    }

    #[test]
    fn anything_else_is_not_for_clients() {
        for options in ["-d 5", "-S 64", "-c", "-c jit", "--jit", "-fs", "x", "-c =1", "-c a'b=1", "-C x=1", "-e"] {
            assert_eq!(settings(options), None, "{options}");
        }
    }
}

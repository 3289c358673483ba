//! Words of a name, however it is written: `deleteAll`, `delete_all` and `delete-all` are the same two, `createACHTransfer` three.

/// Longest name that is read, in letters.
const LONGEST: usize = 256;

/// The words, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut before, mut earlier) = (' ', ' ');
    for letter in name.chars().take(LONGEST) {
        if letter.is_alphanumeric() {
            let acronym = before.is_uppercase() && earlier.is_uppercase() && letter.is_lowercase();
            match found.last_mut() {
                // The last capital begins the word behind it.
                Some(last) if acronym => {
                    let capital = last.pop();
                    let begun = capital.into_iter().chain(letter.to_lowercase()).collect();
                    found.retain(|word| !word.is_empty());
                    found.push(begun);
                }
                Some(word) if before.is_alphanumeric() && !(letter.is_uppercase() && before.is_lowercase()) => {
                    word.extend(letter.to_lowercase());
                }
                _ => found.push(letter.to_lowercase().collect()),
            }
        }
        (earlier, before) = (before, letter);
    }
    found
}

/// Whether a word is a plural.
pub(super) fn is_plural(word: &str) -> bool {
    word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is")
}

/// The word for one of many.
pub(super) fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(one) if is_plural(word) => one,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_same_words_however_it_is_written() {
        for name in ["deleteAllUsers", "delete_all_users", "delete-all-users", "Delete.All.Users", "DELETE_ALL_USERS"] {
            assert_eq!(words(name), ["delete", "all", "users"], "{name}");
        }
        assert_eq!(words("createACHTransfer"), ["create", "ach", "transfer"]);
        assert_eq!(words("eth_sendTransaction"), ["eth", "send", "transaction"]);
        assert_eq!(words("DELETE"), ["delete"]);
        assert_eq!(words("-- "), Vec::<String>::new());
        assert_eq!((singular("refunds"), singular("status"), singular("address")), ("refund", "status", "address"));
    }
}

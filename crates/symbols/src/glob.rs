//! Patterns of names. In them, `*` stands for any text.

/// Whether `text` matches `pattern`, in which each `*` stands for any text.
pub fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern, text, None)
}

/// The same, but each `?` also stands for one byte.
pub(crate) fn matches_with_single(pattern: &str, text: &str) -> bool {
    fits(pattern, text, Some(b'?'))
}

fn fits(pattern: &str, text: &str, single: Option<u8>) -> bool {
    let (mut pattern, mut text) = (pattern.as_bytes(), text.as_bytes());
    // The rest of both at the last star, which matches nothing at first.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => {
                star = Some((rest, text));
                pattern = rest;
            }
            ([wanted, rest @ ..], [found, left @ ..])
                if wanted == found || Some(*wanted) == single =>
            {
                (pattern, text) = (rest, left);
            }
            ([], []) => return true,
            // The last star matches one more byte.
            _ => match star {
                Some((rest, [_, left @ ..])) => {
                    star = Some((rest, left));
                    (pattern, text) = (rest, left);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("main", "main", true),
            ("main", "main2", false),
            ("std::*", "std::vec::push", true),
            ("*::drop", "a::b::drop", true),
            ("*", "", true),
            ("a*b*c", "a12b3c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*.fd_*", "wasi.fd_write", true),
            ("a*bc*d", "abxbcbcd", true),
            ("a*bc*d", "abxbcbc", false),
            ("&[*]", "&[u8]", true),
            ("&[*]", "&mut [u8]", false),
            ("a?c", "abc", false),
            ("a?c", "a?c", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn one_byte() {
        assert!(matches_with_single("?const *", "*const [u8]"));
        assert!(!matches_with_single("?const *", "[]const u8"));
        assert!(!matches_with_single("a?", "a"));
    }
}

//! A chain is digit groups joined by single separators, the raw material of card and social security numbers. It is read at most
//! twenty digits far, so its cost and what must be held back are bounded.

use crate::unit::DASH;
use crate::window::{Beyond, Window};

/// The most digits a detector of this crate can use (ISO/IEC 7812: 19).
pub(crate) const MOST_DIGITS: usize = 19;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Group {
    /// Offset of the first digit from the start of the chain, in bytes.
    pub(crate) offset: usize,
    pub(crate) length: usize,
    /// What joins it to a following digit.
    pub(crate) joint: Option<Joint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joint {
    Space,
    Dash,
    Dot,
    /// Joins only what nothing else joined before.
    Slash,
}

impl Joint {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            b' ' => Some(Self::Space),
            b'-' | DASH => Some(Self::Dash),
            b'.' => Some(Self::Dot),
            b'/' => Some(Self::Slash),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) start: usize,
    groups: [Group; MOST_DIGITS],
    count: usize,
    digits: [u8; MOST_DIGITS],
    digit_count: usize,
    /// Whether the chain ends with the last group; if not, it has more digits than any detector can use.
    pub(crate) whole: bool,
    /// The joint to a digit before the start, with the length of that digit's group (at most 5 are counted).
    pub(crate) left: Option<(Joint, usize)>,
}

impl Chain {
    /// Reads the chain whose first digit is at `start`.
    pub(crate) fn read(window: &Window<'_>, start: usize) -> Result<Self, Beyond> {
        let mut chain = Self {
            start,
            groups: [Group::default(); MOST_DIGITS],
            count: 0,
            digits: [0; MOST_DIGITS],
            digit_count: 0,
            whole: false,
            left: left_joint(window, start),
        };
        let mut at = start;
        loop {
            let length = chain.read_group(window, at)?;
            if length == 0 {
                return Ok(chain);
            }
            let slashed = chain.groups().iter().all(|group| group.joint == Some(Joint::Slash));
            let joint = joint_after(window, at + length)?.filter(|joint| slashed || *joint != Joint::Slash);
            chain.push(Group { offset: at - start, length, joint });
            match joint {
                Some(_) => at += length + 1,
                None => {
                    chain.whole = true;
                    let first = chain.groups().first().and_then(|group| group.joint);
                    chain.left = chain.left.filter(|left| left.0 != Joint::Slash || first == Some(Joint::Slash));
                    return Ok(chain);
                }
            }
        }
    }

    pub(crate) fn groups(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    pub(crate) fn digits(&self, count: usize) -> &[u8] {
        self.digits.get(..count.min(self.digit_count)).unwrap_or_default()
    }

    /// All digits of the groups.
    pub(crate) fn len(&self) -> usize {
        self.groups().iter().map(|group| group.length).sum()
    }

    /// Where the group ends in the window.
    pub(crate) fn end_of(&self, group: &Group) -> usize {
        self.start + group.offset + group.length
    }

    fn read_group(&mut self, window: &Window<'_>, at: usize) -> Result<usize, Beyond> {
        let mut length = 0;
        while let Some(byte @ b'0'..=b'9') = window.peek(at + length)? {
            let Some(slot) = self.digits.get_mut(self.digit_count) else { return Ok(0) };
            *slot = byte - b'0';
            self.digit_count += 1;
            length += 1;
        }
        Ok(length)
    }

    fn push(&mut self, group: Group) {
        if let Some(slot) = self.groups.get_mut(self.count) {
            *slot = group;
            self.count += 1;
        }
    }
}

/// The separator at `at`, if a digit follows it.
fn joint_after(window: &Window<'_>, at: usize) -> Result<Option<Joint>, Beyond> {
    let Some(joint) = window.peek(at)?.and_then(Joint::of) else { return Ok(None) };
    let digit = window.peek(at + 1)?.is_some_and(|byte| byte.is_ascii_digit());
    Ok(digit.then_some(joint))
}

fn left_joint(window: &Window<'_>, start: usize) -> Option<(Joint, usize)> {
    let joint = Joint::of(window.before(start, 1)?)?;
    let end = start - 1;
    let unmasked = |back: &usize| end.checked_sub(*back).is_some_and(|index| index >= window.floor);
    let is_digit = |back: &usize| window.before(end, *back).is_some_and(|byte| byte.is_ascii_digit());
    let length = (1..=5).take_while(unmasked).take_while(is_digit).count();
    (length > 0).then_some((joint, length))
}

//! The detectors. Each is called with a window and a trigger position, and answers hit, nothing, or pending; the answer is a
//! function of the raw text around the trigger alone, which is what makes any split of a stream give the same output.

pub(crate) mod aws;
pub(crate) mod card;
pub(crate) mod chain;
pub(crate) mod email;
pub(crate) mod jwt;
pub(crate) mod pem;
pub(crate) mod ssn;
pub(crate) mod token;
pub(crate) mod url;

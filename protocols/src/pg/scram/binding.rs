//! Channel binding `tls-server-end-point` (RFC 5929 section 4): a hash of the server's certificate, with the hash function
//! of the certificate's own signature.

use sha2::{Digest, Sha256, Sha384, Sha512};

/// The binding data of a certificate (DER). `None` where the signature names no hash function, so nothing can be bound.
#[must_use]
pub fn tls_server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    match signature_algorithm(certificate)? {
        // sha1WithRSA, md5WithRSA, ecdsa-with-SHA1: RFC 5929 replaces both hashes with SHA-256.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 4 | 5 | 11]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 1]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 2] => Some(Sha256::digest(certificate).to_vec()),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 12] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 3] => {
            Some(Sha384::digest(certificate).to_vec())
        }
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 13] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 4] => {
            Some(Sha512::digest(certificate).to_vec())
        }
        _ => None,
    }
}

/// The object identifier in `Certificate.signatureAlgorithm` (RFC 5280 section 4.1).
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    let (certificate, _) = value(certificate, SEQUENCE)?;
    let (_to_be_signed, rest) = value(certificate, SEQUENCE)?;
    let (algorithm, _) = value(rest, SEQUENCE)?;
    value(algorithm, OBJECT_IDENTIFIER).map(|(oid, _)| oid)
}

/// The content of the DER value with `tag` at the front, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame of a certificate: an empty body, an algorithm, no signature.
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap_or(0);
        let mut algorithm = vec![0x06, length(oid)];
        algorithm.extend_from_slice(oid);
        let mut inner = vec![0x30, 0x00, 0x30, length(&algorithm)];
        inner.extend_from_slice(&algorithm);
        let mut out = vec![0x30, 0x81, length(&inner)];
        out.extend_from_slice(&inner);
        out
    }

    #[test]
    fn the_hash_is_that_of_the_certificates_signature() {
        let length = |oid: &[u8]| tls_server_end_point(&certificate(oid)).map(|hash| hash.len());
        assert_eq!(length(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 2]), Some(32), "ecdsa-with-SHA256");
        assert_eq!(length(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 3]), Some(48), "ecdsa-with-SHA384");
        assert_eq!(length(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13]), Some(64), "sha512WithRSA");
        assert_eq!(length(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5]), Some(32), "sha1WithRSA");
        assert_eq!(length(&[0x2b, 0x65, 0x70]), None, "Ed25519 names no hash");
    }

    #[test]
    fn what_is_no_certificate_binds_nothing() {
        let whole = certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 2]);
        for cut in 0..whole.len() {
            assert_eq!(tls_server_end_point(whole.get(..cut).unwrap_or_default()), None);
        }
    }
}

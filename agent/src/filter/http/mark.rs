//! What stands in place of a value that is marked by its place, where no container binds its length: header fields, parameters.

use masking::{Label, Transform, Transforms};

/// Replaces a whole value; says what was done to it.
pub(super) fn replace(transforms: &Transforms, label: Label, value: &mut Vec<u8>) -> Transform {
    match transforms.whole(label, value) {
        (transform, Some(made)) => {
            *value = made;
            transform
        }
        (Transform::Null, None) => {
            value.clear();
            Transform::Null
        }
        (transform, None) => {
            value.fill(b'*');
            transform
        }
    }
}

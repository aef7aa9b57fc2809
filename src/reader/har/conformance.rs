//! Whether an entry conforms to HAR 1.2, as the types of the `har` crate read it.

use crate::reader::notices::Notices;

/// Adds a notice when the entry does not conform.
pub(super) fn check(entry: &[u8], index: u32, notices: &mut Notices) {
    if let Err(error) = serde_json::from_slice::<har::v1_2::Entries>(entry) {
        // Without the place inside the entry equal faults count together.
        let message = error.to_string();
        let message = message
            .rfind(" at line ")
            .map_or(&*message, |end| &message[..end]);
        notices.add("har-nonconformant", message, Some(index));
    }
}

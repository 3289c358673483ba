//! Where the operations of a file session are written: the session's record.

use proto::event::{Completed, Refused, Request};

use crate::{
    filter::ssh::Journal,
    record::{Exchange, Recorder},
};

/// The record as the filter sees it.
pub(super) struct Records<'a>(pub(super) &'a Recorder);

impl Journal for Records<'_> {
    fn begin(&self, request: Request) -> u64 {
        self.0.begin(request).0
    }

    fn refused(&self, exchange: u64, refused: Refused) {
        self.0.refused(Exchange(exchange), refused);
    }

    fn completed(&self, exchange: u64, completed: Completed) {
        self.0.completed(Exchange(exchange), completed);
    }
}

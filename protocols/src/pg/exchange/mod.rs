//! Which replies are due: every request of a client waits here until the server has answered it (section "Message Flow").
//! Simple queries, extended queries and their pipelines, an error that skips to the next Sync, COPY in and out, function
//! calls. A reply that nobody waits for is no PostgreSQL, and the session ends.

use std::collections::VecDeque;

use super::{Malformed, frame::back};

/// What a client can ask for that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Query.
    Query,
    /// Parse.
    Parse,
    /// Bind.
    Bind,
    /// Describe of a statement.
    DescribeStatement,
    /// Describe of a portal.
    DescribePortal,
    /// Execute.
    Execute,
    /// Close.
    Close,
    /// FunctionCall.
    FunctionCall,
}

/// What a reply means.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// It answers nothing: a notice, a notification, a parameter, or an error that nobody asked for.
    Aside,
    /// A part of the answer to the first in the queue ([`Exchange::first`]), which still waits for more.
    Part,
    /// The last part of the answer to this one.
    Done(T),
    /// This one failed, and those behind it, up to the next Sync, are skipped.
    Failed {
        /// What failed.
        first: T,
        /// What is never answered.
        skipped: Vec<T>,
    },
    /// The server is ready for the next request; after a Query or FunctionCall, it is over now.
    Ready(Option<T>),
}

enum Item<T> {
    Due(Ask, T),
    Sync,
    /// CopyDone or CopyFail.
    CopyEnd,
}

/// How far the answer to the first in the queue is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    Described,
    CopyIn,
    CopyOut,
    /// A Query that failed: only ReadyForQuery may follow.
    Failed,
    /// A statement of a Query is answered: another may follow, or ReadyForQuery.
    Answered,
}

/// The queue of one connection. `T` is whatever the caller attaches to a request.
pub struct Exchange<T> {
    queue: VecDeque<Item<T>>,
    phase: Phase,
    /// The server skips everything until a Sync.
    skipping: bool,
    /// Syncs that a server in COPY may have passed over or may answer: it depends on when it met them.
    loose: usize,
}

impl<T> Default for Exchange<T> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), phase: Phase::Fresh, skipping: false, loose: 0 }
    }
}

impl<T> Exchange<T> {
    /// How many requests wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The request that the next reply belongs to.
    pub fn first(&mut self) -> Option<(Ask, &mut T)> {
        match self.queue.front_mut()? {
            Item::Due(ask, mark) => Some((*ask, mark)),
            _ => None,
        }
    }

    /// The request that was sent last, if it still waits.
    pub fn last(&mut self) -> Option<&mut T> {
        match self.queue.back_mut()? {
            Item::Due(_, mark) => Some(mark),
            _ => None,
        }
    }

    /// Whether requests like this wait, and all of them are answered without another word of the client.
    pub fn will_answer(&self, is: impl Fn(&T) -> bool) -> bool {
        let (mut ends, mut found) = (false, false);
        for item in self.queue.iter().rev() {
            ends |= matches!(item, Item::Sync | Item::Due(Ask::Query | Ask::FunctionCall, _));
            if matches!(item, Item::Due(_, mark) if is(mark)) {
                found = true;
                if !ends {
                    return false;
                }
            }
        }
        found
    }

    /// The requests that wait, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.queue.drain(..).filter_map(|item| match item {
            Item::Due(_, mark) => Some(mark),
            _ => None,
        })
    }

    /// A request was sent.
    ///
    /// # Errors
    /// Gives it back if the server skips it: it will never be answered.
    pub fn sent(&mut self, ask: Ask, mark: T) -> Result<(), T> {
        if self.skipping {
            return Err(mark);
        }
        self.queue.push_back(Item::Due(ask, mark));
        Ok(())
    }

    /// A Sync was sent.
    pub fn synced(&mut self) {
        let copying = self.phase == Phase::CopyIn && !self.queue.iter().any(|item| matches!(item, Item::CopyEnd));
        if copying {
            // A server that reads COPY data passes over Sync.
            self.loose += 1;
            return;
        }
        self.skipping = false;
        self.queue.push_back(Item::Sync);
    }

    /// CopyDone or CopyFail was sent.
    pub fn copy_ended(&mut self) {
        // Outside of COPY the server passes over it. One mark is enough: it only tells where data ends.
        let copies = |item: &Item<T>| matches!(item, Item::Due(Ask::Query | Ask::Execute, _));
        let marked = matches!(self.queue.back(), Some(Item::CopyEnd));
        if !self.skipping && !marked && self.queue.iter().any(copies) {
            self.queue.push_back(Item::CopyEnd);
        }
    }

    /// A reply came.
    ///
    /// # Errors
    /// If it cannot be an answer to what waits.
    pub fn received(&mut self, tag: u8) -> Result<Answer<T>, Malformed> {
        if matches!(tag, back::NOTICE | back::NOTIFICATION | back::PARAMETER_STATUS) {
            return Ok(Answer::Aside);
        }
        if self.phase != Phase::CopyIn {
            while matches!(self.queue.front(), Some(Item::CopyEnd)) {
                self.queue.pop_front();
            }
        }
        if tag == back::READY
            && self.loose > 0
            && self.phase == Phase::Fresh
            && !matches!(self.queue.front(), Some(Item::Sync))
        {
            self.loose -= 1;
            return Ok(Answer::Ready(None));
        }
        match self.queue.front() {
            Some(Item::Due(ask, _)) => match *ask {
                Ask::Query | Ask::FunctionCall => self.cycle(tag),
                ask => self.step(ask, tag),
            },
            Some(Item::Sync) => self.at_sync(tag),
            _ => self.idle(tag),
        }
    }

    /// At a Sync: ReadyForQuery, or an error of the commit before it.
    fn at_sync(&mut self, tag: u8) -> Result<Answer<T>, Malformed> {
        match tag {
            back::READY => {
                self.queue.pop_front();
                self.phase = Phase::Fresh;
                Ok(Answer::Ready(None))
            }
            back::ERROR => Ok(Answer::Aside),
            _ => Err(Malformed("reply without a request")),
        }
    }

    fn idle(&mut self, tag: u8) -> Result<Answer<T>, Malformed> {
        match tag {
            back::ERROR => Ok(Answer::Aside),
            _ => Err(Malformed("reply without a request")),
        }
    }

    /// Query and FunctionCall: any number of statements, then ReadyForQuery.
    fn cycle(&mut self, tag: u8) -> Result<Answer<T>, Malformed> {
        use Phase::{Answered, CopyIn, CopyOut, Described, Failed, Fresh};
        self.phase = match (tag, self.phase) {
            (back::READY, Answered | Failed) => {
                // Replies come in order: no Sync from before this query can still be answered.
                self.phase = Fresh;
                self.loose = 0;
                return Ok(Answer::Ready(self.pop()));
            }
            (back::ERROR, _) => Failed,
            (back::ROW_DESCRIPTION | back::DATA_ROW, Fresh | Described | Answered) => Described,
            (back::COMMAND_COMPLETE, Fresh | Described | Answered | CopyIn) => Answered,
            (back::EMPTY_QUERY | back::FUNCTION_RESULT, Fresh | Answered) => Answered,
            (back::COPY_IN, Fresh | Answered) => CopyIn,
            (back::COPY_OUT, Fresh | Answered) => CopyOut,
            (back::COPY_DATA, CopyOut) => CopyOut,
            (back::COPY_DONE, CopyOut) => Fresh,
            _ => return Err(Malformed("order of replies")),
        };
        Ok(Answer::Part)
    }

    /// One step of an extended query.
    fn step(&mut self, ask: Ask, tag: u8) -> Result<Answer<T>, Malformed> {
        if tag == back::ERROR {
            return self.fail();
        }
        let over = match (ask, tag, self.phase) {
            (Ask::Parse, back::PARSE_COMPLETE, _)
            | (Ask::Bind, back::BIND_COMPLETE, _)
            | (Ask::Close, back::CLOSE_COMPLETE, _)
            | (Ask::DescribePortal, back::ROW_DESCRIPTION | back::NO_DATA, _)
            | (Ask::DescribeStatement, back::ROW_DESCRIPTION | back::NO_DATA, Phase::Described)
            | (Ask::Execute, back::COMMAND_COMPLETE, Phase::Fresh | Phase::Described | Phase::CopyIn)
            | (Ask::Execute, back::SUSPENDED, Phase::Fresh | Phase::Described)
            | (Ask::Execute, back::EMPTY_QUERY, Phase::Fresh) => true,
            (Ask::DescribeStatement, back::PARAMETERS, Phase::Fresh)
            | (Ask::Execute, back::DATA_ROW, Phase::Fresh | Phase::Described) => {
                self.phase = Phase::Described;
                false
            }
            (Ask::Execute, back::COPY_IN, Phase::Fresh) => {
                self.phase = Phase::CopyIn;
                self.pass_over_syncs();
                false
            }
            (Ask::Execute, back::COPY_OUT, Phase::Fresh) => {
                self.phase = Phase::CopyOut;
                false
            }
            (Ask::Execute, back::COPY_DATA, Phase::CopyOut) => false,
            (Ask::Execute, back::COPY_DONE, Phase::CopyOut) => {
                self.phase = Phase::Fresh;
                false
            }
            _ => return Err(Malformed("order of replies")),
        };
        if !over {
            return Ok(Answer::Part);
        }
        if self.phase == Phase::CopyIn {
            // The COPY went well, so the server did read past them.
            self.loose = 0;
        }
        self.phase = Phase::Fresh;
        self.pop().map(Answer::Done).ok_or(Malformed("order of replies"))
    }

    /// Syncs that were sent before the server said that it reads COPY data are passed over, as far as the data begins.
    fn pass_over_syncs(&mut self) {
        let end = self.queue.iter().position(|item| matches!(item, Item::CopyEnd)).unwrap_or(self.queue.len());
        let before = self.queue.len();
        let mut number = 0;
        self.queue.retain(|item| {
            number += 1;
            number > end || !matches!(item, Item::Sync)
        });
        self.loose += before - self.queue.len();
    }

    fn fail(&mut self) -> Result<Answer<T>, Malformed> {
        self.phase = Phase::Fresh;
        let first = self.pop().ok_or(Malformed("order of replies"))?;
        let mut skipped = Vec::new();
        loop {
            match self.queue.front() {
                Some(Item::Sync) => break,
                Some(_) => skipped.extend(self.pop()),
                None => {
                    self.skipping = true;
                    break;
                }
            }
        }
        Ok(Answer::Failed { first, skipped })
    }

    fn pop(&mut self) -> Option<T> {
        match self.queue.pop_front()? {
            Item::Due(_, mark) => Some(mark),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! Bind, Execute, Describe and Close: what was parsed before is bound to parameters and run under a name, or asked about.

use std::sync::Arc;

use bytes::Bytes;
use proto::{
    Code, Refusal,
    event::{Field, Request},
};
use protocols::pg::{Malformed, ask, exchange::Ask, frame::front};
use sha2::{Digest, Sha256};
use sql::rewrite::Given;

use super::{
    Filter,
    arguments::{Arguments, arguments, text},
    carry, client_fault,
    decide::Checked,
    doubts::known,
    journal::{Journal, Mark, Number, Run},
    names::{Meaning, Portal, Statement},
    pieces::Pieces,
    refuse,
    requests::{Frame, LONGEST_PARAMETER, Tail, request},
    strict::{self, Rewrite, Strict},
    values,
};
use crate::filter::guard::Decision;

impl Filter {
    /// A Bind: nothing is decided yet, but what it binds is read.
    pub(super) fn bind(&mut self, frame: &Frame<'_>) -> Result<bool, Refusal> {
        let bind = ask::bind(frame.body, frame.whole).map_err(client_fault)?;
        let meaning = self.statements.find(self.requests.syncs, bind.statement);
        let types = meaning.as_ref().map(types_of).unwrap_or_default();
        let unmaskable = meaning.as_ref().map_or(Ok(None), |meaning| self.carry(frame, &bind, &types, meaning))?;
        let mut fields: Vec<Field> = self.fields(&bind, &types);
        let (statement, otherwise) = meaning.map_or((None, None), |meaning| (Some(meaning.newest), meaning.otherwise));
        if let Some(otherwise) = otherwise {
            fields.push(Field {
                name: "statement, if the newer one was not accepted".into(),
                value: otherwise.text.to_string(),
            });
        }
        let text = match &statement {
            Some(statement) => statement.text.clone(),
            None => format!("<prepared statement {}>", self.masked(bind.statement, 256)).into(),
        };
        if bind.portal == refuse::PORTAL.as_bytes() {
            return Err(client_fault(Malformed("portal name")));
        }
        if let Some(statement) = &statement {
            self.hide(&mut fields, statement.rewrite.as_ref(), statement.shortened);
        }
        let lookup = statement.as_ref().and_then(|known| known.rewrite.as_ref()).and_then(Rewrite::lookup);
        let mut looked_up = None;
        if let Some(lookup) = lookup {
            let place = lookup.parameter - 1;
            looked_up = bind.parameters.get(place).and_then(whole);
            // What is looked up belongs to the label, whatever a detector makes of it.
            if let Some(field) = fields.get_mut(place) {
                field.value = "***".into();
            }
        }
        let arguments = if self.guard.wants_arguments() {
            arguments(&bind, &types, &|name| self.guard.wants_argument(name))
        } else {
            Arguments::default()
        };
        let known = statement.as_ref().map(|statement| known(statement, &bind, &types)).unwrap_or_default();
        let portal = Arc::new(Portal {
            name: bind.portal.to_vec(),
            arguments,
            known,
            looked_up,
            unmaskable,
            statement,
            text,
            fields,
            digest: frame.digest(),
            bytes: frame.header.frame() as u64,
            formats: bind.result_formats,
            plan: std::sync::OnceLock::new(),
            pieces: Pieces::default(),
            own: Number::default(),
            told: Number::default(),
        });
        if !frame.whole {
            self.requests.tail = Tail::Portal(Sha256::new(), portal.clone());
        }
        if self.exchange.sent(Ask::Bind, Mark::Bind(portal.clone())).is_ok() {
            if let (Some(strict), Some(statement)) = (&mut self.strict, &portal.statement) {
                strict.is_raw(&portal.name, statement.rewrite.as_ref())?;
            }
            self.portals.define(self.requests.syncs, portal.clone())?;
            self.requests.portals.push(portal);
        }
        Ok(false)
    }

    /// Puts masks in place of values that the database does not get. Gives why it must not run, if so.
    fn carry(
        &mut self,
        frame: &Frame<'_>,
        bind: &ask::Bind<'_>,
        types: &[u32],
        meaning: &Meaning<Statement>,
    ) -> Result<Option<String>, Refusal> {
        let carried = |statement: &Arc<Statement>| {
            statement.rewrite.as_ref().map(|rewrite| rewrite.carried().to_vec()).unwrap_or_default()
        };
        // It may have been parsed when its caller could send more: what it is bound to now is not to reach even a parser.
        let stale = |statement: &Arc<Statement>| {
            let (Some(rewrite), Some(read)) = (&statement.rewrite, &statement.read) else { return false };
            !rewrite.may_send(&[]) && !rewrite.may_send(&self.sends(read))
        };
        if stale(&meaning.newest) || meaning.otherwise.as_ref().is_some_and(stale) {
            if !frame.whole {
                return Err(Refusal::new(Code::TooLarge, "values that must not be sent do not fit a Bind this large"));
            }
            self.requests.instead = Some(carry::without(bind, |_| true));
            return Ok(Some("it was prepared when its values could be sent as they are: prepare it again".into()));
        }
        let newest = carried(&meaning.newest);
        let older = meaning.otherwise.as_ref().map_or_else(|| newest.clone(), carried);
        if newest.is_empty() && older.is_empty() {
            return Ok(None);
        }
        if !frame.whole {
            return Err(Refusal::new(
                Code::TooLarge,
                "values that are masked on their way do not fit a Bind this large",
            ));
        }
        if newest != older {
            let any = |number| newest.iter().chain(&older).any(|one| one.given == Given::Parameter(number));
            self.requests.instead = Some(carry::without(bind, any));
            return Ok(Some("it is open which of two statements it is: wait for the first".into()));
        }
        if !newest.iter().any(|one| matches!(one.given, Given::Parameter(_))) {
            return Ok(None);
        }
        let key = self.strict.as_ref().and_then(Strict::key);
        // What the client declared is what it encodes; the database has been told no type.
        let declared = &meaning.newest.declared;
        let of = |(place, known): (usize, &u32)| declared.get(place).copied().filter(|oid| *oid != 0).unwrap_or(*known);
        let wide = types.iter().chain(std::iter::repeat(&0)).take(bind.parameters.len());
        let types: Vec<u32> = wide.enumerate().map(of).collect();
        let (instead, why) = carry::bind(bind, &types, &newest, key);
        self.requests.instead = Some(instead);
        Ok(why)
    }

    /// Parameters as they are written down.
    fn fields(&self, bind: &ask::Bind<'_>, types: &[u32]) -> Vec<Field> {
        let field = |(number, parameter): (usize, &ask::Parameter<'_>)| {
            let known = || text(parameter, types.get(number).copied().unwrap_or(0));
            let value = match (parameter.value, parameter.binary) {
                (None, _) => "<null>".to_owned(),
                (Some(_), true) => known().map_or_else(
                    || format!("<binary {} bytes>", parameter.length),
                    |text| self.masked(text.as_bytes(), LONGEST_PARAMETER),
                ),
                (Some(value), false) => self.masked(value, LONGEST_PARAMETER),
            };
            Field { name: format!("${}", number + 1), value }
        };
        bind.parameters.iter().enumerate().map(field).collect()
    }

    /// An Execute, of a portal or of a cursor of SQL's own: policy decides with its parameters.
    pub(super) fn execute(&mut self, frame: &Frame<'_>, journal: &dyn Journal) -> Result<bool, Malformed> {
        let name = ask::execute(frame.body)?;
        let meaning = self.portals.find(self.requests.syncs, name);
        let Some(meaning) = meaning else {
            let text = format!("<cursor {}>", self.masked(name, 256));
            let Some(read) = self.read_cursor(name) else { return Ok(false) };
            let mut decision = self.guard.decide(&read.judged);
            let bundle = decision.verdict.bundle;
            if decision.forwards() && self.strict.is_some() {
                let name = String::from_utf8_lossy(name).replace('"', "\"\"");
                let fetch = format!("FETCH ALL FROM \"{name}\"");
                if self.check(fetch.as_bytes(), &read, &mut decision).is_none() {
                    return Ok(false);
                }
            }
            strict::under(bundle, &mut decision);
            let mut told = request("execute", text, Vec::new(), frame);
            decision.note(&mut told, &read.judged);
            let exchange = journal.begin(told);
            let mut run = Run::new(exchange, None);
            self.decided(&mut run, &read, &decision, journal);
            if run.refused.is_some() {
                self.requests.instead = Some(refuse::execute());
            }
            self.queue(Ask::Execute, Mark::Run(run), journal);
            return Ok(true);
        };
        let Some((read, mut decision)) = self.decide_portal(&meaning) else { return Ok(false) };
        let bundle = decision.verdict.bundle;
        let mut checked = Checked::default();
        if decision.forwards() {
            let Some(recalled) = self.recall(&meaning, &read, &mut decision) else { return Ok(false) };
            checked = recalled;
        }
        if let Some(why) = meaning.newest.unmaskable.as_ref().filter(|_| decision.forwards()) {
            decision = strict::decision(why);
        }
        let portal = meaning.newest;
        let mut told = request("execute", portal.text.to_string(), portal.fields.clone(), frame);
        told.fields.extend(self.look_up(&portal, &checked, &mut decision));
        strict::under(bundle, &mut decision);
        told.bytes += portal.bytes;
        let mut digest = Sha256::new();
        if let Some(statement) = &portal.statement {
            digest.update(statement.digest.get().unwrap_or(&[0; 32]));
        }
        digest.update(portal.digest.get().unwrap_or(&[0; 32]));
        told.digest = digest.finalize().to_vec().into();
        if let Some(otherwise) = meaning.otherwise {
            told.fields.push(Field {
                name: "portal, if the newer one was not accepted".into(),
                value: otherwise.text.to_string(),
            });
        }
        decision.note(&mut told, &read.judged);
        let rewrite = portal.statement.as_ref().and_then(|statement| statement.rewrite.as_ref());
        if rewrite.is_some_and(|rewrite| !rewrite.bound().is_empty()) {
            // Values could be tried out on it.
            told.digest = Bytes::new();
        }
        let exchange = journal.begin(told);
        values::parameters(rewrite, exchange, journal);
        values::literals(rewrite, exchange, journal);
        portal.told.set(exchange);
        if let Some(statement) = &portal.statement {
            statement.told.set(exchange);
        }
        let mut run = Run::new(exchange, Some(portal));
        (run.rewrite, run.stale) = (checked.rewrite, checked.stale);
        self.decided(&mut run, &read, &decision, journal);
        if run.refused.is_some() {
            self.requests.instead = Some(refuse::execute());
        }
        self.queue(Ask::Execute, Mark::Run(run), journal);
        Ok(true)
    }

    /// Counts what the portal looks up; the decision becomes a refusal if that is too much.
    fn look_up(&self, portal: &Portal, checked: &Checked, decision: &mut Arc<Decision>) -> Option<Field> {
        let lookup = checked.rewrite.as_ref().and_then(Rewrite::lookup).filter(|_| decision.forwards())?;
        let said = self.strict.as_ref()?.look_up(lookup, portal.looked_up.as_deref());
        match said {
            Ok(value) => Some(Field { name: "look-up".into(), value }),
            Err(why) => {
                *decision = strict::decision(&why);
                None
            }
        }
    }

    /// A Describe or Close.
    pub(super) fn named(&mut self, frame: &Frame<'_>) -> Result<bool, Malformed> {
        let syncs = self.requests.syncs;
        let (ask, mark) = match (frame.header.tag, ask::named(frame.body)?) {
            (front::DESCRIBE, ask::Named::Statement(name)) => {
                let statement = self.statements.find(syncs, name).map(|meaning| meaning.newest);
                (Ask::DescribeStatement, Mark::DescribeStatement(statement))
            }
            (front::DESCRIBE, ask::Named::Portal(name)) => {
                let portal = self.portals.find(syncs, name).map(|meaning| meaning.newest);
                (Ask::DescribePortal, Mark::DescribePortal(portal))
            }
            (_, ask::Named::Statement(name)) => (Ask::Close, Mark::CloseStatement(name.to_vec())),
            (_, ask::Named::Portal(name)) => (Ask::Close, Mark::ClosePortal(name.to_vec())),
        };
        let _skipped = self.exchange.sent(ask, mark);
        Ok(false)
    }

    /// What was parsed or bound and not executed in the same piece is an event of its own: it reaches the target, too.
    pub(super) fn tell_untold(&mut self, journal: &dyn Journal) -> bool {
        let mut recorded = false;
        for statement in self.requests.statements.drain(..).filter(|statement| statement.told.get().is_none()) {
            let hides = statement.rewrite.as_ref().is_some_and(|rewrite| !rewrite.bound().literals.is_empty());
            let digest = statement.digest.get().filter(|_| !hides).map(|digest| digest.to_vec()).unwrap_or_default();
            let (text, bytes) = (statement.text.to_string(), statement.bytes);
            let fields =
                vec![Field { name: "statement".into(), value: String::from_utf8_lossy(&statement.name).into() }];
            let number = journal.begin(Request {
                operation: "parse".into(),
                text,
                fields,
                bytes,
                digest: digest.into(),
                ..Request::default()
            });
            statement.own.set(number);
            statement.told.set(number);
            recorded = true;
        }
        for portal in self.requests.portals.drain(..).filter(|portal| portal.told.get().is_none()) {
            let rewrite = portal.statement.as_ref().and_then(|statement| statement.rewrite.as_ref());
            let hides = rewrite.is_some_and(|rewrite| !rewrite.bound().is_empty());
            // Values could be tried out on it.
            let digest = portal.digest.get().filter(|_| !hides).map(|digest| digest.to_vec()).unwrap_or_default();
            let (text, fields, bytes) = (portal.text.to_string(), portal.fields.clone(), portal.bytes);
            let number = journal.begin(Request {
                operation: "bind".into(),
                text,
                fields,
                bytes,
                digest: digest.into(),
                ..Request::default()
            });
            portal.own.set(number);
            portal.told.set(number);
            recorded = true;
        }
        recorded
    }
}

/// The value of a parameter, if all of it is here.
fn whole(parameter: &ask::Parameter<'_>) -> Option<Box<[u8]>> {
    parameter.value.filter(|value| value.len() == parameter.length && value.len() <= LONGEST_PARAMETER).map(Box::from)
}

/// The types of the parameters of a statement; none where it is open which of two with different types it is.
fn types_of(meaning: &Meaning<Statement>) -> Vec<u32> {
    let types = meaning.newest.types();
    match &meaning.otherwise {
        Some(otherwise) if otherwise.types() != types => Vec::new(),
        _ => types.to_vec(),
    }
}

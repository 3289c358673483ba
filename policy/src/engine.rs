//! A compiled bundle. Positive rights: a call needs Invoke or it is refused, RunUnapproved or it is held; a label is masked
//! without Reveal. What forbids always wins, an error refuses, and what no policy mentions is not allowed.

mod labels;
mod scope;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, Mutex},
};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Request,
    Response,
};

pub use self::scope::Scope;
use self::scope::{Attributes, Party, connection_entity, entity, kind, principal_names, uid, uid_of, zone_of};
use crate::{
    Bundle, Caller, Circumstances, Denial, Facts, Inspected, Outcome, Permit, Verdict,
    bundle::Kind,
    context,
    depends::{Depends, Needs},
    document::{self, Problem, is_incident, is_shadow},
    sentence::{self, Sentence, Told},
    slice::{ACTIONS, Library, Placed, Slices, is_about},
};

/// A bundle that decides. Immutable.
pub struct Engine {
    bundle: Bundle,
    hash: Arc<str>,
    enforced: Library,
    /// Enforced and shadow policies together, if there are any of the latter.
    tried: Option<Library>,
    depends: Depends,
    /// The facts that some policy looks at; Cedar is given no others.
    needs: Needs,
    sentences: Vec<Sentence>,
    /// Whether some policy about `Connect` looks at what time alone changes.
    timed: bool,
    /// Whether any policy can reveal a label.
    reveals: bool,
    /// Whether any policy can let one go to a target.
    sends: bool,
    authorizer: Authorizer,
    kinds: Kinds,
    actions: [EntityUid; ACTIONS.len()],
}

/// Which policies are asked.
#[derive(Clone, Copy)]
enum Which {
    Enforced,
    Tried,
}

/// Places in [`ACTIONS`].
const CONNECT: usize = 0;
const INVOKE: usize = 1;
const RUN_UNAPPROVED: usize = 2;
const REVEAL: usize = 3;
const SEND_RAW: usize = 4;

struct Kinds {
    function: EntityTypeName,
    label: EntityTypeName,
}

/// The engine cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Documents are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Documents(Vec<Problem>),
    /// A name cannot be an entity of Cedar.
    #[error("a name cannot be used in policies: {0}")]
    Entity(String),
}

impl Engine {
    /// Reads, checks and compiles a bundle.
    ///
    /// # Errors
    /// What is wrong with it, with positions.
    pub fn compile(bundle: Bundle) -> Result<Self, CompileError> {
        let policies = document::read(&bundle).map_err(CompileError::Documents)?;
        Self::of(bundle, policies)
    }

    /// Reads and compiles a bundle that was checked when it was saved; much cheaper.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn load(bundle: Bundle) -> Result<Self, CompileError> {
        let policies = document::read_checked(&bundle).map_err(CompileError::Documents)?;
        Self::of(bundle, policies)
    }

    /// Every policy in words.
    #[must_use]
    pub fn sentences(&self) -> Vec<Sentence> {
        self.sentences.clone()
    }

    /// What somebody whom a rule stopped may know about it; `None` if there is no such rule.
    #[must_use]
    pub fn told(&self, rule: &str) -> Option<Told> {
        let policy = self.policy(&PolicyId::new(rule))?;
        let sentence = self.sentences.iter().find(|sentence| sentence.rule == rule)?;
        Some(sentence::told(policy, sentence.clone()))
    }

    /// A policy, enforced or only tried out.
    pub(crate) fn policy(&self, id: &PolicyId) -> Option<&Policy> {
        self.tried.as_ref().unwrap_or(&self.enforced).all.policy(id)
    }

    fn of(bundle: Bundle, policies: Vec<(String, Policy)>) -> Result<Self, CompileError> {
        let sentences = policies.iter().map(|(document, policy)| sentence::of(policy, document)).collect();
        let policies: Vec<Policy> = policies.into_iter().map(|(_, policy)| policy).collect();
        let depends = Depends::of(policies.iter());
        let reveals = policies.iter().any(mentions_labels);
        let sends = policies.iter().any(|policy| is_about(policy, "SendRaw") && !is_shadow(policy));
        let shadows = policies.iter().any(is_shadow);
        let needs = Needs::of(policies.iter());
        let timed = Needs::of(policies.iter().filter(|policy| is_about(policy, "Connect") && !is_shadow(policy)))
            .changes_by_itself();
        let enforced = Library::of(policies.iter().filter(|policy| !is_shadow(policy)).cloned().collect())?;
        let tried = if shadows { Some(Library::of(policies)?) } else { None };
        let kinds = Kinds { function: kind("Function")?, label: kind("Label")? };
        let action = kind("Action")?;
        let actions = ACTIONS.map(|name| EntityUid::from_type_name_and_id(action.clone(), EntityId::new(name)));
        let hash = bundle.hash().into();
        let authorizer = Authorizer::new();
        Ok(Self {
            bundle,
            hash,
            enforced,
            tried,
            depends,
            needs,
            timed,
            sentences,
            reveals,
            sends,
            authorizer,
            kinds,
            actions,
        })
    }

    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The bundle's version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.bundle.version
    }

    /// The bundle's SHA-256, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What decisions depend on.
    #[must_use]
    pub fn depends(&self) -> &Depends {
        &self.depends
    }

    /// Whether the answer of [`Self::connect`] can change by time alone.
    #[must_use]
    pub fn connect_depends_on_time(&self) -> bool {
        self.timed
    }

    /// Decides whether a caller may open a session.
    ///
    /// # Errors
    /// [`Denial`] unless a policy permits `Connect` for everybody who takes part and none forbids it.
    pub fn connect(&self, scope: &Scope, around: &Circumstances) -> Result<Permit, Denial> {
        if !self.made(scope) {
            return Err(Denial);
        }
        let context = context::connect(&self.needs, &scope.caller, around).map_err(|_| Denial)?;
        let mut rules = BTreeSet::new();
        for party in &scope.principals {
            let asked = self.ask(Which::Enforced, scope, party, CONNECT, &scope.connection_uid, &context);
            let Asked::Allowed(by) = asked else { return Err(Denial) };
            rules.extend(by);
        }
        let reason = rules.into_iter().collect::<Vec<_>>().join(", ");
        let tried = self.tried.as_ref().and_then(|_| {
            let parties = scope.principals.iter();
            let mut asked =
                parties.map(|party| self.ask(Which::Tried, scope, party, CONNECT, &scope.connection_uid, &context));
            asked.find_map(|asked| match asked {
                Asked::Allowed(_) => None,
                Asked::Forbidden(rules) | Asked::Failed(rules, _) => Some(format!("refuse by {}", rules.join(", "))),
                Asked::Unmentioned => Some("refuse".to_owned()),
            })
        });
        let permit = Permit::new(scope.caller.subject.name.clone(), scope.connection.clone(), reason);
        Ok(permit.of_bundle(self.version(), tried.unwrap_or_default()))
    }

    /// Prepares decisions about a caller on a connection. `labels` are the classes of data that can occur there.
    ///
    /// # Errors
    /// If the connection is not in the bundle, or a name cannot be used.
    pub fn scope(&self, caller: Caller, connection: &str, labels: &[String]) -> Result<Scope, CompileError> {
        let known = self.bundle.connections.get(connection);
        let known = known.ok_or_else(|| CompileError::Entity(format!("connection {connection}")))?;
        let connection_uid = uid("Connection", connection)?;
        let mut entities = vec![connection_entity(&connection_uid, known)?];
        let zone: HashSet<EntityUid> = zone_of(known)?.into_iter().collect();
        let place = Placed { uid: &connection_uid, above: &zone };
        let mut principals: Vec<Party> = Vec::new();
        for principal in caller.principals() {
            let (uid, groups) = principal_names(principal)?;
            if principals.iter().any(|party| party.uid == uid) {
                continue;
            }
            let placed = Placed { uid: &uid, above: &groups };
            let enforced = self.enforced.slices(&placed, &place)?;
            let tried = self.tried.as_ref().map(|tried| tried.slices(&placed, &place)).transpose()?;
            entities.push(entity(uid.clone(), Attributes::new(), groups)?);
            principals.push(Party { uid, enforced, tried });
        }
        let entities =
            Entities::from_entities(entities, None).map_err(|error| CompileError::Entity(error.to_string()))?;
        let entities = Mutex::new(Arc::new(entities));
        Ok(Scope {
            engine: Arc::clone(&self.hash),
            caller,
            connection: connection.to_owned(),
            connection_uid,
            principals,
            entities,
            labels: labels.to_vec(),
        })
    }

    /// Decides about a call. Any doubt refuses.
    #[must_use]
    pub fn decide(&self, scope: &Scope, facts: &Facts, around: &Circumstances) -> Verdict {
        if !self.made(scope) {
            return Verdict { bundle: self.version(), ..Verdict::refused("the policies have changed") };
        }
        let typed = match self.typed(scope, facts) {
            Ok(typed) => typed,
            Err(why) => return Verdict { bundle: self.version(), ..Verdict::refused(why) },
        };
        let facts = typed.as_ref().unwrap_or(facts);
        let context = match context::call(&self.needs, &scope.connection_uid, facts, &scope.caller, around) {
            Ok(context) => context,
            Err(error) => return Verdict { bundle: self.version(), ..Verdict::refused(error.to_string()) },
        };
        if facts.functions.is_empty() {
            return Verdict { bundle: self.version(), ..Verdict::refused("it calls no function that is known") };
        }
        let judged = self.judge(Which::Enforced, scope, facts, &context);
        let shadow = self.tried.as_ref().and_then(|_| self.shadow(scope, facts, &context, judged.outcome));
        let revealed =
            if judged.outcome == Outcome::Refuse { Vec::new() } else { self.labels(scope, REVEAL, facts, &context) };
        Verdict { shadow, revealed, ..judged }
    }

    /// Arguments in the types and spellings that their function declares, as policies are validated against these: 500 is as
    /// good a decimal as 500.0, and many servers take `Amount` for `amount`.
    fn typed(&self, scope: &Scope, facts: &Facts) -> Result<Option<Facts>, String> {
        let Some(known) = self.bundle.connections.get(&scope.connection).filter(|_| !facts.arguments.is_empty()) else {
            return Ok(None);
        };
        let used =
            known.functions.iter().filter(|one| facts.functions.iter().any(|function| function.name == one.name));
        let kinds: BTreeMap<&String, Kind> =
            used.flat_map(|function| &function.arguments).map(|(name, kind)| (name, *kind)).collect();
        let mut typed = BTreeMap::new();
        for (given, argument) in &facts.arguments {
            let declared = match kinds.get_key_value(given) {
                Some(declared) => Some(declared),
                None => kinds.iter().find(|(name, _)| may_be_read_as(given, name)),
            };
            let name = declared.map_or(given, |(name, _)| *name);
            let argument = declared.map_or_else(|| argument.clone(), |(_, kind)| argument.of_kind(*kind));
            if typed.insert(name.clone(), argument.clone()).is_some_and(|known| known != argument) {
                return Err(format!("{name} is given twice, in different spellings"));
            }
        }
        let before = typed.len();
        typed.retain(|_, argument| context::is_expressible(argument));
        // What is left out is refused where a policy looks at arguments, like what cannot be read.
        let whole = typed.len() == before || facts.inspected != Inspected::Yes;
        let inspected = if whole { facts.inspected } else { Inspected::Partial };
        Ok(Some(Facts { arguments: typed, inspected, ..facts.clone() }))
    }

    /// Whether a scope was prepared by this engine.
    fn made(&self, scope: &Scope) -> bool {
        Arc::ptr_eq(&self.hash, &scope.engine)
    }

    /// Whether some policy looks at a fact, by its name in policies.
    #[must_use]
    pub fn looks_at(&self, fact: &str) -> bool {
        self.needs.has(fact)
    }

    /// Whether some policy about a call's functions looks at arguments.
    #[must_use]
    pub fn looks_at_arguments(&self, scope: &Scope, facts: &Facts) -> bool {
        let names = facts.functions.iter().map(|function| format!("{}/{}", scope.connection, function.name));
        let mut functions = names.filter_map(|name| uid_of(&self.kinds.function, &name).ok());
        functions.any(|resource| scope.principals.iter().any(|party| party.looks_at_arguments(&resource)))
    }

    fn judge(&self, which: Which, scope: &Scope, facts: &Facts, context: &Context) -> Verdict {
        let mut tally = Tally::default();
        for party in &scope.principals {
            for function in &facts.functions {
                let name = format!("{}/{}", scope.connection, function.name);
                let Ok(resource) = uid_of(&self.kinds.function, &name) else {
                    tally.refuse(Vec::new(), "its name cannot be used in policies".into());
                    continue;
                };
                if facts.inspected != Inspected::Yes && party.looks_at_arguments(&resource) {
                    tally.refuse(Vec::new(), "a policy looks at its arguments, and not all of it could be read".into());
                    continue;
                }
                match self.ask(which, scope, party, INVOKE, &resource, context) {
                    Asked::Allowed(rules) => tally.allow(rules),
                    Asked::Forbidden(rules) => tally.refuse(rules, String::new()),
                    Asked::Unmentioned => {
                        tally.refuse(Vec::new(), format!("no policy lets {} use {}", party.uid.id().unescaped(), name));
                        continue;
                    }
                    Asked::Failed(rules, why) => {
                        tally.refuse(rules, why);
                        continue;
                    }
                }
                match self.ask(which, scope, party, RUN_UNAPPROVED, &resource, context) {
                    Asked::Allowed(rules) => tally.allow(rules),
                    Asked::Forbidden(rules) => tally.hold(rules, String::new()),
                    Asked::Unmentioned => tally.hold(Vec::new(), format!("no policy lets {name} run without approval")),
                    Asked::Failed(rules, why) => tally.refuse(rules, why),
                }
            }
        }
        let all = self.tried.as_ref().unwrap_or(&self.enforced);
        tally.verdict(&all.all, self.version())
    }

    fn ask(
        &self,
        which: Which,
        scope: &Scope,
        party: &Party,
        action: usize,
        resource: &EntityUid,
        context: &Context,
    ) -> Asked {
        let failed = |why: &str| Asked::Failed(Vec::new(), why.to_owned());
        let policies = &self.slices(which, party).of(action, resource).policies;
        let Some(action) = self.actions.get(action) else { return failed("the action has no name") };
        let request = Request::new(party.uid.clone(), action.clone(), resource.clone(), context.clone(), None);
        let Ok(request) = request else { return failed("the request cannot be expressed") };
        let Ok(entities) = self.entities(scope, resource) else { return failed("the function cannot be expressed") };
        Asked::from(&self.authorizer.is_authorized(&request, policies, &entities))
    }

    fn slices<'p>(&self, which: Which, party: &'p Party) -> &'p Slices {
        match which {
            Which::Enforced => &party.enforced,
            Which::Tried => party.tried.as_ref().unwrap_or(&party.enforced),
        }
    }

    /// What is known of everybody and everything that a question is about. A function that the connection does not describe
    /// is still one of that connection.
    fn entities(&self, scope: &Scope, resource: &EntityUid) -> Result<Arc<Entities>, CompileError> {
        if resource.type_name() != &self.kinds.function {
            return Ok(scope.entities());
        }
        let described = self.bundle.connections.get(&scope.connection).map_or(&[][..], |known| &known.functions);
        scope.with_function(resource, described)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("version", &self.version()).field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// The answer to one question.
enum Asked {
    Allowed(Vec<String>),
    Forbidden(Vec<String>),
    /// No policy applies.
    Unmentioned,
    /// A policy could not be evaluated.
    Failed(Vec<String>, String),
}

impl From<&Response> for Asked {
    fn from(response: &Response) -> Self {
        let diagnostics = response.diagnostics();
        if let Some(error) = diagnostics.errors().next() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            let rule = error.policy_id().to_string();
            return Self::Failed(vec![rule], "a policy could not be evaluated".into());
        }
        let mut rules: Vec<String> = diagnostics.reason().map(ToString::to_string).collect();
        rules.sort();
        match response.decision() {
            Decision::Allow => Self::Allowed(rules),
            Decision::Deny if rules.is_empty() => Self::Unmentioned,
            Decision::Deny => Self::Forbidden(rules),
        }
    }
}

/// The strictest of several answers, and what made it.
#[derive(Default)]
struct Tally {
    allowed: BTreeSet<String>,
    held: BTreeMap<String, ()>,
    refused: BTreeMap<String, ()>,
    why_held: Option<String>,
    why_refused: Option<String>,
    holds: bool,
    refuses: bool,
}

impl Tally {
    fn allow(&mut self, rules: Vec<String>) {
        self.allowed.extend(rules);
    }

    fn hold(&mut self, rules: Vec<String>, why: String) {
        self.holds = true;
        if rules.is_empty() {
            self.why_held.get_or_insert(why);
        }
        self.held.extend(rules.into_iter().map(|rule| (rule, ())));
    }

    fn refuse(&mut self, rules: Vec<String>, why: String) {
        self.refuses = true;
        if !why.is_empty() {
            self.why_refused.get_or_insert(why);
        }
        self.refused.extend(rules.into_iter().map(|rule| (rule, ())));
    }

    /// The policies that make a call an incident, out of all that stop it.
    fn incidents(&self, policies: &PolicySet) -> Vec<String> {
        let marked = |rule: &&String| policies.policy(&PolicyId::new(rule)).is_some_and(is_incident);
        self.refused.keys().chain(self.held.keys()).filter(marked).cloned().collect()
    }

    fn verdict(self, policies: &PolicySet, bundle: u64) -> Verdict {
        let incidents = self.incidents(policies);
        let (outcome, rules, why) = if self.refuses {
            (Outcome::Refuse, self.refused.into_keys().collect(), self.why_refused)
        } else if self.holds {
            (Outcome::Hold, self.held.into_keys().collect(), self.why_held)
        } else {
            (Outcome::Forward, self.allowed.into_iter().collect::<Vec<_>>(), None)
        };
        let mut verdict = Verdict { outcome, rules, bundle, ..Verdict::refused("") };
        if outcome != Outcome::Forward {
            explain(&mut verdict, policies, why);
        }
        if !incidents.is_empty() {
            let mut held = Verdict { outcome: Outcome::Hold, rules: incidents, bundle, ..Verdict::refused("") };
            explain(&mut held, policies, None);
            held.reason = format!("this session is on hold: {}", held.reason);
            verdict.incident = Some(Box::new(held));
        }
        verdict
    }
}

/// Takes reasons, fixes and approvers from the determining policies.
fn explain(verdict: &mut Verdict, policies: &PolicySet, why: Option<String>) {
    let annotated = |name: &str| {
        let texts = verdict.rules.iter().filter_map(|rule| policies.annotation(&PolicyId::new(rule), name));
        texts.filter(|text| !text.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let (reasons, fixes, approvers) = (annotated("reason"), annotated("fix"), annotated("approvers"));
    verdict.reason = match (reasons.is_empty(), why) {
        (_, Some(why)) => why,
        (false, None) => reasons.join("; "),
        (true, None) => format!("policy {}", verdict.rules.join(", ")),
    };
    verdict.fix = fixes.join(" ");
    let each = approvers.iter().flat_map(|list| list.split(',')).map(|name| name.trim().to_owned());
    verdict.approvers = each.collect::<BTreeSet<_>>().into_iter().collect();
}

/// Whether a policy can be about `Reveal` or `SendRaw`.
fn mentions_labels(policy: &Policy) -> bool {
    is_about(policy, "Reveal") || is_about(policy, "SendRaw")
}

mod administer;
mod opinion;
mod recall;

/// Whether some server takes an argument of one name for that of another: by case, with blanks around it, as a list of one
/// (`amount[]`), or out of the query where the content is meant.
fn may_be_read_as(given: &str, name: &str) -> bool {
    let given = ["query.", "form."].iter().find_map(|place| given.strip_prefix(place)).unwrap_or(given);
    let given = given.trim_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    let given = ["[]", "[0]"].iter().find_map(|list| given.strip_suffix(list)).unwrap_or(given);
    given.eq_ignore_ascii_case(name)
}

pub use self::{administer::Part, opinion::Opinion, recall::Recall};

#[cfg(test)]
mod tests;

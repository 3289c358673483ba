//! The form for one rule.

use std::fmt::Write as _;

use axum::response::Html;
use policy::form::{Kind, Weekday};

use super::{
    fields::{ARGUMENTS, Fields},
    words::{self, DOCUMENT, ON, WHO},
};
use crate::api::{
    ApiState,
    html::{self, Escaped},
};

/// Where a rule stands.
pub(super) struct Place {
    /// The document.
    pub document: String,
    /// The rule that is changed; empty for a new one.
    pub replaces: String,
}

impl Place {
    pub(super) fn of(sent: &Fields) -> Self {
        let document = Some(sent.get("document")).filter(|name| !name.is_empty()).unwrap_or(DOCUMENT);
        Self { document: document.to_owned(), replaces: sent.get("replaces").to_owned() }
    }

    /// Hidden fields that keep it.
    pub(super) fn hidden(&self, csrf: &str) -> String {
        [("csrf", csrf), ("document", &self.document), ("replaces", &self.replaces)]
            .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", Escaped(value)))
            .concat()
    }
}

/// The form, filled in, with what is wrong with it.
pub(super) fn page(state: &ApiState, csrf: &str, place: &Place, fields: &Fields, wrong: &str) -> Html<String> {
    let title = if place.replaces.is_empty() { "A new rule" } else { "Change a rule" };
    let mut body = format!("<p><a href=\"/policies\">Policies</a></p><h1>{title}</h1>");
    if !wrong.is_empty() {
        let _ = write!(body, "<p class=\"wrong\" role=\"alert\">{}</p>", Escaped(wrong));
    }
    body.push_str("<form method=\"post\" action=\"/policies/preview\" class=\"rule\">");
    let _ = write!(body, "<input type=\"hidden\" name=\"csrf\" value=\"{}\">", Escaped(csrf));
    let _ = write!(body, "<input type=\"hidden\" name=\"replaces\" value=\"{}\">", Escaped(&place.replaces));
    let form = Form { fields };
    body.push_str(&form.rule(place));
    body.push_str(&form.call());
    body.push_str(&form.coming());
    body.push_str(&form.told());
    body.push_str(&suggestions(state));
    body.push_str("<p><button>Look at it</button> <a href=\"/policies\">Leave it</a></p></form>");
    html::page(title, &body)
}

struct Form<'a> {
    fields: &'a Fields,
}

impl Form<'_> {
    fn rule(&self, place: &Place) -> String {
        let document = if place.document.is_empty() { DOCUMENT } else { &place.document };
        let fixed = if place.replaces.is_empty() { "" } else { " readonly" };
        let kinds = Kind::ALL.map(|kind| (kind.as_str(), words::kind(kind)));
        [
            "<fieldset><legend>The rule</legend>".to_owned(),
            format!(
                "<label>Document <input name=\"document\" value=\"{}\" required{fixed}></label>",
                Escaped(document)
            ),
            self.input("id", "Name of the rule", "a-z, 0-9 and -, such as fraud-sees-cards", " required"),
            self.select("who_kind", "Who", &WHO),
            self.input("who_name", "Their name", "leave it empty for everybody", ""),
            self.select("kind", "What it says", &kinds),
            self.select("on_kind", "About", &ON),
            self.input("on_name", "Its name", "such as shop-db, shop-db/delete, card", " list=\"things\""),
            self.input("until", "Until (UTC)", "such as 2026-12-01T18:00Z; the rule ends by itself then", ""),
            "</fieldset>".to_owned(),
        ]
        .concat()
    }

    fn call(&self) -> String {
        let senses = [("when", "where all of these hold"), ("unless", "except where all of these hold")];
        let effects = [("read", "read"), ("write", "write"), ("admin", "admin")];
        [
            "<fieldset><legend>Conditions</legend><p class=\"quiet\">What is left empty does not matter. A list in a rule that lets \
             somebody do something, or after <em>except</em>, names all that may occur; in a rule that stops somebody one of \
             them is enough.</p>"
                .to_owned(),
            self.select("sense", "The rule holds", &senses),
            self.checks("effects", "What the call does", &effects),
            self.area("functions", "Functions, one a line", "delete"),
            self.area("reads", "Tables or files read, one a line", "public.customers"),
            self.area("writes", "Tables or files written, one a line", "public.orders"),
            self.area("columns", "Columns, one a line", "public.customers.card"),
            self.area("commands", "Shell commands, one a line", "ls"),
            self.arguments(),
            self.input("rows_over", "More rows than", "a number", ""),
            self.input("connection", "On the connection (for labels)", "such as shop-db", ""),
            "</fieldset>".to_owned(),
        ]
        .concat()
    }

    fn coming(&self) -> String {
        let days = Weekday::ALL.map(|day| (day.as_str(), day.as_str()));
        let mfa = [("", "does not matter"), ("yes", "was used"), ("no", "was not used")];
        [
            "<fieldset><legend>Conditions on when and how somebody comes</legend>".to_owned(),
            self.input("hours_from", "From hour (UTC)", "0 to 23", ""),
            self.input("hours_to", "To hour (UTC)", "1 to 24", ""),
            self.checks("weekdays", "Days (UTC)", &days),
            self.area("networks", "Networks, one a line", "10.0.0.0/8"),
            self.select("mfa", "A second factor", &mfa),
            self.input("signed_in_within", "Signed in within seconds", "900", ""),
            self.input("given_reason", "Reason that the caller gave", "INC-*", ""),
            "</fieldset>".to_owned(),
        ]
        .concat()
    }

    fn told(&self) -> String {
        let tried = [("true", "decide and record, but do not enforce")];
        let incident = [("true", "a call that it stops puts the whole session on hold")];
        [
            "<fieldset><legend>What those are told whom it stops</legend>".to_owned(),
            self.input("reason", "Why", "refunds over 500 are finance's", ""),
            self.input("fix", "What they can do", "ask finance", ""),
            self.area("approvers", "Groups that may approve, one a line", "finance"),
            self.checks("shadow", "Only try it out", &tried),
            self.checks("incident", "An incident", &incident),
            self.input("note", "A note for those who keep the policies", "", ""),
            "</fieldset>".to_owned(),
        ]
        .concat()
    }

    fn arguments(&self) -> String {
        let sides = [("over", "is over"), ("under", "is under"), ("is", "is")];
        let rows = (0..ARGUMENTS).map(|place| {
            let (name, value) = (format!("argument_{place}"), format!("argument_{place}_value"));
            let (name, value) = (self.input(&name, "Argument", "amount", ""), self.input(&value, "Value", "500", ""));
            format!(
                "<div class=\"row\">{name}{}{value}</div>",
                self.select(&format!("argument_{place}_is"), "Comparison", &sides)
            )
        });
        rows.collect()
    }

    fn input(&self, name: &str, label: &str, hint: &str, more: &str) -> String {
        let value = Escaped(self.fields.get(name));
        format!(
            "<label>{label} <input name=\"{name}\" value=\"{value}\" placeholder=\"{}\" autocomplete=\"off\"{more}></label>",
            Escaped(hint)
        )
    }

    fn area(&self, name: &str, label: &str, hint: &str) -> String {
        let lines: Vec<String> = self.fields.get(name).lines().map(|line| Escaped(line).to_string()).collect();
        format!(
            "<label>{label} <textarea name=\"{name}\" rows=\"2\" placeholder=\"{}\">{}</textarea></label>",
            Escaped(hint),
            lines.join("\n")
        )
    }

    fn select(&self, name: &str, label: &str, choices: &[(&str, &str)]) -> String {
        let chosen = self.fields.get(name);
        let choices = choices.iter().map(|(value, text)| {
            let selected = if *value == chosen { " selected" } else { "" };
            format!("<option value=\"{value}\"{selected}>{text}</option>")
        });
        format!("<label>{label} <select name=\"{name}\">{}</select></label>", choices.collect::<String>())
    }

    fn checks(&self, name: &str, label: &str, choices: &[(&str, &str)]) -> String {
        let choices = choices.iter().map(|(value, text)| {
            let checked = if self.fields.has(name, value) { " checked" } else { "" };
            format!("<label><input type=\"checkbox\" name=\"{name}\" value=\"{value}\"{checked}> {text}</label>")
        });
        format!(
            "<div role=\"group\" aria-label=\"{label}\" class=\"checks\"><span>{label}</span>{}</div>",
            choices.collect::<String>()
        )
    }
}

/// Names that the bundle knows, for the browser to offer.
fn suggestions(state: &ApiState) -> String {
    let snapshot = state.store.snapshot();
    let mut names: Vec<String> = words::LABELS.map(str::to_owned).to_vec();
    for (name, connection) in snapshot.engine().iter().flat_map(|engine| &engine.bundle().connections).take(200) {
        names.push(name.clone());
        names.extend(connection.functions.iter().take(50).map(|function| format!("{name}/{}", function.name)));
    }
    let options = names.iter().map(|name| format!("<option value=\"{}\">", Escaped(name)));
    format!("<datalist id=\"things\">{}</datalist>", options.collect::<String>())
}

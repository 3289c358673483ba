//! The pages about policies.

use serde_json::json;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

/// A person's browser, signed in.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn of(world: &'a World, subject: &Subject) -> Self {
        let started = world.state.auth.start(subject.id, BrowserSessionKind::Cookie).await.unwrap();
        Self { world, cookie: format!("__Host-sallyport={}", started.secret.reveal()) }
    }

    async fn get(&self, path: &str) -> Answer {
        self.world.send("GET", path, &[("cookie", &self.cookie)], "").await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.world.send("POST", path, &[("cookie", &self.cookie), ("content-type", FORM)], &body).await
    }

    async fn csrf(&self) -> String {
        hidden(&self.get("/policies/rule").await.text, "csrf")
    }
}

/// What a hidden field holds.
fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

const MASK: [(&str, &str); 10] = [
    ("document", "shop"),
    ("id", "support-sees-phones"),
    ("who_kind", "group"),
    ("who_name", "support"),
    ("kind", "may-see"),
    ("on_kind", "label"),
    ("on_name", "phone"),
    ("sense", "when"),
    ("connection", "shop-db"),
    ("reason", "they call <back> \"today\""),
];

fn with<'a>(fields: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().chain(more).copied().collect()
}

async fn exported(world: &World) -> Value {
    let carol = world.token(&world.carol).await;
    world.call("GET", "/api/v1/export", &carol, "").await.json()["policies"].clone()
}

/// Previews and saves.
async fn put(carol: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let csrf = carol.csrf().await;
    let preview = carol.post("/policies/preview", &with(fields, &[("csrf", &csrf)])).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    save(carol, &preview).await
}

async fn save(carol: &Browser<'_>, preview: &Answer) -> Answer {
    let names = ["csrf", "document", "replaces", "version"];
    let values = names.map(|name| (name, hidden(&preview.text, name)));
    let last = if preview.text.contains("name=\"kept\"") { "kept" } else { "remove" };
    let value = hidden(&preview.text, last);
    let mut fields: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push((last, &value));
    carol.post("/policies/save", &fields).await
}

#[tokio::test]
async fn a_rule_is_previewed_saved_changed_and_removed_and_exported_as_its_file_form() {
    let world = World::new().await;
    let carol = Browser::of(&world, &world.carol).await;
    let csrf = carol.csrf().await;
    let preview = carol.post("/policies/preview", &with(&MASK, &[("csrf", &csrf)])).await;
    for part in [
        "group support may see in clear phone",
        "permit (principal in Group::",
        "added: <code>support-sees-phones",
        "in clear: nothing -&gt; phone",
        "they call &lt;back&gt;",
    ] {
        assert!(preview.text.contains(part), "{part}: {}", preview.text);
    }
    assert!(!preview.text.contains("<back>"));
    assert_eq!(exported(&world).await.as_array().unwrap().len(), 1, "a preview saves nothing");
    assert_eq!(save(&carol, &preview).await.status, 303);
    let rule = json!({ "id": "support-sees-phones", "who": "group:support", "kind": "may-see", "on": "label:phone",
        "when": { "connection": "shop-db" }, "reason": "they call <back> \"today\"" });
    assert_eq!(exported(&world).await[1], json!({ "name": "shop", "rules": [rule] }));
    let page = carol.get("/policies").await.text;
    assert!(
        page.contains("support-sees-phones") && page.contains("Written in Cedar") && !page.contains("<back>"),
        "{page}"
    );

    let filled = carol.get("/policies/rule?document=shop&rule=support-sees-phones").await.text;
    assert!(
        filled.contains("value=\"they call &lt;back&gt;") && filled.contains("<option value=\"may-see\" selected>"),
        "{filled}"
    );
    let changed =
        with(&MASK[..9], &[("replaces", "support-sees-phones"), ("mfa", "yes"), ("until", "2030-01-01T00:00")]);
    assert_eq!(put(&carol, &changed).await.status, 303);
    let now = exported(&world).await;
    assert_eq!(now[1]["rules"][0]["until"], "2030-01-01T00:00:00Z");
    assert_eq!(now[1]["rules"][0]["when"], json!({ "connection": "shop-db", "mfa": true }));

    let csrf = carol.csrf().await;
    let remove = [("csrf", csrf.as_str()), ("document", "shop"), ("remove", "support-sees-phones")];
    let preview = carol.post("/policies/preview", &remove).await;
    assert!(preview.text.contains("Remove this rule?"), "{}", preview.text);
    assert_eq!(save(&carol, &preview).await.status, 303);
    assert_eq!(exported(&world).await.as_array().unwrap().len(), 1, "the last rule takes its document with it");
    let token = world.token(&world.carol).await;
    let log = world.call("GET", "/api/v1/audit?kind=connections.applied", &token, "").await.text;
    assert!(log.contains("policy shop") && log.contains("cookie") && log.contains("carol"), "{log}");
}

#[tokio::test]
async fn nobody_without_the_right_sees_the_form_or_posts_it() {
    let world = World::new().await;
    let before = exported(&world).await;
    let stranger = world.send("GET", "/policies", &[], "").await;
    assert_eq!(stranger.headers[header::LOCATION], "/auth/login?next=/policies");
    let alice = Browser::of(&world, &world.alice).await;
    for path in ["/policies", "/policies/rule", "/policies/rule?document=default&rule=run"] {
        let refused = alice.get(path).await;
        assert!(refused.status == 403 && !refused.text.contains("<form"), "{path}: {}", refused.text);
    }
    let landing = alice.get("/").await.text;
    let csrf = hidden(&landing, "csrf");
    assert!(!landing.contains("/policies"));
    for path in ["/policies/preview", "/policies/rule", "/policies/save"] {
        let fields = with(&MASK, &[("csrf", csrf.as_str()), ("version", "2"), ("kept", "e30")]);
        assert_eq!(alice.post(path, &fields).await.status, 403, "{path}");
        let unknown = world.send("POST", path, &[("content-type", FORM)], "csrf=").await;
        assert_eq!(unknown.status, 303, "{path}");
        let token = world.token(&world.carol).await;
        let bearer = world.send("POST", path, &[("authorization", &token), ("content-type", FORM)], "csrf=").await;
        assert_eq!(bearer.status, 403, "{path}: a program uses apply");
    }
    assert_eq!(exported(&world).await, before);
    let token = world.token(&world.carol).await;
    assert!(world.call("GET", "/api/v1/audit?kind=api.forbidden", &token, "").await.text.contains("policies"));
}

#[tokio::test]
async fn an_auditor_reads_the_rules_and_gets_no_form() {
    let world = World::new().await;
    let dora = person(&world.state.store, "dora", &["auditor"]).await;
    let dora = Browser::of(&world, &dora).await;
    let page = dora.get("/policies").await;
    assert!(page.status == 200 && page.text.contains("hold-truncate") && !page.text.contains("<form"), "{}", page.text);
    assert!(dora.get("/").await.text.contains("href=\"/policies\""));
    assert_eq!(dora.get("/policies/rule").await.status, 403);
}

#[tokio::test]
async fn a_form_that_is_not_ours_or_is_out_of_date_changes_nothing() {
    let world = World::new().await;
    let carol = Browser::of(&world, &world.carol).await;
    let before = exported(&world).await;
    let csrf = carol.csrf().await;
    for path in ["/policies/preview", "/policies/rule", "/policies/save"] {
        assert_eq!(carol.post(path, &MASK).await.status, 403, "{path}");
        assert_eq!(carol.post(path, &with(&MASK, &[("csrf", "wrong")])).await.status, 403, "{path}");
        let elsewhere = [("cookie", carol.cookie.as_str()), ("content-type", FORM), ("origin", "https://evil.test")];
        let body = format!("csrf={csrf}&version=2&remove=run&document=default");
        assert_eq!(world.send("POST", path, &elsewhere, &body).await.status, 403, "{path}");
    }
    let preview = carol.post("/policies/preview", &with(&MASK, &[("csrf", &csrf)])).await;
    let other = with(&MASK[1..], &[("document", "other"), ("id", "another")]);
    let other: Vec<_> = other.into_iter().filter(|field| *field != MASK[1]).collect();
    assert_eq!(put(&carol, &other).await.status, 303);
    let late = save(&carol, &preview).await;
    assert!(late.status == 409 && late.text.contains("meanwhile"), "{}", late.text);
    let after = exported(&world).await;
    assert_eq!((after.as_array().unwrap().len(), &after[0]), (before.as_array().unwrap().len() + 1, &before[0]));
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_the_form_as_it_was_filled_in() {
    let world = World::new().await;
    let carol = Browser::of(&world, &world.carol).await;
    let csrf = carol.csrf().await;
    for (field, value, said) in [
        ("id", "Not a name", "lower-case letters"),
        ("on_name", "", "names nothing"),
        ("until", "soon", "time in UTC"),
        ("kind", "owns", "unknown variant"),
        ("connection", "gone", "no connection is called"),
        ("hours_from", "8", "write hours as"),
        ("networks", "ten", "is no network"),
        ("document", "default", "written in Cedar"),
        ("document", "a b", "use 1 to 63"),
        ("sense", "unless", "only for what stops"),
    ] {
        let mut fields: Vec<_> = MASK.into_iter().filter(|(name, _)| *name != field).collect();
        fields.extend([("csrf", csrf.as_str()), (field, value)]);
        let wrong = carol.post("/policies/preview", &fields).await;
        assert!(wrong.status == 422 && wrong.text.contains(said), "{field}: {}", wrong.text);
        assert!(wrong.text.contains("role=\"alert\"") && wrong.text.contains("<form"), "{field}");
    }
    let lockout = [
        ("document", "shop"),
        ("id", "freeze"),
        ("who_kind", "everybody"),
        ("kind", "may-not-connect"),
        ("on_kind", "everything"),
        ("csrf", csrf.as_str()),
    ];
    let fine = carol.post("/policies/preview", &lockout).await;
    assert!(
        fine.status == 200 && fine.text.contains("may no longer connect"),
        "who administers is asked otherwise: {}",
        fine.text
    );
}

#[tokio::test]
async fn documents_of_rules_are_applied_exported_and_refused_with_their_place() {
    let world = World::new().await;
    let token = world.token(&world.carol).await;
    let rules = "policies:\n  - name: shop\n    rules:\n      - id: hold-deletes\n        who: everybody\n        kind: needs-approval\n        on: function:shop-db/delete\n        when:\n          writes: [public.orders]\n        approvers: [finance]\n";
    let apply = async |text: &str| {
        let headers = [("authorization", token.as_str()), ("content-type", "application/yaml")];
        world.send("POST", "/api/v1/apply", &headers, text).await
    };
    assert_eq!(apply(rules).await.json()["changes"][0]["action"], "create");
    assert_eq!(apply(rules).await.json()["changes"], json!([]));
    let headers = [("authorization", token.as_str()), ("accept", "application/yaml")];
    let yaml = world.send("GET", "/api/v1/export", &headers, "").await.text;
    assert!(yaml.contains("  rules:\n  - id: hold-deletes\n") || yaml.contains("rules:\n  - approvers:"), "{yaml}");
    assert_eq!(apply(&yaml).await.json()["changes"], json!([]));
    for (from, to, said) in [
        ("writes:", "writs:", "policies[0].rules[0].when: unknown field `writs`"),
        ("needs-approval", "need-approval", "unknown variant `need-approval`"),
        ("hold-deletes", "Hold", "policies[0] (shop).rules[0] (Hold): id:"),
        ("[finance]", "[]", "policies[0] (shop).rules[0] (hold-deletes): approvers"),
        ("shop-db/delete", "shop-db/delet", "no function is called \"shop-db/delet\""),
        ("    rules:", "    text: x\n    rules:", "either text or rules"),
    ] {
        let refused = apply(&rules.replace(from, to)).await;
        assert!(
            refused.status == 422 && refused.json()["detail"].as_str().unwrap().contains(said),
            "{to}: {}",
            refused.text
        );
    }
    let position = apply(&rules.replace("writes:", "writs:")).await.json()["detail"].to_string();
    assert!(position.contains("line 9"), "{position}");
}

//! A browser without a screen: follows redirects, keeps cookies, clicks on a person.

use sallyport::demo::idp::CLIENT_ID;
use url::Url;

use crate::World;

/// Opens `url` as a person would, picks `person` at the identity provider, and returns the last page.
pub async fn sign_in(world: &World, url: &str, person: &str) -> String {
    let ca = std::fs::read(world.site.ca_file()).unwrap();
    let browser = reqwest::Client::builder()
        .tls_certs_merge([reqwest::Certificate::from_pem(&ca).unwrap()])
        .cookie_store(true)
        .build()
        .unwrap();
    let page = browser.get(url).send().await.unwrap();
    let asked: Url = page.url().clone();
    let _page = page.text().await.unwrap();
    let mut form: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
    assert!(form.iter().any(|(name, value)| name == "client_id" && value == CLIENT_ID), "not at the provider: {asked}");
    form.push(("person".into(), person.into()));
    let answer = browser.post(asked.join("/authorize").unwrap()).form(&form).send().await.unwrap();
    assert!(answer.status().is_success(), "{} {}", answer.status(), answer.url());
    answer.text().await.unwrap()
}

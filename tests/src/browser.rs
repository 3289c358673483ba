//! A browser without a screen: follows redirects, keeps cookies, fills in forms, clicks on a person.

use regex::Regex;
use sallyport::demo::idp::CLIENT_ID;
use url::Url;

use crate::World;

/// A browser with one page open.
#[derive(Debug)]
pub struct Browser {
    client: reqwest::Client,
    /// Where it is.
    pub place: Url,
    /// What the page says, as HTML.
    pub page: String,
    /// The status it came with.
    pub status: u16,
}

impl Browser {
    /// Opens a page.
    pub async fn open(world: &World, url: &str) -> Self {
        let ca = std::fs::read(world.site.ca_file()).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_merge([reqwest::Certificate::from_pem(&ca).unwrap()])
            .cookie_store(true)
            .build()
            .unwrap();
        let mut this = Self { place: Url::parse(url).unwrap(), client, page: String::new(), status: 0 };
        this.follow(this.client.get(url)).await;
        this
    }

    /// Picks a person at the identity provider, where it must be.
    pub async fn pick(&mut self, person: &str) {
        self.pick_with(person, &[]).await;
    }

    /// The same with more fields: `second_factor`.
    pub async fn pick_with(&mut self, person: &str, fields: &[(&str, &str)]) {
        let mut form: Vec<(String, String)> = self.place.query_pairs().into_owned().collect();
        assert!(
            form.iter().any(|(name, value)| name == "client_id" && value == CLIENT_ID),
            "not there: {}",
            self.place
        );
        form.push(("person".into(), person.into()));
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.follow(self.client.post(self.place.join("/authorize").unwrap()).form(&form)).await;
        assert_eq!(self.status, 200, "{} {}", self.place, self.page);
    }

    /// Follows a link of the page's origin.
    pub async fn go(&mut self, path: &str) {
        self.follow(self.client.get(self.place.join(path).unwrap())).await;
    }

    /// Sends the page's form with its hidden fields and these.
    pub async fn submit(&mut self, fields: &[(&str, &str)]) {
        let action = Regex::new(r#"<form[^>]* action="([^"]+)""#).unwrap();
        let action = action.captures(&self.page).expect("a form")[1].to_owned();
        let hidden = Regex::new(r#"type="hidden" name="([^"]+)" value="([^"]*)""#).unwrap();
        let mut form: Vec<(String, String)> =
            hidden.captures_iter(&self.page).map(|found| (found[1].to_owned(), found[2].to_owned())).collect();
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.follow(self.client.post(self.place.join(&action).unwrap()).form(&form)).await;
    }

    async fn follow(&mut self, request: reqwest::RequestBuilder) {
        let answer = request.send().await.unwrap();
        self.place = answer.url().clone();
        self.status = answer.status().as_u16();
        self.page = answer.text().await.unwrap();
    }
}

//! A private PostgreSQL with two databases that differ in their masked values only, and a connection that shows every byte
//! the server says.

use std::path::Path;

use bytes::BytesMut;
use protocols::pg::{
    login::{Credentials, Login, Step},
    scram::ClientKeys,
};
use sallyport::demo::targets::Postgres;
use sql::{
    Catalog,
    catalog::LOAD,
    lineage::{Marking, Transform},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The two databases.
pub const DATABASES: [&str; 2] = ["first", "second"];
const SEED: &str = include_str!("seed.sql");
/// The columns of `customers` that are masked.
pub const MASKED: [(&str, &str); 10] = [
    ("email", "email"),
    ("phone", "phone"),
    ("card", "card"),
    ("ssn", "ssn"),
    ("ssn_number", "ssn"),
    ("notes", "free_text"),
    ("profile", "free_text"),
    ("birthday", "birthday"),
    ("secret_bytes", "secret"),
    ("tags", "free_text"),
];

/// What is masked in the tests' databases.
pub fn markings() -> Vec<Marking> {
    markings_as(Transform::Full)
}

/// The same by another transform.
pub fn markings_as(transform: Transform) -> Vec<Marking> {
    let marking = |table: &str, column: &str, label: &str| Marking {
        schema: "public".into(),
        table: table.into(),
        column: column.into(),
        label: label.into(),
        transform,
        ..Marking::default()
    };
    let mut markings: Vec<Marking> = MASKED.iter().map(|(column, label)| marking("customers", column, label)).collect();
    markings.push(marking("payments", "card", "card"));
    markings
}

/// The values of one customer; no two databases share one.
pub fn values(database: usize, id: usize) -> Vec<(&'static str, String)> {
    let salt = database * 37 + id;
    let digits = |count: u32, factor: usize| {
        let modulus = 10_usize.pow(count.min(9));
        let low = (salt * factor + 12_345_679) % modulus;
        let high = (salt * 7919 + 31_337) % 10_usize.pow(count - count.min(9));
        if count > 9 {
            format!("{high:0width$}{low:09}", width = (count - 9) as usize)
        } else {
            format!("{low:0width$}", width = count as usize)
        }
    };
    let nine = digits(9, 98_765_431);
    let ssn = format!("{}-{}-{}", &nine[..3], &nine[3..5], &nine[5..]);
    let word: String = digits(9, 55_555_333).bytes().map(|digit| char::from(b'a' + digit - b'0')).collect();
    vec![
        ("email", format!("{word}{database}@{word}.example")),
        ("phone", format!("+1{}", digits(10, 44_444_113))),
        ("card", format!("4{}", digits(15, 77_777_117))),
        ("ssn", ssn.clone()),
        ("ssn_number", nine.clone()),
        ("notes", format!("call {word} about {ssn}")),
        ("profile", format!("{{\"ssn\": \"{ssn}\", \"pet\": \"{word}\"}}")),
        ("birthday", format!("19{:02}-{:02}-{:02}", 10 + salt % 80, 1 + salt % 12, 1 + salt % 28)),
        ("secret_bytes", format!("\\x{}", hex::encode(&word))),
        ("tags", format!("{{{word},{ssn}}}")),
    ]
}

/// How many customers there are.
pub const CUSTOMERS: usize = 12;

/// The server with both databases.
pub struct Server {
    postgres: Postgres,
    _folder: tempfile::TempDir,
}

impl Server {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("sallyport-masking-").tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let postgres = Postgres::start(Path::new(folder.path()), port).await.unwrap();
        let this = Self { postgres, _folder: folder };
        let root = this.postgres.superuser("postgres").await.unwrap();
        // What the planner reckons is compared, too: tables are not to be swept in one database and not yet in the other.
        root.batch_execute("ALTER SYSTEM SET autovacuum = off").await.unwrap();
        root.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        root.batch_execute("CREATE DATABASE first OWNER shop_app").await.unwrap();
        let mut first = this.connect("first").await;
        assert_eq!(first.errors(SEED).await, Vec::<String>::new());
        // Copies of an empty database share all object numbers, so answers can be compared byte by byte.
        drop(first);
        wait_until_alone(&root).await;
        root.batch_execute("CREATE DATABASE second TEMPLATE first OWNER shop_app").await.unwrap();
        for (number, database) in DATABASES.iter().enumerate() {
            let mut connection = this.connect(database).await;
            assert_eq!(connection.errors(&rows(number)).await, Vec::<String>::new());
        }
        this
    }

    /// A connection that may do everything.
    pub async fn root(&self, database: &str) -> tokio_postgres::Client {
        self.postgres.superuser(database).await.unwrap()
    }

    pub async fn connect(&self, database: &str) -> Connection {
        let mut stream = TcpStream::connect(("127.0.0.1", self.postgres.port)).await.unwrap();
        let credentials = Credentials {
            user: "shop_app".into(),
            password: Some(self.postgres.password.clone().into_bytes().into()),
            binding: None,
            random: [7; 18],
        };
        let (mut out, mut received) = (BytesMut::new(), BytesMut::new());
        let mut login = Login::start(credentials, &[("database", database)], &mut out);
        loop {
            stream.write_all(&out).await.unwrap();
            out.clear();
            match login.step(&mut received, &mut out).unwrap() {
                Step::Ready(_) => return Connection { stream, received },
                Step::Derive { salt, rounds } => {
                    let keys = ClientKeys::derive(login.password(), &salt, rounds);
                    login.keys(&keys, &mut out).unwrap();
                }
                Step::More if out.is_empty() => {
                    assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0, "the server closed the connection");
                }
                Step::More => {}
            }
        }
    }

    pub async fn catalog(&self, database: &str) -> Catalog {
        let said = self.connect(database).await.query(LOAD).await;
        assert_eq!(said.errors(), Vec::<String>::new());
        Catalog::read(1, said.texts().iter().map(String::as_str)).unwrap()
    }
}

async fn wait_until_alone(root: &tokio_postgres::Client) {
    loop {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'first'";
        let count: i64 = root.query_one(others, &[]).await.unwrap().get(0);
        if count == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// The rows of one database.
fn rows(database: usize) -> String {
    let mut text = String::from("BEGIN;");
    for id in 1..=CUSTOMERS {
        let values = values(database, id);
        let columns: Vec<&str> = values.iter().map(|(column, _)| *column).collect();
        let quoted: Vec<String> = values.iter().map(|(_, value)| format!("'{value}'")).collect();
        text += &format!(
            "INSERT INTO customers (id, name, balance, {}) VALUES ({id}, 'Name {id}', {id}.5, {});",
            columns.join(", "),
            quoted.join(", ")
        );
        text += &format!(
            "INSERT INTO orders (id, customer_id, item, quantity, total) VALUES ({id}, {id}, 'Lamp', 2, {id}9.90);"
        );
        let card = &values.iter().find(|(column, _)| *column == "card").unwrap().1;
        text += &format!("INSERT INTO payments VALUES ({id}, '{card}', '2026-03-{id:02}');");
    }
    text += "REFRESH MATERIALIZED VIEW card_cache; COMMIT; ANALYZE";
    text
}

/// A connection that keeps what the server says.
pub struct Connection {
    stream: TcpStream,
    received: BytesMut,
}

/// What the server said to one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Every message: its tag and its body.
    pub messages: Vec<(u8, Vec<u8>)>,
}

impl Said {
    /// The values of all rows in order.
    pub fn values(&self) -> Vec<Vec<Vec<u8>>> {
        self.messages.iter().filter(|(tag, _)| *tag == b'D').map(|(_, body)| cells(body)).collect()
    }

    /// Puts `T` in place of columns that whoever reads the rows makes tokens of.
    pub fn with_tokens(mut self, places: &[usize], width: usize) -> Self {
        for (_, body) in self.messages.iter_mut().filter(|(tag, _)| *tag == b'D') {
            let mut out = body[..2].to_vec();
            assert_eq!(usize::from(u16::from_be_bytes([body[0], body[1]])), width);
            let mut rest = &body[2..];
            for column in 0..width {
                let length = i32::from_be_bytes(rest[..4].try_into().unwrap());
                let end = 4 + length.max(0) as usize;
                if places.contains(&column) && length >= 0 {
                    out.extend_from_slice(b"\0\0\0\x01T");
                } else {
                    out.extend_from_slice(&rest[..end]);
                }
                rest = &rest[end..];
            }
            *body = out;
        }
        self
    }

    pub fn texts(&self) -> Vec<String> {
        self.values().into_iter().flatten().map(|value| String::from_utf8(value).unwrap()).collect()
    }

    pub fn errors(&self) -> Vec<String> {
        let errors = self.messages.iter().filter(|(tag, _)| *tag == b'E');
        errors.map(|(_, body)| String::from_utf8_lossy(body).replace('\0', " ")).collect()
    }
}

fn cells(body: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &body[2..];
    let mut values = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length).max(0) as usize;
        values.push(tail[..length].to_vec());
        rest = &tail[length..];
    }
    values
}

fn frame(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[tag], length.as_slice(), body].concat()
}

impl Connection {
    /// A simple query.
    pub async fn query(&mut self, text: &str) -> Said {
        self.stream.write_all(&frame(b'Q', format!("{text}\0").as_bytes())).await.unwrap();
        self.until_ready().await
    }

    /// An extended query with all results in binary.
    pub async fn binary(&mut self, text: &str) -> Said {
        let mut out = frame(b'P', format!("\0{text}\0\0\0").as_bytes());
        out.extend(frame(b'B', b"\0\0\0\0\0\0\0\x01\0\x01"));
        out.extend(frame(b'D', b"P\0"));
        out.extend(frame(b'E', b"\0\0\0\0\0"));
        out.extend(frame(b'S', b""));
        self.stream.write_all(&out).await.unwrap();
        self.until_ready().await
    }

    async fn errors(&mut self, text: &str) -> Vec<String> {
        self.query(text).await.errors()
    }

    async fn until_ready(&mut self) -> Said {
        let mut said = Said::default();
        loop {
            while self.received.len() < 5 || self.received.len() < 1 + length(&self.received) {
                let read = self.stream.read_buf(&mut self.received);
                let read = tokio::time::timeout(std::time::Duration::from_secs(300), read).await;
                assert_ne!(read.expect("the server answers").unwrap(), 0, "the server closed the connection");
            }
            let whole = self.received.split_to(1 + length(&self.received));
            let (tag, mut body) = (whole[0], whole[5..].to_vec());
            if tag == b'A' {
                // The number of the process that notifies.
                body.drain(..4);
            }
            if tag == b'G' {
                self.stream.write_all(&frame(b'f', b"no data\0")).await.unwrap();
            }
            said.messages.push((tag, body));
            if tag == b'Z' {
                return said;
            }
        }
    }
}

fn length(received: &[u8]) -> usize {
    u32::from_be_bytes(received[1..5].try_into().unwrap()) as usize
}

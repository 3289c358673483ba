//! Masked columns of every kind of type, in text and in binary, in rows and COPY: the mask is a value of the type, and of the
//! values themselves nothing is told.

use std::sync::Arc;

use sql::{
    lineage::{Marking, Marks, Transform},
    rewrite::{self, Session},
};

use crate::server::{DATABASES, Server};

const SCHEMA: &str = r#"
CREATE TYPE mood AS ENUM ('canaryblue', 'canaryred');
CREATE DOMAIN code AS text CHECK (VALUE LIKE 'canary%');
CREATE DOMAIN amount AS numeric(20, 2);
CREATE TYPE pair AS (who text, number bigint);
CREATE DOMAIN pair_domain AS pair;
CREATE DOMAIN codes AS text[];
CREATE TABLE typed (
  id int PRIMARY KEY, a mood, b code, c pair, d int8range, e daterange, f int8multirange, g mood[], h code[], i pair[], j int8range[],
  k amount, l pair_domain, m codes, n bytea, o bit varying, p inet, q uuid, r xml, s tsvector, t jsonb, u point, v money, w interval,
  x name, y timestamptz, z char(20));
INSERT INTO typed VALUES (1, 'canaryblue', 'canaryone', ROW('canarytwo', 4111111111111111), '[4111111111111111,4111111111111112)',
  '[1984-05-17,1984-05-18)', '{[4111111111111111,4111111111111112)}', '{canaryblue,canaryred}', '{canaryone}',
  ARRAY[ROW('canarytwo', 4111111111111111)::pair], '{"[4111111111111111,4111111111111112)"}', 41111111111111.11,
  ROW('canarytwo', 4111111111111111), '{canaryone}', 'canarythree', B'1011011101111', '203.0.113.77',
  'b0e7e2ae-91ab-4f4e-9b1f-3f1f8d8b5d1c', '<a>canaryfour</a>', 'canaryfive', '{"k": "canarysix"}', '(411111.5,511111.5)', 41111111.11,
  '411111 hours', 'canaryseven', '1984-05-17 12:34:56+00', 'canaryeight');
"#;
const COLUMNS: [&str; 26] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w",
    "x", "y", "z",
];

fn canaries() -> Vec<Vec<u8>> {
    let texts = ["canary", "4111111", "1984", "203.0.113", "b0e7e2ae", "1011011101111", "411111"];
    let mut canaries: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    canaries.push(4_111_111_111_111_111_i64.to_be_bytes().to_vec());
    canaries.push(4_111_111_111_i64.to_be_bytes().to_vec());
    canaries.push(vec![0xb0, 0xe7, 0xe2, 0xae]);
    canaries.push(vec![203, 0, 113, 77]);
    canaries.push(411_111.5_f64.to_be_bytes().to_vec());
    canaries.push(vec![0, 0, 0, 13, 0xb7, 0x78]);
    // Days from 2000-01-01 to 1984-05-17.
    canaries.push((-5708_i32).to_be_bytes().to_vec());
    canaries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn masked_columns_of_every_type_tell_nothing_in_text_binary_and_copy() {
    let server = Server::start().await;
    let mut connection = server.connect(DATABASES[0]).await;
    assert_eq!(connection.query(SCHEMA).await.errors(), Vec::<String>::new());
    let catalog = Arc::new(server.catalog(DATABASES[0]).await);
    for transform in
        [Transform::Full, Transform::Partial, Transform::Constant, Transform::Null, Transform::Year, Transform::Token]
    {
        let marking = |column: &&str| Marking {
            schema: "public".into(),
            table: "typed".into(),
            column: (*column).into(),
            label: "card".into(),
            transform,
            ..Marking::default()
        };
        // Partial masks and years are meant to show a part of texts and dates.
        let shows = |column: &&str| match transform {
            Transform::Partial => matches!(*column, "b" | "x" | "z"),
            Transform::Year => matches!(*column, "y"),
            _ => false,
        };
        let columns: Vec<&str> = COLUMNS.into_iter().filter(|column| !shows(column)).collect();
        let markings: Vec<Marking> = columns.iter().map(marking).collect();
        let marks = Marks::new(Arc::clone(&catalog), &markings);
        let list = columns.join(", ");
        let texts: Vec<String> = columns
            .iter()
            .map(|column| format!("SELECT {column} AS v, {column}::text, ARRAY[{column}], ROW({column}) FROM typed"))
            .chain([
                format!("SELECT {list} FROM typed WHERE id = 1"),
                format!("SELECT count(*) FROM (SELECT {list} FROM typed) t"),
            ])
            .collect();
        for text in &texts {
            let Ok(judged) = rewrite::judge(text, &marks, &mut Session::default()) else { continue };
            let sent = judged.text.unwrap_or_else(|| text.clone());
            let places: Option<(Vec<usize>, usize)> =
                judged.tokens.map(|tokens| (tokens.columns.iter().map(|token| token.place).collect(), tokens.width));
            for binary in [false, true] {
                let mut said = if binary { connection.binary(&sent).await } else { connection.query(&sent).await };
                if let Some((places, width)) = &places {
                    said = said.with_tokens(places, *width);
                }
                // What has no binary form, or no cast to text, is an error of the server's own.
                assert!(!said.values().is_empty() || !said.errors().is_empty(), "{sent}");
                tells_nothing(&said.messages, &sent);
            }
        }
        let whole = rewrite::judge(&format!("SELECT {list} FROM typed"), &marks, &mut Session::default()).unwrap();
        let said = connection.query(&whole.text.unwrap_or_default()).await;
        assert_eq!(said.errors(), Vec::<String>::new(), "a mask is a value of its type");
        for format in ["text", "csv", "binary"] {
            let copy = format!("COPY typed ({list}) TO STDOUT (FORMAT {format})");
            let judged = rewrite::judge(&copy, &marks, &mut Session::default()).unwrap();
            let said = connection.query(&judged.text.expect("it is masked")).await;
            assert_eq!(said.errors(), Vec::<String>::new(), "{format}");
            tells_nothing(&said.messages, &copy);
        }
    }
}

fn tells_nothing(messages: &[(u8, Vec<u8>)], sent: &str) {
    for (tag, body) in messages.iter().filter(|(tag, _)| matches!(tag, b'D' | b'd' | b'E' | b'N')) {
        for canary in canaries() {
            let found = body.windows(canary.len()).any(|part| part == canary);
            assert!(
                !found,
                "{sent}: {} tells {}: {}",
                char::from(*tag),
                String::from_utf8_lossy(&canary),
                String::from_utf8_lossy(body)
            );
        }
    }
}

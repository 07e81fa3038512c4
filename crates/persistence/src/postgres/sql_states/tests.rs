use super::*;
use crate::error::ErrorClass::{Conflict, ConnectionLost, InvalidRow, Permanent, StatementGone, Transient};

#[test]
fn each_code_has_its_class() {
    let classes = [
        ("40001", Conflict),
        ("40P01", Conflict),
        ("40003", ConnectionLost),
        ("40002", Permanent),
        ("57014", Transient),
        ("55P03", Transient),
        ("57P01", ConnectionLost),
        ("57P02", ConnectionLost),
        ("57P03", Transient),
        ("57P04", Permanent),
        ("57P05", ConnectionLost),
        ("25P03", ConnectionLost),
        ("25P04", ConnectionLost),
        ("25006", Transient),
        ("25P02", Permanent),
        ("53000", Transient),
        ("53100", Transient),
        ("53200", Transient),
        ("53300", Transient),
        ("58030", Transient),
        ("08000", ConnectionLost),
        ("08003", ConnectionLost),
        ("08006", ConnectionLost),
        ("08P01", ConnectionLost),
        ("26000", StatementGone),
        ("42P05", StatementGone),
        ("23503", InvalidRow("a row names another that is not on record")),
        ("23514", InvalidRow("a row breaks a rule of its table")),
        ("23505", Permanent),
        ("42P01", Permanent),
        ("22P02", Permanent),
        ("P0001", Permanent),
        ("XX000", Permanent),
    ];
    for (code, class) in classes {
        assert_eq!(class_of(code), class, "{code}");
    }
}

#[test]
fn a_message_without_a_code_has_none() {
    assert_eq!(sql_state("40P01: Verklemmung entdeckt"), Some("40P01"));
    for message in ["database is locked", "UNIQUE constraint failed: t.n", "error: 40P01", "40p01: x", "", "40P01:x"] {
        assert_eq!(sql_state(message), None, "{message}");
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

fn error(fields: &[&str]) -> Vec<u8> {
    let body: String = fields.iter().map(|field| format!("{field}\0")).chain(["\0".to_owned()]).collect();
    message(b'E', body.as_bytes())
}

/// A stream that gives so many bytes at a time.
struct Slowly(Vec<u8>, usize);

impl AsyncRead for Slowly {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let size = self.1.min(self.0.len()).min(into.remaining());
        let rest = self.0.split_off(size);
        into.put_slice(&self.0);
        self.0 = rest;
        Poll::Ready(Ok(()))
    }
}

async fn read(sent: &[u8], size: usize) -> Vec<u8> {
    let mut received = Vec::new();
    let mut stream = WithSqlStates::new(Slowly(sent.to_vec(), size));
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut received).await.unwrap();
    received
}

#[tokio::test]
async fn the_code_stands_in_front_of_each_errors_message_however_the_bytes_arrive() {
    let row = message(b'D', b"E\0\0\0\x08 not an error");
    let fields = ["SFEHLER", "VERROR", "C40P01", "MVerklemmung entdeckt", "Hnoch einmal"];
    let told = ["SFEHLER", "VERROR", "C40P01", "M40P01: Verklemmung entdeckt", "Hnoch einmal"];
    let long = format!("M{}", "x".repeat(5_000));
    let sent = [
        row.clone(),
        error(&fields),
        error(&["C57014", &long]),
        message(b'Z', b"I"),
        message(b'1', b""),
        row.clone(),
        error(&["C57P01", "Mschluss"]),
    ]
    .concat();
    let expected = [
        row.clone(),
        error(&told),
        error(&["C57014", &format!("M57014: {}", &long[1..])]),
        message(b'Z', b"I"),
        message(b'1', b""),
        row,
        error(&["C57P01", "M57P01: schluss"]),
    ]
    .concat();
    for size in (1..80).chain([1_000, 10_000]) {
        assert_eq!(read(&sent, size).await, expected, "{size} at a time");
    }
}

#[tokio::test]
async fn what_is_malformed_is_passed_on_as_it_is() {
    let ends_early = &error(&["C57P01", "Mschluss"])[..12];
    let huge = [&[b'E'][..], &u32::MAX.to_be_bytes(), b"C57P01\0"].concat();
    let without_code = error(&["Mschluss"]);
    for sent in [ends_early, &huge, &without_code, &message(b'E', b"C")] {
        for size in [1, 3, 1_000] {
            assert_eq!(read(sent, size).await, sent, "{sent:?}");
        }
    }
}

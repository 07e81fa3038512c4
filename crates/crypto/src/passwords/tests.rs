use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use rstest::rstest;
use tokio::task::{JoinHandle, JoinSet, yield_now};

use super::*;
use crate::SystemEntropy;

/// Made by Python's cryptography package, that is by OpenSSL, with the salt 00 01 … 0f.
const PASSWORD: &str = "0bq3n-m7x2k-9tzqe-4wd8r-hjc5v-y6sga";
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzADzzns3o95Iwa5q0SjuFpKE";

const TAG: u32 = 0x1c63_835e;

/// The bytes 00 01 02 …
struct Counting;

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for (byte, value) in buffer.iter_mut().zip(0..) {
            *byte = value;
        }
    }
}

fn passwords() -> Argon2Passwords {
    Argon2Passwords::with_places(Arc::new(SystemEntropy), 1)
}

async fn check(
    passwords: &Argon2Passwords,
    password: &Password,
    hash: Option<PasswordHash>,
) -> Result<bool, PasswordError> {
    passwords.turn(Lane::Common).await?.is_password(password, hash).await
}

async fn in_place<T: Send + 'static>(
    passwords: &Argon2Passwords,
    work: impl FnOnce(&mut [Block]) -> Result<T, HashFault> + Send + 'static,
) -> Result<T, PasswordError> {
    passwords.place(Lane::Common).await?.run(work).await
}

fn password(text: &str) -> Password {
    Password::typed(text.to_owned()).unwrap()
}

fn stored(text: &str) -> PasswordHash {
    PasswordHash::parse(text.to_owned()).unwrap()
}

#[tokio::test]
async fn hash_is_what_an_independent_implementation_makes() {
    let passwords = Argon2Passwords::with_places(Arc::new(Counting), 1);
    assert_eq!(passwords.hash_password(&password(PASSWORD)).await.unwrap().as_str(), HASH);
    assert!(check(&passwords, &password(PASSWORD), Some(stored(HASH))).await.unwrap());
}

#[tokio::test]
async fn password_is_known_by_its_hash_and_no_other_is() {
    let passwords = passwords();
    let right = Password::generate(&SystemEntropy);
    let hash = passwords.hash_password(&right).await.unwrap();
    assert_ne!(hash, passwords.hash_password(&right).await.unwrap(), "each hash has a salt of its own");
    assert!(check(&passwords, &right, Some(hash.clone())).await.unwrap());
    for wrong in ["", PASSWORD, &right.expose().to_uppercase(), &format!("{} ", right.expose())] {
        assert!(!check(&passwords, &password(wrong), Some(hash.clone())).await.unwrap());
    }
}

#[tokio::test]
async fn without_a_hash_no_password_is_right() {
    let passwords = passwords();
    let dummy = PhcHash::new(HASH).unwrap();
    assert_eq!(Recipe::ours(&[0; 16]).unwrap().params, Params::try_from(&dummy).unwrap(), "as much work as with one");
    for text in ["", PASSWORD] {
        assert!(!check(&passwords, &password(text), None).await.unwrap());
    }
}

/// Whoever could write these could make each sign-in take the machine's memory or an hour.
#[rstest]
#[case::memory_of_four_tebibytes("$argon2id$v=19$m=4294967295,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzAA")]
#[case::one_kibibyte_more("$argon2id$v=19$m=19457,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzAA")]
#[case::endless_passes("$argon2id$v=19$m=19456,t=4294967295,p=1$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzAA")]
#[case::many_lanes("$argon2id$v=19$m=19456,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzAA")]
#[case::lanes_that_overflow("$argon2id$v=19$m=8,t=1,p=536870912$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzAA")]
#[case::no_memory("$argon2id$v=19$m=0,t=0,p=0$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzAA")]
#[case::another_version("$argon2id$v=16$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$q+yyDKRcX0/XtfyzE2fzAA")]
#[case::no_output("$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw")]
#[case::no_salt("$argon2id$v=19$m=19456,t=2,p=1")]
#[case::nothing("$argon2id$")]
#[tokio::test]
async fn stored_hash_that_is_never_made_here_is_a_failure_and_costs_nothing(#[case] text: &str) {
    let error = check(&passwords(), &password(PASSWORD), Some(stored(text))).await.unwrap_err();
    let PasswordError::Failed(cause) = error else { panic!("{error:?}") };
    assert_eq!(cause.to_string(), NotOurs.to_string());
    assert!(Recipe::read(&stored(text)).is_err(), "before anything is derived");
}

#[tokio::test]
async fn memory_is_used_again_and_holds_nothing_meanwhile() {
    let passwords = passwords();
    for _ in 0..3 {
        passwords.hash_password(&password(PASSWORD)).await.unwrap();
        let memories = passwords.memories.lock().unwrap();
        assert_eq!(memories.iter().map(|memory| memory.len()).collect::<Vec<_>>(), [19_456]);
        assert!(memories[0].iter().all(|block| block.as_ref() == [0; 128]));
    }
}

/// Work that takes a place until it is told to end.
fn working(passwords: &Arc<Argon2Passwords>) -> (Sender<()>, JoinHandle<Result<(), PasswordError>>) {
    let (end, until): (_, Receiver<()>) = channel();
    let passwords = passwords.clone();
    let work = move |_: &mut [Block]| {
        let _ = until.recv();
        Ok(())
    };
    (end, tokio::spawn(async move { in_place(&passwords, work).await }))
}

async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

fn is_busy(result: &Result<(), PasswordError>) -> bool {
    matches!(result, Err(PasswordError::Busy { retry_after }) if *retry_after == time::Duration::SECOND)
}

#[tokio::test]
async fn a_short_queue_waits_and_whoever_comes_then_is_refused_at_once() {
    let passwords = Arc::new(passwords());
    let admitted: Vec<_> = (0..=Argon2Passwords::QUEUE).map(|_| working(&passwords)).collect();
    settle().await;
    for _ in 0..10 {
        assert!(is_busy(&in_place(&passwords, |_| Ok(())).await));
    }
    for (end, done) in admitted {
        drop(end);
        done.await.unwrap().unwrap();
    }
    in_place(&passwords, |_| Ok(())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_five_seconds() {
    let passwords = Arc::new(passwords());
    let (end, working_on) = working(&passwords);
    settle().await;
    let (_end, waiting) = working(&passwords);
    settle().await;
    tokio::time::advance(Argon2Passwords::PATIENCE.mul_f64(0.99)).await;
    settle().await;
    assert!(!waiting.is_finished());
    tokio::time::advance(Argon2Passwords::PATIENCE.mul_f64(0.01)).await;
    assert!(is_busy(&waiting.await.unwrap()));
    drop(end);
    working_on.await.unwrap().unwrap();
    assert_eq!(passwords.common.admissions.available_permits(), Argon2Passwords::QUEUE + 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_makes_no_room_before_its_hash_has_ended() {
    let passwords = Arc::new(passwords());
    let (end, hung_up) = working(&passwords);
    settle().await;
    hung_up.abort();
    assert!(hung_up.await.unwrap_err().is_cancelled());
    assert_eq!(passwords.common.places.available_permits(), 0);
    let (next_end, next) = working(&passwords);
    settle().await;
    assert!(!next.is_finished());
    drop(end);
    drop(next_end);
    next.await.unwrap().unwrap();
    assert_eq!(passwords.common.places.available_permits(), 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_while_it_waits_makes_room_at_once() {
    let passwords = Arc::new(passwords());
    let (end, first) = working(&passwords);
    settle().await;
    let waiting: Vec<_> = (0..Argon2Passwords::QUEUE).map(|_| working(&passwords)).collect();
    settle().await;
    assert!(is_busy(&in_place(&passwords, |_| Ok(())).await));
    for (_, waiting) in &waiting {
        waiting.abort();
    }
    settle().await;
    assert_eq!(passwords.common.admissions.available_permits(), Argon2Passwords::QUEUE);
    drop(end);
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_hash_that_panics_is_a_failure_and_gives_its_place_back() {
    let passwords = passwords();
    let result = in_place(&passwords, |_| -> Result<(), HashFault> { panic!("on purpose") }).await;
    assert!(matches!(result, Err(PasswordError::Failed(_))));
    in_place(&passwords, |_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn no_more_run_at_once_than_there_are_places() {
    let passwords = Arc::new(Argon2Passwords::with_places(Arc::new(SystemEntropy), 3));
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut all = JoinSet::new();
    for _ in 0..3 + Argon2Passwords::QUEUE {
        let (passwords, now, most) = (passwords.clone(), now.clone(), most.clone());
        all.spawn(async move {
            let work = move |_: &mut [Block]| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            };
            in_place(&passwords, work).await
        });
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
}

#[test]
fn metrics_tell_who_works_who_waits_and_who_was_refused() {
    let recorder = DebuggingRecorder::new();
    let shown = recorder.snapshotter();
    // How much each has changed since it was last asked.
    let changes = || -> BTreeMap<String, i64> {
        let value = |value| match value {
            DebugValue::Gauge(value) => format!("{value}").parse().unwrap(),
            DebugValue::Counter(value) => i64::try_from(value).unwrap(),
            DebugValue::Histogram(_) => panic!("there is no histogram"),
        };
        let all = shown.snapshot().into_vec().into_iter();
        all.map(|(key, _, _, changed)| (key.key().name().to_owned(), value(changed))).collect()
    };
    let expected = |in_use, waiting, refused| {
        BTreeMap::from([
            ("muster_password_places_in_use".to_owned(), in_use),
            ("muster_password_waiting".to_owned(), waiting),
            ("muster_passwords_refused_busy_total".to_owned(), refused),
        ])
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let passwords = Arc::new(passwords());
            let admitted: Vec<_> = (0..=Argon2Passwords::QUEUE).map(|_| working(&passwords)).collect();
            settle().await;
            assert!(is_busy(&in_place(&passwords, |_| Ok(())).await));
            assert_eq!(changes(), expected(1, 16, 1));
            for (end, done) in admitted {
                drop(end);
                done.await.unwrap().unwrap();
            }
            assert_eq!(changes(), expected(-1, -16, 0));
        });
    });
}

#[tokio::test]
async fn what_waits_in_the_reserved_lane_is_held_up_by_no_flood_in_the_common_one() {
    let passwords = Arc::new(passwords());
    let flood: Vec<_> = (0..=Argon2Passwords::QUEUE).map(|_| working(&passwords)).collect();
    settle().await;
    assert!(is_busy(&in_place(&passwords, |_| Ok(())).await));
    let turn = passwords.turn(Lane::Reserved).await.unwrap();
    assert!(turn.is_password(&password(PASSWORD), Some(stored(HASH))).await.unwrap());
    for (end, done) in flood {
        drop(end);
        done.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_turn_that_nobody_takes_gives_its_place_back() {
    let passwords = passwords();
    drop(passwords.turn(Lane::Common).await.unwrap());
    assert_eq!(passwords.common.places.available_permits(), 1);
    assert_eq!(passwords.common.admissions.available_permits(), Argon2Passwords::QUEUE + 1);
}

/// By Python: `hashlib.sha256(b"muster break-glass password tag v1\0" + password).digest()[:4]`
#[test]
fn a_tag_is_the_start_of_a_digest() {
    let passwords = passwords();
    assert_eq!(passwords.tag(&password(PASSWORD)), PasswordTag(TAG));
    assert_ne!(passwords.tag(&password("")), PasswordTag(TAG));
}

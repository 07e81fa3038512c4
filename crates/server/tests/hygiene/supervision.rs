use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::common::Folder;
use crate::common::client::http;

/// What is told next, and whether that is in time.
fn told(socket: &UnixDatagram) -> String {
    let mut message = [0; 1024];
    let length = socket.recv(&mut message).unwrap();
    String::from_utf8(message[..length].to_vec()).unwrap().trim().to_owned()
}

fn next_but_signs_of_life(socket: &UnixDatagram) -> String {
    loop {
        let message = told(socket);
        if message != "WATCHDOG=1" {
            return message;
        }
    }
}

#[test]
fn systemd_is_told_when_the_server_serves_lives_and_stops() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let server = folder.serve_with(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "400000")]);
    assert_eq!(next_but_signs_of_life(&socket), "READY=1");
    for _ in 0..5 {
        assert_eq!(told(&socket), "WATCHDOG=1");
    }
    server.terminate();
    assert_eq!(next_but_signs_of_life(&socket), "STOPPING=1");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_supervisor_that_is_gone_stops_nothing() {
    let folder = Folder::new();
    let server = folder.serve_with(&[("NOTIFY_SOCKET", folder.path().join("nowhere").to_str().unwrap())]);
    assert_eq!(server.stop().code(), Some(0));
    assert!(folder.log().contains("NOTIFY_SOCKET"), "{}", folder.log());
}

/// Does what systemd does: binds sockets, passes them on from descriptor 3, and becomes the program.
const ACTIVATE: &str = r#"
import os, socket, sys
program = sys.argv[-1]
sockets = []
for kind, address in (each.split("=", 1) for each in sys.argv[1:-1]):
    if kind == "unix":
        each = socket.socket(socket.AF_UNIX)
        each.bind(address)
    else:
        each = socket.create_server((address, 0))
    each.listen()
    sockets.append(each)
high = [os.dup2(each.fileno(), 50 + i) for i, each in enumerate(sockets)]
for each in sockets:
    each.close()
for i, each in enumerate(high):
    os.dup2(each, 3 + i)
    os.close(each)
os.environ.update(LISTEN_FDS=str(len(sockets)), LISTEN_PID=str(os.getpid()))
os.execv(program, [program])
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_passed_on_takes_the_place_of_an_address() {
    let folder = Folder::new();
    let server = folder.start(folder.muster_under("python3", &["-c", ACTIVATE, "tcp=127.0.0.2"]));
    assert!(server.url.starts_with("http://127.0.0.2:"), "{}", server.url);
    let answer = http().get(format!("{}/readyz", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn sockets_that_cannot_be_served_are_one_message() {
    for (sockets, told) in [
        (["tcp=0.0.0.0"].as_slice(), "in development mode it must be a loopback address"),
        (&["tcp=127.0.0.1", "tcp=127.0.0.1"], "2 sockets were passed on (LISTEN_FDS); pass one"),
        (&["unix=socket"], "cannot listen on the socket that was passed on (LISTEN_FDS); it must be one of TCP"),
    ] {
        let folder = Folder::new();
        let arguments = [["-c", ACTIVATE].as_slice(), sockets].concat();
        let output = folder.muster_under("python3", &arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.starts_with("muster: ") && text.contains(told), "{text}");
        assert!(!folder.path().join("data").exists());
    }
}

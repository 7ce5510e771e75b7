//! A child that opens files and breaks down where they say so, for the tests beside it.

#![cfg(unix)]
// It stops with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::{fs, io::ErrorKind, net::TcpStream, time::Duration};

use nix::{sys::signal, unistd::Pid};

/// Does what a broken decoder does when a file begins with the word for it.
fn break_down(bytes: &[u8]) {
    match bytes {
        b"crash" => std::process::abort(),
        b"hang" => loop {
            std::hint::spin_loop();
        },
        b"sleep" => std::thread::sleep(Duration::from_secs(3600)),
        b"allocate" => drop(std::hint::black_box(vec![1_u8; 8 << 30])),
        b"write" => {
            fs::write(std::env::temp_dir().join("written-by-a-decoder"), "x").unwrap();
        }
        b"read" => drop(fs::read("/etc/passwd").unwrap()),
        b"list" => drop(fs::read_dir("/").unwrap()),
        b"connect" => {
            let error = TcpStream::connect("127.0.0.1:9").unwrap_err();
            // Nobody listens there: an answer from the network is what must not come.
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        }
        b"signal" => signal::kill(Pid::parent(), None).unwrap(),
        _ => {}
    }
}

fn main() {
    decoding::child::serve(break_down).unwrap();
}

//! The program: its first line, its settings, its end.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::merchant::http;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str]) -> (Program, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daraja-sim"));
    let child = command
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (program, line.trim_end().to_owned())
}

#[tokio::test]
async fn the_first_line_is_the_address_and_sigterm_ends_it_well() {
    let (mut program, base_url) = start(&["--consumer-key", "k", "--consumer-secret", "s"]);
    let url = format!("{base_url}/oauth/v1/generate?grant_type=client_credentials");
    let answer = http().get(&url).basic_auth("k", Some("s")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let killed = Command::new("kill")
        .arg(program.0.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(program.0.wait().unwrap().success());
}

#[test]
fn wrong_usage_ends_with_2() {
    let output = Command::new(env!("CARGO_BIN_EXE_daraja-sim"))
        .arg("--listen=nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

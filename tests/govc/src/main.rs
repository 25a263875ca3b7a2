//! Shows what govc prints, line by line: `cargo run -p govc-tests -- [--vcsim | --vim-sim] [WORD…]`.
//!
//! Scenarios are those whose file or title has one of the words. Without `--vcsim` or `--vim-sim` both are run, and only what
//! differs is shown. `VCSIM` and `GOVC` name the programs.
#![allow(clippy::print_stdout, reason = "a program for people who write scripts")]

use govc_tests::run::{Output, both, one};
use govc_tests::server::Kind;

#[tokio::main]
async fn main() {
    let (flags, words): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let only = match flags.first().map(String::as_str) {
        Some("--vcsim") => Some(Kind::Vcsim),
        Some("--vim-sim") => Some(Kind::VimSim),
        _ => None,
    };
    for scenario in govc_tests::scenarios() {
        let place = scenario.lines.first().map_or("", |line| &line.place);
        if !words.is_empty()
            && !words.iter().any(|word| scenario.title.contains(word) || place.contains(word))
        {
            continue;
        }
        println!("\n[{}] {}", scenario.title, scenario.flags.join(" "));
        match only {
            Some(kind) => {
                for (line, output) in scenario.lines.iter().zip(one(kind, &scenario).await) {
                    show(&format!("{} {}", line.place, line.text), &output);
                }
            }
            None => {
                for outcome in both(&scenario).await {
                    match outcome.fault() {
                        Some(fault) => println!("{fault}"),
                        None => println!("{}: {}", outcome.line.place, outcome.line.text),
                    }
                }
            }
        }
    }
}

fn show(line: &str, output: &Output) {
    println!("== {line}");
    print!("{}{}", output.stdout, output.stderr);
    match output.code {
        Some(0) => {}
        code => println!("(exit code {code:?})"),
    }
}

//! The smallest useful program with vim-client: it lists the names of all virtual machines.
//!
//! The compile comparison builds this one, against `peers/vim_rs_minimal`. `minimal HOST`
#![expect(clippy::print_stdout, reason = "a program that lists names")]

use futures_util::TryStreamExt;
use std::pin::pin;
use vim_client::{Client, Error, Properties, Trust, mo::VirtualMachine};

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine)]
struct Vm {
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let host = std::env::args().nth(1).unwrap_or_else(|| "localhost".to_owned());
    let client = Client::builder(host).credentials("user", "pass").trust(Trust::Insecure).connect().await?;
    let mut machines = pin!(client.retrieve::<Vm>().stream());
    while let Some(machine) = machines.try_next().await? {
        println!("{}", machine.name);
    }
    client.close().await
}

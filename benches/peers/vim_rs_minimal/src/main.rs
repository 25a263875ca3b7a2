//! The smallest useful program with vim_rs: it lists the names of all virtual machines.
//!
//! The compile comparison builds this one. `vim_rs_minimal HOST[:PORT]` (vim_rs adds https itself).

use vim_rs::core::client::{ClientBuilder, TransportMode};
use vim_rs::core::pc_retrieve::ObjectRetriever;
use vim_rs::vim_retrievable;

vim_retrievable!(
    struct Vm: VirtualMachine {
        name = "name",
    }
);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("usage: vim_rs_minimal HOST[:PORT]")?;
    let client = ClientBuilder::new(&address)
        .basic_authn("user", "pass")
        .app_details("minimal", "0.1")
        .insecure(true)
        .transport(TransportMode::Soap)
        .build()
        .await?;
    let retriever = ObjectRetriever::new(client.clone())?;
    let machines: Vec<Vm> =
        retriever.retrieve_objects_from_container(&client.service_content().root_folder).await?;
    for machine in &machines {
        println!("{}", machine.name);
    }
    client.close().await?;
    Ok(())
}

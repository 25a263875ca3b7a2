//! `cargo run -p codegen`: writes the generated folder of vim-types, or compares it, or makes a crate of another schema.

mod assets;
mod bundle;
mod disk;
mod fetch;

use clap::Parser;
use codegen::schema::source::{Folders, Source};
use codegen::{Error, Result, metadata};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Generates Rust bindings from a vSphere WSDL.
///
/// Without options: writes vim-types/src/generated from codegen/schema.
#[derive(Debug, Parser)]
#[command(name = "codegen")]
struct Options {
    /// Write nothing; fail when vim-types/src/generated is not what the schema gives
    #[arg(long, conflicts_with_all = ["wsdl", "url", "out"])]
    check: bool,

    /// Read a folder of WSDL and XSD files of any API version; types alone are fine
    #[arg(long, value_name = "DIR", conflicts_with = "url", requires = "out")]
    wsdl: Option<PathBuf>,

    /// Read a live server's files: https://vcenter/sdk, or the address of any service's WSDL
    #[arg(long, value_name = "URL", requires = "out")]
    url: Option<String>,

    /// What a WSDL lacks; the folder's own *-metadata.json where not given
    #[arg(long, value_name = "FILE")]
    metadata: Vec<PathBuf>,

    /// Where the crate goes
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// The crate's name
    #[arg(long, value_name = "NAME", default_value = "vim-bindings")]
    name: String,

    /// The crate's dependency on vim-wire, as TOML; this workspace's where there is one
    #[arg(long, value_name = "TOML")]
    vim_wire: Option<String>,

    /// With --url: accept any certificate
    #[arg(long, requires = "url")]
    insecure: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(message) => {
            // Nobody to tell when the output is closed.
            let _ = write!(std::io::stdout(), "{message}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "codegen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String> {
    let Some(out) = &options.out else {
        return bundle::generate(&bundle::workspace()?, options.check);
    };
    let (source, roots): (Box<dyn Source>, Vec<String>) = match (&options.wsdl, &options.url) {
        (Some(folder), _) => {
            let roots = disk::roots(folder)?;
            (Box::new(Folders(disk::with_vim25(folder))), roots)
        }
        (None, Some(url)) => {
            let (source, root) = fetch::Server::new(url, options.insecure)?;
            (Box::new(source), vec![root])
        }
        (None, None) => return Err(Error::new("--out", "", "needs --wsdl or --url")),
    };
    let mut metadata = Vec::new();
    let own = options.wsdl.as_deref().map(disk::metadata_of).transpose()?.unwrap_or_default();
    for path in if options.metadata.is_empty() { &own } else { &options.metadata } {
        metadata.push(read_metadata(path)?);
    }
    let vim_wire = options.vim_wire.clone().unwrap_or_else(bundle::vim_wire);
    let (files, model) = codegen::standalone(&*source, &roots, &metadata, &options.name, &vim_wire)?;
    disk::write(out, &files)?;
    let mut message = bundle::summary(&model, &files);
    for missing in &model.missing {
        message += &format!("missing: {missing}\n");
    }
    Ok(message + &format!("written to {}\n", out.display()))
}

fn read_metadata(path: &Path) -> Result<metadata::Metadata> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Error::new(&name, "", error.to_string()))?;
    metadata::parse(&text, &name)
}

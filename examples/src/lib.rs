//! What the examples share: where to connect, and how a task's progress is shown.

use anyhow::{Context, bail};
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use std::io::IsTerminal;
use std::time::Duration;
use tokio::sync::OnceCell;
use vim_client::{Client, Task, Trust, wire::Output};
use vim_sim::Simulator;

/// A variable's value: `VSPHERE_NAME`, or else `GOVC_NAME`, which users of govc have set.
fn variable(name: &str) -> Option<String> {
    let value =
        |prefix: &str| std::env::var(format!("{prefix}_{name}")).ok().filter(|value| !value.is_empty());
    value("VSPHERE").or_else(|| value("GOVC"))
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "t")
}

/// Connects to the endpoint that the environment names, or to a simulator where it names none.
///
/// `VSPHERE_URL`, `VSPHERE_USERNAME` and `VSPHERE_PASSWORD` say where and as whom; `VSPHERE_CA_FILE` names a PEM file to trust,
/// `VSPHERE_THUMBPRINT` a certificate, `VSPHERE_INSECURE=true` trusts anything. The same names with `GOVC_` are read where these
/// are not set, and `GOVC_URL` may hold user and password.
///
/// # Errors
///
/// When the account is missing, or the server cannot be reached or refuses.
pub async fn connect() -> anyhow::Result<Client> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();

    let Some(url) = variable("URL") else {
        return simulated().await;
    };
    let (url, in_url) = split_credentials(&url);
    let (user, password) = match (variable("USERNAME"), variable("PASSWORD"), in_url) {
        (Some(user), Some(password), _) => (user, password),
        (user, password, Some((url_user, url_password))) => {
            (user.unwrap_or(url_user), password.unwrap_or(url_password))
        }
        (None, ..) => bail!("set VSPHERE_USERNAME (or GOVC_USERNAME)"),
        (_, None, _) => bail!("set VSPHERE_PASSWORD (or GOVC_PASSWORD)"),
    };
    let trust = if variable("INSECURE").is_some_and(|value| is_true(&value)) {
        Trust::Insecure
    } else if let Some(thumbprint) = variable("THUMBPRINT") {
        Trust::Thumbprint(thumbprint)
    } else if let Some(file) = variable("CA_FILE").or_else(|| variable("TLS_CA_CERTS")) {
        Trust::CaFile(file.into())
    } else {
        Trust::System
    };
    let client =
        Client::builder(url).credentials(user, SecretString::from(password)).trust(trust).connect().await?;
    Ok(client)
}

/// The simulator that an example runs against where the environment names no endpoint: it ends with the program.
static SIMULATOR: OnceCell<Simulator> = OnceCell::const_new();

/// Connects to a simulator in this process, whose tasks take some time, so that there is progress to be seen.
async fn simulated() -> anyhow::Result<Client> {
    let start = || Simulator::builder().task_time(Duration::from_millis(200)).start();
    let simulator = SIMULATOR.get_or_try_init(start).await?;
    Ok(Client::builder(simulator.url()).credentials("user", "pass").connect().await?)
}

/// Takes `user:password@` out of a URL, as `GOVC_URL` may have it, with `%40` and the like read as the signs they stand for.
fn split_credentials(url: &str) -> (String, Option<(String, String)>) {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    // No part behind the host has an @; a password may, and slashes too.
    match rest.rsplit_once('@') {
        Some((credentials, host)) => {
            let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
            (format!("{scheme}{host}"), Some((decoded(user), decoded(password))))
        }
        None => (url.to_owned(), None),
    }
}

/// Reads percent escapes. What is none stays as it is: people write passwords as they are, too.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| std::str::from_utf8(after.get(..2)?).ok())
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Awaits a task, showing its progress: a bar where the output is a terminal, a line when it ends elsewhere.
///
/// # Errors
///
/// When the task fails.
#[allow(clippy::print_stdout, reason = "an example talks to a person")]
pub async fn show<T: Output + 'static>(what: &str, task: Task<T>) -> anyhow::Result<T> {
    let started = std::time::Instant::now();
    let bar = if std::io::stdout().is_terminal() { ProgressBar::new(100) } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{msg:38} {bar:30} {percent:>3} % {elapsed}")?);
    bar.set_message(what.to_owned());
    let mut progress = task.progress();
    while let Some(news) = progress.next().await {
        let news = news.with_context(|| format!("{what} failed"))?;
        bar.set_position(u64::try_from(news.percent.unwrap_or(0)).unwrap_or(0));
    }
    let result = task.await.with_context(|| format!("{what} failed"))?;
    bar.finish_and_clear();
    println!("{what:38} done in {:.1} s", started.elapsed().as_secs_f64());
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::split_credentials;

    #[test]
    fn credentials_are_taken_out_of_the_url() {
        for (url, plain, credentials) in [
            ("https://vc/sdk", "https://vc/sdk", None),
            ("user:p@ss@vc:8989/sdk", "vc:8989/sdk", Some(("user", "p@ss"))),
            (
                "https://administrator@vsphere.local:x@vc",
                "https://vc",
                Some(("administrator@vsphere.local", "x")),
            ),
            ("https://user@vc", "https://vc", Some(("user", ""))),
            ("https://user:pa/ss@vc/sdk", "https://vc/sdk", Some(("user", "pa/ss"))),
            ("user:p#a?s@vc", "vc", Some(("user", "p#a?s"))),
            (
                "https://administrator%40vsphere.local:p%2Fs%25%C3%A4@vc/sdk",
                "https://vc/sdk",
                Some(("administrator@vsphere.local", "p/s%ä")),
            ),
            ("user:100%@vc", "vc", Some(("user", "100%"))),
            ("user:5%zz%4@vc", "vc", Some(("user", "5%zz%4"))),
            ("user:%+1%ff@vc", "vc", Some(("user", "%+1%ff"))),
        ] {
            let expected =
                credentials.map(|(user, password): (&str, &str)| (user.to_owned(), password.to_owned()));
            assert_eq!(split_credentials(url), (plain.to_owned(), expected), "{url}");
        }
    }
}

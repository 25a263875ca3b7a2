//! `--url`: a server's files, over a real connection.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod drawing;

use drawing::Folder;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Serves a folder under `/sdk` on a thread of its own for as long as the test's process lives; what is not in it is answered
/// with that status. Tells each path that is asked for.
fn serve(folder: Folder, status: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, paths) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &folder, status, &asked);
        }
    });
    (format!("http://{address}"), paths)
}

fn answer(mut stream: TcpStream, folder: &Folder, status: &str, asked: &Sender<String>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let file = path.strip_prefix("/sdk/").and_then(|name| folder.get(name));
    let (status, body) = file.map_or((status, "<html>no such page</html>"), |text| ("200 OK", text.as_str()));
    let head = format!("HTTP/1.1 {status}\r\nLocation: /sdk/draw.wsdl\r\nContent-Length: {}\r\n", body.len());
    let _ = write!(stream, "{head}Content-Type: text/xml\r\nConnection: close\r\n\r\n{body}");
    // The test may have its answer before the thread is here, and be gone.
    let _ = asked.send(path);
}

fn codegen(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codegen"));
    // The server is on this machine.
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command.args(args).output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn out(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// As a vCenter has it: the types import a file that it does not serve.
fn genuine() -> Folder {
    let mut folder = drawing::with_methods();
    let import = "<import namespace=\"urn:reflect\" schemaLocation=\"reflect-types.xsd\"/>";
    let types = drawing::schema("urn:draw", &(import.to_owned() + &drawing::types()));
    folder.insert("draw-types.xsd".to_owned(), types);
    // What an address without a file's name starts from.
    let service = folder.remove("drawService.wsdl").unwrap();
    folder.insert("vimService.wsdl".to_owned(), service);
    folder
}

#[test]
fn a_servers_files_give_the_crate_that_a_folder_gives() {
    let (url, paths) = serve(genuine(), "404 Not Found");
    let out = out("crate-served");
    let output = codegen(&["--url", &url, "--out", out.to_str().unwrap(), "--name", "drawing"]);
    assert!(output.status.success(), "{}", said(&output.stderr));
    let text = said(&output.stdout);
    for expected in ["missing: reflect-types.xsd is missing; it declares nothing", "2 methods are functions"]
    {
        assert!(text.contains(expected), "{expected}\nin\n{text}");
    }
    let mut asked: Vec<String> = paths.try_iter().collect();
    asked.sort();
    let files = ["draw-types.xsd", "draw.wsdl", "reflect-types.xsd", "vimService.wsdl"];
    assert_eq!(asked, files.map(|file| format!("/sdk/{file}")), "each once");

    let root = ["vimService.wsdl".to_owned()];
    let vim_wire = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("vim-wire");
    let vim_wire = format!("{{ path = {:?} }}", vim_wire.display().to_string());
    let (files, _) = codegen::standalone(&genuine(), &root, &[], "drawing", &vim_wire).unwrap();
    for (name, text) in files {
        assert_eq!(std::fs::read_to_string(out.join(&name)).unwrap(), text, "{name}");
    }
}

#[test]
fn a_file_is_named_and_metadata_is_taken_beside_it() {
    let mut folder = genuine();
    let service = folder.remove("vimService.wsdl").unwrap();
    folder.insert("drawService.wsdl".to_owned(), service);
    let (url, _paths) = serve(folder, "404 Not Found");
    let metadata = out("draw-metadata.json");
    std::fs::write(&metadata, drawing::METADATA).unwrap();
    let out = out("crate-served-metadata");
    let output = codegen(&[
        "--url",
        &format!("{url}/sdk/drawService.wsdl"),
        "--metadata",
        metadata.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert!(said(&output.stdout).contains("1 managed objects with 2 methods"), "{}", said(&output.stdout));
    assert!(out.join("src/generated/mo/core/board.rs").exists());
}

#[test]
fn what_a_server_does_not_give_is_named() {
    let out = out("crate-refused");
    for (missing, status, expected) in [
        ("vimService.wsdl", "404 Not Found", "/sdk/vimService.wsdl: the server answered 404"),
        ("draw-types.xsd", "404 Not Found", "/sdk/draw-types.xsd: the server answered 404"),
        // A file that may be missing is one that is not there, and not any trouble.
        ("", "503 Service Unavailable", "/sdk/reflect-types.xsd: the server answered 503"),
        // A redirect is not followed: it could lead anywhere.
        ("draw.wsdl", "302 Found", "/sdk/draw.wsdl: the server answered 302"),
    ] {
        let mut folder = genuine();
        folder.remove(missing);
        let (url, _paths) = serve(folder, status);
        let output = codegen(&["--url", &url, "--out", out.to_str().unwrap()]);
        assert!(!output.status.success(), "{expected}");
        let text = said(&output.stderr);
        assert!(text.contains(&format!("{url}{expected}")), "{expected}\nin\n{text}");
        assert!(!out.exists(), "nothing is written");
    }
    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = codegen(&["--url", &format!("http://{address}"), "--out", out.to_str().unwrap()]);
    let text = said(&output.stderr);
    assert!(
        !output.status.success() && text.contains(&format!("http://{address}/sdk/vimService.wsdl")),
        "{text}"
    );
}

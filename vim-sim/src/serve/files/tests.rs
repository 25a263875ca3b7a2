use super::*;
use crate::{Model, Simulator};
use http_body_util::{BodyExt, Full};

struct Server {
    simulator: Simulator,
    token: String,
}

impl Server {
    async fn start() -> Self {
        let simulator = Simulator::builder().model(Model::vcenter()).start().await.unwrap();
        let sim = simulator.sim();
        let session = sim.sessions.open("user", &Default::default(), sim.now(), sim.timer.elapsed());
        let token = session.token.clone();
        Self { simulator, token }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> (u16, Bytes) {
        let response = answer(self.simulator.sim(), request).await.unwrap();
        let code = response.status().as_u16();
        (code, response.into_body().collect().await.unwrap().to_bytes())
    }

    fn request(&self, method: &str, path: &str) -> hyper::http::request::Builder {
        let uri = format!("/folder/{path}?dcPath=DC0&dsName=LocalDS_0");
        Request::builder()
            .method(method)
            .uri(uri)
            .header("cookie", format!("{}={}", soap::COOKIE, self.token))
    }

    async fn call(&self, method: &str, path: &str, body: impl Into<Bytes>) -> (u16, Bytes) {
        self.send(self.request(method, path).body(Full::from(body.into())).unwrap()).await
    }

    fn free(&self) -> i64 {
        self.simulator.sim().read(|world| {
            let datastore = &world.of_kind("Datastore")[0].moref;
            files::space(world, datastore).1
        })
    }
}

#[tokio::test]
async fn what_is_written_is_read() {
    let server = Server::start().await;
    let free = server.free();
    assert_eq!(server.call("PUT", "a%20b/c.txt", "hello").await.0, 201);
    assert_eq!(server.free(), free - 5);
    assert_eq!(server.call("GET", "a%20b/c.txt", "").await, (200, "hello".into()));
    assert_eq!(server.call("PUT", "a%20b/c.txt", "longer than that").await.0, 200);
    assert_eq!(server.call("POST", "a%20b/c.txt", "new").await.0, 409);
    let part = server.request("GET", "a%20b/c.txt").header("range", "bytes=7-10");
    assert_eq!(server.send(part.body(Full::default()).unwrap()).await, (206, "than".into()));
    let part = server.request("GET", "a%20b/c.txt").header("range", "bytes=100-");
    assert_eq!(server.send(part.body(Full::default()).unwrap()).await.0, 416);
    let (code, page) = server.call("GET", "a%20b", "").await;
    let page = String::from_utf8(page.into()).unwrap();
    assert_eq!(code, 200);
    assert!(page.contains("href=\"/folder/a%20b/c.txt?dcPath=DC0&amp;dsName=LocalDS_0\""), "{page}");
    assert_eq!(server.call("DELETE", "a%20b", "").await.0, 204);
    assert_eq!(server.call("GET", "a%20b/c.txt", "").await.0, 404);
    assert_eq!(server.free(), free);
}

#[tokio::test]
async fn a_head_tells_the_length() {
    let server = Server::start().await;
    server.call("PUT", "x", "12345").await;
    let request = server.request("HEAD", "x").body(Full::<Bytes>::default()).unwrap();
    let response = answer(server.simulator.sim(), request).await.unwrap();
    assert_eq!(response.headers()["content-length"], "5");
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn a_disk_is_written_as_two_files() {
    let server = Server::start().await;
    let free = server.free();
    let descriptor = "# Disk DescriptorFile\nversion=1\nRW 4 VMFS \"d-flat.vmdk\"\n";
    // In either order.
    for (first, second) in [("d-flat.vmdk", "d.vmdk"), ("d.vmdk", "d-flat.vmdk")] {
        for name in [first, second] {
            let body = if name == "d.vmdk" { Bytes::from(descriptor) } else { vec![7; 2048].into() };
            assert!(server.call("PUT", name, body).await.0 < 300);
        }
        assert_eq!(server.free(), free - 2048);
        assert_eq!(server.call("GET", "d-flat.vmdk", "").await, (200, vec![7; 2048].into()));
        let (_, text) = server.call("GET", "d.vmdk", "").await;
        assert!(text.starts_with(b"# Disk DescriptorFile"));
        assert_eq!(server.call("DELETE", "d-flat.vmdk", "").await.0, 403, "it is the disk's");
        assert_eq!(server.call("DELETE", "d.vmdk", "").await.0, 204);
    }
}

#[tokio::test]
async fn nobody_comes_in_without_a_session_a_ticket_or_a_password() {
    let server = Server::start().await;
    server.call("PUT", "x", "1").await;
    let uri = "/folder/x?dcPath=DC0&dsName=LocalDS_0";
    let send = async |header: &str, value: &str| {
        let request = Request::get(uri).header(header, value).body(Full::default()).unwrap();
        server.send(request).await.0
    };
    assert_eq!(send("cookie", "vmware_soap_session=\"other\"").await, 401);
    assert_eq!(send("authorization", "Basic dXNlcjpwYXNz").await, 200);
    assert_eq!(send("authorization", "Bearer x").await, 401);
    let sim = server.simulator.sim();
    let ticket = sim.sessions.http_ticket("user", Some("get"), "/folder/x", sim.timer.elapsed());
    let cookie = format!("vmware_cgi_ticket={ticket}");
    assert_eq!(send("cookie", &cookie).await, 200);
    assert_eq!(send("cookie", &cookie).await, 401, "it is used up");
}

#[tokio::test]
async fn what_does_not_fit_or_is_not_there_is_refused() {
    let server = Server::start().await;
    assert_eq!(server.call("GET", "nothing", "").await.0, 404);
    assert_eq!(server.call("PUT", "", "root").await.0, 400);
    assert_eq!(server.call("GET", "..%2f..%2fetc", "").await.0, 400);
    assert_eq!(server.call("PATCH", "x", "").await.0, 405);
    let other = Request::get("/folder/x?dcPath=DC9&dsName=LocalDS_0")
        .header("cookie", format!("{}={}", soap::COOKIE, server.token));
    assert_eq!(server.send(other.body(Full::default()).unwrap()).await.0, 404);
    let shrunk = server.simulator.sim().write(|tx| {
        let datastore = tx.of_kind("Datastore")[0].moref.clone();
        let (capacity, free) = files::space(tx, &datastore);
        files::set_capacity(tx, &datastore, capacity - free + 10)
    });
    shrunk.unwrap();
    assert_eq!(server.call("PUT", "x", "12345678901").await.0, 507);
    assert_eq!(server.call("PUT", "x", "1234567890").await.0, 201);
}

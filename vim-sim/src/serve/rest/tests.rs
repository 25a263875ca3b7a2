use super::*;
use crate::timer::Clock;
use crate::{Failure, Model, Rule, Simulator};
use http_body_util::{BodyExt, Full};
use serde_json::json;
use std::time::Duration;

/// A simulator, and a session of its REST API.
struct Server {
    simulator: Simulator,
    token: String,
}

impl Server {
    async fn start() -> Self {
        let builder = Simulator::builder().model(Model::vcenter()).clock(Clock::Manual);
        let simulator = builder.account("admin", "secret").start().await.unwrap();
        let mut server = Self { simulator, token: String::new() };
        let (code, token) = server.login("/api/session", "admin:secret").await;
        assert_eq!(code, 201);
        server.token = token.as_str().unwrap().to_owned();
        server
    }

    async fn login(&self, path: &str, account: &str) -> (u16, Value) {
        let encoded = match account {
            "admin:secret" => "YWRtaW46c2VjcmV0",
            _ => "YWRtaW46d3Jvbmc=",
        };
        let request = Request::post(path).header("authorization", format!("Basic {encoded}"));
        self.send(request.body(Full::default()).unwrap()).await
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(path).header(SESSION, &self.token);
        self.send(request.body(Full::from(body)).unwrap()).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> (u16, Value) {
        let response = answer(self.simulator.sim(), request).await.unwrap();
        let code = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (code, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, Value::Null).await
    }

    fn id_of(&self, kind: &str, name: &str) -> Value {
        let id = self.simulator.sim().read(|world| {
            let found = world.of_kind(kind).into_iter().find(|node| node.name() == name).unwrap();
            found.moref.value().to_owned()
        });
        json!({ "type": kind, "id": id })
    }

    async fn category(&self, name: &str, cardinality: &str, types: Value) -> String {
        let spec = json!({
            "name": name, "description": "", "cardinality": cardinality, "associable_types": types,
        });
        let (code, id) = self.call("POST", "/api/cis/tagging/category", spec).await;
        assert_eq!(code, 201, "{id}");
        id.as_str().unwrap().to_owned()
    }

    async fn tag(&self, category: &str, name: &str) -> String {
        let spec = json!({ "create_spec": { "name": name, "description": "", "category_id": category } });
        let (code, id) = self.call("POST", "/rest/com/vmware/cis/tagging/tag", spec).await;
        assert_eq!(code, 200, "{id}");
        id["value"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn sessions_begin_and_end_in_both_forms() {
    let server = Server::start().await;
    let (code, wrong) = server.login("/api/session", "admin:wrong").await;
    assert_eq!((code, &wrong["error_type"]), (401, &json!("UNAUTHENTICATED")));
    let (code, wrong) = server.login("/rest/com/vmware/cis/session", "admin:wrong").await;
    assert_eq!((code, &wrong["type"]), (401, &json!("com.vmware.vapi.std.errors.unauthenticated")));
    assert!(wrong["value"]["messages"][0]["default_message"].is_string());

    let (code, session) = server.get("/api/session").await;
    assert_eq!((code, &session["user"]), (200, &json!("admin")));
    let (code, session) = server.call("POST", "/rest/com/vmware/cis/session?~action=get", Value::Null).await;
    assert_eq!((code, &session["value"]["user"]), (200, &json!("admin")));

    assert_eq!(server.call("DELETE", "/api/session", Value::Null).await.0, 204);
    assert_eq!(server.get("/api/session").await.0, 401);
    let (code, token) = server.login("/rest/com/vmware/cis/session", "admin:secret").await;
    assert_eq!((code, token["value"].is_string()), (200, true));
}

#[tokio::test]
async fn sessions_end_when_they_are_idle_or_old() {
    let server = Server::start().await;
    let minutes = |count: u64| Duration::from_secs(60 * count);
    server.simulator.advance(minutes(29));
    assert_eq!(server.get("/api/session").await.0, 200);
    server.simulator.advance(minutes(31));
    assert_eq!(server.get("/api/session").await.0, 401);

    let mut server = Server::start().await;
    for _ in 0..(24 * 60 / 20) {
        server.simulator.advance(minutes(20));
        assert_eq!(server.get("/api/session").await.0, 200);
    }
    server.simulator.advance(minutes(1));
    assert_eq!(server.get("/api/session").await.0, 401, "busy as it was, it is a day old");

    server.token = server.login("/api/session", "admin:secret").await.1.as_str().unwrap().to_owned();
    server.simulator.end_sessions();
    assert_eq!(server.get("/api/session").await.0, 401);
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_each_form() {
    let server = Server::start().await;
    assert_eq!(server.get("/api/nothing").await.0, 404);
    assert_eq!(server.call("PUT", "/api/session", Value::Null).await.0, 404);
    let (code, error) = server.get("/api/cis/tagging/tag/urn:none").await;
    assert_eq!((code, &error["error_type"]), (404, &json!("NOT_FOUND")));
    let (code, error) = server.get("/rest/com/vmware/cis/tagging/tag/id:urn:none").await;
    assert_eq!((code, &error["type"]), (404, &json!("com.vmware.vapi.std.errors.not_found")));
    assert_eq!(error["value"]["messages"][0]["args"], json!(["urn:none"]));

    let (code, error) = server.call("POST", "/api/cis/tagging/category", json!({ "name": "x" })).await;
    assert_eq!((code, &error["error_type"]), (400, &json!("INVALID_ARGUMENT")));
    let request = Request::post("/api/cis/tagging/category").header(SESSION, &server.token);
    let (code, _) = server.send(request.body(Full::from("{\"name\":")).unwrap()).await;
    assert_eq!(code, 400);
    let request = Request::post("/api/session").body(Full::from(vec![b' '; LONGEST + 1])).unwrap();
    assert_eq!(server.send(request).await.0, 413);
}

#[tokio::test]
async fn categories_and_tags_are_kept() {
    let server = Server::start().await;
    let category = server.category("owner", "SINGLE", json!(["VirtualMachine"])).await;
    assert!(category.starts_with("urn:vmomi:InventoryServiceCategory:"));
    let tag = server.tag(&category, "me").await;

    let path = format!("/rest/com/vmware/cis/tagging/category/id:{category}");
    let (_, answer) = server.get(&path).await;
    assert_eq!(answer["value"]["cardinality"], json!("SINGLE"));
    let again =
        json!({ "name": "owner", "description": "", "cardinality": "SINGLE", "associable_types": [] });
    let (code, error) = server.call("POST", "/api/cis/tagging/category", again).await;
    assert_eq!((code, &error["error_type"]), (400, &json!("ALREADY_EXISTS")));

    let update = |spec: Value| server.call("PATCH", &path, json!({ "update_spec": spec }));
    assert_eq!(update(json!({ "description": "whose" })).await.0, 200);
    assert_eq!(update(json!({ "associable_types": ["HostSystem"] })).await.0, 400, "types stay");
    assert_eq!(update(json!({ "associable_types": ["VirtualMachine", "HostSystem"] })).await.0, 200);
    assert_eq!(update(json!({ "cardinality": "MULTIPLE" })).await.0, 200);
    assert_eq!(update(json!({ "cardinality": "SINGLE" })).await.0, 400);
    let (_, answer) = server.get(&path).await;
    assert_eq!(answer["value"]["description"], json!("whose"));
    assert_eq!(answer["value"]["associable_types"], json!(["VirtualMachine", "HostSystem"]));

    let (_, tags) = server
        .call(
            "POST",
            "/api/cis/tagging/tag?action=list-tags-for-category",
            json!({ "category_id": category }),
        )
        .await;
    assert_eq!(tags, json!([tag]));
    let tag_path = format!("/api/cis/tagging/tag/{tag}");
    assert_eq!(server.call("PATCH", &tag_path, json!({ "name": "you" })).await.0, 204);
    assert_eq!(server.get(&tag_path).await.1["name"], json!("you"));
    assert_eq!(server.call("DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(server.get(&tag_path).await.0, 404, "a category's tags go with it");
}

#[tokio::test]
async fn objects_have_the_tags_that_they_can_have() {
    let server = Server::start().await;
    let single = server.category("owner", "SINGLE", json!(["VirtualMachine"])).await;
    let (me, you) = (server.tag(&single, "me").await, server.tag(&single, "you").await);
    let any = server.category("any", "MULTIPLE", json!([])).await;
    let (a, b) = (server.tag(&any, "a").await, server.tag(&any, "b").await);
    let vm = server.id_of("VirtualMachine", "DC0_H0_VM0");
    let datacenter = server.id_of("Datacenter", "DC0");

    let attach = async |tag: &str, object: &Value| {
        let path = format!("/rest/com/vmware/cis/tagging/tag-association/id:{tag}?~action=attach");
        server.call("POST", &path, json!({ "object_id": object })).await
    };
    assert_eq!(attach(&me, &vm).await.0, 200);
    assert_eq!(attach(&me, &vm).await.0, 200, "once more changes nothing");
    let (code, error) = attach(&you, &vm).await;
    assert_eq!(code, 400);
    assert!(error.to_string().contains("cardinality violation"), "{error}");
    assert_eq!(attach(&me, &datacenter).await.0, 400, "not of a type that the category is for");
    assert_eq!(attach("urn:none", &vm).await.0, 404);
    assert_eq!(attach(&a, &json!({ "type": "VirtualMachine", "id": "vm-0" })).await.0, 403);

    let path = "/api/cis/tagging/tag-association?action=";
    let spec = json!({ "object_id": vm, "tag_ids": [a, b, "urn:none"] });
    let (_, batch) = server.call("POST", &format!("{path}attach-multiple-tags-to-object"), spec).await;
    assert_eq!(batch["success"], json!(false));
    assert_eq!(batch["error_messages"][0]["id"], json!("cis.tagging.objectNotFound.error"));
    let one = json!({ "object_id": vm });
    let (_, tags) = server.call("POST", &format!("{path}list-attached-tags"), one.clone()).await;
    assert_eq!(tags, json!([me, a, b]));
    let (_, tags) = server.call("POST", &format!("{path}list-attachable-tags"), one).await;
    assert_eq!(tags, json!([]));
    let (_, found) = server
        .call(
            "POST",
            &format!("{path}list-attached-tags-on-objects"),
            json!({ "object_ids": [vm, datacenter] }),
        )
        .await;
    assert_eq!(found[0]["tag_ids"], json!([me, a, b]));
    assert_eq!(found[1]["tag_ids"], json!([]));

    let many = json!({ "object_ids": [vm, datacenter] });
    let each = format!("/api/cis/tagging/tag-association/{b}?action=");
    let (_, done) = server.call("POST", &format!("{each}attach-tag-to-multiple-objects"), many).await;
    assert_eq!(done, json!({ "success": true, "error_messages": [] }));
    assert_eq!(server.call("POST", &format!("{each}detach"), json!({ "object_id": vm })).await.0, 204);
    let (_, objects) = server.call("POST", &format!("{each}list-attached-objects"), Value::Null).await;
    assert_eq!(objects, json!([datacenter]));

    // What is gone has no tags.
    let gone = MoRef::new("VirtualMachine", vm["id"].as_str().unwrap());
    let removed = server.simulator.sim().write(|tx| {
        tx.remove(&gone);
        Ok(())
    });
    removed.unwrap();
    let (_, objects) = server
        .call("POST", &format!("{path}list-attached-objects-on-tags"), json!({ "tag_ids": [a, b] }))
        .await;
    assert_eq!(objects[0], json!({ "tag_id": a, "object_ids": [] }));
}

#[tokio::test]
async fn the_inventory_is_listed_and_filtered() {
    let server = Server::start().await;
    let names = async |path: &str| {
        let (code, rows) = server.get(path).await;
        assert_eq!(code, 200, "{rows}");
        let rows = rows.get("value").cloned().unwrap_or(rows);
        let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names("/api/vcenter/vm").await.len(), 4);
    assert_eq!(names("/rest/vcenter/vm?filter.names.1=DC0_H0_VM0").await, ["DC0_H0_VM0"]);
    let cluster = server.id_of("ClusterComputeResource", "DC0_C0")["id"].as_str().unwrap().to_owned();
    let path = format!("/api/vcenter/vm?clusters={cluster}&names=DC0_H0_VM0&names=DC0_C0_RP0_VM1");
    assert_eq!(names(&path).await, ["DC0_C0_RP0_VM1"]);
    assert_eq!(names("/api/vcenter/vm?power_states=SUSPENDED").await, [""; 0]);
    assert_eq!(names("/api/vcenter/host?standalone=true").await, ["DC0_H0"]);
    assert_eq!(names("/api/vcenter/folder?type=NETWORK").await, ["network"]);
    assert_eq!(
        names("/api/vcenter/network?types=DISTRIBUTED_PORTGROUP&names=DC0_DVPG0").await,
        ["DC0_DVPG0"]
    );
    assert_eq!(names("/api/vcenter/datastore").await, ["LocalDS_0"]);
    assert_eq!(server.get("/api/vcenter/vm?bogus=1").await.0, 400);
}

#[tokio::test]
async fn things_go_wrong_on_demand() {
    let server = Server::start().await;
    server.simulator.rule(Rule::on("GET /api/*").times(1).failure(Failure::Status(503)));
    assert_eq!(server.get("/api/session").await.0, 503);
    assert_eq!(server.get("/api/session").await.0, 200);
    server.simulator.rule(Rule::on("GET /api/vcenter/vm").failure(Failure::CutBefore));
    let request = Request::get("/api/vcenter/vm").header(SESSION, &server.token).body(Full::default());
    assert!(answer(server.simulator.sim(), request.unwrap()).await.is_err());
}

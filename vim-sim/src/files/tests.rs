use super::*;
use crate::world::World;

fn world() -> (World, MoRef) {
    let mut world = World::default();
    let datastore = MoRef::new("Datastore", "datastore-1");
    let mut tx = world.begin();
    let properties = DatastoreProperties {
        extends: ManagedEntityProperties { name: "ds".into(), ..Default::default() },
        ..Default::default()
    };
    tx.create(&datastore, properties);
    set_capacity(&mut tx, &datastore, 1000).unwrap();
    tx.commit();
    (world, datastore)
}

fn file(size: i64) -> File {
    File::new(FileKind::Other, size, DateTime::default())
}

fn names(files: &[(String, &File)]) -> Vec<String> {
    files.iter().map(|(name, _)| name.clone()).collect()
}

#[test]
fn paths_are_parsed() {
    let ok = |path| parse(path).unwrap();
    assert_eq!(ok("[ds]"), ("ds".into(), String::new()));
    assert_eq!(ok("[ds] a/b.vmdk"), ("ds".into(), "a/b.vmdk".into()));
    assert_eq!(ok(" [my ds]/a//b c/ "), ("my ds".into(), "a/b c".into()));
    let (name, deep) = (format!("[ds] {}", "n".repeat(256)), format!("[ds] {}", "a/".repeat(1100)));
    for bad in [&*name, &*deep, "", "a", "[ds", "ds] a", "[] a", "[ds] a/../../b"] {
        assert!(parse(bad).unwrap_err().is_named("InvalidDatastorePath"), "{bad:?}");
    }
}

#[test]
fn files_come_and_go_with_their_space() {
    let (mut world, ds) = world();
    let mut tx = world.begin();
    put(&mut tx, &ds, "vm/a.vmdk", File::disk(600, false, DateTime::default())).unwrap();
    assert_eq!(space(&tx, &ds), (1000, 400));
    assert!(must(&tx, &ds, "vm").unwrap().is_folder());

    let full = put(&mut tx, &ds, "vm/b", file(401)).unwrap_err();
    assert!(full.is_named("NoDiskSpace"));
    assert_eq!(full.message, "Insufficient disk space on datastore 'ds'.");
    let twice = put(&mut tx, &ds, "vm/a.vmdk", file(1)).unwrap_err();
    assert!(twice.is_named("FileAlreadyExists"));
    put(&mut tx, &ds, "plain", file(1)).unwrap();
    assert!(put(&mut tx, &ds, "plain/below", file(1)).is_err());

    update(&mut tx, &ds, "vm/a.vmdk", |file| file.size = 500).unwrap();
    assert_eq!(space(&tx, &ds).1, 499);
    assert!(update(&mut tx, &ds, "vm/a.vmdk", |file| file.size = 5000).unwrap_err().is_named("NoDiskSpace"));
    assert!(update(&mut tx, &ds, "nothing", |_| ()).unwrap_err().is_named("FileNotFound"));

    remove(&mut tx, &ds, "vm").unwrap();
    assert_eq!(space(&tx, &ds).1, 999);
    let gone = remove(&mut tx, &ds, "vm").unwrap_err();
    assert_eq!(gone.message, "File [ds] vm was not found");
}

#[test]
fn a_transaction_that_fails_leaves_the_files_as_they_were() {
    let (mut world, ds) = world();
    let mut tx = world.begin();
    put(&mut tx, &ds, "vm/a", file(10)).unwrap();
    tx.commit();
    let mut tx = world.begin();
    put(&mut tx, &ds, "vm/b", file(10)).unwrap();
    remove(&mut tx, &ds, "vm/a").unwrap();
    drop(tx);
    assert_eq!(names(&list(&world, &ds, "vm")), ["a"]);
    assert_eq!(space(&world, &ds).1, 990);
}

#[test]
fn folders_are_listed_moved_and_copied() {
    let (mut world, ds) = world();
    let mut tx = world.begin();
    for path in ["vm/sub/x", "vm/sub/y", "vm/sub.z", "vm2/q"] {
        put(&mut tx, &ds, path, file(1)).unwrap();
    }
    assert_eq!(names(&list(&tx, &ds, "")), ["vm", "vm2"]);
    assert_eq!(names(&list(&tx, &ds, "vm")), ["sub", "sub.z"]);
    assert_eq!(names(&list(&tx, &ds, "vm/sub")), ["x", "y"]);
    assert_eq!(names(&below(&tx, &ds, "vm")), ["sub", "sub.z", "sub/x", "sub/y"]);

    rename(&mut tx, &ds, "vm/sub", "vm2/deep/sub").unwrap();
    assert_eq!(names(&below(&tx, &ds, "vm")), ["sub.z"]);
    assert_eq!(names(&below(&tx, &ds, "vm2")), ["deep", "deep/sub", "deep/sub/x", "deep/sub/y", "q"]);
    assert!(rename(&mut tx, &ds, "vm2", "vm2/in/itself").is_err());

    copy(&mut tx, (&ds, "vm2"), (&ds, "vm3")).unwrap();
    assert_eq!(names(&list(&tx, &ds, "vm3/deep/sub")), ["x", "y"]);
    assert_eq!(space(&tx, &ds).1, 1000 - 7);
    assert!(copy(&mut tx, (&ds, "vm2"), (&ds, "vm3")).unwrap_err().is_named("FileAlreadyExists"));
}

#[test]
fn the_files_at_the_start_fit() {
    let (mut world, ds) = world();
    let mut tx = world.begin();
    tx.edit_state::<Files>(&ds).unwrap().capacity = None;
    let all = (0..500).map(|n| (format!("vm{n}/disk1.vmdk"), file(PER_HOST)));
    put_all(&mut tx, &ds, all).unwrap();
    let (capacity, free) = space(&tx, &ds);
    assert_eq!(free, capacity - 500 * PER_HOST);
    assert!(free > 400 * PER_HOST);
    assert_eq!(list(&tx, &ds, "").len(), 500);
}

#[test]
fn a_disk_is_two_files_to_others() {
    let disk = File::disk(1, true, DateTime::default());
    assert_eq!(extent_name("vm/a.vmdk", &disk).as_deref(), Some("vm/a-flat.vmdk"));
    assert_eq!(extent_name("vm/a.log", &file(1)), None);
}

//! Trees of snapshots.

use vim_types::VirtualMachineSnapshotTree as Tree;
use vim_wire::MoRef;

/// Visits all, parents before their children.
pub(super) fn each<'t>(trees: &'t [Tree], visit: &mut impl FnMut(&'t Tree)) {
    for tree in trees {
        visit(tree);
        each(&tree.child_snapshot_list, visit);
    }
}

pub(super) fn find<'t>(trees: &'t [Tree], snapshot: &MoRef) -> Option<&'t Tree> {
    trees.iter().find_map(|tree| {
        if tree.snapshot == *snapshot { Some(tree) } else { find(&tree.child_snapshot_list, snapshot) }
    })
}

pub(super) fn find_mut<'t>(trees: &'t mut [Tree], snapshot: &MoRef) -> Option<&'t mut Tree> {
    for tree in trees {
        if tree.snapshot == *snapshot {
            return Some(tree);
        }
        if let Some(found) = find_mut(&mut tree.child_snapshot_list, snapshot) {
            return Some(found);
        }
    }
    None
}

/// The snapshots from a root to one, the root first.
pub(super) fn path(trees: &[Tree], snapshot: &MoRef) -> Vec<MoRef> {
    for tree in trees {
        if tree.snapshot == *snapshot {
            return vec![tree.snapshot.clone()];
        }
        let mut below = path(&tree.child_snapshot_list, snapshot);
        if !below.is_empty() {
            below.insert(0, tree.snapshot.clone());
            return below;
        }
    }
    Vec::new()
}

/// Takes one out; its children take its place.
pub(super) fn remove(trees: &mut Vec<Tree>, snapshot: &MoRef) {
    if let Some(at) = trees.iter().position(|tree| tree.snapshot == *snapshot) {
        let children = std::mem::take(&mut trees[at].child_snapshot_list);
        trees.splice(at..=at, children);
        return;
    }
    for tree in trees {
        remove(&mut tree.child_snapshot_list, snapshot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str, children: Vec<Tree>) -> Tree {
        Tree {
            snapshot: MoRef::new("VirtualMachineSnapshot", name),
            child_snapshot_list: children,
            ..Tree::default()
        }
    }

    fn names(trees: &[Tree]) -> String {
        let each = trees.iter().map(|tree| match tree.child_snapshot_list.as_slice() {
            [] => tree.snapshot.value().to_owned(),
            children => format!("{}({})", tree.snapshot.value(), names(children)),
        });
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn children_take_the_place_of_what_is_removed() {
        let moref = |name: &str| MoRef::new("VirtualMachineSnapshot", name);
        let mut trees = vec![tree("a", vec![tree("b", vec![tree("c", Vec::new())]), tree("d", Vec::new())])];
        assert_eq!(path(&trees, &moref("c")), [moref("a"), moref("b"), moref("c")]);
        remove(&mut trees, &moref("b"));
        assert_eq!(names(&trees), "a(c d)");
        remove(&mut trees, &moref("a"));
        assert_eq!(names(&trees), "c d");
    }
}

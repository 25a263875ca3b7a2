#!/usr/bin/env python3
"""pyVmomi as a client of the simulator: connects, walks, waits for updates, and drives a machine through its life.

    client.py HOST PORT SCHEME

Ends with status 0 and a line `ok` where all is as with a vCenter. An assertion that fails says what is not.
"""

import datetime
import sys
import threading

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask, WaitForTasks
from pyVmomi import vim, vmodl

Collector = vmodl.query.PropertyCollector
Spec = vim.vm.device.VirtualDeviceSpec


def find(content, kind, name=None):
    """The objects of a kind by name, from a container view."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    found = {item.name: item for item in view.view}
    view.DestroyView()
    return found if name is None else found[name]


def walk(content):
    """From the root folder down, by properties of the objects themselves."""
    datacenters = [child for child in content.rootFolder.childEntity if isinstance(child, vim.Datacenter)]
    assert [datacenter.name for datacenter in datacenters] == ["DC0"], datacenters
    datacenter = datacenters[0]
    assert datacenter.parent == content.rootFolder
    machines = {machine.name: machine for machine in datacenter.vmFolder.childEntity}
    assert sorted(machines) == ["DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1", "DC0_H0_VM0", "DC0_H0_VM1"], machines
    for machine in machines.values():
        assert machine.runtime.powerState == vim.VirtualMachine.PowerState.poweredOn
        assert machine.summary.config.name == machine.name
        assert machine.config.hardware.numCPU == machine.summary.config.numCpu
        host = machine.runtime.host
        assert machine in host.vm and host.parent.resourcePool is not None
        assert any(isinstance(device, vim.vm.device.VirtualDisk) for device in machine.config.hardware.device)
    clusters = [child for child in datacenter.hostFolder.childEntity if isinstance(child, vim.ClusterComputeResource)]
    assert len(clusters) == 1 and len(clusters[0].host) == 3
    assert {network.name for network in datacenter.network} >= {"VM Network", "DC0_DVPG0"}
    path = "DC0/vm/DC0_H0_VM0"
    by_path = content.searchIndex.FindByInventoryPath(path)
    assert by_path == machines["DC0_H0_VM0"]
    by_uuid = content.searchIndex.FindByUuid(None, by_path.config.uuid, True, False)
    assert by_uuid == by_path
    return machines


def pages(content):
    """All machines by pages of one, with some properties."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    members = Collector.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
    spec = Collector.FilterSpec(
        objectSet=[Collector.ObjectSpec(obj=view, skip=True, selectSet=[members])],
        propSet=[Collector.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "runtime.powerState"])])
    collector = content.propertyCollector
    names, answers = [], 0
    page = collector.RetrievePropertiesEx([spec], Collector.RetrieveOptions(maxObjects=1))
    while page:
        answers += 1
        for found in page.objects:
            values = {item.name: item.val for item in found.propSet}
            assert set(values) == {"name", "runtime.powerState"}, values
            names.append(values["name"])
        page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    view.DestroyView()
    assert len(names) == answers == 4, (names, answers)


def updates(content, machine):
    """A filter tells the first state, then a change that is made meanwhile, and only what has changed."""
    collector = content.propertyCollector
    spec = Collector.FilterSpec(
        objectSet=[Collector.ObjectSpec(obj=machine)],
        propSet=[Collector.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "runtime.powerState"])])
    created = collector.CreateFilter(spec, True)
    first = collector.WaitForUpdatesEx(None, Collector.WaitOptions(maxWaitSeconds=10))
    entry = first.filterSet[0].objectSet[0]
    assert entry.kind == "enter" and {change.name for change in entry.changeSet} == {"name", "runtime.powerState"}
    assert collector.WaitForUpdatesEx(first.version, Collector.WaitOptions(maxWaitSeconds=0)) is None
    worker = threading.Thread(target=lambda: WaitForTask(machine.PowerOffVM_Task()))
    worker.start()
    told, version = [], first.version
    while "poweredOff" not in told:
        update = collector.WaitForUpdatesEx(version, Collector.WaitOptions(maxWaitSeconds=10))
        assert update is not None, "nothing was told in time"
        version = update.version
        for changed in update.filterSet[0].objectSet:
            assert changed.kind == "modify" and changed.obj == machine
            assert [change.name for change in changed.changeSet] == ["runtime.powerState"], changed
            told += [change.val for change in changed.changeSet]
    worker.join()
    created.DestroyPropertyFilter()
    try:
        collector.WaitForUpdatesEx("no-version", Collector.WaitOptions(maxWaitSeconds=0))
        raise AssertionError("an unknown version is taken")
    except vmodl.query.InvalidCollectorVersion:
        pass


def clone(source, name, **spec):
    location = vim.vm.RelocateSpec(**spec.pop("location", {}))
    task = source.CloneVM_Task(source.parent, name, vim.vm.CloneSpec(location=location, powerOn=False, template=False, **spec))
    WaitForTask(task)
    copy = task.info.result
    assert isinstance(copy, vim.VirtualMachine) and copy.name == name
    return copy


def reconfigure(machine):
    disk = vim.vm.device.VirtualDisk(
        key=-1, controllerKey=controller(machine), unitNumber=5, capacityInKB=1 << 20,
        backing=vim.vm.device.VirtualDisk.FlatVer2BackingInfo(diskMode="persistent", thinProvisioned=True, fileName=""))
    change = Spec(operation=Spec.Operation.add, fileOperation=Spec.FileOperation.create, device=disk)
    disks = len(devices(machine, vim.vm.device.VirtualDisk))
    WaitForTask(machine.ReconfigVM_Task(vim.vm.ConfigSpec(
        numCPUs=2, memoryMB=256, annotation="by pyVmomi", deviceChange=[change],
        extraConfig=[vim.option.OptionValue(key="guestinfo.test", value="yes")])))
    config = machine.config
    assert (config.hardware.numCPU, config.hardware.memoryMB, config.annotation) == (2, 256, "by pyVmomi")
    assert {option.key: option.value for option in config.extraConfig}["guestinfo.test"] == "yes"
    assert len(devices(machine, vim.vm.device.VirtualDisk)) == disks + 1
    added = [disk for disk in devices(machine, vim.vm.device.VirtualDisk) if disk.unitNumber == 5]
    assert added and added[0].key > 0 and added[0].deviceInfo.label.startswith("Hard disk"), added


def devices(machine, kind):
    return [device for device in machine.config.hardware.device if isinstance(device, kind)]


def controller(machine):
    return devices(machine, vim.vm.device.VirtualSCSIController)[0].key


def snapshots(machine):
    task = machine.CreateSnapshot_Task("base", "the first", False, False)
    WaitForTask(task)
    assert isinstance(task.info.result, vim.vm.Snapshot)
    base = machine.snapshot.rootSnapshotList[0]
    assert (base.name, base.description) == ("base", "the first")
    WaitForTask(machine.ReconfigVM_Task(vim.vm.ConfigSpec(numCPUs=4)))
    WaitForTask(machine.CreateSnapshot_Task("more", None, False, False))
    assert machine.snapshot.rootSnapshotList[0].childSnapshotList[0].name == "more"
    WaitForTask(base.snapshot.RevertToSnapshot_Task())
    assert machine.config.hardware.numCPU == 2, "a snapshot brings the configuration back"
    linked = clone(machine, "linked", snapshot=base.snapshot, location={"diskMoveType": "createNewChildDiskBacking"})
    chained = devices(linked, vim.vm.device.VirtualDisk)[0].backing
    assert chained.parent is not None and chained.fileName != chained.parent.fileName
    WaitForTask(linked.Destroy_Task())
    WaitForTask(machine.RemoveAllSnapshots_Task())
    assert machine.snapshot is None


def events(content, machine, since):
    by = vim.event.EventFilterSpec.ByEntity(entity=machine, recursion="self")
    found = content.eventManager.QueryEvents(vim.event.EventFilterSpec(entity=by))
    kinds = {type(event).__name__.rsplit(".")[-1] for event in found}
    assert {"vim.event.VmPoweredOnEvent", "vim.event.VmReconfiguredEvent"} <= {type(event).__name__ for event in found}, kinds
    for event in found:
        assert event.fullFormattedMessage and event.vm.vm == machine and event.userName == "user"
        assert event.createdTime >= since - datetime.timedelta(minutes=1)
    history = content.eventManager.CreateCollectorForEvents(vim.event.EventFilterSpec(entity=by))
    assert len(history.ReadNextEvents(1)) == 1
    history.DestroyCollector()
    tasks = content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec())
    assert any(info.entity == machine for info in tasks.ReadNextTasks(100))
    tasks.DestroyCollector()


def faults(machine):
    try:
        WaitForTask(machine.PowerOnVM_Task())
        raise AssertionError("a machine that is on is powered on")
    except vim.fault.InvalidPowerState as fault:
        assert fault.existingState == "poweredOn" and fault.msg
    gone = vim.VirtualMachine("vm-0", machine._stub)
    try:
        gone.name
        raise AssertionError("there is a vm-0")
    except vmodl.fault.ManagedObjectNotFound as fault:
        assert fault.obj == gone


def main():
    host, port, scheme = sys.argv[1:]
    connect = dict(host=host, port=int(port), protocol=scheme, disableSslCertValidation=True)
    try:
        SmartConnect(user="user", pwd="", **connect)
        raise AssertionError("an empty password is taken")
    except vim.fault.InvalidLogin:
        pass
    instance = SmartConnect(user="user", pwd="pass", **connect)
    content = instance.RetrieveContent()
    assert content.about.apiType == "VirtualCenter" and content.sessionManager.currentSession.userName == "user"
    since = instance.CurrentTime()
    machines = walk(content)
    pages(content)
    updates(content, machines["DC0_H0_VM1"])
    copy = clone(machines["DC0_H0_VM0"], "copy")
    reconfigure(copy)
    snapshots(copy)
    WaitForTask(copy.PowerOnVM_Task())
    faults(copy)
    events(content, copy, since)
    WaitForTasks([copy.PowerOffVM_Task()], instance)
    WaitForTask(copy.Destroy_Task())
    assert "copy" not in find(content, vim.VirtualMachine)
    Disconnect(instance)
    try:
        content.rootFolder.name
        raise AssertionError("a session goes on after it has ended")
    except vim.fault.NotAuthenticated:
        pass
    print("ok")


if __name__ == "__main__":
    main()

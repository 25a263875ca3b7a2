#!/usr/bin/env python3
"""pyVmomi as a benchmark peer: decodes a captured answer, or retrieves from a server.

    pyvmomi_peer.py decode FILE N      decode FILE in memory N times, print the median
    pyvmomi_peer.py retrieve URL N     retrieve all virtual machines N times, print objects a second and the memory it took
"""

import statistics
import sys
import time
import urllib.parse

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import SoapAdapter, VmomiSupport, vim, vmodl

PATHS = ["config", "summary", "guest", "runtime", "name"]
RESULT = vmodl.query.PropertyCollector.RetrieveResult


def decode(file, count):
    """What SoapStubAdapter.InvokeMethod does with the body of a response."""
    with open(file, "rb") as opened:
        text = opened.read()
    # Nothing is sent: the stub tells the version, whose types are known, and references to managed objects are bound to it.
    stub = SoapAdapter.SoapStubAdapter("127.0.0.1", 1, version=VmomiSupport.newestVersions.GetName("vim"))
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        answer = SoapAdapter.SoapResponseDeserializer(stub).Deserialize(text, RESULT)
        seconds.append(time.perf_counter() - start)
        objects = len(answer.objects)
        del answer
    median = statistics.median(seconds)
    print(f"peer=pyvmomi mode=decode objects={objects} mb_per_s={len(text) / median / 1e6:.1f} "
          f"objects_per_s={objects / median:.0f}")


def retrieve(url, count):
    """All objects in one list, paged by 100. Logging in is not counted."""
    server = urllib.parse.urlsplit(url)
    instance = SmartConnect(host=server.hostname, port=server.port, user="user", pwd="pass", protocol=server.scheme,
                            disableSslCertValidation=True)
    before = resident("VmRSS:")
    seconds = []
    peak = 0
    for _ in range(count):
        start = time.perf_counter()
        objects = len(machines(instance.RetrieveContent()))
        seconds.append(time.perf_counter() - start)
        # The peak of the first round: later ones add what the allocator kept.
        peak = peak or resident("VmHWM:")
    Disconnect(instance)
    print(f"peer=pyvmomi mode=retrieve objects={objects} objects_per_s={objects / statistics.median(seconds):.0f} "
          f"peak_rss_mb={(peak - before) / 1e3:.1f}")


def machines(content):
    query = vmodl.query.PropertyCollector
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    members = query.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
    wanted = query.FilterSpec(
        objectSet=[query.ObjectSpec(obj=view, skip=True, selectSet=[members])],
        propSet=[query.PropertySpec(type=vim.VirtualMachine, pathSet=PATHS)])
    collector = content.propertyCollector
    page = collector.RetrievePropertiesEx([wanted], query.RetrieveOptions(maxObjects=100))
    found = []
    while page:
        found.extend(page.objects)
        page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    view.DestroyView()
    return found


def resident(line):
    """One line of /proc/self/status, in kB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(found.split()[1]) for found in status if found.startswith(line))


def main():
    modes = {"decode": decode, "retrieve": retrieve}
    if len(sys.argv) != 4 or sys.argv[1] not in modes:
        raise SystemExit(__doc__)
    modes[sys.argv[1]](sys.argv[2], int(sys.argv[3]))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Capture raw RetrievePropertiesEx answers of vcsim, as the server sent them.

    capture.py VCSIM OUT_DIR

starts VCSIM (a path; see tests/referee/build.sh) on a free port of 127.0.0.1, asks it over plain HTTP and writes into OUT_DIR

    vms_10.xml              10 VMs, the large property set
    inventory_all.xml       every property of every object of vcsim's default inventory
    vms_2000_small.xml      2,000 VMs, name and power state
    vms_2000.xml            2,000 VMs of the same inventory, the large property set, one unpaged answer of about 20 MB
    vms_2000_vcenter.xml    the same answer as vCenter would write it (see as_vcenter)

A file that exists is kept; remove it to make it anew. Needs nothing but Python's standard library.
"""

import http.client
import pathlib
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

LARGE = ["config", "summary", "guest", "runtime", "name"]
SMALL = ["name", "runtime.powerState"]
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Simulator:
    """A vcsim process; leaving the `with` block stops it."""

    def __init__(self, vcsim, *flags):
        command = [vcsim, "-l", "127.0.0.1:0", "-tls=false", "-api-version", "8.0.3.0", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"GOVC_URL=(\S+)", line)
        if not found:
            raise SystemExit(f"{vcsim} printed no URL but {line!r}")
        self.url = urllib.parse.urlsplit(found[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Session:
    """Just enough of a SOAP client: bodies go in and come out as text."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=600)
        self.path = url.path
        self.cookie = None
        content = self.call("RetrieveServiceContent", "ServiceInstance", "ServiceInstance", "")
        # What the service instance names: the root folder, the managers and the property collector.
        self.content = {
            element.tag.rpartition("}")[2]: (element.get("type"), element.text)
            for element in ElementTree.fromstring(content).iter()
            if element.get("type") and element.text
        }
        self.call("Login", *self.content["sessionManager"],
                  f"<userName>{escape(url.username)}</userName><password>{escape(url.password)}</password>")

    def call(self, method, kind, value, arguments):
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="{XSI}">'
            f'<soapenv:Body><{method} xmlns="urn:vim25"><_this type="{kind}">{escape(value)}</_this>'
            f"{arguments}</{method}></soapenv:Body></soapenv:Envelope>"
        )
        headers = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": '"urn:vim25/8.0.3.0"'}
        if self.cookie:
            headers["Cookie"] = self.cookie
        self.connection.request("POST", self.path, body.encode(), headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise SystemExit(f"{method}: HTTP {response.status}: {answer[:1000].decode(errors='replace')}")
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookie = header.partition(";")[0]
        return answer

    def view(self, kind):
        """A container view of everything of `kind` below the root folder."""
        root_kind, root = self.content["rootFolder"]
        answer = self.call(
            "CreateContainerView", *self.content["viewManager"],
            f'<container type="{root_kind}">{escape(root)}</container><type>{kind}</type><recursive>true</recursive>')
        return next(e.text for e in ElementTree.fromstring(answer).iter() if e.get("type") == "ContainerView")

    def retrieve(self, kinds, paths, objects):
        """One unpaged answer. No paths means all properties."""
        wanted = "".join(f"<pathSet>{path}</pathSet>" for path in paths) or "<all>true</all>"
        spec = "".join(f"<propSet><type>{kind}</type>{wanted}</propSet>" for kind in kinds) + objects
        return self.call("RetrievePropertiesEx", *self.content["propertyCollector"],
                         f"<specSet>{spec}</specSet><options></options>")

    def machines(self, paths):
        return self.retrieve(["VirtualMachine"], paths, members_of(self.view("VirtualMachine")))

    def everything(self):
        """All properties of all managed entities and of the service instance with all that it names."""
        entities = members_of(self.view("ManagedEntity"))
        listing = self.retrieve(["ManagedEntity"], ["name"], entities)
        kinds = {e.get("type") for e in ElementTree.fromstring(listing).iter() if e.tag.endswith("}obj")}
        roots = {("ServiceInstance", "ServiceInstance"), *self.content.values()}
        kinds.update(kind for kind, _ in roots)
        single = "".join(f'<objectSet><obj type="{kind}">{escape(value)}</obj></objectSet>'
                         for kind, value in sorted(roots))
        return self.retrieve(sorted(kinds), [], entities + single)


def members_of(view):
    return (f'<objectSet><obj type="ContainerView">{escape(view)}</obj><skip>true</skip>'
            '<selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path><skip>false</skip>'
            "</selectSet></objectSet>")


def as_vcenter(answer):
    """vcsim declares the instance namespace anew on every typed value, under a prefix of its own; vCenter declares `xsi`
    once on the envelope. And vcsim leaves two required enum values empty, at which pyVmomi stops. All other values stay."""
    answer = answer.replace(f' xmlns:_XMLSchema-instance="{XSI}"'.encode(), b"")
    answer = answer.replace(b" _XMLSchema-instance:type=", b" xsi:type=")
    for name, value in [(b"recordReplayState", b"inactive"), (b"faultToleranceState", b"notConfigured")]:
        answer = answer.replace(b"<%s></%s>" % (name, name), b"<%s>%s</%s>" % (name, value, name))
    return answer


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    vcsim, out = sys.argv[1], pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)

    def write(name, answer):
        # Renamed only when whole, so that a broken run leaves no half file that the next run would keep.
        part = out / (name + ".part")
        part.write_bytes(answer)
        part.rename(out / name)
        print(f"{name}: {len(answer):,} bytes, {answer.count(b'<obj type=')} objects", flush=True)

    def missing(*names):
        return any(not (out / name).exists() for name in names)

    if missing("vms_10.xml"):
        with Simulator(vcsim, "-vm", "5") as simulator:
            write("vms_10.xml", Session(simulator.url).machines(LARGE))
    if missing("inventory_all.xml"):
        with Simulator(vcsim) as simulator:
            write("inventory_all.xml", Session(simulator.url).everything())
    if missing("vms_2000_small.xml", "vms_2000.xml", "vms_2000_vcenter.xml"):
        # 1,000 machines in the cluster's pool and 1,000 on the standalone host.
        with Simulator(vcsim, "-vm", "1000") as simulator:
            session = Session(simulator.url)
            write("vms_2000_small.xml", session.machines(SMALL))
            answer = session.machines(LARGE)
        write("vms_2000.xml", answer)
        write("vms_2000_vcenter.xml", as_vcenter(answer))


if __name__ == "__main__":
    main()

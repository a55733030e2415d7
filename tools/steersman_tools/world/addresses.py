"""The addresses that the API server hands out: cluster IPs and node ports of Services."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from .api.caller import Caller
from .api.kinds import Type
from .api.registry import Registry
from .api.status import Cause, invalid
from .objects import Obj

RANGE = ipaddress.ip_network("10.96.0.0/16")


@dataclass
class ServiceAddresses:
    """An admission step in shape: the real server allocates as it stores."""

    registry: Registry

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if kind.id != "services":
            return
        spec = obj["spec"]
        if spec.get("type") == "ExternalName":
            for field in ("clusterIP", "clusterIPs"):
                spec.pop(field, None)
            return
        if not spec.get("clusterIP") and old and old["spec"].get("clusterIP"):
            spec["clusterIP"] = old["spec"]["clusterIP"]
            spec["clusterIPs"] = old["spec"].get("clusterIPs") or [spec["clusterIP"]]
        if not spec.get("clusterIP") and spec.get("type") in ("ClusterIP", "NodePort", "LoadBalancer"):
            spec["clusterIP"] = self._free_ip()
        elif spec.get("clusterIP") and spec["clusterIP"] != "None" and not old:
            self._claim_ip(kind, obj, str(spec["clusterIP"]))
        if spec.get("clusterIP"):
            spec["clusterIPs"] = [spec["clusterIP"]]
            spec.setdefault("ipFamilies", ["IPv4"])
            spec.setdefault("ipFamilyPolicy", "SingleStack")
        self._node_ports(spec, old)

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass

    def _taken(self) -> set[str]:
        return {s["spec"].get("clusterIP", "") for s in self.registry.store.of("services")}

    def _free_ip(self) -> str:
        taken = self._taken()
        while True:
            found = str(RANGE[self.registry.rng.randrange(256, 65000)])
            if found not in taken:
                return found

    def _claim_ip(self, kind: Type, obj: Obj, address: str) -> None:
        name = obj["metadata"].get("name", "")
        try:
            inside = ipaddress.ip_address(address) in RANGE
        except ValueError:
            text = f'Invalid value: "{address}": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
            raise invalid("Service", "", name, [Cause("FieldValueInvalid", text, "spec.clusterIPs[0]")]) from None
        if not inside:
            text = f'Invalid value: []string{{"{address}"}}: failed to allocated ip:{address} with error:provided IP is not in the valid range. The range of valid IPs is {RANGE}'
            raise invalid("Service", "", name, [Cause("FieldValueInvalid", text, "spec.clusterIPs")])
        if address in self._taken():
            text = f'Invalid value: []string{{"{address}"}}: failed to allocated ip:{address} with error:provided IP is already allocated'
            raise invalid("Service", "", name, [Cause("FieldValueInvalid", text, "spec.clusterIPs")])

    def _node_ports(self, spec: Obj, old: Obj | None) -> None:
        if spec.get("type") not in ("NodePort", "LoadBalancer"):
            for port in spec.get("ports") or ():
                port.pop("nodePort", None)
            return
        taken = {p.get("nodePort") for s in self.registry.store.of("services") for p in s["spec"].get("ports") or ()}
        before = {
            (p.get("name"), p.get("port")): p.get("nodePort") for p in (old or {"spec": {}})["spec"].get("ports") or ()
        }
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                known = before.get((port.get("name"), port.get("port")))
                port["nodePort"] = known or next(
                    n for n in iter(lambda: self.registry.rng.randrange(30000, 32768), -1) if n not in taken
                )
                taken.add(port["nodePort"])

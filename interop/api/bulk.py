"""Jobs that take longer than a request: many documents converted, or all that a client may see, as NDJSON.

The pattern is that of FHIR's asynchronous requests: 202 with Content-Location, polling, a manifest, DELETE to cancel.
Source: FHIR R4 4.0.1 async.html; Bulk Data Access 2.0.0.
"""

from __future__ import annotations

from datetime import timedelta

from interop.api.calls import Call, Reply
from interop.api.host import Host
from interop.api.media import FORMAT_TYPES
from interop.api.outcomes import Refused
from interop.errors import NotFound
from interop.service.jobs import CONVERT, EXPORT, Made
from interop.store.jobs import Job
from mappings.formats import FORMATS
from schemas import json_text

__all__ = ["NDJSON", "begin", "cancel", "export", "part", "status"]

NDJSON = "application/fhir+ndjson"
_TAKEN = frozenset({NDJSON, "application/ndjson", "application/x-ndjson"})
_MOST = 8
_KEPT = timedelta(days=1)
_LATER = "2"


def begin(host: Host, call: Call) -> Reply:
    """A job that converts each line of the body. In: `to` names the format."""
    to = call.one("to")
    if to not in {form.name for form in FORMATS}:
        raise Refused("format_is_unknown", slots={"formats": ", ".join(form.name for form in FORMATS)})
    if call.media_type not in _TAKEN:
        raise Refused("body_form_is_not_taken")
    if not call.body.strip():
        raise Refused("body_is_missing")
    source = FORMAT_TYPES.get(call.one("from"), call.one("from"))
    if source and source not in {form.name for form in FORMATS}:
        raise Refused("format_is_unknown", slots={"formats": ", ".join(form.name for form in FORMATS)})
    return _begun(host, call, f"{CONVERT}:{to}:{source}", call.body)


def export(host: Host, call: Call) -> Reply:
    """A job that writes down every current resource that the client may see."""
    if "respond-async" not in call.headers.get("prefer", ""):
        raise Refused("parameter_is_needed", slots={"parameter": "Prefer: respond-async"})
    asked = json_text.dump({"types": call.one("_type")})
    return _begun(host, call, EXPORT, asked)


def status(host: Host, call: Call) -> Reply:
    """How far the job has come; the manifest of what it has made when it is done."""
    job = _job(host, call)
    if job.state in ("waiting", "running"):
        host.runner.wake()
        progress = f"{job.done} of {job.total}" if job.total else job.state
        return Reply(202, headers={"X-Progress": progress, "Retry-After": _LATER})
    if job.state == "failed":
        raise Refused("service_has_failed")
    made = Made.read(host.parts.store.jobs.payload(job))
    url = f"{call.base}/jobs/{job.id}"
    listed = {
        kind: [{"type": name, "url": f"{url}/{kind}-{name}", "count": len(lines)} for name, lines in parts.items()]
        for kind, parts in (("output", made.output), ("error", made.error))
    }
    manifest = {
        "transactionTime": job.made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "request": f"{call.base}/${job.kind.partition(':')[0]}",
        "requiresAccessToken": True,
        **listed,
    }
    expires = {"Expires": (job.moved_at + _KEPT).strftime("%a, %d %b %Y %H:%M:%S GMT")}
    return Reply(data=json_text.dump(manifest), media_type="application/json", headers=expires)


def part(host: Host, call: Call) -> Reply:
    """One of the files that the manifest names."""
    job = _job(host, call)
    if job.state != "done":
        raise Refused("job_is_not_known")
    made = Made.read(host.parts.store.jobs.payload(job))
    kind, _, name = call.path["part"].partition("-")
    lines = {"output": made.output, "error": made.error}.get(kind, {}).get(name)
    if lines is None:
        raise Refused("job_is_not_known")
    return Reply(data="".join(f"{line}\n" for line in lines).encode(), media_type=NDJSON)


def cancel(host: Host, call: Call) -> Reply:
    """Nothing; the job and what it has made are gone."""
    job = _job(host, call)
    host.parts.store.jobs.cancel(job.id, call.client.name)
    return Reply(202)


def _job(host: Host, call: Call) -> Job:
    try:
        return host.parts.store.jobs.job(call.path["job"], call.client.name)
    except NotFound as error:
        raise Refused("job_is_not_known") from error


def _begun(host: Host, call: Call, kind: str, payload: bytes) -> Reply:
    now = host.parts.clock()
    host.parts.store.jobs.forget(now - _KEPT)
    job = host.parts.store.jobs.begin(call.client.name, kind, payload, now, _MOST)
    if job is None:
        raise Refused("job_limit_is_reached", headers={"Retry-After": "60"})
    host.runner.wake()
    return Reply(202, headers={"Content-Location": f"{call.base}/jobs/{job.id}", "Retry-After": _LATER})

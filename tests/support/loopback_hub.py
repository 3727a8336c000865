"""A Hub on 127.0.0.1: the documented routes that publishing, pulling and Spaces need, everything in memory.

    with LoopbackHub() as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("you/models")

Uploads go the way of the real one: `preupload` decides between plain files (in the commit, as base64) and LFS files
(asked for in a batch, sent with PUT); the commit itself is NDJSON. Clients need HF_HUB_DISABLE_XET=1, as Xet has a
protocol of its own. Downloads of LFS files are redirected to another host, as they are to the real Hub's CDN.
"""

import base64
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.support import processes


def on_a_fresh_computer(home: Path, code: str, *arguments: str, **settings: str) -> list[str]:
    """The lines that `code` prints on a visitor's computer, whose caches are in `home`."""
    own = {"HF_HOME": str(home), "TORCH_HOME": str(home / "torch"), "HF_HUB_DISABLE_XET": "1", "DLCV_DEVICE": "cpu"}
    done = processes.run("-c", code, *arguments, environment=os.environ | own | settings)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class LoopbackHub:
    """The server. `commits[repo]` are its commits, oldest first, as {hash: {path: bytes}}; `log` what was asked.

    A model is you/name, a Space spaces/you/name.
    """

    token = "hf_loopback"

    def __init__(self):
        self.commits: dict[str, dict[str, dict[str, bytes]]] = {}
        self.blobs: dict[str, bytes] = {}  # LFS contents by sha256
        self.log: list[str] = []
        self.underway: Callable[[bytes], bytes] = bytes  # what becomes of an LFS file on the way to a client
        self.fault = ""  # "cut", "short", "slow", "circle" or "gone": what goes wrong then
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": self}))
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.cdn = f"http://localhost:{self.server.server_port}"  # another host in the eyes of a client

    def __enter__(self) -> "LoopbackHub":
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes] | None:
        """The files of a repository at a commit, {} before its first one; None where there is no such commit."""
        commits = self.commits[repo]
        if revision == "main":
            return list(commits.values())[-1] if commits else {}
        return commits.get(revision)

    def commit(self, repo: str, changes: dict[str, bytes | None]) -> str:
        """Add a commit with these files changed, None being removed; returns its hash, 40 hex digits."""
        commits = self.commits.setdefault(repo, {})
        revision = hashlib.sha1(f"{repo} {len(commits)}".encode()).hexdigest()
        files = {**self.files(repo), **changes}
        commits[revision] = {path: content for path, content in files.items() if content is not None}
        return revision


def blob_id(content: bytes, large: bool) -> str:
    """What the Hub calls a file by: the sha256 of one in LFS, git's own hash of a plain one."""
    return (hashlib.sha256(content) if large else hashlib.sha1(b"blob %d\0" % len(content) + content)).hexdigest()


def is_large(path: str, content: bytes) -> bool:
    """Whether a file goes to LFS: by the .gitattributes of a new repository, as far as it matters here, or binary."""
    return path.endswith((".safetensors", ".pth")) or b"\0" in content[:512]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        """Keeps the tests' output free of access logs."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        for key, value in {"Content-Length": str(len(body)), **named}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_json(self, content: dict, status: int = 200) -> None:
        self.answer(status, json.dumps(content).encode(), Content_Type="application/json")

    def refuse(self, code: str, status: int = 404) -> None:
        self.answer(status, X_Error_Code=code, X_Error_Message=code)

    def begin(self) -> tuple[str, bytes]:
        """The path without its query, and the body; notes the request in the log."""
        path = unquote(urlsplit(self.path).path)
        self.hub.log.append(f"{self.command} {path}")
        return path, self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_HEAD(self) -> None:
        self.do_GET()

    def deliver(self, content: bytes) -> None:
        """An LFS file, whole and at once, unless something is to go wrong."""
        fault, half = self.hub.fault, content[: len(content) // 2]
        if fault == "circle":
            return self.answer(302, Location=f"{self.hub.cdn}{self.path}")
        if fault == "cut":  # the connection breaks in the middle
            self.close_connection = True
            return self.answer(200, half, Content_Length=str(len(content)))
        if fault == "short":  # a proxy says that this was all
            return self.answer(200, half)
        if fault == "slow":
            self.answer(200, Content_Length=str(len(content)))
            for place in range(len(content)):
                self.wfile.write(content[place : place + 1])
                self.wfile.flush()
                time.sleep(0.05)
            return None
        return self.answer(200, content)

    def do_GET(self) -> None:
        gone = self.hub.fault == "gone" and any(line.startswith("GET /cdn/") for line in self.hub.log)
        path, _ = self.begin()
        if gone:  # after the first file
            self.close_connection = True
            return None
        if path.startswith("/cdn/"):
            return self.deliver(self.hub.underway(self.hub.blobs[path.removeprefix("/cdn/")]))
        if path.startswith("/api/spaces/") and "/tree/" in path:
            repo = path.removeprefix("/api/").partition("/tree/")[0]
            files = self.hub.files(repo)
            return self.answer_json(
                [
                    {"type": "file", "path": name, "size": len(content), "oid": blob_id(content, False)}
                    for name, content in files.items()
                ]
            )
        if path.startswith("/api/"):
            repo = path.removeprefix("/api/").removeprefix("models/").partition("/revision/")[0]
            if repo not in self.hub.commits:
                return self.refuse("RepoNotFound")
            return self.answer_json({"id": repo, "sha": list(self.hub.commits[repo])[-1], "siblings": []})
        repo, _, rest = path.removeprefix("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        if repo not in self.hub.commits:
            return self.refuse("RepoNotFound")
        files = self.hub.files(repo, revision)
        if files is None:
            return self.refuse("RevisionNotFound")
        if file not in files:
            return self.answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=revision)
        name = blob_id(files[file], is_large(file, files[file]))
        about = {"X_Repo_Commit": revision, "ETag": f'"{name}"'}
        if not is_large(file, files[file]):
            return self.answer(200, files[file], **about)
        self.hub.blobs[name] = files[file]
        linked = {"X_Linked_ETag": f'"{name}"', "X_Linked_Size": str(len(files[file]))}
        self.answer(302, Location=f"{self.hub.cdn}/cdn/{name}", **about, **linked)

    def do_PUT(self) -> None:
        path, body = self.begin()
        if hashlib.sha256(body).hexdigest() != path.removeprefix("/lfs/"):
            return self.refuse("BadRequest", 400)
        self.hub.blobs[path.removeprefix("/lfs/")] = body
        self.answer(200)

    def do_POST(self) -> None:
        path, body = self.begin()
        if path == "/api/validate-yaml":
            return self.answer_json({"errors": [], "warnings": []})
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            return self.refuse("Unauthorized", 401)
        if path == "/api/repos/create":
            wanted = json.loads(body)
            repo = f"{wanted['organization']}/{wanted['name']}"
            if wanted.get("type") == "space":
                repo = f"spaces/{repo}"
            taken = repo in self.hub.commits
            self.hub.commits.setdefault(repo, {})
            return self.answer_json({"url": f"{self.hub.endpoint}/{repo}"}, 409 if taken else 200)
        if path.endswith(".git/info/lfs/objects/batch"):
            objects = [self.lfs_object(**wanted) for wanted in json.loads(body)["objects"]]
            return self.answer_json({"transfer": "basic", "objects": objects})
        repo, _, action = path.removeprefix("/api/").removeprefix("models/").rpartition("/main")[0].rpartition("/")
        if repo not in self.hub.commits:
            return self.refuse("RepoNotFound")
        if action == "preupload":
            return self.answer_json({"files": [self.upload_mode(repo, **file) for file in json.loads(body)["files"]]})
        revision = self.hub.commit(repo, dict(self.changes(body)))
        url = f"{self.hub.endpoint}/{repo}/commit/{revision}"
        self.answer_json({"success": True, "commitOid": revision, "commitUrl": url})

    def lfs_object(self, oid: str, size: int) -> dict:
        """Where to send an LFS file, or nothing when it is here already."""
        upload = {} if oid in self.hub.blobs else {"actions": {"upload": {"href": f"{self.hub.endpoint}/lfs/{oid}"}}}
        return {"oid": oid, "size": size, **upload}

    def upload_mode(self, repo: str, path: str, sample: str = "", **_) -> dict:
        """How a file is to be sent, and what it is now: an unchanged file is left out of the commit."""
        now = self.hub.files(repo).get(path)
        large = is_large(path, base64.b64decode(sample))
        mode = {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        return mode if now is None else {**mode, "oid": blob_id(now, large)}

    def changes(self, body: bytes):
        """(path, content) of every file in a commit's NDJSON, None for one that is removed."""
        for line in body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                yield value["path"], base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                yield value["path"], self.hub.blobs[value["oid"]]
            elif operation["key"] == "deletedFile":
                yield value["path"], None

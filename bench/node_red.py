"""The same job in Node-RED: read three values, hold them against limits, store them with the SQLite node."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

from rig import HERE, Child
from servers import free_port

HOME = HERE.parent / ".cache" / "node-red"
PACKAGES = {"node-red": "4.1.8", "node-red-node-sqlite": "1.1.1"}
INSTALL_WITHIN = 300  # seconds; where no binary of sqlite3 can be fetched, npm compiles it
JUDGE = """
const said = msg.payload, at = Date.now() / 1000;
const limits = { temperature: [2, 8], humidity: [0, 60], contact: [true, true] };
const found = Object.keys(limits).map(field => {
  const value = said[field], inside = value >= limits[field][0] && value <= limits[field][1];
  return [msg.topic + "." + field, at, Number(value), inside ? 1 : 0];
});
return { params: found.flat() };
"""
STORE = "INSERT INTO reading VALUES (?,?,?,?),(?,?,?,?),(?,?,?,?)"


def install() -> str:
    """Install from npm into `.cache`, once; return why that is not possible, or nothing."""
    if installed():
        return ""
    if shutil.which("npm") is None:
        return "this machine has no npm"
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "package.json").write_text('{"name": "bench", "private": true}')
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", *wanted],
            cwd=HOME,
            capture_output=True,
            text=True,
            timeout=INSTALL_WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"npm did not come to its end in {INSTALL_WITHIN} s"
    return "" if installed() else f"npm answers {done.returncode}: {done.stderr.strip()[-300:]}"


def installed() -> bool:
    """Say whether the database driver can be loaded."""
    if shutil.which("node") is None or not (HOME / "node_modules" / "node-red").exists():
        return False
    loaded = subprocess.run(["node", "-e", "require('sqlite3')"], cwd=HOME, capture_output=True, check=False)
    return loaded.returncode == 0


def versions() -> str:
    """Name what was installed."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return ", ".join([f"node {node}", *(f"{name} {version}" for name, version in PACKAGES.items())])


def started(port: int, folder: Path) -> Child:
    """Start Node-RED with the flow; its database is `node-red.db` in the folder."""
    database = folder / "node-red.db"
    with sqlite3.connect(database) as made:
        made.execute("PRAGMA journal_mode = WAL")  # as the journal's; synchronous is FULL by default
        made.execute("CREATE TABLE reading (point TEXT, at REAL, value REAL, inside INTEGER)")
    made.close()
    user = folder / "node-red"
    user.mkdir()
    (user / "settings.js").write_text(
        f"module.exports = {{ uiHost: '127.0.0.1', uiPort: {free_port()}, httpAdminRoot: false,"
        f" flowFile: 'flows.json', nodesDir: ['{HOME}/node_modules/node-red-node-sqlite'],"
        " credentialSecret: false, logging: { console: { level: 'info' } } };"
    )
    (user / "flows.json").write_text(json.dumps(_flow(port, database)))
    program = HOME / "node_modules" / "node-red" / "red.js"
    log = folder / "node-red.log"
    return Child("sh", "-c", f"exec node {program} --userDir {user} >>{log} 2>&1", log=log, cwd=HOME)


def judged(folder: Path) -> None:
    """End the bench if what was stored is not what was sent: a value, and whether it is inside."""
    with sqlite3.connect(folder / "node-red.db") as database:
        (empty,) = database.execute(
            "SELECT count(*) FROM reading WHERE value IS NULL OR inside IS NOT 1"
        ).fetchone()
    database.close()
    if empty:
        raise SystemExit(f"Node-RED stored {empty} rows without a value inside its limits")


def _flow(port: int, database: Path) -> list[dict[str, object]]:
    return [
        {"id": "tab", "type": "tab", "label": "bench"},
        {
            "id": "broker",
            "type": "mqtt-broker",
            "broker": "127.0.0.1",
            "port": str(port),
            "clientid": "bench",
            "autoConnect": True,
            "protocolVersion": "5",
            "keepalive": "60",
            "cleansession": False,
            "autoUnsubscribe": False,
            "sessionExpiry": "3600",
        },
        {"id": "db", "type": "sqlitedb", "db": str(database), "mode": "RWC"},
        {
            "id": "in",
            "type": "mqtt in",
            "z": "tab",
            "topic": "bench/#",
            "qos": "1",
            "datatype": "json",
            "broker": "broker",
            "inputs": 0,
            "wires": [["judge"]],
        },
        {"id": "judge", "type": "function", "z": "tab", "func": JUDGE, "outputs": 1, "wires": [["store"]]},
        # "prepared" is the one way in which this node binds the values of a message.
        {
            "id": "store",
            "type": "sqlite",
            "z": "tab",
            "mydb": "db",
            "sqlquery": "prepared",
            "sql": STORE,
            "wires": [[]],
        },
    ]

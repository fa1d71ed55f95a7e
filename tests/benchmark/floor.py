# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor: what a script costs that knows nothing but requests.

It reads the list, sends what differs and, since not every reply shows what was written, reads the list again.

It is a task of a playbook as well, so that both pay for starting Ansible. It imports nothing of the project.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import requests


def main(file: str) -> None:
    """Make the domains equal to the wanted ones of ``file`` (url, token, wanted, surplus)."""
    given = json.loads(Path(file).read_text(encoding="utf-8"))
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "Authorization": f"Bearer {given['token']}"})

    def call(method: str, path: str, body: Any = None) -> Any:
        while True:
            reply = session.request(method, given["url"] + path, json=body, timeout=120)
            if reply.status_code != 429:
                reply.raise_for_status()
                return reply.json()
            time.sleep(float(reply.headers["Retry-After"]))

    def read() -> dict[str, Any]:
        rows: dict[str, Any] = {}
        page = pages = 1
        while page <= pages:
            reply = call("GET", f"?page={page}&perPage=40")
            rows.update((row["name"], row) for row in reply["data"])
            pages = reply["meta"]["pagination"]["total_pages"]
            page += 1
        return rows

    rows = read()
    written = 0
    for item in given["wanted"]:
        row, www = rows.get(item["domain"]), item.get("www", False)
        if row is None:
            call("POST", "", {"name": item["domain"], "www": www, "redirection": "none", "type": "alias"})
            written += 1
        elif bool(row["www"]) != www:
            kept = {"type": row["type"], "redirection": row["redirection"]}
            call("PATCH", f"/{row['id']}/meta", {**kept, "www": www})
            written += 1
    for name in given["surplus"]:
        call("DELETE", f"/{rows[name]['id']}")
        written += 1
    if written:
        rows = read()
    print(json.dumps({"attached": len(rows), "written": written}))


if __name__ == "__main__":
    main(sys.argv[1])

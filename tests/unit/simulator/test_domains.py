# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains: validation, primary, duplicates, wildcards, limits, both sides of their switches."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.process import Simulator

from .conftest import Api

DUPLICATE = {"message": "The given data was invalid.", "errors": {"name": ["Domain already exists."]}}


def types(sim: Simulator) -> dict[str, str]:
    return {row["name"]: row["type"] for row in sim.domains()}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": "nodot"}, "name"),
        ({"name": "https://a.example"}, "name"),
        ({"name": "a b.example"}, "name"),
        ({"name": "a.example."}, "name"),
        ({"name": "a.*.example"}, "name"),
        ({"name": "b\u00fccher.example"}, "name"),
        ({"name": "a." * 130 + "example"}, "name"),
        ({"name": "a.example", "type": "main"}, "type"),
        ({"name": "a.example", "redirection": "bare"}, "redirection"),
        ({"name": "a.example", "www": "yes"}, "www"),
        ({"name": "a.example", "www": 2}, "www"),
        ({"name": "a.example", "www": []}, "www"),
    ],
)
def test_bad_bodies(api: Api, sim: Simulator, body: dict[str, Any], field: str) -> None:
    status, reply = api.refused("POST", "/domains", body)
    assert (status, reply["message"], list(reply["errors"])) == (422, "The given data was invalid.", [field])
    assert len(sim.domains()) == 1


def test_all_complaints_at_once(sim: Simulator, api: Api) -> None:
    body = {"type": "main", "www": "yes"}
    _status, reply = api.refused("POST", "/domains", body)
    assert reply["errors"] == {
        "name": ["The name field is required."],
        "type": ["The selected type is invalid."],
        "www": ["The www field must be true or false."],
    }
    sim.switch(message_style="newer")
    assert api.refused("POST", "/domains", body)[1]["message"] == "The name field is required. (and 2 more errors)"
    assert api.refused("POST", "/domains", {})[1]["message"] == "The name field is required."


def test_unknown_fields_are_ignored(api: Api) -> None:
    row = api.ok("POST", "/domains", {"name": "a.example", "redirect": "www", "Type": "primary"})
    assert (row["type"], row["redirection"]) == ("alias", "none")


def test_body_that_is_no_json_counts_as_empty(api: Api) -> None:
    for body in (b"{", b"[]", b"1"):
        reply = api("POST", "/domains", data=body, headers={"Content-Type": "application/json"})
        assert (reply.status_code, list(reply.json()["errors"])) == (422, ["name"])


def test_v2_takes_forms_v3_does_not(api: Api) -> None:
    form = {"name": "form.example", "www": "1", "redirection": "non-www"}
    row = api("POST", "/domains", data=form, version="v2").json()
    assert (row["name"], row["www"]) == ("form.example", 1)
    assert api("POST", "/domains", data=form, version="v3").status_code == 422


def test_v2_rows(sim: Simulator, api: Api) -> None:
    row = api.get("/domains/693", version="v2")
    assert list(row) == ["id", "name", "type", "www", "redirection", "created_at"]
    sim.switch(v2_rows="minimal")
    assert list(api.get("/domains", version="v2")["data"][0]) == ["id", "name", "created_at"]
    assert len(api.get("/domains/693")) == 9


@pytest.mark.parametrize(("flags", "text"), [("int", "1"), ("bool", "true"), ("string", '"1"')])
def test_flags(sim: Simulator, api: Api, flags: str, text: str) -> None:
    sim.reset({"domains": [{"name": "a.example", "www": True}], "switches": {"domain_flags": flags}})
    assert f'"www":{text},' in api("GET", "/domains/693").text


@pytest.mark.parametrize(("status", "body"), [(200, True), (201, True), (204, False)])
def test_post_status(sim: Simulator, api: Api, status: int, body: bool) -> None:
    sim.switch(post_status=status)
    reply = api("POST", "/domains", {"name": "a.example"})
    assert (reply.status_code, bool(reply.content)) == (status, body)
    assert "a.example" in types(sim)


def test_patch_and_delete_status(sim: Simulator, api: Api) -> None:
    sim.switch(patch_status=204, delete_status=204)
    number = api.ok("POST", "/domains", {"name": "a.example"})["id"]
    assert api("PATCH", f"/domains/{number}/meta", {"www": True}).status_code == 204
    assert api("DELETE", f"/domains/{number}").status_code == 204
    assert "a.example" not in types(sim)


# ---------------------------------------------------------------------- duplicates


@pytest.mark.parametrize("name", ["primary.example", "PRIMARY.example"])
def test_duplicate(api: Api, name: str) -> None:
    assert api.refused("POST", "/domains", {"name": name}) == (422, DUPLICATE)


def test_duplicate_on_another_application_and_server(sim: Simulator, api: Api) -> None:
    others = [{"id": 1903, "webapps": [{"id": 646}, {"id": 647, "domains": ["here.example"]}]}]
    others.append({"id": 1904, "webapps": [{"id": 700, "domains": ["there.example"]}]})
    sim.reset({"servers": others})
    assert api.refused("POST", "/domains", {"name": "here.example"}) == (422, DUPLICATE)
    assert api.refused("POST", "/domains", {"name": "there.example"}) == (422, DUPLICATE)


def test_duplicate_variants(sim: Simulator, api: Api) -> None:
    sim.switch(duplicate_text="Domain already taken", duplicate_shape="message")
    body = {"name": "primary.example"}
    assert api.refused("POST", "/domains", body) == (422, {"message": "Domain already taken"})


def test_name_is_free_again_after_removal(sim: Simulator, api: Api) -> None:
    number = api.ok("POST", "/domains", {"name": "a.example"})["id"]
    api.ok("DELETE", f"/domains/{number}")
    assert api.ok("POST", "/domains", {"name": "a.example"})["id"] == number + 1
    assert list(types(sim)) == ["primary.example", "a.example"]


def test_repost_on_v2(sim: Simulator, api: Api) -> None:
    sim.seed({"domains": ["a.example"]})
    body = {"name": "a.example", "www": True, "redirection": "non-www"}
    assert api.refused("POST", "/domains", body, version="v2") == (422, DUPLICATE)
    sim.switch(v2_repost="update")
    assert api.ok("POST", "/domains", body, version="v2")["www"] == 1
    assert api.refused("POST", "/domains", body) == (422, DUPLICATE)
    assert len(sim.domains()) == 2


# ---------------------------------------------------------------------- primary


def test_patch_to_primary_demotes_the_old_one(sim: Simulator, api: Api) -> None:
    number = api.ok("POST", "/domains", {"name": "new.example"})["id"]
    api.ok("PATCH", f"/domains/{number}/meta", {"type": "primary", "www": False, "redirection": "none"})
    assert types(sim) == {"primary.example": "alias", "new.example": "primary"}


def test_post_of_a_primary(sim: Simulator, api: Api) -> None:
    api.ok("POST", "/domains", {"name": "new.example", "type": "primary"})
    assert types(sim) == {"primary.example": "alias", "new.example": "primary"}
    sim.switch(post_primary="refuse")
    status, reply = api.refused("POST", "/domains", {"name": "newer.example", "type": "primary"})
    assert (status, list(reply["errors"])) == (422, ["type"])
    assert "newer.example" not in types(sim)


def test_primary_is_not_demoted_directly(sim: Simulator, api: Api) -> None:
    assert api("PATCH", "/domains/693/meta", {"type": "alias", "www": True}).status_code == 422
    assert sim.domains()[0]["www"] == 0
    sim.switch(demote_primary="ignore")
    api.ok("PATCH", "/domains/693/meta", {"type": "alias", "www": True})
    assert (sim.domains()[0]["type"], sim.domains()[0]["www"]) == ("primary", 1)


def test_delete_of_the_primary(sim: Simulator, api: Api) -> None:
    assert api.refused("DELETE", "/domains/693") == (422, {"message": "Primary domain cannot be deleted."})
    sim.switch(delete_primary_status=403, delete_primary_text="No")
    assert api.refused("DELETE", "/domains/693") == (403, {"message": "No"})
    assert types(sim) == {"primary.example": "primary"}


# ---------------------------------------------------------------------- changes


def test_patch_leaves_or_resets_what_is_not_sent(sim: Simulator, api: Api) -> None:
    sim.reset({"domains": ["p.example", {"name": "a.example", "www": True, "redirection": "www", "type": "redirect"}]})
    api.ok("PATCH", "/domains/694/meta", {"redirection": "non-www"})
    row = sim.domains()[1]
    assert (row["type"], row["www"], row["redirection"]) == ("redirect", 1, "non-www")
    sim.switch(patch_omitted="reset")
    api.ok("PATCH", "/domains/694/meta", {"type": "redirect"})
    row = sim.domains()[1]
    assert (row["type"], row["www"], row["redirection"]) == ("redirect", 0, "none")


def test_fields_that_are_silently_ignored(sim: Simulator, api: Api) -> None:
    sim.switch(ignored_post_fields=["www"], ignored_meta_fields=["redirection"])
    row = api.ok("POST", "/domains", {"name": "a.example", "www": True, "redirection": "www"})
    assert (row["www"], row["redirection"]) == (0, "www")
    reply = api.ok("PATCH", f"/domains/{row['id']}/meta", {"www": True, "redirection": "none", "type": "redirect"})
    assert reply["message"].endswith("successfully updated.")
    row = api.get(f"/domains/{row['id']}")
    assert (row["type"], row["www"], row["redirection"]) == ("redirect", 1, "www")


def test_name_can_not_be_changed(sim: Simulator, api: Api) -> None:
    api.ok("PATCH", "/domains/693/meta", {"name": "other.example", "www": True})
    assert list(types(sim)) == ["primary.example"]


def test_bad_change_changes_nothing(sim: Simulator, api: Api) -> None:
    before = sim.domains()
    status, reply = api.refused("PATCH", "/domains/693/meta", {"www": True, "redirection": "bare"})
    assert (status, list(reply["errors"])) == (422, ["redirection"])
    assert sim.domains() == before


def test_wildcard(sim: Simulator, api: Api) -> None:
    row = api.ok("POST", "/domains", {"name": "*.shop.example"})
    assert (row["name"], row["wildcard"]) == ("*.shop.example", 1)
    assert len(api.get(f"/domains/{row['id']}/dns")) == 1
    sim.switch(wildcard_name="bare")
    row = api.get(f"/domains/{row['id']}")
    assert (row["name"], row["wildcard"]) == ("shop.example", 1)
    assert api.ok("POST", "/domains", {"name": "shop.example"})["wildcard"] == 0


def test_domain_limit_of_the_plan(sim: Simulator, api: Api) -> None:
    sim.switch(domain_limit=2)
    api.ok("POST", "/domains", {"name": "a.example"})
    status, reply = api.refused("POST", "/domains", {"name": "b.example"})
    assert (status, list(reply)) == (403, ["message"])


# ---------------------------------------------------------------------- offline


@pytest.mark.parametrize("state", [{"online": False}, {"connected": False}])
def test_offline_server_refuses_writes_only(sim: Simulator, api: Api, state: dict[str, bool]) -> None:
    sim.seed({"domains": ["a.example"]})
    sim.panel("set_server", server=1903, set=state)
    writes = [
        ("POST", "/domains", {"name": "b.example"}),
        ("PATCH", "/domains/694/meta", {"www": True}),
        ("DELETE", "/domains/694", None),
        ("POST", "/ssl/advanced", {"advancedSSL": True}),
    ]
    for method, path, body in writes:
        status, reply = api.refused(method, path, body)
        assert (status, list(reply)) == (500, ["message"])
    assert len(api.get("/domains")["data"]) == 2
    sim.switch(offline_status=422)
    assert api("DELETE", "/domains/694").status_code == 422
    sim.switch(offline_writes="accept")
    assert api("DELETE", "/domains/694").status_code == 200

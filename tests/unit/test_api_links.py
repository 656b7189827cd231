"""The links of the OpenAPI document lead from what a reply tells to every operation that takes it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from shipbell.web.api import OPERATIONS, openapi
from shipbell.web.api.links import operation_id

DOCUMENT = json.loads(openapi.document())
BY_ID = {operation_id(one): one for one in OPERATIONS}


def links(method: str, path: str, status: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = DOCUMENT["paths"][f"/api/v1{path}"][method]["responses"][status].get("links", {})
    return found


def test_every_link_names_an_operation_and_all_that_its_address_takes() -> None:
    seen = 0
    for methods in DOCUMENT["paths"].values():
        for told in methods.values():
            for reply in told["responses"].values():
                for name, link in reply.get("links", {}).items():
                    target = BY_ID[link["operationId"]]
                    assert name == link["operationId"]
                    assert set(re.findall(r"\{(\w+)\}", target.path)) == set(link["parameters"]) - {"cursor"}
                    seen += 1
    assert seen > 100


def test_every_operation_on_a_thing_is_reached_by_a_link() -> None:
    reached = {
        link["operationId"]
        for methods in DOCUMENT["paths"].values()
        for told in methods.values()
        for reply in told["responses"].values()
        for link in reply.get("links", {}).values()
    }
    assert {operation_id(one) for one in OPERATIONS if one.path.count("{")} - reached == set()


@pytest.mark.parametrize(
    ("source", "target", "parameters"),
    [
        (("post", "/projects", "201"), "get_projects_key_sources", {"key": "$response.body#/key"}),
        (
            ("get", "/projects/{key}/deliveries", "200"),
            "post_projects_key_deliveries_id_replay",
            {"key": "$request.path.key", "id": "$response.body#/items/0/id"},
        ),
        (
            ("put", "/projects/{key}/members/{user}", "201"),
            "delete_projects_key_members_user",
            {"key": "$request.path.key", "user": "$request.path.user"},
        ),
        (("get", "/users", "200"), "get_users", {"cursor": "$response.body#/next"}),
        (
            ("post", "/projects/{key}/deliveries/replay", "200"),
            "post_projects_key_deliveries_replay",
            {"key": "$request.path.key", "cursor": "$response.body#/next"},
        ),
    ],
)
def test_a_link_says_where_each_value_stands(
    source: tuple[str, str, str], target: str, parameters: Mapping[str, str]
) -> None:
    assert links(*source)[target]["parameters"] == parameters


def test_what_goes_on_with_a_body_sends_the_same_again() -> None:
    replay = links("post", "/projects/{key}/deliveries/replay", "200")["post_projects_key_deliveries_replay"]
    assert replay["requestBody"] == "$request.body"
    assert "requestBody" not in links("get", "/users", "200")["get_users"]


def test_what_ends_something_leads_nowhere() -> None:
    assert links("delete", "/projects/{key}", "204") == {}

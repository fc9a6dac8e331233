"""Fifty clients at once: every call is answered, and every write is there, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import requests

CLIENTS, ROUNDS = 50, 2


def test_fifty_clients_at_once_meet_no_error(api: Any) -> None:
    records = [
        {"attributes": {"type": "Lead"}, "LastName": f"Lead {number}", "Company": "Acme"}
        for number in range(CLIENTS)
    ]
    leads = [one["id"] for one in api.post("composite/sobjects", {"records": records}).json()]
    root = f"{api.running.url}/services/data/v60.0"
    together = Barrier(CLIENTS)

    def work(number: int) -> list[int]:
        codes = []
        with requests.Session() as session:
            session.headers.update(api.session.headers)
            together.wait(30)
            for turn in range(ROUNDS):
                record = f"{root}/sobjects/Lead/{leads[number]}"
                query = {"q": f"SELECT Id FROM Lead WHERE Id = '{leads[number]}'"}
                calls = (
                    ("PATCH", record, {"json": {"Score__c": turn}}),
                    ("GET", record, {}),
                    ("GET", f"{root}/query", {"params": query}),
                )
                for method, url, given in calls:
                    with session.request(method, url, timeout=120, **given) as reply:
                        codes.append(reply.status_code)
        return codes

    with ThreadPoolExecutor(CLIENTS) as clients:
        codes = [code for answered in clients.map(work, range(CLIENTS)) for code in answered]
    assert codes == [204, 200, 200] * ROUNDS * CLIENTS
    counts = api.get("/__log__/counts").json()
    assert (counts["records"], counts["changes"]) == (CLIENTS, CLIENTS * (ROUNDS + 1))
    found = api.get("query", params={"q": "SELECT Score__c FROM Lead"}).json()["records"]
    assert [one["Score__c"] for one in found] == [ROUNDS - 1] * CLIENTS

"""The log tells of a request by the id that its answer has."""

import logging

from crm.web import request_ids


def test_a_record_has_the_id_of_its_request(app):
    request_ids.tell_the_log()
    request_ids.tell_the_log()  # once is enough
    make = logging.getLogRecordFactory()
    told = ("crm", logging.WARNING, "a.py", 1, "text", (), None)
    assert make(*told).request_id == "-"
    with app.test_request_context(headers={"X-Request-Id": "trace-1"}):
        assert make(*told).request_id == "trace-1"

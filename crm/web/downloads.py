"""A list as a file, the same way for every list: streamed, in the format that the address asks for."""

import tempfile
from typing import Any

from flask import Response, request, send_file, stream_with_context

from crm.services import exports
from crm.services.exporting import files
from crm.services.exporting.orders import FORMATS, Order
from crm.web.guards import actor


def download(noun: str, criteria: Any) -> Response:
    """All that meets the criteria, as the file that `format` names: csv, xlsx or jsonl."""
    wanted = request.args.get("format", "")
    order = Order(noun, criteria, wanted if wanted in FORMATS else "csv")
    sheet = exports.taken(actor(), order)
    if order.format == "xlsx":
        file = tempfile.TemporaryFile()  # noqa: SIM115  (it is closed, and gone, with the answer)
        files.write(sheet, order.format, file, lambda _rows: None)
        file.seek(0)
        return send_file(file, files.MIME["xlsx"], as_attachment=True, download_name=f"{sheet.name}.xlsx")
    text = stream_with_context(files.pieces(sheet, order.format))
    headers = {"Content-Disposition": f"attachment; filename={sheet.name}.{order.format}"}
    return Response(text, mimetype=files.MIME[order.format], headers=headers)

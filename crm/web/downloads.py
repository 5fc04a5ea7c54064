"""A list as a file, the same way for every list: at once, or in the background where it is large."""

import tempfile
from typing import Any

from flask import Response, request, send_file, stream_with_context, url_for
from flask_babel import get_locale

from crm.services import exports
from crm.services.exporting import files
from crm.services.exporting.orders import FORMATS, Order
from crm.web.guards import actor
from crm.web.htmx import go


def download(noun: str, criteria: Any, at_once: bool = False) -> Response:
    """All that meets the criteria, as the file that `format` names: csv, xlsx or jsonl. Unless all of it is wanted
    `at_once`, much of it is made in the background, and its page is shown instead. Raises `Invalid` by field.
    """
    wanted = request.args.get("format", "")
    order = Order(noun, criteria, wanted if wanted in FORMATS else "csv")
    if not at_once and exports.is_large(order):
        export = exports.accept(actor(), order, str(get_locale()))
        return go(url_for("exports.export_detail", pk=export.id))
    if order.format == "xlsx":
        sheet = order.sheet()
        file = tempfile.TemporaryFile()  # noqa: SIM115  (it is closed, and gone, with the answer)
        files.write(sheet, order.format, file, lambda _rows: None)
        exports.record(actor(), order, sheet.total)
        file.seek(0)
        return send_file(file, files.MIME["xlsx"], as_attachment=True, download_name=f"{sheet.name}.xlsx")
    sheet = exports.taken(actor(), order)
    text = stream_with_context(files.pieces(sheet, order.format))
    headers = {"Content-Disposition": f"attachment; filename={sheet.name}.{order.format}"}
    return Response(text, mimetype=files.MIME[order.format], headers=headers)

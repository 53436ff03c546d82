"""The parameters of one call, however they travelled: query, form, JSON, or multipart with files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message as Headers
from typing import Any
from urllib.parse import parse_qs

from bot.rehearsal.telegram.refusals import bad

TRUE = ("true", "True", "1", True, 1)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file part of a multipart body."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """Typed access. Everything may be a string, since forms carry nothing else."""

    values: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, key: str) -> str:
        value = self.values.get(key)
        return "" if value is None else str(value)

    def number(self, key: str, default: int = 0) -> int:
        raw = self.values.get(key)
        try:
            return default if raw in (None, "") else int(float(str(raw)))
        except (ValueError, OverflowError):
            raise bad(f"invalid {key} specified") from None

    def flag(self, key: str) -> bool:
        return self.values.get(key) in TRUE

    def json(self, key: str) -> Any:
        """A value that is JSON inside a form, or already parsed."""
        raw = self.values.get(key)
        if not isinstance(raw, str) or raw == "":
            return None if raw == "" else raw
        try:
            return json.loads(raw)
        except ValueError:
            raise bad(f"can't parse {key.replace('_', ' ')} JSON object") from None

    def chat_id(self) -> int | None:
        """The chat it is about; None without one, or with a name."""
        try:
            return int(str(self.values["chat_id"]))
        except (KeyError, ValueError):
            return None

    def upload(self, reference: str, field_name: str) -> Upload | None:
        """The file that `attach://name` points to, or the one sent under the field's own name."""
        if reference.startswith("attach://"):
            return self.uploads.get(reference.removeprefix("attach://"))
        return self.uploads.get(field_name)


def read(content_type: str, query: str, body: bytes) -> Params:
    """The parameters of a request; a body that cannot be read is a 400."""
    values: dict[str, Any] = {key: found[-1] for key, found in parse_qs(query, keep_blank_values=True).items()}
    if content_type.startswith("application/json"):
        return Params(values | _json_object(body))
    if content_type.startswith("multipart/form-data"):
        fields, uploads = _multipart(content_type, body)
        return Params(values | fields, uploads)
    form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return Params(values | {key: found[-1] for key, found in form.items()})


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        raise bad("can't parse JSON body") from None
    if not isinstance(found, dict):
        raise bad("can't parse JSON body")
    return found


def _multipart(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise bad("can't parse multipart body")
    fields: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + found[1].encode())[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name, filename = _names(head)
        if filename is None:
            fields[name] = data.decode("utf-8", "replace")
        else:
            uploads[name] = Upload(filename, data)
    return fields, uploads


def _names(head: bytes) -> tuple[str, str | None]:
    headers = Headers()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        headers[key] = value.strip()
    name = headers.get_param("name", "", "content-disposition")
    return str(name), headers.get_filename()

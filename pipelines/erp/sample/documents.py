"""The files of the sample's documents: small PDFs with one line of text, each as large as its row says.

They are written when somebody asks for documents. Large ones, at the limit of 50 MB, have a hole and take no room.
"""

import csv
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from pipelines.erp.delivery.delivery import DOCUMENTS
from pipelines.erp.sample.pitfalls import EMPTY_FOLDER, MISSING_FOLDER, OLDER_FOLDER

# Fewer bytes than this hold no PDF.
SMALLEST = 700
# By so many bytes an older file is shorter.
SHORTER = 17
# From this size on the padding is a hole in the file.
SPARSE = 64 << 10


def write_documents(folder: Path) -> int:
    """Writes the files of all documents of a sample below `folder/dokumente`; those of the same names are replaced.

    Returns how many were written. The same rows give the same bytes.
    """
    target = folder / DOCUMENTS
    scratch = Path(tempfile.mkdtemp(dir=folder, prefix=f".{DOCUMENTS}-"))
    try:
        with (folder / "dokument.csv").open(encoding="utf-8-sig", newline="") as file:
            written = sum(_write(scratch, row) for row in csv.DictReader(file, delimiter=";"))
        if not target.exists():
            os.replace(scratch, target)
            return written
        for path in [path for path in scratch.rglob("*") if path.is_file()]:
            place = target / path.relative_to(scratch)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, place)
        return written
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(folder: Path, row: Mapping[str, str]) -> bool:
    path = PurePosixPath((row.get("pfad") or row["dateiname"]).replace("\\", "/"))
    size = int(row["groesse_bytes"])
    if not path.parts or path.parts[0] == MISSING_FOLDER:
        return False
    if path.parts[0] == EMPTY_FOLDER:
        size = 0
    if path.parts[0] == OLDER_FOLDER:
        size -= SHORTER
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as opened:
        if size:
            begin, end = _pdf(row["dokument_nr"], size)
            opened.write(begin)
            if size < SPARSE:
                opened.write(b" " * (size - len(begin) - len(end)))
            opened.seek(size - len(end))
            opened.write(end)
    return True


def _pdf(dokument_nr: str, size: int) -> tuple[bytes, bytes]:
    """Begin and end of a PDF of `size` bytes that says its number; a comment fills what lies between them."""
    if size < SMALLEST:
        raise ValueError(f"{size} bytes hold no PDF, {SMALLEST} do")
    text = f"BT /F1 12 Tf 72 770 Td (Dokument {dokument_nr}) Tj ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    begin, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(begin))
        begin += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    begin += b"%"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
    )
    # The place of the table has as many digits as it likes; zeros in front keep the end as long for every size.
    length = len(b"\n" + trailer + b"0123456789\n%%EOF\n")
    return begin, b"\n" + trailer + b"%010d\n%%%%EOF\n" % (size - length + 1)

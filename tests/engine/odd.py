"""A delivery that nobody's ERP should write: a part of all cells of the raw layer holds an odd text."""

import duckdb

# ruff: noqa: E501
ODD = (
    "", " ", "\u00a0", "\u2003 x \u3000", "0", "-0", "00", "+5", "1.234,56", "1,234.56", "12,5 EUR", "EUR 5 EUR", "50,00-", "−7", "$ 3",
    "1 1/2", "3 1/0", "99999999999999999999", "0,333333333333333333333333333333333333333333", "1.005", "1,005", "2.675", "4,0", "4.5", "1e5",
    "31.04.2024", "29.02.2023", "29.02.2024", "2024-02-30", "1.2.2026", "20260201", "20260201140506", "2024-02-29T23:59:59",
    "2024-02-29   7:05", "2024-01-01 24:00:00", "2024-07-01 12:00:00.123456789", "2024-07-01T12:00:00Z", "2024-12-31 23:30:00+01:00",
    "2024-03-31 01:30:00 +0000", "1850-06-01T00:00:00+05:30", "1945-07-01 00:00:00-14", "0001-01-01", "1753-01-01", "9999-12-31",
    "9999-12-31T23:00:00Z", "00000000", "0000-00-00", "00.00.0000", "31.12.9999", "2024-07-01 12:00:00,5", "01.07.2024 00:00:00",
    "J", "nein", "X", "-1", "WAHR", "Hauptmieter", "HAUPTMİETER", "hauptmieterΣ", "ΟΔΟΣ", "STRAẞE", "ß", "ſ", "\u212a", "ǅ", "ﬁ",
    "a\u0308rger", "e\u0301\u0323", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001d400", "�", "MÃ¼ller", "m&amp;m", "&#228;", "_x000D__x000A_a", "_", "a_x", "__",
    '="007"', "'007", "'O'Brien", "O'Brien", "8,15E+09", "a\nb", "a\r\nb", "a\u2028b", "a\u0085b", "x\n", "\tx", "a\\b", "a\\", "$1 ${x} \\1", "%", "a\"b", "--", "/*",
    "a@b.de", "A.B@EXAMPLE.ORG", "x <a@b.de>; c@d.de", "mailto:a@b.de", "MAİLTO:a@b.de", "a@b", "ä@müller.de", "a@b.de, ", "ſ@ſ.de",
    "030 123456", "+49 (0)30 / 123-456", "(0049) 30 1234567", "0", "110", "Mär", "01. MÄRZ", "1-3", "1234", "3. OG", "Erdgeschoß", "ERDGESCHOSS", "-1,5", "KELLER", "12345678901",
    "NULL", "null", "anonymisiert", "ANONYMİSIERT", "alle", "Deutschland", "DE", "ja ", "löschen", "Mieter",
)  # fmt: skip
LONG = ("x" * 20_000, "a." * 6_000 + "@b.de", "ab " * 5_000, "_y" * 8_000, "9" * 5_000)


def make_odd(database: str, share: int) -> int:
    """Writes an odd text into one of `share` cells of the raw layer but keys and ERP; how many cells it were."""
    changed = 0
    with duckdb.connect(database) as db:
        db.execute("create or replace temp table odd as select unnest(?::varchar[]) as word, unnest(range(?)) as nr",
                   [[*ODD, *LONG], len(ODD) + len(LONG)])  # fmt: skip
        tables = db.execute(
            "select table_name from information_schema.tables where table_schema = 'erp_raw'"
        ).fetchall()
        for (table,) in tables:
            columns = [row[0] for row in db.execute(f"describe erp_raw.{table}").fetchall()]
            cells = []
            for column in columns:
                if column.startswith("_") or column == "quelle_erp":
                    cells.append(f'"{column}"')
                    continue
                often = share * 20 if column.endswith("_nr") else share
                seed = f"hash('{table}.{column}', _zeile)"
                cells.append(
                    f"case when {seed} % {often} = 0 then (select word from odd where nr = (({seed} >> 8) %"
                    f' {len(ODD) + len(LONG)})) else "{column}" end as "{column}"'
                )
            db.execute(f"create or replace temp table made as select {', '.join(cells)} from erp_raw.{table}")
            different = " + ".join(
                f'count(*) filter (where a."{c}" is distinct from b."{c}")' for c in columns
            )
            changed += db.execute(
                f"select {different} from made as a inner join erp_raw.{table} as b using (_zeile)"
            ).fetchall()[0][0]
            kind = db.execute(
                "select table_type from information_schema.tables where table_schema = 'erp_raw' and table_name = ?",
                [table],
            ).fetchall()[0][0]
            db.execute(f"drop {'view' if kind == 'VIEW' else 'table'} erp_raw.{table}")
            db.execute(f"create table erp_raw.{table} as from made")
    return int(changed)

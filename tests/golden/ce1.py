#!/usr/bin/env python3
"""CE1 written a second time, from its specification alone, to make and to check golden vectors.

It shares no code with the Rust side. Run without arguments it prints the vectors of the unit tests; with a
SQLite file it prints, for each table and mode, a line of name, mode, chunks and root, with tabs between.
"""
import hashlib
import sqlite3
import struct
import sys


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class RawText(bytes):
    """Text that is not valid Unicode."""


def value(v):
    if v is None:
        return b"\x00"
    if isinstance(v, int):
        return b"\x01" + struct.pack(">q", v)
    if isinstance(v, float):
        return b"\x02" + struct.pack(">d", v)
    if isinstance(v, str):
        raw, tag = v.encode("utf-8"), b"\x03"
    else:
        raw, tag = bytes(v), b"\x05" if isinstance(v, RawText) else b"\x04"
    return tag + struct.pack(">Q", len(raw)) + raw


def row(values):
    return sha(b"\x00", struct.pack(">I", len(values)), *[value(v) for v in values])


def chunk(rows):
    return sha(b"\x01", struct.pack(">Q", len(rows)), *rows)


def tree(leaves):
    if not leaves:
        return sha(b"\x02")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\x02", tree(leaves[:split]), tree(leaves[split:]))


def keyed_root(rows):
    """Root of an iterable of value lists that comes in key order; chunks of 4096 rows or 4 MiB."""
    chunks, leaves, size = [], [], 0
    for values in rows:
        leaves.append(row(values))
        size += 5 + sum(len(value(v)) for v in values)
        if len(leaves) >= 4096 or size >= 4 << 20:
            chunks.append(chunk(leaves))
            leaves, size = [], 0
    if leaves:
        chunks.append(chunk(leaves))
    return tree(chunks), len(chunks)


def bucket_root(rows):
    """Root without a key: sorted row digests, divided by their first bits into buckets of about 4096 rows."""
    leaves = sorted(row(values) for values in rows)
    if not leaves:
        return tree([]), 0
    bits = min(16, (-(-len(leaves) // 4096) - 1).bit_length())
    buckets = [[] for _ in range(1 << bits)]
    for leaf in leaves:
        buckets[int.from_bytes(leaf[:2], "big") >> (16 - bits)].append(leaf)
    return tree([chunk(bucket) for bucket in buckets]), len(buckets)


GOLDEN = [
    [],
    [None],
    [-1, 2**63 - 1],
    [-0.0, float("inf")],
    ["", "a\0\u00e9"],
    [b"", RawText(b"\xff")],
    [b"\x07" * 20000, 5],
]


def main():
    if len(sys.argv) == 1:
        for values in GOLDEN:
            print(row(values).hex())
        return
    source = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    tables = source.execute("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'")
    for (name,) in tables.fetchall():
        quoted = '"' + name.replace('"', '""') + '"'
        columns = source.execute(f"PRAGMA table_info({quoted})").fetchall()
        key = [c[1].replace('"', '""') for c in sorted(columns, key=lambda c: c[5]) if c[5]]
        every = f"SELECT * FROM {quoted}"
        roots = [("bucket", *bucket_root(source.execute(every)))]
        if key:
            # Ascending, whatever the key itself says, and by bytes.
            order = ", ".join(f'"{column}" COLLATE BINARY ASC' for column in key)
            roots.append(("keyed", *keyed_root(source.execute(f"{every} ORDER BY {order}"))))
        for mode, root, chunks in roots:
            print(name, mode, chunks, root.hex(), sep="\t")


if __name__ == "__main__":
    main()

"""Copies tables from SQLite to Postgres with DuckDB; they are there and empty. Prints the seconds of the copy.

argv: a JSON file with the keys sqlite (a file), postgres (a URL; the password is in PGPASSWORD), one_thread (or as
many as there are CPUs) and tables, a list of [source, target, columns], all quoted as SQL wants them. All in one
transaction: committing each table by itself takes longer. Prints one line of JSON: copy_seconds, from the first row
asked for to the last one committed.
"""

import glob
import json
import os
import sys
import time

import duckdb
import duckdb_extension_postgres_scanner
import duckdb_extension_sqlite_scanner


def literal(text):
    return "'" + text.replace("'", "''") + "'"


with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)

connection = duckdb.connect()
for package in (duckdb_extension_sqlite_scanner, duckdb_extension_postgres_scanner):
    folder = os.path.dirname(package.__file__)
    (extension,) = glob.glob(folder + "/extensions/*/*.duckdb_extension")
    connection.execute(f"LOAD {literal(extension)}")
connection.execute(f"ATTACH {literal(job['sqlite'])} AS source (TYPE sqlite, READ_ONLY)")
connection.execute(f"ATTACH {literal(job['postgres'])} AS target (TYPE postgres)")
if job["one_thread"]:
    connection.execute("SET threads = 1")

started = time.monotonic()
connection.execute("BEGIN")
for source, target, columns in job["tables"]:
    connection.execute(f"INSERT INTO target.{target} ({columns}) SELECT {columns} FROM source.{source}")
connection.execute("COMMIT")
print(json.dumps({"copy_seconds": time.monotonic() - started}))

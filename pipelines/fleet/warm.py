"""What each customer's process needs, imported once and shared. Nothing here opens a file or starts a thread."""

import gc

import pipelines.backup.restore
import pipelines.commands.run
import pipelines.doctor.doctor
import pipelines.run_page.files  # noqa: F401

# Whoever looks through it for garbage would copy its pages into each process.
gc.freeze()

"""What each customer's process needs, imported and read once and shared. Nothing stays open, no thread is started."""

import gc
from contextlib import suppress

import pipelines.backup.restore
import pipelines.commands.run
import pipelines.doctor.doctor
import pipelines.run_page.files
import pipelines.still_current.leaving
from pipelines.contract.contract import built_in_partners, load_contract
from pipelines.errors import StammdatenError
from pipelines.still_current.as_left import package

package()
for name in built_in_partners():
    with suppress(StammdatenError):  # said to the customers that have the partner on
        load_contract(name)
for page in ("run.html", "index.html"):
    pipelines.run_page.files.page_environment()[0].get_template(page)

# Whoever looks through it for garbage would copy its pages into each process.
gc.freeze()

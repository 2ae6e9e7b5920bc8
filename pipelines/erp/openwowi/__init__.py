"""The OpenWOWI door: the REST API of the ERP WOWIPORT (docs/openwowi.md)."""

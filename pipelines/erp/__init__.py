"""ERP in: doors that read a delivery, and the load that makes it the raw layer."""

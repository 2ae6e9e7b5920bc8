"""When does what run by itself? The jobs with their times, and units for systemd or lines for cron that call them.
May import `contract`, `reports` and the ground, and starts nothing.
"""

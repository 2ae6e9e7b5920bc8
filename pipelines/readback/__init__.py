"""What does the partner really hold? Reads it page by page into a scratch database, takes it up (`adopt`)
or compares it (`verify`). Writes nothing at a partner. May import what `push` may, and `push`.
"""

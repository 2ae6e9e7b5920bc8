"""How does a file reach a partner that takes files? SFTP, FTPS, and FTP where it is asked for; nobody picks up a half.

Knows nothing of rows or contracts. May import the ground only.
"""

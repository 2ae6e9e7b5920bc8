"""How does a file reach a partner that takes files, and how is what it left read? SFTP, FTPS, and FTP where it is asked
for; nobody picks up a half, and nothing is taken away.

Knows nothing of rows or contracts. May import the ground only.
"""

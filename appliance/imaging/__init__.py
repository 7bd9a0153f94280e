"""Images: which are on the stick, which fits this machine, how one is written to a drive.

Works on what it is handed (an open drive, a directory, plain numbers); it discovers no
devices and asks no network. An image whose manifest is not signed by the organisation's
image key does not exist for it.
"""

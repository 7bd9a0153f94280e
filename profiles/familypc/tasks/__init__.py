"""The ten tasks of the family's desktop: a board of large buttons, and the windows behind some.

What decides is plain functions of plain data; the windows only show it. Texts stand in `words`.
"""

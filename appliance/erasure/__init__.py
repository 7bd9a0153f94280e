"""How a drive is erased: standards as a table, planning as pure functions, methods, checks."""

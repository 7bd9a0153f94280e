"""The donated PC as data: pyudev, pySMART, DMI and sysfs. Nothing here ever writes."""

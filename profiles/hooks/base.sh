#!/bin/sh
# What every PC for people has, checked and settled inside its tree.
set -eu
# Sunday is the week's first day in both languages.
for name in ar_SA.UTF-8 en_US.UTF-8; do
  [ "$(LC_ALL=$name locale first_weekday)" = 1 ] || { echo "$name: not from Sunday" >&2; exit 1; }
done
# Printers that the network announces are found when printing, not by a service that adds them all.
systemctl enable cups.socket avahi-daemon.service smartmontools.service

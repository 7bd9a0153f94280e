#!/bin/sh
# The course room: its account opens by itself, and a group's traces can be taken away.
set -eu
passwd -d trainee
cp -a /etc/skel/. /home/trainee/
chown -R trainee:trainee /home/trainee
printf '[Seat:*]\nautologin-user=trainee\nautologin-user-timeout=0\n' \
  > /etc/lightdm/lightdm.conf.d/60-tajdeed-autologin.conf
systemctl enable tajdeed-clean-trainee.service

#!/bin/sh
# Last settings of the family's PC, run inside its tree.
set -eu
# The desktop's picture, where Debian's xfdesktop looks for it (desktop-base is not installed).
install -d /usr/share/images/desktop-base
ln -sf /usr/share/backgrounds/tajdeed/hills.svg /usr/share/images/desktop-base/default
# No password until the first boot's assistant sets one: there is no remote log-in either.
passwd -d family
# The folders' Arabic names are there already; xdg-user-dirs keeps what it is told here.
home=/home/family
install -d -o family -g family "$home/.config"
printf '%s\n' \
  'XDG_DESKTOP_DIR="$HOME/سطح المكتب"' 'XDG_DOWNLOAD_DIR="$HOME/التنزيلات"' \
  'XDG_TEMPLATES_DIR="$HOME/القوالب"' 'XDG_PUBLICSHARE_DIR="$HOME/عام"' \
  'XDG_DOCUMENTS_DIR="$HOME/المستندات"' 'XDG_MUSIC_DIR="$HOME/الموسيقى"' \
  'XDG_PICTURES_DIR="$HOME/الصور"' 'XDG_VIDEOS_DIR="$HOME/الفيديو"' > "$home/.config/user-dirs.dirs"
printf 'ar_SA' > "$home/.config/user-dirs.locale"
for name in 'سطح المكتب' التنزيلات القوالب عام المستندات الموسيقى الصور الفيديو; do
  install -d -o family -g family "$home/$name"
done
chown -R family:family "$home"
systemctl set-default graphical.target

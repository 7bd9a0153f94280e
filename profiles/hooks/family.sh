#!/bin/sh
# Last settings of the family's PC, run inside its tree.
set -eu
# The desktop's picture: xfdesktop has the path of its own one built in, for any screen.
default=/usr/share/backgrounds/xfce/xfce-x.svg
dpkg-divert --quiet --rename --add "$default"
ln -s /usr/share/backgrounds/tajdeed/hills.svg "$default"
# The panel tells the keyboard's letters by EN and ع instead of flags. Its plugin looks for pictures
# here alone; it has none for Arabic.
flags=/usr/share/xfce4/xkb/flags
dpkg-divert --quiet --rename --add "$flags/us.svg"
for name in us ara; do
  ln -s "/usr/share/tajdeed/keyboard/$name.svg" "$flags/$name.svg"
done
# Packaged defaults of Xfce that are other than we want; all else in these files stays theirs.
cd /etc/xdg/xfce4/xfconf/xfce-perchannel-xml
set_value() { # FILE PROPERTY VALUE
  grep -q "name=\"$2\"" "$1" || { echo "$1 has no property $2" >&2; exit 1; }
  sed -i "s|\(name=\"$2\" type=\"[a-z]*\" value=\"\)[^\"]*|\1$3|" "$1"
}
set_value xsettings.xml ThemeName Greybird
set_value xsettings.xml IconThemeName elementary-xfce
set_value xsettings.xml FontName 'Noto Sans 11'
set_value xsettings.xml MonospaceFontName 'DejaVu Sans Mono 11'
set_value xsettings.xml Antialias 1
set_value xsettings.xml Hinting 1
set_value xsettings.xml HintStyle hintslight
# Every start gives the same desktop: what was open is not started again.
sed -i '/name="LockCommand"/i <property name="SaveOnExit" type="bool" value="false"/>' \
  xfce4-session.xml
grep -q SaveOnExit xfce4-session.xml

# A profile that makes its account by the assistant of the first start has none here.
if getent passwd family >/dev/null; then
  # Nobody is asked for a password: there is no remote log-in either.
  passwd -d family
  # The folders' Arabic names are there already; xdg-user-dirs keeps what it is told here.
  home=/home/family
  install -d -o family -g family "$home/.config"
  # shellcheck disable=SC2016  # $HOME stands in that file as it is
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
  printf '[Seat:*]\nautologin-user=family\nautologin-user-timeout=0\n' \
    > /etc/lightdm/lightdm.conf.d/60-tajdeed-autologin.conf
fi
systemctl set-default graphical.target

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

# An English session reads from left to right: the same settings mirrored back, in a directory that
# Xsession.d/61tajdeed-direction puts before /etc/xdg.
english=/etc/xdg/tajdeed-en/xfce4/xfconf/xfce-perchannel-xml
mkdir -p "$english"
# The plugins' numbers in reverse; all else of the panel stays.
awk '/"plugin-ids"/ { print; inside = 1; next }
  inside && /<\/property>/ { while (count) print line[count--]; inside = 0 }
  inside { line[++count] = $0; next }
  { print }' xfce4-panel.xml | sed 's|value="القائمة"|value="Menu"|' > "$english/xfce4-panel.xml"
sed 's|value="CMH[|]O"|value="O\|HMC"|' xfwm4.xml > "$english/xfwm4.xml"
for name in xfce4-panel xfwm4; do
  ! cmp -s "$name.xml" "$english/$name.xml" || { echo "$name: not mirrored" >&2; exit 1; }
done

systemctl set-default graphical.target

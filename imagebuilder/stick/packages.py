"""What the stick takes from Debian, and what of it is left out again.

Tables only; `base` acts on them. Paths and patterns are relative to the stick's root.
"""

PACKAGES = (
    # the system
    "linux-image-amd64",
    "systemd-sysv",
    "udev",
    "kmod",
    "dbus",
    "procps",
    "util-linux",
    "busybox-static",
    "ca-certificates",
    "kbd",
    # network
    "iproute2",
    "systemd-resolved",
    "iwd",
    "wireless-regdb",
    # drives
    "hdparm",
    "nvme-cli",
    "smartmontools",
    "sg3-utils",
    "sdparm",
    "mmc-utils",
    "sedutil",
    # the machine
    "dmidecode",
    "pciutils",
    "usbutils",
    # laying down an image
    "efibootmgr",
    "gdisk",
    "fdisk",
    "e2fsprogs",
    "btrfs-progs",
    "dosfstools",
    "zstd",
    "grub-pc-bin",
    # Python and the libraries of the appliance
    "python3",
    "python3-arabic-reshaper",
    "python3-bidi",
    "python3-blessed",
    "python3-chardet",
    "python3-cryptography",
    "python3-humanfriendly",
    "python3-jinja2",
    "python3-joserfc",
    "python3-jsonschema",
    "python3-pyudev",
    "python3-requests",
    "python3-segno",
    "python3-sh",
    "python3-yaml",
    "python3-zstandard",
    # the certificate's page
    "fonts-dejavu-core",
    "fonts-noto-core",
    "weasyprint",
    # firmware of Wi-Fi and network cards
    "firmware-linux-free",
    "firmware-atheros",
    "firmware-bnx2",
    "firmware-bnx2x",
    "firmware-brcm80211",
    "firmware-iwlwifi",
    "firmware-libertas",
    "firmware-mediatek",
    "firmware-realtek",
    "firmware-ti-connectivity",
    "firmware-zd1211",
)

# What must still be importable once everything is trimmed.
IMPORTED = (
    *("arabic_reshaper", "bidi.algorithm", "blessed", "cryptography.x509", "jinja2", "joserfc.jws"),
    *("jsonschema", "pyudev", "requests", "segno", "sh", "weasyprint", "yaml", "zstandard"),
    *("humanfriendly", "chardet", "gettext", "ssl", "sqlite3", "zoneinfo", "concurrent.futures"),
)

# Packages whose versions stand on the stick and in statements: they touch drives.
RECORDED_TOOLS = (
    "btrfs-progs",
    "dosfstools",
    "e2fsprogs",
    "efibootmgr",
    "gdisk",
    "hdparm",
    "linux-image-amd64",
    "mmc-utils",
    "nvme-cli",
    "python3",
    "sdparm",
    "sedutil",
    "sg3-utils",
    "smartmontools",
    "util-linux",
)

# Never unpacked.
EXCLUDED = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/lintian/*",
    "/usr/share/bug/*",
    "/usr/share/bash-completion/*",
    "/usr/share/zsh/*",
    "/usr/share/fish/*",
    "/usr/share/pixmaps/*",
    "/usr/share/icons/*",
    # of the Noto fonts only Arabic and Latin
    "/usr/share/fonts/truetype/noto/*",
    # firmware of what no PC with our drivers has
    "/usr/lib/firmware/intel/ibt-*",
    "/usr/lib/firmware/rtl_bt/*",
    "/usr/lib/firmware/qca/*",
    "/usr/lib/firmware/ar3k/*",
    "/usr/lib/firmware/mrvl/prestera/*",
    "/usr/lib/firmware/brcm/*.hcd",
    "/usr/lib/firmware/cypress/*.hcd",
)
INCLUDED = (
    "/usr/share/fonts/truetype/noto/NotoSansArabic-*",
    "/usr/share/fonts/truetype/noto/NotoNaskhArabic-*",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
)

# Removed once everything is unpacked. A pattern that matches nothing is an error (see `base`)
# unless it ends in "?": a trim that does nothing any more must not go unnoticed.
REMOVED = (
    "boot/*",
    "etc/nvme/host*?",
    "etc/systemd/system/*.wants/*",
    "etc/systemd/system/default.target?",
    "etc/xdg/*",
    "usr/lib/systemd/system-generators/*",
    "usr/lib/grub/i386-pc/*.image?",
    "usr/share/common-licenses",
    "usr/share/consolefonts?",
    "usr/share/initramfs-tools",
    "usr/share/perl5",
    "usr/share/polkit-1",
    "usr/share/zoneinfo?",
    "usr/share/unicode?",
    "usr/share/mime",
    "usr/share/grub",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/x86_64-linux-gnu/perl-base",
    "usr/bin/perl*",
    "var/cache/*",
    "var/log/*",
    "var/lib/apt",
    "var/lib/dpkg",
    # installing packages is for the builder
    "usr/bin/apt*",
    "usr/bin/grub-*",
    "usr/bin/dpkg*",
    "usr/bin/deb*",
    "usr/lib/apt",
    "usr/lib/dpkg",
    "usr/lib/x86_64-linux-gnu/libapt-pkg.so*",
    "usr/bin/sqv",
    # nothing is started but what this stick's own target asks for
    "usr/lib/systemd/system/*.wants/*",
    "usr/lib/modules-load.d/*",
    "usr/lib/sysctl.d/*",
    "usr/lib/udev/hwdb*",
    "usr/lib/udev/*_id?",
    # Python: what a program without tests, windows and package installation does not import
    "usr/lib/python3.*/ensurepip?",
    "usr/lib/python3.*/idlelib?",
    "usr/lib/python3.*/lib2to3?",
    "usr/lib/python3.*/test?",
    "usr/lib/python3.*/tkinter?",
    "usr/lib/python3.*/turtledemo?",
    "usr/lib/python3.*/pydoc_data?",
    "usr/lib/python3/dist-packages/*/tests?",
    # fontTools uses them, where they are, for what WeasyPrint does not ask of it
    "usr/lib/python3/dist-packages/numpy*",
    "usr/lib/python3/dist-packages/scipy*",
    "usr/lib/python3/dist-packages/sympy*",
    "usr/lib/python3/dist-packages/mpmath*",
    "usr/lib/python3/dist-packages/lxml*",
    "usr/lib/x86_64-linux-gnu/blas",
    "usr/lib/x86_64-linux-gnu/lapack",
    "usr/lib/x86_64-linux-gnu/libgfortran.so*",
)

# The only udev rules of Debian's that stay: names and permissions of nodes, modules by alias, names
# of network cards, device units. The others read drives (blkid, ata_id), set them (hdparm's), or
# assemble them (btrfs, NVMe fabrics): none of that before consent.
KEPT_RULES = (
    "50-udev-default.rules",
    "50-firmware.rules",
    "73-special-net-names.rules",
    "80-drivers.rules",
    "80-net-setup-link.rules",
    "99-systemd.rules",
)

# Kernel modules of things that no donated PC is, below usr/lib/modules/*/kernel.
REMOVED_MODULES = (
    *[
        f"drivers/{name}"
        for name in (
            *("accel", "comedi", "counter", "firewire", "fpga", "gnss", "greybus", "hsi", "iio"),
            *("infiniband", "isdn", "mcb", "media", "most", "mtd", "ntb", "parport", "pcmcia"),
            *("staging", "target", "vdpa", "vhost", "w1", "xen", "gpu/drm/amd"),
            *("gpu/drm/nouveau", "gpu/drm/radeon", "gpu/drm/xe", "gpu/drm/vmwgfx", "gpu/drm/i915"),
            *("md", "soundwire", "bluetooth", "nvdimm", "block/drbd", "block/rnbd"),
        )
    ],
    *[
        f"drivers/net/{name}"
        for name in (
            *("arcnet", "can", "dsa", "fddi", "hamradio", "ieee802154", "plip", "ppp", "slip"),
            *("team", "wan", "wwan", "xen-netback", "bonding", "wireguard", "vxlan"),
            *("ethernet/cavium", "ethernet/chelsio", "ethernet/fungible", "ethernet/huawei"),
            *("ethernet/mellanox", "ethernet/netronome", "ethernet/pensando", "ethernet/sfc"),
            *("ethernet/qlogic/qed", "ethernet/qlogic/qede", "ethernet/marvell/prestera"),
        )
    ],
    *[
        f"fs/{name}"
        for name in (
            *("9p", "adfs", "affs", "afs", "bcachefs", "befs", "bfs", "ceph", "coda", "dlm"),
            *("f2fs", "gfs2", "hfs", "hfsplus", "hpfs", "jffs2", "jfs", "minix", "nfs", "nfsd"),
            *("nilfs2", "ntfs3", "ocfs2", "omfs", "orangefs", "qnx4", "qnx6", "quota", "reiserfs"),
            *("romfs", "smb", "sysv", "ubifs", "udf", "ufs", "vboxsf", "xfs", "zonefs"),
        )
    ],
    *[
        f"net/{name}"
        for name in (
            *("6lowpan", "9p", "appletalk", "atm", "ax25", "batman-adv", "bluetooth", "bridge"),
            *("can", "ceph", "dccp", "hsr", "ieee802154", "l2tp", "mptcp", "netrom", "nfc"),
            *("openvswitch", "phonet", "rds", "rose", "rxrpc", "sched", "sctp", "smc", "sunrpc"),
            *("tipc", "vmw_vsock", "x25", "xfrm", "netfilter/ipvs"),
        )
    ],
    "arch/x86/kvm",
    "sound",
    "virt",
    "samples",
)

# Firmware below usr/lib/firmware that is for boards, Bluetooth, cameras or servers' accelerators.
REMOVED_FIRMWARE = (
    *("intel/ibt*", "intel/ipu*", "intel/irci*", "intel/vsc", "intel/vpu", "intel/qat*"),
    *("rtl_bt", "qca", "ar3k", "ti-connectivity/TI*", "mediatek/BT*", "mediatek/mt8*"),
    *("mediatek/mt798*", "mediatek/mt7996", "mediatek/mt7988", "mediatek/mt7916*"),
    *("mediatek/mt7915*", "mediatek/mt7986*", "mediatek/mt7981*", "mediatek/sof*"),
    *("ath11k/IPQ*", "ath11k/WCN6750", "ath11k/QCN9074", "ath12k/QCN*", "ath10k/QCA4019"),
    *("ath10k/QCA9888", "ath10k/QCA9984", "ath10k/QCA99X0", "ath10k/WCN3990", "qcom"),
    *("ti-keystone", "mrvl/prestera", "mwlwifi", "moxa", "edgeport", "keyspan*", "dsp56k"),
    *("brcm/*.hcd", "cypress/*.hcd", "airoha", "meson", "rtw88/README", "rtw89/README"),
)
